"""What the runners of GitHub and GitLab do with our files: fill in expressions, and run the steps by a shell."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

PROJECT = Path(__file__).resolve().parents[2]
ACTION = PROJECT / "action.yml"
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
SECONDS = 300


@dataclass
class Job:
    """How a job ended."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]


def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(ACTION.read_text())
    return found


def github(snippet: str, folder: Path, temp: Path, env: Mapping[str, str], **more: str) -> Job:
    """Run the step of a workflow that uses our Action in the folder, as the composite Action that it is.

    `more` are inputs beside those that the snippet has. `temp` is the runner's own folder: a second step of a job
    finds there what the first has installed.
    """
    (step,) = yaml.safe_load(snippet)["steps"]
    assert step["uses"].startswith("OWNER/vernier@")
    made = action()
    given = {name: str(value) for name, value in {**step["with"], **more}.items()}
    assert set(given) <= set(made["inputs"])
    inputs = {
        name: given.get(name, described.get("default", "")) for name, described in made["inputs"].items()
    }
    checkout = temp / "action"
    if not checkout.exists():
        clean = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
        shutil.copytree(PROJECT / "clients", checkout / "clients", ignore=clean)
    files = {"GITHUB_OUTPUT": temp / "output", "GITHUB_STEP_SUMMARY": temp / "summary"}
    for path in files.values():
        path.write_text("")
    known = {"inputs": inputs, "runner": {"temp": str(temp)}, "steps": {}}
    base = {
        **environment(env, folder),
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(checkout),
        "RUNNER_TEMP": str(temp),
        **{name: str(path) for name, path in files.items()},
    }
    log, code = "", 0
    for each in made["runs"]["steps"]:
        assert each["shell"] == "bash"
        if "id" not in each and (temp / "vernier-client").exists():
            continue
        said = {name: _filled(value, known) for name, value in each.get("env", {}).items()}
        # GitHub's own command line for `shell: bash`.
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", _filled(each["run"], known)]
        done = _run(shell, folder, base | said)
        log, code = log + done.stdout + done.stderr, done.returncode
        if "id" in each:
            known["steps"][each["id"]] = {"outputs": _values(files["GITHUB_OUTPUT"])}
        if code:
            break
    outputs = {name: _filled(described["value"], known) for name, described in made["outputs"].items()}
    return Job(code, log, files["GITHUB_STEP_SUMMARY"].read_text(), outputs)


def gitlab(snippet: str, folder: Path, env: Mapping[str, str]) -> tuple[Job, dict[str, str]]:
    """Run the one job of a CI file that includes our template and extends it; with it, the audiences it asked for."""
    file = yaml.safe_load(snippet)
    (include,) = file.pop("include")
    template = yaml.safe_load(httpx.get(include["remote"], trust_env=False).raise_for_status().text)
    ((_name, job),) = file.items()
    base = template[job["extends"]]
    merged = {**base, **job, "variables": {**base["variables"], **job["variables"]}}
    audiences = {name: told["aud"] for name, told in merged["id_tokens"].items()}
    variables = {name: str(value) for name, value in merged["variables"].items()}
    script = "\n".join(merged["script"])
    done = _run(
        ["sh", "-e", "-c", script], folder, {**environment(env, folder), **variables, "GITLAB_CI": "true"}
    )
    (summary,), dotenv = merged["artifacts"]["paths"], merged["artifacts"]["reports"]["dotenv"]
    path = folder / summary
    said = path.read_text() if path.exists() else ""
    return Job(done.returncode, done.stdout + done.stderr, said, _values(folder / dotenv)), audiences


def environment(env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Nothing of the developer's own, save how pip finds packages."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "PATH"}
    return {**kept, "HOME": str(folder), "NO_PROXY": "*", **env}


def _run(command: list[str], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def _filled(text: str, known: Mapping[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        at: Any = known
        for name in found[1].split("."):
            at = at.get(name, {}) if isinstance(at, dict) else {}
        return at if isinstance(at, str) else ""

    return EXPRESSION.sub(value, str(text))


def _values(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    return dict(line.split("=", 1) for line in path.read_text().splitlines())

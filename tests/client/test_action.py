"""The Action and the GitLab template: valid, and run as a runner would on what a board's page says to copy."""

import html
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests import boxes, material
from tests.client import runner
from tests.client.process import SOURCE
from tests.journeys.client import Pipeline
from tests.journeys.trusted import Trusting, trusting
from tests.servers.site import Site

SLUG = "action"
SCHEMAS = {"vendor.github-actions": "action.yml", "vendor.gitlab-ci": "clients/gitlab/vernier.gitlab-ci.yml"}


@pytest.fixture(scope="module")
def here(
    site: Callable[..., AbstractContextManager[Site]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trusting]:
    with trusting(site, tmp_path_factory.mktemp("benchmark"), SLUG) as running:
        yield running


@pytest.fixture(scope="module")
def sender(here: Trusting) -> Pipeline:
    return here.sender


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runner")


def snippets(sender: Pipeline) -> list[str]:
    """What the benchmark's page says to copy, in its order: GitHub, GitLab, shell."""
    page = httpx.get(f"{sender.base_url}/benchmarks/{SLUG}/ci/", trust_env=False).raise_for_status().text
    return [
        html.unescape(found)
        for found in re.findall(r"<pre[^>]*><code[^>]*>(.*?)</code></pre>", page, re.DOTALL)
    ]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_it_is_valid_by_its_published_schema(schema: str) -> None:
    check = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", schema]
    done = subprocess.run(
        [*check, runner.PROJECT / SCHEMAS[schema]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_input_reaches_the_client_as_a_variable_and_no_script() -> None:
    action = runner.action()
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
    (submit,) = [step for step in action["runs"]["steps"] if step.get("id") == "submit"]
    used = set(re.findall(r"inputs\.([\w-]+)", json.dumps(submit["env"])))
    assert used == set(action["inputs"])


def set_traps(folder: Path) -> None:
    """Modules of the repository's own, by the names of some that the client needs."""
    for name in ("random", "select", "httpx", "rich", "vernier", "pip"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise SystemExit('the repository was imported')")
        (folder / f"{name}.py").write_text("raise SystemExit('the repository was imported')")


def test_from_an_empty_directory_to_a_score_on_github(here: Trusting, tmp_path: Path, temp: Path) -> None:
    first, worse = material.answers(0.9, seed=21), material.answers(0.2, seed=22)
    snippet = snippets(here.sender)[0]
    (tmp_path / "answers.csv").write_bytes(first)
    set_traps(tmp_path)
    job = runner.github(snippet, tmp_path, temp, here.at_github(), shots="1", visibility="public")
    assert job.code == 0, job.log
    assert "### my model on action: " in job.summary
    assert "the entry’s first scored submission" in job.summary
    assert job.outputs["status"] == "scored"
    assert float(job.outputs["score-low"]) < float(job.outputs["score"]) < float(job.outputs["score-high"])
    assert (job.outputs["rank"], job.outputs["change"], job.outputs["passed"]) == ("1", "", "yes")
    (tmp_path / "answers.csv").write_bytes(worse)
    job = runner.github(snippet, tmp_path, temp, here.at_github(), shots="1")
    assert job.code == 7
    assert "not passed" in job.summary
    assert float(job.outputs["change-high"]) < 0
    assert job.outputs["verdict"] == "second-better"
    assert "vrn_" not in job.log + job.summary
    assert "eyJ" not in job.log + job.summary
    state = here.sender.get(f"/submissions/{job.outputs['id']}/").json()
    assert state["provenance"]["repository"] == "example/inspector"


def test_a_rejected_file_fails_the_step_and_the_summary_says_where(
    sender: Pipeline, tmp_path: Path, temp: Path
) -> None:
    (tmp_path / "answers.csv").write_bytes(b"question_id,answer\nnone#0,A\n")
    job = runner.github(snippets(sender)[0], tmp_path, temp, {}, token=sender.token)
    assert job.code == 3
    assert "- line 2: " in job.summary
    assert job.outputs["status"] == "rejected"


def test_what_an_input_holds_is_never_run(sender: Pipeline, tmp_path: Path, temp: Path) -> None:
    (tmp_path / "answers.csv").write_bytes(material.answers(0.5, seed=23))
    sly = '$(touch taken) `touch taken`"; touch taken; "'
    job = runner.github(snippets(sender)[0], tmp_path, temp, {}, token=sender.token, entry=sly, note=sly)
    assert job.code == 0, job.log
    assert not (tmp_path / "taken").exists()
    assert "### $(touch" not in job.summary


def test_from_an_empty_directory_to_a_score_on_gitlab(here: Trusting, tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_bytes(material.answers(0.8, seed=24))
    set_traps(tmp_path)
    snippet = snippets(here.sender)[1].replace("my model", "on gitlab")
    job, audiences = runner.gitlab(snippet, tmp_path, {"VERNIER_ID_TOKEN": here.gitlab.token()})
    assert job.code == 0, job.log
    assert audiences == {"VERNIER_ID_TOKEN": here.site.base_url}
    assert "### on gitlab on action: " in job.summary
    assert float(job.outputs["vernier_score"]) > 50


def test_from_an_empty_directory_to_a_score_by_a_shell(sender: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_bytes(material.answers(0.7, seed=25))
    script = snippets(sender)[2].replace("my model", "by a shell")
    script = script.replace("pip install", "python3 -m venv env; . env/bin/activate; pip install --quiet")
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=tmp_path,
        env={**runner.environment({}, tmp_path), "VERNIER_TOKEN": sender.token},
        capture_output=True,
        text=True,
        timeout=runner.SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "scored: " in done.stdout


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml", "shell.sh"])
def test_the_guide_says_what_a_boards_page_says(name: str) -> None:
    guide = (runner.PROJECT / "docs" / "ci.md").read_text()
    site, slug = (
        ("http://127.0.0.1:8000", "mmad-standin")
        if name == "shell.sh"
        else ("https://vernier.example.org", "mmad")
    )
    shown = {"site": site, "team": "my-team", "benchmark": {"slug": slug, "asks_for_boxes": False}}
    assert f"\n{render_to_string(f'leaderboard/pipelines/{name}', shown)}```\n" in guide


def test_the_client_that_a_site_hands_out_is_the_one_in_the_repository(client: Client) -> None:
    answer = client.get("/client/vernier-client.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        assert (
            archive.read("vernier-client/src/vernier/cli.py") == (SOURCE / "vernier" / "cli.py").read_bytes()
        )
    modules = {f"vernier-client/src/vernier/{path.name}" for path in (SOURCE / "vernier").glob("*.py")}
    assert names - modules == {
        "vernier-client/README.md",
        "vernier-client/pyproject.toml",
        "vernier-client/src/vernier/py.typed",
    }
    assert client.get("/client/vernier-client.zip").content == answer.content


@pytest.mark.django_db
def test_a_benchmark_of_boxes_says_its_frame(client: Client) -> None:
    slug = boxes.benchmark().slug
    page = html.unescape(client.get(f"/benchmarks/{slug}/ci/").content.decode())
    assert page.count("short-edge-448") == 3
    assert page.count("answers.jsonl") == 3

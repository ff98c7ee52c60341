"""The script of docs/ci.md, run as it stands there, on a site of another address."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.servers.site import Site

SLUG = "ci-guide"


def script(site: str) -> str:
    guide = (Path(__file__).parents[2] / "docs" / "ci.md").read_text()
    start = guide.index("    set -eu")
    text = textwrap.dedent(guide[start : guide.index("\n\n`score` is")])
    return text.replace("http://127.0.0.1:8000", site).replace("mmad-standin", SLUG)


@pytest.fixture(scope="module")
def sender(embedded_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    path = tmp_path_factory.mktemp("benchmark") / "mmad.json"
    path.write_text(json.dumps(material.questions()))
    embedded_site.manage("import_mmad", str(path), "--slug", SLUG)
    return pipeline(embedded_site, SLUG, slug=SLUG)


def run(sender: Pipeline, folder: Path, answers: bytes, token: str) -> subprocess.CompletedProcess[str]:
    (folder / "answers.json").write_bytes(answers)
    return subprocess.run(
        ["/bin/sh", "-c", script(sender.base_url)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "VERNIER_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_ends_well_with_the_score(sender: Pipeline, tmp_path: Path) -> None:
    done = run(sender, tmp_path, material.answers(), sender.token)
    assert done.returncode == 0, done.stderr
    assert 0 < float(done.stdout) <= 100


def test_a_refused_upload_ends_it_with_the_reason_in_the_log(sender: Pipeline, tmp_path: Path) -> None:
    done = run(sender, tmp_path, material.answers(), "vrn_wrong")
    assert done.returncode != 0
    assert "This is not a Vernier token" in done.stderr


def test_a_rejected_file_ends_it_with_the_reason_in_the_log(sender: Pipeline, tmp_path: Path) -> None:
    done = run(sender, tmp_path, b"question_id,answer\nnone#0,A\n", sender.token)
    assert done.returncode == 1
    assert "unknown-question" in done.stderr


def python_script(site: str) -> str:
    guide = (Path(__file__).parents[2] / "docs" / "ci.md").read_text()
    start = guide.index("```python\n") + len("```python\n")
    text = guide[start : guide.index("```", start)]
    return text.replace("http://127.0.0.1:8000", site).replace("mmad-standin", SLUG)


def run_python(sender: Pipeline, folder: Path, answers: bytes, job: str) -> subprocess.CompletedProcess[str]:
    (folder / "answers.csv").write_bytes(answers)
    return subprocess.run(
        [sys.executable, "-c", python_script(sender.base_url)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "VERNIER_TOKEN": sender.token, "CI_JOB_ID": job},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_from_python_it_ends_with_the_score_however_often_it_is_run(sender: Pipeline, tmp_path: Path) -> None:
    first, again = (run_python(sender, tmp_path, material.answers(seed=5), "job 1") for _twice in range(2))
    assert first.stdout.startswith("scored "), first.stderr
    assert again.stdout == first.stdout


def test_from_python_another_file_under_the_same_job_is_told(sender: Pipeline, tmp_path: Path) -> None:
    done = [run_python(sender, tmp_path, material.answers(seed=seed), "job 2") for seed in (6, 7)]
    assert done[1].returncode == 1
    assert "Idempotency-Key “job 2” was used for another file" in done[1].stderr


def test_the_board_is_read_as_the_guide_says(sender: Pipeline) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "ci.md").read_text()
    addresses = re.findall(
        r"http://127\.0\.0\.1:8000(/api/v1/benchmarks/mmad-standin/leaderboard/[^\s\"]*)", guide
    )
    assert len(addresses) == 2
    for address in addresses:
        answer = sender.send("GET", sender.base_url + address.replace("mmad-standin", SLUG))
        assert answer.status_code == 200, address

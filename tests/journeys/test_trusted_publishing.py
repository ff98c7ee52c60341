"""From an empty folder to a score without a secret: docs/trusted-publishing.md as it stands, on a running site."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests import material
from tests.journeys.trusted import Trusting, trusting
from tests.servers.site import Site

SLUG = "trusted"
GUIDE = Path(__file__).parents[2] / "docs" / "trusted-publishing.md"
STORED = """
from submissions.models import Token
print([(each.expires_at - each.created_at).seconds for each in Token.objects.filter(publisher__isnull=False)])
"""


@pytest.fixture(scope="module")
def here(
    site: Callable[..., AbstractContextManager[Site]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trusting]:
    with trusting(site, tmp_path_factory.mktemp("benchmark"), SLUG) as running:
        yield running


def script() -> str:
    found = re.search(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found
    return found[1].replace("mmad-standin", SLUG)


def run(
    folder: Path, here: Trusting, given: dict[str, str], seed: int = 1
) -> subprocess.CompletedProcess[str]:
    (folder / "answers.csv").write_bytes(material.answers(seed=seed))
    return subprocess.run(
        ["/bin/sh", "-c", script()],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "VERNIER_URL": here.site.base_url, **given},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_job_at_github_reaches_a_score_and_no_secret_is_stored(here: Trusting, tmp_path: Path) -> None:
    done = run(tmp_path, here, here.at_github())
    assert done.returncode == 0, done.stderr + done.stdout
    mask, _newline, sent = done.stdout.partition("\n")
    token = mask.removeprefix("::add-mask::")
    state = json.loads(sent)
    assert state["provenance"]["repository"] == "example/inspector"
    here.sender.until(
        lambda: here.sender.get(state["links"]["self"]).json()["status"] == "scored", seconds=60
    )
    assert "900" in here.site.manage("shell", "--no-imports", "-c", STORED).stdout
    for path in (path for path in here.site.var.rglob("*") if path.is_file()):
        assert token.encode() not in path.read_bytes(), path


def test_a_job_at_gitlab_sends_and_its_log_shows_no_token(here: Trusting, tmp_path: Path) -> None:
    done = run(tmp_path, here, {"VERNIER_ID_TOKEN": here.gitlab.token()}, seed=2)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["provenance"]["repository"] == "example/vision/inspector"
    assert "vrn_" not in done.stdout + done.stderr


def test_what_is_refused_ends_it_with_the_reason_in_the_log(
    here: Trusting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here.github, "changed", {"event_name": "pull_request_target"})
    done = run(tmp_path, here, here.at_github())
    assert done.returncode != 0
    assert "identity-pull-request-target" in done.stderr

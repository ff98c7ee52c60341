"""From an empty folder to a score without a secret: docs/trusted-publishing.md as it stands, on a running site."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.servers import issuer as servers
from tests.servers.issuer import Issuer
from tests.servers.site import Site

SLUG = "trusted"
GUIDE = Path(__file__).parents[2] / "docs" / "trusted-publishing.md"
REGISTER = """
from django.utils import timezone
from submissions import publishers
from submissions.models import Benchmark, Team, User
by = User.objects.create_user("owner@example.org", "correct horse battery")
team = Team.objects.get(slug="{team}")
said = dict(by=by, now=timezone.now())
for issuer, repository, workflow in (
    ("{github}", "example/inspector", "submit.yml"),
    ("{gitlab}", "example/vision/inspector", ".gitlab-ci.yml"),
):
    publishers.register(
        team, Benchmark.objects.get(slug="{slug}"), issuer=issuer, repository=repository, workflow=workflow, **said
    )
"""
STORED = """
from submissions.models import Token
print([(each.expires_at - each.created_at).seconds for each in Token.objects.filter(publisher__isnull=False)])
"""


@pytest.fixture(scope="module")
def github() -> Iterator[Issuer]:
    with servers.running() as running:
        yield running


@pytest.fixture(scope="module")
def gitlab() -> Iterator[Issuer]:
    with servers.running("gitlab") as running:
        yield running


@pytest.fixture(scope="module")
def here(site: Callable[..., AbstractContextManager[Site]], github: Issuer, gitlab: Issuer) -> Iterator[Site]:
    listed = f"github={github.url} gitlab={gitlab.url}"
    with site(first_data=False, VERNIER_OIDC_ISSUERS=listed) as running:
        github.audience = gitlab.audience = running.base_url
        yield running


@pytest.fixture(scope="module")
def sender(here: Site, github: Issuer, gitlab: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    path = tmp_path_factory.mktemp("benchmark") / "mmad.json"
    path.write_text(json.dumps(material.questions()))
    here.manage("import_mmad", str(path), "--slug", SLUG)
    made = pipeline(here, "my-team", slug=SLUG)
    said = {"team": "my-team", "slug": SLUG, "github": github.url, "gitlab": gitlab.url}
    here.manage("shell", "--no-imports", "-c", REGISTER.format(**said))
    return made


def script() -> str:
    found = re.search(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found
    return found[1].replace("mmad-standin", SLUG)


def at_github(issuer: Issuer) -> dict[str, str]:
    """What a runner gives to a job that may ask for identity tokens."""
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.url}/token?api-version=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of the runner",
    }


def run(folder: Path, here: Site, given: dict[str, str], seed: int = 1) -> subprocess.CompletedProcess[str]:
    (folder / "answers.csv").write_bytes(material.answers(seed=seed))
    return subprocess.run(
        ["/bin/sh", "-c", script()],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "VERNIER_URL": here.base_url, **given},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_job_at_github_reaches_a_score_and_no_secret_is_stored(
    here: Site, sender: Pipeline, github: Issuer, tmp_path: Path
) -> None:
    done = run(tmp_path, here, at_github(github))
    assert done.returncode == 0, done.stderr + done.stdout
    mask, _newline, sent = done.stdout.partition("\n")
    token = mask.removeprefix("::add-mask::")
    state = json.loads(sent)
    assert state["provenance"]["repository"] == "example/inspector"
    sender.until(lambda: sender.get(state["links"]["self"]).json()["status"] == "scored", seconds=60)
    assert "900" in here.manage("shell", "--no-imports", "-c", STORED).stdout
    for path in (path for path in here.var.rglob("*") if path.is_file()):
        assert token.encode() not in path.read_bytes(), path


def test_a_job_at_gitlab_sends_and_its_log_shows_no_token(
    here: Site, sender: Pipeline, gitlab: Issuer, tmp_path: Path
) -> None:
    done = run(tmp_path, here, {"VERNIER_IDENTITY": gitlab.token()}, seed=2)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["provenance"]["repository"] == "example/vision/inspector"
    assert "vrn_" not in done.stdout + done.stderr


def test_what_is_refused_ends_it_with_the_reason_in_the_log(
    here: Site, sender: Pipeline, github: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "changed", {"event_name": "pull_request_target"})
    done = run(tmp_path, here, at_github(github))
    assert done.returncode != 0
    assert "identity-pull-request-target" in done.stderr

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
publishers.register(
    team, Benchmark.objects.get(slug="{slug}"), issuer="{issuer}", repository="example/inspector",
    workflow="submit.yml", by=by, now=timezone.now(),
)
"""
STORED = """
from submissions.models import Token
token = Token.objects.get(publisher__isnull=False)
print((token.expires_at - token.created_at).seconds)
"""


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with servers.running() as running:
        yield running


@pytest.fixture(scope="module")
def here(site: Callable[..., AbstractContextManager[Site]], issuer: Issuer) -> Iterator[Site]:
    with site(first_data=False, VERNIER_OIDC_ISSUERS=f"github={issuer.url}") as running:
        issuer.audience = running.base_url
        yield running


@pytest.fixture(scope="module")
def sender(here: Site, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    path = tmp_path_factory.mktemp("benchmark") / "mmad.json"
    path.write_text(json.dumps(material.questions()))
    here.manage("import_mmad", str(path), "--slug", SLUG)
    made = pipeline(here, "my-team", slug=SLUG)
    said = {"team": "my-team", "slug": SLUG, "issuer": issuer.url}
    here.manage("shell", "--no-imports", "-c", REGISTER.format(**said))
    return made


def script() -> str:
    found = re.search(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found
    return found[1].replace("mmad-standin", SLUG)


def run(folder: Path, here: Site, issuer: Issuer) -> subprocess.CompletedProcess[str]:
    (folder / "answers.csv").write_bytes(material.answers())
    return subprocess.run(
        ["/bin/sh", "-c", script()],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "VERNIER_URL": here.base_url,
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.url}/token?api-version=2",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of the runner",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_job_reaches_a_score_and_no_secret_is_stored(
    here: Site, sender: Pipeline, issuer: Issuer, tmp_path: Path
) -> None:
    done = run(tmp_path, here, issuer)
    assert done.returncode == 0, done.stderr + done.stdout
    mask, _newline, sent = done.stdout.partition("\n")
    token = mask.removeprefix("::add-mask::")
    state = json.loads(sent)
    assert state["provenance"]["repository"] == "example/inspector"
    sender.until(lambda: sender.get(state["links"]["self"]).json()["status"] == "scored", seconds=60)
    assert "900" in here.manage("shell", "--no-imports", "-c", STORED).stdout
    for path in (path for path in here.var.rglob("*") if path.is_file()):
        assert token.encode() not in path.read_bytes(), path


def test_what_is_refused_ends_it_with_the_reason_in_the_log(
    here: Site, sender: Pipeline, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer, "changed", {"event_name": "pull_request_target"})
    done = run(tmp_path, here, issuer)
    assert done.returncode != 0
    assert "identity-pull-request-target" in done.stderr

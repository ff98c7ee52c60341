"""A site with an issuer of each kind, and a team that trusts a job of each."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.servers import issuer as servers
from tests.servers.issuer import Issuer
from tests.servers.site import Site

TEAM = "my-team"
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


@dataclass
class Trusting:
    """`sender` has a token of the team besides, as an organizer makes one."""

    site: Site
    github: Issuer
    gitlab: Issuer
    sender: Pipeline

    def at_github(self) -> dict[str, str]:
        """What a runner gives to a job that may ask for identity tokens."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.github.url}/token?api-version=2",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of the runner",
        }


@contextmanager
def trusting(
    site: Callable[..., AbstractContextManager[Site]], folder: Path, slug: str
) -> Iterator[Trusting]:
    """Run a site on which the team trusts a workflow at GitHub and a CI file at GitLab for a benchmark of this slug."""
    with servers.running() as github, servers.running("gitlab") as gitlab:
        listed = f"github={github.url} gitlab={gitlab.url}"
        with site(first_data=False, VERNIER_OIDC_ISSUERS=listed) as running:
            github.audience = gitlab.audience = running.base_url
            path = folder / "mmad.json"
            path.write_text(json.dumps(material.questions()))
            running.manage("import_mmad", str(path), "--slug", slug, "--daily-limit", "100")
            sender = pipeline(running, TEAM, slug=slug)
            said = {"team": TEAM, "slug": slug, "github": github.url, "gitlab": gitlab.url}
            running.manage("shell", "--no-imports", "-c", REGISTER.format(**said))
            yield Trusting(running, github, gitlab, sender)

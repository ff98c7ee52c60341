"""From which job a submission came, as its CI service attests: who sent the file, never how the answers came about."""

from dataclasses import dataclass

from submissions.models import Publisher, Submission
from submissions.oidc.issuers import Issuer

TIER = "ci-attested"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What one reader may know of the job. Of a repository that was not public, all but its team read nothing more."""

    is_public: bool
    issuer: str = ""
    service: str = ""  # as people call it
    repository: str = ""
    commit: str = ""
    ref: str = ""
    workflow: str = ""
    environment: str = ""
    run_id: str = ""
    # Empty where nobody can be led there by HTTPS.
    repository_url: str = ""
    commit_url: str = ""
    run_url: str = ""

    @property
    def is_told(self) -> bool:
        """Whether the reader may know which repository it is."""
        return bool(self.repository)

    def said(self) -> dict[str, str | None]:
        """As the API says it; null is what the reader may not know, or there is not."""
        told = {
            "issuer": self.issuer,
            "repository": self.repository,
            "commit": self.commit,
            "ref": self.ref,
            "workflow": self.workflow,
            "run_url": self.run_url,
            "environment": self.environment,
        }
        return {"tier": TIER, **{name: value or None for name, value in told.items()}}


def of(submission: Submission, *, is_ours: bool) -> Provenance | None:
    """The job that sent it, for its team or for others; None when no job's identity was verified."""
    token = submission.token
    if token is None or not token.is_minted:
        return None
    claims = token.claims
    is_public = claims["visibility"] == "public"
    if not (is_public or is_ours):
        return Provenance(is_public=False)
    issuer = Issuer(Publisher.Kind(claims["kind"]), claims["issuer"])
    return Provenance(
        is_public=is_public,
        issuer=issuer.url,
        service=issuer.label,
        **{
            name: claims[name]
            for name in ("repository", "commit", "ref", "workflow", "environment", "run_id")
        },
        **_links(issuer, claims),
    )


def _links(issuer: Issuer, claims: dict[str, str]) -> dict[str, str]:
    """Made of what was verified, each part of it by a pattern that needs no quoting."""
    if not issuer.web:
        return {}
    repository = f"{issuer.web}/{claims['repository']}"
    if issuer.kind == Publisher.Kind.GITLAB:
        commit = f"{repository}/-/commit/{claims['commit']}"
        run = f"{repository}/-/jobs/{claims['run_id']}"
    else:
        commit = f"{repository}/commit/{claims['commit']}"
        run = f"{repository}/actions/runs/{claims['run_id']}/attempts/{claims['attempt']}"
    return {"repository_url": repository, "commit_url": commit, "run_url": run}

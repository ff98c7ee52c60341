"""Which job an identity token speaks of: the claims of GitHub and of GitLab, read strictly.

Only what somebody with the right to write to the repository has started is taken. What a stranger can start, by a pull
or merge request from a fork above all, is refused by its event: the claims of a request do not tell where its code is
from.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from submissions.models import Publisher
from submissions.oidc.identities import Identity
from submissions.oidc.issuers import Issuer
from submissions.refusals import Refusal

GITHUB_EVENTS = ("push", "schedule", "workflow_dispatch", "repository_dispatch", "release", "deployment")
GITLAB_SOURCES = ("push", "schedule", "web", "api", "trigger", "pipeline", "parent_pipeline")
OF_A_REQUEST = ("merge_request_event", "external_pull_request_event")
WORKFLOWS = ".github/workflows/"

REPOSITORY: Mapping[str, re.Pattern[str]] = {
    Publisher.Kind.GITHUB: re.compile(r"[A-Za-z0-9_-]{1,100}/[A-Za-z0-9_.-]{1,100}"),
    Publisher.Kind.GITLAB: re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+"),
}
WORKFLOW: Mapping[str, re.Pattern[str]] = {
    Publisher.Kind.GITHUB: re.compile(r"[^/@\s]+\.ya?ml"),
    Publisher.Kind.GITLAB: re.compile(r"(?:[^/@\s]+/)*[^/@\s]+\.ya?ml"),
}
ID = re.compile(r"[0-9]{1,20}")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Job:
    """A run of a CI file in a repository, as its service tells it."""

    issuer: Issuer
    repository: str
    repository_id: str
    owner: str
    owner_id: str
    workflow: str  # as in Publisher
    environment: str
    ref: str
    commit: str
    run_id: str
    attempt: str
    is_public: bool

    def claims(self) -> dict[str, str]:
        """What is kept of it beside what it sends."""
        return {
            "kind": str(self.issuer.kind),
            "issuer": self.issuer.url,
            "repository": self.repository,
            "repository_id": self.repository_id,
            "owner": self.owner,
            "owner_id": self.owner_id,
            "workflow": self.workflow,
            "environment": self.environment,
            "ref": self.ref,
            "commit": self.commit,
            "run_id": self.run_id,
            "attempt": self.attempt,
            "visibility": "public" if self.is_public else "private",
        }


def of(identity: Identity) -> Job:
    """The job of a verified identity token. Raises Refusal when it is one that is never taken."""
    return _READERS[identity.issuer.kind](identity)


def _github(identity: Identity) -> Job:
    repository = _repository(identity, "repository")
    owner = identity.text("repository_owner")
    if repository.partition("/")[0].lower() != owner.lower():
        raise Refusal("identity-claims-disagree", first="repository", second="repository_owner")
    event = identity.text("event_name")
    if event == "deployment" and not identity.optional("ref"):
        # Of a bare commit, which may be any fork's: what deploys previews of pull requests makes such ones.
        raise Refusal("identity-deployment")
    ref, commit = identity.text("ref"), _commit(identity)
    _check_github_event(event, ref)
    workflow, at = _within(identity.text("workflow_ref"), f"{repository}/{WORKFLOWS}", repository)
    if at not in (ref, commit):
        raise Refusal("identity-workflow-ref", found=at, wanted=ref)
    _check_reused(identity.text("job_workflow_ref"), repository, (ref, commit))
    return Job(
        issuer=identity.issuer,
        repository=repository,
        repository_id=_id(identity, "repository_id"),
        owner=owner,
        owner_id=_id(identity, "repository_owner_id"),
        workflow=workflow,
        environment=identity.optional("environment"),
        ref=ref,
        commit=commit,
        run_id=_id(identity, "run_id"),
        attempt=_id(identity, "run_attempt"),
        is_public=identity.text("repository_visibility") == "public",
    )


def _check_github_event(event: str, ref: str) -> None:
    if event == "pull_request_target":
        raise Refusal("identity-pull-request-target")
    if event.startswith("pull_request") or ref.startswith("refs/pull/"):
        raise Refusal("identity-pull-request", found=event)
    if event not in GITHUB_EVENTS:
        raise Refusal("identity-event", found=event, known=", ".join(GITHUB_EVENTS))


def _check_reused(found: str, repository: str, at: tuple[str, str]) -> None:
    """A workflow that is called runs as the caller: one from elsewhere could be changed by people there."""
    path, _at, where = found.partition("@")
    if not path.lower().startswith(f"{repository}/{WORKFLOWS}".lower()) or where not in at:
        raise Refusal("identity-reused-workflow", found=found, repository=repository)


def _gitlab(identity: Identity) -> Job:
    project = _repository(identity, "project_path")
    namespace = identity.text("namespace_path")
    if project.rpartition("/")[0].lower() != namespace.lower():
        raise Refusal("identity-claims-disagree", first="project_path", second="namespace_path")
    project_id = _id(identity, "project_id")
    # Where these differ, a merge request from a fork runs in the project that it was made to.
    ran_in = identity.optional("job_project_id")
    if ran_in and ran_in != project_id:
        raise Refusal("identity-fork", found=project, wanted=identity.optional("job_project_path") or ran_in)
    ref, ref_path, commit = identity.text("ref"), identity.text("ref_path"), _commit(identity)
    source = identity.text("pipeline_source")
    if source in OF_A_REQUEST or not ref_path.startswith(("refs/heads/", "refs/tags/")):
        raise Refusal("identity-merge-request", found=source)
    if source not in GITLAB_SOURCES:
        raise Refusal("identity-event", found=source, known=", ".join(GITLAB_SOURCES))
    if source == "parent_pipeline" and not ran_in:
        # The child of a merge request's pipeline has this source, too: then only that claim tells a fork.
        raise Refusal("identity-claim-missing", claim="job_project_id")
    if ref_path not in (f"refs/heads/{ref}", f"refs/tags/{ref}"):
        raise Refusal("identity-claims-disagree", first="ref", second="ref_path")
    begins = f"{identity.issuer.host}/{project}//"
    workflow, at = _within(identity.text("ci_config_ref_uri"), begins, project)
    if at not in (ref_path, commit):
        raise Refusal("identity-workflow-ref", found=at, wanted=ref_path)
    return Job(
        issuer=identity.issuer,
        repository=project,
        repository_id=project_id,
        owner=namespace,
        owner_id=_id(identity, "namespace_id"),
        workflow=workflow,
        environment=identity.optional("environment"),
        ref=ref_path,
        commit=commit,
        run_id=_id(identity, "job_id"),
        attempt="",
        is_public=identity.text("project_visibility") == "public",
    )


_READERS: Mapping[str, Callable[[Identity], Job]] = {
    Publisher.Kind.GITHUB: _github,
    Publisher.Kind.GITLAB: _gitlab,
}


def _repository(identity: Identity, claim: str) -> str:
    found = identity.text(claim)
    if len(found) > 300 or not REPOSITORY[identity.issuer.kind].fullmatch(found):
        raise Refusal("identity-claim-unreadable", claim=claim)
    return found


def _within(found: str, begins: str, repository: str) -> tuple[str, str]:
    """The CI file and what of the repository it was taken from, when it is the repository's own."""
    path, _at, where = found.partition("@")
    if not path.lower().startswith(begins.lower()):
        raise Refusal("identity-workflow-elsewhere", found=found, repository=repository)
    return path[len(begins) :], where


def _id(identity: Identity, claim: str) -> str:
    found = identity.text(claim)
    if not ID.fullmatch(found):
        raise Refusal("identity-claim-unreadable", claim=claim)
    return found


def _commit(identity: Identity) -> str:
    found = identity.text("sha")
    if not COMMIT.fullmatch(found):
        raise Refusal("identity-claim-unreadable", claim="sha")
    return found

"""Trusted publishers: which CI jobs may send for a team without a secret, registered and removed by its people."""

from datetime import datetime

from django.db import IntegrityError, transaction

from submissions import audit, notices, senders, tokens
from submissions.askers import Asker
from submissions.models import Benchmark, Publisher, Team, Token, User
from submissions.oidc import issuers, jobs
from submissions.refusals import Refusal

MOST = 50  # of a team


def register(
    team: Team,
    benchmark: Benchmark,
    *,
    issuer: str,
    repository: str,
    workflow: str,
    environment: str = "",
    owner_id: str = "",
    repository_id: str = "",
    by: User,
    now: datetime,
) -> Publisher:
    """Let the jobs of this CI file send for the team on the benchmark; neither has to exist yet.

    An id that is not given is pinned at the first use. Raises Refusal, which names the field, when it cannot be.
    """
    known = issuers.find(issuer)
    if known is None:
        listed = ", ".join(each.url for each in issuers.known()) or "–"
        raise Refusal("publisher-issuer", field="issuer", known=listed)
    repository, workflow = repository.strip().strip("/"), workflow.strip().removeprefix("./").lstrip("/")
    if known.kind == Publisher.Kind.GITHUB:
        workflow = workflow.removeprefix(jobs.WORKFLOWS)
    _check(known.kind, repository, workflow, owner_id, repository_id)
    publisher = Publisher(
        team=team,
        benchmark=benchmark,
        kind=known.kind,
        issuer=known.url,
        repository=repository,
        workflow=workflow,
        environment=environment,
        owner_id=owner_id,
        repository_id=repository_id,
        created_by=by,
        created_at=now,
    )
    with transaction.atomic():
        held = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        senders.refuse_archived(held)
        if held.publishers.living().count() >= MOST:
            raise Refusal("publishers-too-many", most=MOST)
        try:
            with transaction.atomic():
                publisher.save(force_insert=True)
        except IntegrityError as error:
            raise Refusal("publisher-known", field="repository") from error
        audit.record(Asker(user=by), "registered", publisher, issuer=known.url, benchmark=benchmark.slug)
        notices.tell_person(by, "publisher-registered", publisher, environment=environment)
    return publisher


def _check(kind: Publisher.Kind, repository: str, workflow: str, owner_id: str, repository_id: str) -> None:
    if len(repository) > 300 or not jobs.REPOSITORY[kind].fullmatch(repository):
        raise Refusal(f"publisher-repository-{kind}", field="repository")
    if (
        len(workflow) > 200
        or not workflow.isprintable()
        or ".." in workflow.split("/")
        or not jobs.WORKFLOW[kind].fullmatch(workflow)
    ):
        raise Refusal(f"publisher-workflow-{kind}", field="workflow")
    for field, found in (("owner_id", owner_id), ("repository_id", repository_id)):
        if found and not jobs.ID.fullmatch(found):
            raise Refusal("publisher-id", field=field)


def remove(publisher: Publisher, *, by: audit.Actor, now: datetime) -> None:
    """Let it get no tokens any more, and end those that it has. Again: no change."""
    with transaction.atomic():
        # Whoever mints holds the row too: a token is there to be ended, or is never made.
        held = Publisher.objects.select_for_update(no_key=True).get(pk=publisher.pk)
        if held.removed_at is not None:
            return
        Publisher.objects.filter(pk=held.pk).update(removed_at=now)
        for token in Token.objects.filter(publisher=held).living(at=now):
            tokens.revoke(token, by=by, now=now)
        audit.record(by, "removed", held)

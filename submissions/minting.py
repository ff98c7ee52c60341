"""A job's identity token for a short one of ours: who registered that job, and the token that it gets."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from submissions import intake, limits, messages, senders, tokens
from submissions.models import Benchmark, Publisher, Submission, Team, Token, UsedIdentity
from submissions.oidc import identities, jobs
from submissions.oidc.identities import Identity
from submissions.oidc.jobs import Job
from submissions.refusals import Refusal

KEPT = timedelta(days=1)  # a token that sent nothing, after its end


def mint(
    text: str, *, team: str = "", benchmark: str = "", address: str | None, now: datetime
) -> tuple[Token, str]:
    """Exchange an identity token; the text of ours is returned here and never again. It lives for 15 minutes.

    Team and benchmark are slugs, which have to be given where the identity fits several publishers, and the team at a
    publisher's first use. Raises Refusal: `identity-…` when the token is not good, `publisher-…` when nobody registered
    the job; then nothing is written, and the identity token is not used up.
    """
    limits.count_identity(address)
    identity = identities.verify(text, audience=settings.VERNIER_URL, now=now)
    job = jobs.of(identity)
    publisher = _publisher(job, team=team, benchmark=benchmark)
    limits.count_mint(f"publisher:{publisher.pk}")
    with transaction.atomic():
        _refuse_closed(publisher, now)
        held = Publisher.objects.select_for_update(no_key=True).get(pk=publisher.pk)
        # Again: it may have been removed meanwhile, or pinned by the first of two jobs at once.
        if held.removed_at is not None:
            raise Refusal("publisher-removed", repository=job.repository)
        if (why := _differs(held, job)) is not None:
            raise why
        _use(identity)
        Publisher.objects.filter(pk=held.pk).update(
            owner_id=job.owner_id,
            repository_id=job.repository_id,
            first_used_at=held.first_used_at or now,
            last_used_at=now,
        )
        return tokens.mint(publisher, job.claims(), now=now)


def _use(identity: Identity) -> None:
    """Write down that this identity token is used. Raises Refusal when it was already."""
    digest = hashlib.sha256(identity.jti.encode()).hexdigest()
    try:
        with transaction.atomic():
            UsedIdentity.objects.create(
                issuer=identity.issuer.url,
                digest=digest,
                expires_at=identity.expires_at + identities.LEEWAY,
            )
    except IntegrityError as error:
        raise Refusal("identity-replayed") from error


def _publisher(job: Job, *, team: str, benchmark: str) -> Publisher:
    """The one that the job is. Nothing is told of publishers for other repositories than the job's own."""
    of_repository = Publisher.objects.at(job.issuer.url, job.repository).select_related("team", "benchmark")
    asked = [
        each
        for each in of_repository.order_by("pk")
        if team in ("", each.team.slug) and benchmark in ("", each.benchmark.slug)
    ]
    living = [each for each in asked if each.removed_at is None]
    fitting = [each for each in living if _differs(each, job) is None]
    if not fitting:
        raise _why_none(job, living, asked, is_narrowed=bool(team or benchmark))
    if not team:
        # Anybody may register anybody's repository, and would get what its jobs send. So its own job says once for
        # which team it sends, and until then nobody else's word counts.
        fitting = [each for each in fitting if each.first_used_at is not None]
        if not fitting:
            raise Refusal("publisher-unproven", repository=job.repository, workflow=job.workflow)
    if len({(each.team_id, each.benchmark_id) for each in fitting}) > 1:
        raise Refusal("publisher-ambiguous", repository=job.repository, workflow=job.workflow)
    return max(fitting, key=lambda each: bool(each.environment))


def _why_none(
    job: Job, living: Sequence[Publisher], asked: Sequence[Publisher], *, is_narrowed: bool
) -> Refusal:
    """What kept the job from the publisher that came nearest to it."""
    reasons = [why for each in living if (why := _differs(each, job)) is not None]
    if reasons:
        return max(reasons, key=lambda why: _STEPS.index(why.code))
    if any(_differs(each, job) is None for each in asked):
        return Refusal("publisher-removed", repository=job.repository)
    if is_narrowed and Publisher.objects.living().at(job.issuer.url, job.repository).exists():
        return Refusal("publisher-for-another", repository=job.repository)
    return Refusal("publisher-unknown", repository=job.repository, issuer=job.issuer.url)


# In the order in which they are looked at: the later, the nearer.
_STEPS = (
    "publisher-other-owner",
    "publisher-other-repository",
    "publisher-other-workflow",
    "publisher-environment-missing",
    "publisher-other-environment",
)


def _differs(publisher: Publisher, job: Job) -> Refusal | None:
    """In what the job is not the registered one. Ids come first: of another repository's publisher nothing is told."""
    if publisher.owner_id not in ("", job.owner_id):
        return Refusal("publisher-other-owner", owner=job.owner, found=job.owner_id)
    if publisher.repository_id not in ("", job.repository_id):
        return Refusal("publisher-other-repository", repository=job.repository, found=job.repository_id)
    if publisher.workflow != job.workflow:
        return Refusal("publisher-other-workflow", found=job.workflow, wanted=publisher.workflow)
    wanted, found = publisher.environment, job.environment
    if publisher.kind == Publisher.Kind.GITHUB:
        wanted, found = wanted.casefold(), found.casefold()
    if wanted and not found:
        return Refusal("publisher-environment-missing", wanted=publisher.environment)
    if wanted and wanted != found:
        return Refusal("publisher-other-environment", found=job.environment, wanted=publisher.environment)
    return None


def _refuse_closed(publisher: Publisher, now: datetime) -> None:
    """Raises Refusal where the token could send nothing. The team's row is held from here on."""
    team = Team.objects.select_for_update(no_key=True).get(pk=publisher.team_id)
    benchmark = Benchmark.objects.with_release().get(pk=publisher.benchmark_id)
    try:
        senders.refuse_silent(team)
        intake.refuse_closed(benchmark, now=now)
    except Refusal as refusal:
        sentence = messages.refusal(refusal.code, refusal.params)
        raise Refusal(f"publisher-{refusal.code}", sentence=sentence) from refusal


def forget_old(*, now: datetime) -> None:
    """Remove used identities that nobody could use again anyway, and minted tokens that ended without sending."""
    UsedIdentity.objects.filter(expires_at__lt=now).delete()
    sent = Submission.objects.filter(token=OuterRef("pk"))
    Token.objects.filter(~Exists(sent), publisher__isnull=False, expires_at__lte=now - KEPT).delete()

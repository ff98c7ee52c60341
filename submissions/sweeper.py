"""Find what was left behind: rings that nobody heard, workers that died. Safe to run twice and at once."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.utils import timezone

from submissions import (
    courier,
    deliveries,
    idempotency,
    minting,
    networks,
    notices,
    outlines,
    pairs,
    post_office,
    ringing,
)
from submissions.models import Entry, Pair, Release, Submission
from submissions.models.submission import SubmissionQuerySet

logger = logging.getLogger(__name__)

# The oldest only: those that wait behind them are rung for by a later sweep, and the queue does not fill with echoes.
RINGS_A_SWEEP = 100
HEARD_BY_NOW = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one run did."""

    rung: int
    failed: int
    placed: int


def sweep(*, now: datetime | None = None) -> Sweep:
    """Ring for what has waited for over 20 s and for expired leases; end what has used its three attempts."""
    now = now or timezone.now()
    failed = _end_used_up(now)
    waiting = Submission.objects.claimable(at=now).filter(received_at__lte=now - HEARD_BY_NOW)
    rung = 0
    for submission_id in waiting.order_by("received_at").values_list("pk", flat=True)[:RINGS_A_SWEEP]:
        ringing.score(submission_id)
        rung += 1
    placed = 0
    for entry_id in Entry.objects.filter(standing_due=True).values_list("pk", flat=True)[:RINGS_A_SWEEP]:
        ringing.place(entry_id)
        placed += 1
    for release in Release.objects.with_a_free_turn(at=now):
        ringing.rescore(release.pk, release.rescoring_turn)
    for release_id in Release.objects.filter(switch_due=True).values_list("pk", flat=True):
        ringing.switch(release_id)
    asked = Pair.objects.free(at=now).filter(asked_at__lte=now - HEARD_BY_NOW).order_by("asked_at", "pk")
    for pair_id in asked.values_list("pk", flat=True)[:RINGS_A_SWEEP]:
        ringing.compare(pair_id)
    idempotency.forget_old(now=now)
    pairs.forget(now=now)
    networks.forget_old(now=now)
    outlines.catch_up()
    minting.forget_old(now=now)
    if post_office.is_due(now):
        ringing.post()
    courier.forget_old(now=now)
    if courier.is_due(now):
        ringing.deliver()
    if rung or failed or placed:
        logger.warning("sweep: rang for %d submissions and %d entries, failed %d", rung, placed, failed)
    return Sweep(rung=rung, failed=failed, placed=placed)


def _end_used_up(now: datetime) -> int:
    expired = Submission.objects.filter(
        status=Submission.Status.SCORING, lease_until__lte=now, attempts__gte=Submission.MOST_ATTEMPTS
    )
    failed = 0
    for submission in expired.select_related("team", "benchmark", "entry"):
        try:
            failed += _fail(submission, expired, now)
        except DatabaseError:
            raise
        except Exception:
            # One that cannot be ended must not keep all the others waiting; it is tried again by the next sweep.
            logger.exception("could not end %s", submission.pk)
    return failed


def _fail(submission: Submission, expired: SubmissionQuerySet, now: datetime) -> bool:
    """End it as ours; whether nobody else has."""
    with transaction.atomic():
        # The update is the lock: of two sweepers, one tells the team.
        if not expired.filter(pk=submission.pk).update(
            status=Submission.Status.FAILED, lease=None, lease_until=None, finished_at=now
        ):
            return False
        notices.tell_end(submission, status=Submission.Status.FAILED)
        deliveries.tell_end(submission)
    logger.error("failed after %d attempts: %s", Submission.MOST_ATTEMPTS, submission.pk)
    return True

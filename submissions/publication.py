"""What a team decides of its submissions: who sees them, and which one stands for the entry."""

import logging
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from submissions import (
    alarms,
    audit,
    deliveries,
    names,
    quota,
    ranges,
    ringing,
    sealing,
    senders,
    standings,
    storage,
)
from submissions.models import Benchmark, Entry, Release, Submission, Team
from submissions.refusals import Refusal

logger = logging.getLogger(__name__)

Visibility = Submission.Visibility


def publish(submission: Submission, *, by: audit.Actor, now: datetime) -> None:
    """Make a private submission public; one that still waits is public once it is scored. Again: no change.

    Raises Refusal where the rules forbid it, as when the team has no public entry left.
    """
    with transaction.atomic():
        # The lock that uploads take: two at once cannot both take the team's last public entry.
        team = Team.objects.select_for_update(no_key=True).get(pk=submission.team_id)
        submission = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if submission.visibility == Visibility.WITHDRAWN:
            raise Refusal("already-withdrawn")
        if submission.status in (
            Submission.Status.REJECTED,
            Submission.Status.FAILED,
            Submission.Status.CANCELLED,
        ):
            raise Refusal("not-scored")
        if submission.visibility == Visibility.PUBLIC:
            return
        senders.refuse_banned(team)
        quota.check_public(submission.entry, team, submission.benchmark)
        Submission.objects.filter(pk=submission.pk).update(
            visibility=Visibility.PUBLIC,
            published_at=now,
            compare_due=submission.is_scored and submission.benchmark.holds_alike,
        )
        audit.record(by, "published", submission, is_public=True)
        _place_later(submission.entry_id)


def withdraw(submission: Submission, *, reason: str, by: audit.Actor, now: datetime) -> None:
    """Take a public submission off the ranks; its line stays in the entry's history, with the reason.

    One that still waits is cancelled: nothing of it was public yet.
    """
    reason = names.sentence(reason, most=500)
    if not reason:
        raise Refusal("reason-missing", field="reason")
    with transaction.atomic():
        submission = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if submission.visibility == Visibility.WITHDRAWN:
            raise Refusal("already-withdrawn")
        if submission.visibility != Visibility.PUBLIC:
            raise Refusal("not-public")
        changes: dict[str, object] = {}
        if submission.status == Submission.Status.QUEUED:
            changes = {"status": Submission.Status.CANCELLED, "finished_at": now}
        if submission.status != Submission.Status.SCORED or submission.is_held:
            changes["published_at"] = None
        Submission.objects.filter(pk=submission.pk).update(
            visibility=Visibility.WITHDRAWN, withdrawn_at=now, withdrawn_reason=reason, **changes
        )
        audit.record(by, "withdrawn", submission, is_public=True, reason=reason)
        if changes.get("status") == Submission.Status.CANCELLED:
            deliveries.tell_end(submission)
        Entry.objects.filter(pk=submission.entry_id, chosen=submission).update(chosen=None)
        _place_later(submission.entry_id)


def choose(submission: Submission, *, by: audit.Actor) -> None:
    """Let this public scored submission stand for its entry, instead of the best one."""
    with transaction.atomic():
        submission = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if submission.status != Submission.Status.SCORED:
            raise Refusal("not-scored")
        if submission.visibility != Visibility.PUBLIC:
            raise Refusal("not-public-to-choose")
        # A choice made again is no decision.
        if (
            Entry.objects.filter(pk=submission.entry_id)
            .exclude(chosen=submission.pk)
            .update(chosen=submission)
        ):
            audit.record(by, "chosen", submission, is_public=True)
        _place_later(submission.entry_id)


def cancel(submission: Submission, *, by: audit.Actor, now: datetime) -> None:
    """Take back a submission that no worker has begun with; quota does not count it any more. Again: no change.

    Raises Refusal when a worker has taken it, or when it is finished.
    """
    with transaction.atomic():
        # The update is the lock: of a worker that claims it and a team that cancels it, one sees a row change.
        cancelled = (
            Submission.objects.filter(pk=submission.pk)
            .queued()
            .update(status=Submission.Status.CANCELLED, finished_at=now, published_at=None)
        )
        if cancelled:
            audit.record(by, "cancelled", submission)
            deliveries.tell_end(submission)
            return
        status = Submission.Status(Submission.objects.values_list("status", flat=True).get(pk=submission.pk))
        if status != Submission.Status.CANCELLED:
            raise Refusal("not-queued", status=str(status.label))


def _place_later(entry_id: UUID) -> None:
    # The mark is the truth and the ring only hurries: the sweeper finds marks that nobody heard of.
    Entry.objects.filter(pk=entry_id).update(standing_due=True)
    transaction.on_commit(partial(ringing.place, entry_id), robust=True)


def place(entry_id: UUID) -> bool:
    """The worker's half: rank the board with what the team decided, and compare what it made public.

    Storage that does not answer: False, the mark stays, and the sweeper rings again. Raises SealedError for a fault
    of ours, since its own message may quote the truth.
    """
    match sealing.outcome(partial(_place, entry_id), storage.StorageUnavailableError):
        case None:
            return True
        case storage.StorageUnavailableError() as error:
            logger.warning("storage does not answer, entry %s waits: %s", entry_id, error)
            return False
        case fault:
            raise fault


def _place(entry_id: UUID) -> None:
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None:
        return
    comparisons: dict[UUID, alarms.Comparison] = {}
    while True:
        try:
            ranges.up_to_date(partial(_settle, entry, comparisons))
        except alarms.NotComparedError:
            current = Benchmark.objects.filter(pk=entry.benchmark_id).values("current_release")
            release = Release.objects.get(pk__in=current)
            for comparison in comparisons.values():
                comparison.catch_up(release)
        else:
            return


def _settle(entry: Entry, comparisons: dict[UUID, alarms.Comparison]) -> None:
    """Rank the board with the entry. To be called in a transaction.

    Raises NotComparedError when something of it, in `comparisons` by then, has yet to be compared, and NotJudgedError.
    """
    unsettled = Submission.objects.filter(entry=entry).unsettled()
    benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=entry.benchmark_id)
    # Submissions before their entry, as whoever publishes or withdraws locks them.
    locked = {each.pk: each for each in unsettled.select_for_update(no_key=True).order_by("pk")}
    Entry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    # Read with the entry held, so that no decision of an organizer is lost in between.
    for submission_id in alarms.undecided(unsettled):
        if submission_id not in locked:
            raise alarms.NotComparedError
        comparisons.setdefault(submission_id, alarms.Comparison(locked[submission_id]))
        comparisons[submission_id].settle(benchmark, now=timezone.now())
    standings.place(entry)

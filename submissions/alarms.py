"""Answers that agree with another team's beyond chance: they wait for an organizer, and nothing is decided by itself.

Whatever becomes public is compared with what other teams show before it takes its place. Files are read meanwhile, so
no row is locked; then, with the benchmark's row held, it is looked whether something else was put up in between.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from scoring.errors import PredictionError
from scoring.kinds import AnySheet, likeness
from scoring.likeness import Likeness
from submissions import audit, moderation, notices, ringing, sheets, storage, truths
from submissions.models import Alarm, Benchmark, Entry, Release, Submission
from submissions.models.submission import SubmissionQuerySet
from submissions.refusals import Refusal

logger = logging.getLogger(__name__)

BATCH = 500


class NotComparedError(Exception):
    """Something is on the board by now that the submission was not compared with: compare, and begin again."""


@dataclass
class Comparison:
    """A submission beside those that other teams show, as far as it was compared."""

    submission: Submission
    sheet: AnySheet | None = None  # its letters or boxes, where they are at hand
    release: Release | None = None  # that it was compared on
    compared: set[UUID] = field(default_factory=set)
    alarming: dict[UUID, Likeness] = field(default_factory=dict)

    def catch_up(self, release: Release) -> None:
        """Compare it with everything that it was not compared with on this release, its benchmark's current one.

        It reads files: not to be called in a transaction. Errors may quote the truth. Raises StorageUnavailableError.
        """
        if self.release is not None and self.release.pk != release.pk:
            self.sheet, self.compared, self.alarming = None, set(), {}
        self.release = release
        missing = shown_elsewhere(self.submission) - self.compared
        if not missing:
            return
        own = self.sheet = self.sheet or _own(self.submission, release)
        if own is not None:
            content = truths.decoded(release.digest)
            for other, sheet in _kept(missing, release):
                found = likeness(own, sheet, content)
                if found.is_alarming:
                    self.alarming[other] = found
        self.compared |= missing

    def settle(self, benchmark: Benchmark, *, now: datetime) -> None:
        """Hold the submission if it has to be, let it go if not. What was decided of a pair is not asked again.

        To be called in a transaction that holds the benchmark's row, and the entry's if the submission was scored
        before. Raises NotComparedError.
        """
        mine = Submission.objects.filter(pk=self.submission.pk)
        if not mine.public().exists():
            return
        if benchmark.holds_alike:
            release = self.release
            if release is None or release.pk != benchmark.current_release_id:
                raise NotComparedError
            if shown_elsewhere(self.submission) - self.compared:
                raise NotComparedError
            if self._raise_alarms(release, now):
                audit.record(audit.SITE, "held", self.submission)
                notices.tell(self.submission.team, "entry-held", self.submission)
        is_held = Alarm.objects.open().filter(submission=self.submission).exists()
        mine.filter(held_at__isnull=is_held).update(held_at=now if is_held else None)
        mine.filter(compare_due=True).update(compare_due=False)

    def _raise_alarms(self, release: Release, now: datetime) -> bool:
        """Write them down; whether any is new and about this submission."""
        others = Submission.objects.in_bulk(self.alarming)
        is_mine = False
        for other_id, found in self.alarming.items():
            # Who came first is nobody's copy; what stands on the board already stays there until it is decided.
            earlier, later = sorted(
                (self.submission, others[other_id]), key=lambda each: (each.received_at, each.pk)
            )
            _alarm, is_new = Alarm.objects.get_or_create(
                submission=later,
                other=earlier,
                defaults={
                    "release": release,
                    "same": found.same,
                    "same_wrong": found.same_wrong,
                    "both_wrong": found.both_wrong,
                    "found_at": now,
                },
            )
            is_mine |= is_new and later == self.submission
        return is_mine


def undecided(unsettled: SubmissionQuerySet) -> list[UUID]:
    """Those that have yet to be compared, and those that were decided on since they were held."""
    waiting = Alarm.objects.open().values("submission")
    return list(unsettled.exclude(compare_due=False, pk__in=waiting).values_list("pk", flat=True))


def shown_elsewhere(submission: Submission) -> set[UUID]:
    """What other teams show on the benchmark's board."""
    entries = Entry.objects.filter(benchmark=submission.benchmark_id, shown__isnull=False)
    shown = entries.exclude(team=submission.team_id).values_list("shown", flat=True)
    return set(shown)


def _own(submission: Submission, release: Release) -> AnySheet | None:
    """The submission's letters on this release; None where its file is gone or no longer read."""
    origin = sheets.origins([submission]).get(submission.pk, release.digest)
    try:
        return sheets.carried(sheets.of(submission, truths.decoded(origin)), origin, release.digest)
    except (storage.MissingObjectError, PredictionError):
        logger.warning("%s is compared with nothing: it cannot be read", submission.pk)
        return None


def _kept(submission_ids: Iterable[UUID], release: Release) -> Iterator[tuple[UUID, AnySheet]]:
    """The letters of these on this release. Where there are none, or other rules read them, it is for the log."""
    ids = list(submission_ids)
    for start in range(0, len(ids), BATCH):
        submissions = list(Submission.objects.filter(pk__in=ids[start : start + BATCH]))
        origins = sheets.origins(submissions)
        for submission in submissions:
            origin = origins.get(submission.pk, release.digest)
            try:
                yield submission.pk, sheets.kept(submission.sheet_key(origin), origin, release.digest)
            except (storage.MissingObjectError, ValueError):
                logger.warning("nothing is compared with %s: its letters are not kept", submission.pk)


def let_stand(alarm: Alarm, *, reply: str, by: audit.Actor, now: datetime) -> None:
    """Let the later submission take its place; the reply is for its team. Raises Refusal when it is decided."""
    reply = moderation.cleaned(reply, field="reply")
    with transaction.atomic():
        alarm = _decided(alarm, Alarm.Decision.STANDS, reply, now)
        audit.record(by, "alarm-stands", alarm.submission, reason=reply)
        notices.tell(alarm.submission.team, "hold-lifted", alarm.submission, reply=reply)
        # As with what teams decide: the mark is the truth, and the ring only hurries.
        Entry.objects.filter(pk=alarm.submission.entry_id).update(standing_due=True)
        transaction.on_commit(partial(ringing.place, alarm.submission.entry_id), robust=True)


def uphold(alarm: Alarm, *, reason: str, by: audit.Actor, now: datetime) -> None:
    """Hide the later submission's entry; everybody reads the reason. Raises Refusal when it is decided."""
    reason = moderation.cleaned(reason)
    with transaction.atomic():
        alarm = _decided(alarm, Alarm.Decision.UPHELD, reason, now)
        audit.record(by, "alarm-upheld", alarm.submission, reason=reason)
        moderation.hide(alarm.submission.entry, reason=reason, by=by, now=now)


def _decided(alarm: Alarm, decision: Alarm.Decision, reply: str, now: datetime) -> Alarm:
    open_one = Alarm.objects.open().filter(pk=alarm.pk)
    # The update is the lock: of two who decide at once, one sees a row change.
    if not open_one.update(decision=decision, reply=reply, decided_at=now):
        raise Refusal("alarm-decided")
    return Alarm.objects.select_related("submission__entry").get(pk=alarm.pk)

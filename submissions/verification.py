"""What organizers say of an entry without moving it: that they have reproduced it, or that they are looking into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from submissions import audit, notices
from submissions.models import Benchmark, Entry
from submissions.moderation import cleaned
from submissions.refusals import Refusal


def verify(entry: Entry, *, submission_id: UUID, note: str, by: audit.Actor, now: datetime) -> None:
    """Mark the submission that stands for the entry as reproduced; the note tells everybody how.

    The mark counts while that submission is shown. Marked again: the new note stands in the old one's place. Raises
    Refusal when another submission, or none, stands for it by now.
    """
    note = cleaned(note, field="note")
    with _told_on_the_board(entry) as entry:
        if entry.shown_id is None or entry.shown_id != submission_id:
            raise Refusal("shows-another", field="submission")
        _set(entry, verified=entry.shown_id, verified_at=now, verified_note=note)
        audit.record(by, "entry-verified", entry, is_public=True, reason=note, submission=str(submission_id))
        notices.tell(entry.team, "entry-verified", entry, note=note)


def take_back(entry: Entry, *, reason: str, by: audit.Actor) -> None:
    """Take the mark off again. Raises Refusal without one."""
    reason = cleaned(reason)
    with _told_on_the_board(entry) as entry:
        if entry.verified_at is None:
            raise Refusal("not-verified")
        _set(entry, verified=None, verified_at=None, verified_note="")
        audit.record(by, "entry-not-verified", entry, is_public=True, reason=reason)
        notices.tell(entry.team, "entry-not-verified", entry, reason=reason)


def review(entry: Entry, *, reason: str, by: audit.Actor, now: datetime) -> None:
    """Say on the board and on its page that the organizers are looking into it. Its rank stays.

    Again: the new reason stands in the old one's place.
    """
    reason = cleaned(reason)
    with _told_on_the_board(entry) as entry:
        _set(entry, review_since=entry.review_since or now, review_reason=reason)
        audit.record(by, "review-begun", entry, is_public=True, reason=reason)
        notices.tell(entry.team, "entry-under-review", entry, reason=reason)


def end_review(entry: Entry, *, answer: str, by: audit.Actor) -> None:
    """Take that away again, with what they found. Raises Refusal when it is not under review."""
    answer = cleaned(answer, field="answer")
    with _told_on_the_board(entry) as entry:
        if not entry.is_under_review:
            raise Refusal("not-under-review")
        _set(entry, review_since=None, review_reason="")
        audit.record(by, "review-ended", entry, is_public=True, reason=answer)
        notices.tell(entry.team, "review-ended", entry, note=answer)


@contextmanager
def _told_on_the_board(entry: Entry) -> Iterator[Entry]:
    """A transaction that holds the entry, after which boards are drawn anew."""
    with transaction.atomic():
        # First, as for a worker that ranks: benchmark, then entry.
        Benchmark.objects.filter(pk=entry.benchmark_id).update(changed_at=timezone.now())
        yield Entry.objects.select_for_update(no_key=True).get(pk=entry.pk)


def _set(entry: Entry, **changes: object) -> None:
    Entry.objects.filter(pk=entry.pk).update(**changes)

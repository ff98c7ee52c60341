"""Take work by asking the database for it: what the queue does, without the queue.

Any number of these may run, beside Celery's workers or instead of them: whoever takes something first has it.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from submissions import evaluation, post_office, publication, releases, rescoring, sweeper
from submissions.models import Entry, Release, Submission

logger = logging.getLogger(__name__)

Run = Callable[[], None]


def next_piece(now: datetime) -> Run | None:
    """The piece of work that is due first, to be called; None when nothing is."""
    submission_id = (
        Submission.objects.claimable(at=now)
        .filter(attempts__lt=evaluation.MOST_ATTEMPTS)
        .order_by("received_at")
        .values_list("pk", flat=True)
        .first()
    )
    if submission_id is not None:
        return lambda: evaluation.run(submission_id)
    entry_id = Entry.objects.filter(standing_due=True).values_list("pk", flat=True).first()
    if entry_id is not None:
        return lambda: publication.place(entry_id)
    release_id = Release.objects.filter(switch_due=True).values_list("pk", flat=True).first()
    if release_id is not None:
        return lambda: releases.switch_if_due(release_id, now=timezone.now())
    if post_office.is_due(now):
        return post_office.take_turn
    turn = (
        Release.objects.filter(sweeper.idle(now), rescoring=True).values_list("pk", "rescoring_turn").first()
    )
    if turn is not None:
        return lambda: _ignore(rescoring.take_turn(*turn))
    return None


def _ignore(_taken: object) -> None:
    """Whether the turn was ours is nothing to us: the next look tells what is left."""

"""Take work by asking the database for it: what the queue does, without the queue.

Any number of these may run, beside Celery's workers or instead of them: whoever takes something first has it.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from submissions import courier, evaluation, pairs, post_office, publication, releases, rescoring
from submissions.models import Entry, Pair, Release, Submission

Run = Callable[[], object]


def next_piece(now: datetime) -> Run | None:
    """The piece of work that is due first, to be called; None when nothing is."""
    submission_id = (
        Submission.objects.claimable(at=now).order_by("received_at").values_list("pk", flat=True).first()
    )
    if submission_id is not None:
        return partial(evaluation.run, submission_id)
    entry_id = Entry.objects.filter(standing_due=True).values_list("pk", flat=True).first()
    if entry_id is not None:
        return partial(publication.place, entry_id)
    pair_id = Pair.objects.free(at=now).order_by("asked_at").values_list("pk", flat=True).first()
    if pair_id is not None:
        return partial(pairs.compute, pair_id)
    release_id = Release.objects.filter(switch_due=True).values_list("pk", flat=True).first()
    if release_id is not None:
        return partial(releases.switch_if_due, release_id, now=now)
    if post_office.is_due(now):
        return post_office.take_turn
    if courier.is_due(now):
        return courier.take_turn
    turn = Release.objects.with_a_free_turn(at=now).values_list("pk", "rescoring_turn").first()
    return partial(rescoring.take_turn, *turn) if turn is not None else None

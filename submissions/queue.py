"""What waits for a worker, what one has in hand, and what failed lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from submissions import audit, ringing
from submissions.models import Submission
from submissions.refusals import Refusal

Status = Submission.Status
MOST_ROWS = 200
LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Queue:
    """At most 200 rows of each kind, the oldest first, failed ones the newest first; and how many there are in all."""

    queued: Sequence[Submission]
    queued_total: int
    scoring: Sequence[Submission]
    failed: Sequence[Submission]
    failed_total: int


def now_in(now: datetime) -> Queue:
    """The queue at this moment, with what failed in the seven days before it."""
    known = Submission.objects.select_related("benchmark", "team", "entry")
    queued, failed = known.queued(), known.filter(status=Status.FAILED, finished_at__gt=now - LATELY)
    return Queue(
        queued=list(queued.oldest_first()[:MOST_ROWS]),
        queued_total=queued.count(),
        scoring=list(known.filter(status=Status.SCORING).oldest_first()[:MOST_ROWS]),
        failed=list(failed.order_by("-finished_at", "-pk")[:MOST_ROWS]),
        failed_total=failed.count(),
    )


def retry(submission: Submission, *, by: audit.Actor) -> None:
    """Queue a failed submission again, as if no worker had ever had it. Raises Refusal when it has not failed."""
    with transaction.atomic():
        submission = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if submission.status != Status.FAILED:
            raise Refusal("not-failed")
        Submission.objects.filter(pk=submission.pk).update(
            status=Status.QUEUED, attempts=0, not_before=None, started_at=None, finished_at=None
        )
        audit.record(by, "retried", submission)
        transaction.on_commit(partial(ringing.score, submission.pk), robust=True)

"""A worker's hold on a submission: short, and renewed while the work goes on, so that a dead worker is soon missed."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime, timedelta

from django.db import Error, connection
from django.utils import timezone

from submissions.models import Submission

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
RENEWAL_SECONDS = 5.0
# A renewal that hangs, as when the database is away, must not hold up what is done already.
PATIENCE_SECONDS = 1.0


def until(now: datetime) -> datetime:
    """When a hold that is taken or renewed now runs out."""
    return now + LEASE


@contextmanager
def renewed(submission: Submission) -> Iterator[None]:
    """Renew the submission's lease every five seconds until the block ends, or until another worker has it.

    A renewal that fails is tried again five seconds later. Most scoring is over before the first one is due.
    """
    over = threading.Event()
    # The thread's log lines are about the same submission.
    run = copy_context().run
    thread = threading.Thread(target=run, args=(_renew, submission, over), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_SECONDS)


def _renew(submission: Submission, over: threading.Event) -> None:
    while not over.wait(RENEWAL_SECONDS):
        try:
            held = Submission.objects.filter(pk=submission.pk, lease=submission.lease)
            if not held.update(lease_until=until(timezone.now())):
                return
        except Error as error:
            logger.warning("could not renew the lease on %s: %s", submission.pk, error)
        finally:
            connection.close()  # this thread's own

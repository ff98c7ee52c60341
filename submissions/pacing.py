"""When somebody who waits for a submission should ask again, so that hundreds who wait are a trickle of requests.

Nobody's request is held until the end: a web process has two threads, and two such requests would be all of it.
"""

import math
import random
from datetime import datetime, timedelta

from django.core.cache import caches

from submissions.models import Submission

LEAST, MOST = 1, 30  # seconds
LONGEST_WAIT = 60  # that a caller may ask for
LATELY = timedelta(seconds=10)
# Finished a second, as long as more is not seen: near the front one asks often, however slow the work is.
ASSUMED_RATE = 1.0
AGE_SHARE = 1 / 30  # of what was waited so far: who has waited for five minutes can spare ten seconds
JITTER = 0.3
_RATE_KEY, _RATE_SECONDS = "finished-a-second", 1


def seconds(submission: Submission, *, now: datetime, wait: int | None = None) -> int:
    """In how many seconds to ask again for a submission that is not finished: 1 to 30, and no more than `wait`.

    One that is next in line is told a second, and the more the longer it has waited.
    """
    ahead = 0
    if submission.status == Submission.Status.QUEUED:
        ahead = Submission.objects.unfinished().filter(received_at__lt=submission.received_at).count()
    waited = (now - submission.received_at).total_seconds()
    estimate = max(ahead / _rate(now), waited * AGE_SHARE)
    most = MOST if wait is None else min(MOST, wait)
    # Cut first: those at the back of a long queue would all come back in the same second.
    jittered = min(most, estimate) * random.uniform(1 - JITTER, 1)  # noqa: S311 - no secret
    return max(LEAST, math.ceil(jittered))


def _rate(now: datetime) -> float:
    """Submissions finished a second of late, asked of the database once a second and process."""
    local = caches["local"]
    rate: float | None = local.get(_RATE_KEY)
    if rate is None:
        finished = Submission.objects.filter(finished_at__gt=now - LATELY).count()
        rate = max(ASSUMED_RATE, finished / LATELY.total_seconds())
        local.set(_RATE_KEY, rate, _RATE_SECONDS)
    return rate

"""Burst limits, counted atomically in Redis. Quotas are rows, elsewhere."""

import logging
import time

import redis

from submissions import impatient_redis
from submissions.refusals import Refusal

logger = logging.getLogger(__name__)

UPLOADS_A_MINUTE = 60


def count_upload(who: str) -> None:
    """Count one upload of this token or person. Raises Refusal past 60 in a minute; lets pass while Redis is away."""
    window = int(time.time()) // 60
    key = f"uploads:{who}:{window}"
    try:
        with impatient_redis.client().pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, 120)
            used = int(pipe.execute()[0])
    except redis.RedisError:
        logger.warning("burst limits are not counted: Redis does not answer")
        return
    if used > UPLOADS_A_MINUTE:
        raise Refusal("too-many-uploads", limit=UPLOADS_A_MINUTE, seconds=60 - int(time.time()) % 60)

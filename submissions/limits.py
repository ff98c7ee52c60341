"""Burst limits, counted atomically in Redis. Quotas are rows, elsewhere."""

import logging
import time
from ipaddress import ip_address, ip_network

import redis

from submissions import impatient_redis
from submissions.models import User
from submissions.refusals import Refusal

logger = logging.getLogger(__name__)

UPLOADS_A_MINUTE = 60
COMPLAINTS_AN_HOUR = 5


def count_upload(who: str) -> None:
    """Count one upload of this token or person. Raises Refusal past 60 in a minute; lets pass while Redis is away."""
    if _count(f"uploads:{who}", 60) > UPLOADS_A_MINUTE:
        raise Refusal("too-many-uploads", limit=UPLOADS_A_MINUTE, seconds=60 - int(time.time()) % 60)


def count_complaint(address: str, user: User | None) -> None:
    """Count one report from this network address, and of this person if one is signed in.

    Raises Refusal past five of either in an hour; lets pass while Redis is away. Of an IPv6 address the network of a
    connection counts, which has any number of them.
    """
    at = ip_address(address)
    network = ip_network((at, 64 if at.version == 6 else 32), strict=False)
    counted = [f"complaints:{network}", *([f"complaints:user:{user.pk}"] if user else [])]
    if max(_count(who, 3600) for who in counted) > COMPLAINTS_AN_HOUR:
        seconds = 3600 - int(time.time()) % 3600
        raise Refusal("too-many-complaints", limit=COMPLAINTS_AN_HOUR, seconds=seconds)


def _count(who: str, seconds: int) -> int:
    """How often it came in this window of so many seconds, now included; 0 while Redis does not answer."""
    key = f"{who}:{int(time.time()) // seconds}"
    try:
        with impatient_redis.client().pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, 2 * seconds)
            return int(pipe.execute()[0])
    except redis.RedisError:
        logger.warning("burst limits are not counted: Redis does not answer")
        return 0

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
DISPUTES_AN_HOUR = 60
COMPLAINTS_AN_HOUR = 5
MESSAGES_AN_HOUR = 60


def count_upload(who: str) -> None:
    """Count one upload of this token or person. Raises Refusal past 60 in a minute; lets pass while Redis is away."""
    _count("uploads", who, most=UPLOADS_A_MINUTE, seconds=60)


def count_dispute(who: str) -> None:
    """Count one dispute of this person. Raises Refusal past 60 in an hour; lets pass while Redis is away."""
    _count("disputes", who, most=DISPUTES_AN_HOUR, seconds=3600)


def count_complaint(address: str, user: User | None) -> None:
    """Count one report from this network address, and of this person if one is signed in.

    Raises Refusal past five of either in an hour; lets pass while Redis is away. Of an IPv6 address the network of a
    connection counts, which has any number of them.
    """
    at = ip_address(address)
    network = ip_network((at, 64 if at.version == 6 else 32), strict=False)
    for who in (str(network), *([f"user:{user.pk}"] if user else [])):
        _count("complaints", who, most=COMPLAINTS_AN_HOUR, seconds=3600)


def count_message(who: str) -> None:
    """Count one message that this person has sent to a webhook. Raises Refusal past 60 in an hour; lets pass while
    Redis is away.
    """
    _count("messages", who, most=MESSAGES_AN_HOUR, seconds=3600)


def _count(what: str, who: str, *, most: int, seconds: int) -> None:
    """Within windows of so many seconds, the same for everybody."""
    window, passed = divmod(int(time.time()), seconds)
    key = f"{what}:{who}:{window}"
    try:
        with impatient_redis.client().pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, 2 * seconds)
            used = int(pipe.execute()[0])
    except redis.RedisError:
        logger.warning("burst limits are not counted: Redis does not answer")
        return
    if used > most:
        raise Refusal(f"too-many-{what}", limit=most, seconds=seconds - passed)

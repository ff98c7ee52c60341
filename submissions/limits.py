"""Burst limits, counted atomically in Redis. Quotas are rows, elsewhere."""

import logging
import time
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import NamedTuple

import redis

from submissions import impatient_redis
from submissions.models import User
from submissions.refusals import Refusal

logger = logging.getLogger(__name__)

UPLOADS_A_MINUTE = 60
CHECKS_A_MINUTE = 60
MINUTE = 60
# What is counted of the calls of the API, by token or person.
BURSTS: Mapping[str, int] = {"uploads": UPLOADS_A_MINUTE, "checks": CHECKS_A_MINUTE}
DISPUTES_AN_HOUR = 60
COMPLAINTS_AN_HOUR = 5
MINTS_A_MINUTE = 60
MESSAGES_AN_HOUR = 60
ROTATIONS_AN_HOUR = 20


class Left(NamedTuple):
    """How much is left of `most` until the window of so many seconds ends; of one without an end, None."""

    name: str
    most: int
    window: int | None
    left: int
    ends_in: int | None


def bursts_left(who: str) -> list[Left]:
    """What this token or person has left of BURSTS, asked in one go; nothing while Redis is away."""
    now = int(time.time())
    try:
        used = impatient_redis.client().mget([_key(what, who, now // MINUTE) for what in BURSTS])
    except redis.RedisError:
        return []
    return [
        Left(what, most, MINUTE, max(0, most - int(count or 0)), MINUTE - now % MINUTE)
        for (what, most), count in zip(BURSTS.items(), used, strict=True)
    ]


def count_upload(who: str) -> None:
    """Count one upload of this token or person. Raises Refusal past 60 in a minute; lets pass while Redis is away."""
    _count("uploads", who, most=UPLOADS_A_MINUTE, seconds=MINUTE)


def count_check(who: str) -> None:
    """Count one dry run of this token or person. Raises Refusal past 60 in a minute; lets pass while Redis is away."""
    _count("checks", who, most=CHECKS_A_MINUTE, seconds=MINUTE)


def give_back_check(who: str) -> None:
    """Not to count the last one after all: nobody has looked at the file."""
    try:
        impatient_redis.client().decr(_key("checks", who, int(time.time()) // MINUTE))
    except redis.RedisError:
        logger.warning("burst limits are not counted: Redis does not answer")


def count_dispute(who: str) -> None:
    """Count one dispute of this person. Raises Refusal past 60 in an hour; lets pass while Redis is away."""
    _count("disputes", who, most=DISPUTES_AN_HOUR, seconds=3600)


def count_identity(address: str | None) -> None:
    """Count one identity token from this address, before it is looked at. Raises Refusal past 60 in a minute."""
    _count("mints", _network(address) if address else "unknown", most=MINTS_A_MINUTE, seconds=MINUTE)


def count_mint(publisher: str) -> None:
    """Count one exchange of this publisher's. Raises Refusal past 60 in a minute."""
    _count("mints", publisher, most=MINTS_A_MINUTE, seconds=MINUTE)


def count_rotation(who: str) -> None:
    """Count one token that takes another's place. Raises Refusal past 20 in an hour; lets pass while Redis is away."""
    _count("rotations", who, most=ROTATIONS_AN_HOUR, seconds=3600)


def count_complaint(address: str, user: User | None) -> None:
    """Count one report from this network address, and of this person if one is signed in.

    Raises Refusal past five of either in an hour; lets pass while Redis is away. Of an IPv6 address the network of a
    connection counts, which has any number of them.
    """
    for who in (_network(address), *([f"user:{user.pk}"] if user else [])):
        _count("complaints", who, most=COMPLAINTS_AN_HOUR, seconds=3600)


def count_message(who: str) -> None:
    """Count one message that this person has sent to a webhook. Raises Refusal past 60 in an hour; lets pass while
    Redis is away.
    """
    _count("messages", who, most=MESSAGES_AN_HOUR, seconds=3600)


def _network(address: str) -> str:
    """One connection's."""
    at = ip_address(address)
    return str(ip_network((at, 64 if at.version == 6 else 32), strict=False))


def _count(what: str, who: str, *, most: int, seconds: int) -> None:
    """Within windows of so many seconds, the same for everybody."""
    window, passed = divmod(int(time.time()), seconds)
    key = _key(what, who, window)
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


def _key(what: str, who: str, window: int) -> str:
    return f"{what}:{who}:{window}"

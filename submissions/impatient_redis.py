"""Redis for web requests: asked once and soon given up on, because a request must not wait for a doorbell."""

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE_SECONDS = 0.2


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """The process's client. Its calls raise redis.RedisError soon when Redis does not answer."""
    return new_client(PATIENCE_SECONDS)


def new_client(patience_seconds: float) -> redis.Redis:
    """A client whose calls raise redis.RedisError after so long without an answer; the caller closes it."""
    return redis.Redis.from_url(
        settings.VERNIER_REDIS_URL,
        socket_connect_timeout=patience_seconds,
        socket_timeout=patience_seconds,
        retry=Retry(NoBackoff(), 0),
    )

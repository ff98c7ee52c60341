"""Redis for web requests: asked once, given up on after 0.2 s, because a request must not wait for a doorbell."""

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE_SECONDS = 0.2


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """The process's client. Its calls raise redis.RedisError soon when Redis does not answer."""
    return redis.Redis.from_url(
        settings.VERNIER_REDIS_URL,
        socket_connect_timeout=PATIENCE_SECONDS,
        socket_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )

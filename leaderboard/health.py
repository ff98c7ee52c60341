"""Whether the process is up, and whether the site can do its work."""

import logging
from collections.abc import Callable, Mapping

import redis
from django.db import DatabaseError, Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from submissions import impatient_redis, standin, storage
from submissions.models import Benchmark

logger = logging.getLogger(__name__)

PROBE_SECONDS = 2


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is up."""
    return _uncached(JsonResponse({"status": "up"}))


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part answers, else 503; `parts` names each, and nothing of what is wrong with it."""
    parts = {name: answers() for name, answers in PARTS.items()}
    # Without it these are not known, and asking again would only take longer.
    parts |= {name: parts["database"] and answers() for name, answers in IN_THE_DATABASE.items()}
    ready = all(parts.values())
    body = {"status": "ready" if ready else "not ready", "parts": parts}
    return _uncached(JsonResponse(body, status=200 if ready else 503))


def _uncached(response: JsonResponse) -> JsonResponse:
    response["Cache-Control"] = "no-store"
    return response


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        logger.warning("not ready: the database does not answer: %s", error)
        return False
    return True


def _migrations() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        logger.warning("not ready: migrations cannot be read: %s", error)
        return False


def _queue() -> bool:
    client = impatient_redis.new_client(PROBE_SECONDS)
    try:
        return bool(client.ping())
    except redis.RedisError as error:
        logger.warning("not ready: the queue does not answer: %s", error)
        return False
    finally:
        client.close()


def _storage() -> bool:
    try:
        storage.answers().exists("readiness")
    except storage.StorageUnavailableError as error:
        logger.warning("not ready: the store for answers does not answer: %s", error)
        return False
    return True


def _first_data() -> bool:
    """The real benchmarks are there, and so are the stand-ins' models, scored."""
    try:
        if Benchmark.objects.filter(slug__in=standin.REAL).count() < len(standin.REAL):
            return False
        # By their names, not "nothing unfinished": while the files are still being sent, nothing may be waiting.
        return all(stand_in.is_scored() for stand_in in standin.ALL)
    except DatabaseError as error:
        logger.warning("not ready: the first data cannot be read: %s", error)
        return False


PARTS: Mapping[str, Callable[[], bool]] = {"database": _database, "queue": _queue, "storage": _storage}
IN_THE_DATABASE: Mapping[str, Callable[[], bool]] = {"migrations": _migrations, "first_data": _first_data}

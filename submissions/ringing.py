"""Ring the workers' doorbell. The database is the truth: a ring that is lost costs a sweep, not a submission."""

import logging
from secrets import token_hex
from uuid import UUID

import redis
from celery import current_app
from kombu.exceptions import OperationalError

from submissions import impatient_redis, log_lines

logger = logging.getLogger(__name__)

SCORE = "submissions.tasks.score"
REQUEST_ID = "vernier_request_id"  # the header of a message that says which request it goes back to


def score(submission_id: UUID) -> None:
    """Ask for a submission to be scored. Never raises: the row is there for the sweeper to find."""
    _ring(SCORE, str(submission_id))


def place(entry_id: UUID) -> None:
    """Ask for an entry to be placed anew. Never raises."""
    _ring("submissions.tasks.place", str(entry_id))


def rescore(release_id: int, turn: int) -> None:
    """Ask for the next turn of scoring a benchmark's history against a release. Never raises."""
    _ring("submissions.tasks.rescore", release_id, turn)


def switch(release_id: int) -> None:
    """Ask for a draft to be made current. Never raises."""
    _ring("submissions.tasks.switch", release_id)


def compare(pair_id: int) -> None:
    """Ask for two submissions to be compared. Never raises."""
    _ring("submissions.tasks.compare", pair_id)


def post() -> None:
    """Ask for what teams and people are told to be sent to them by mail. Never raises."""
    _ring("submissions.tasks.post")


def deliver() -> None:
    """Ask for what webhooks are told to be sent to them. Never raises."""
    _ring("submissions.tasks.deliver")


def _ring(task: str, *arguments: str | int) -> None:
    try:
        # Asked first: Celery's own connection would try for seconds before it gave up.
        impatient_redis.client().ping()
        current_app.send_task(
            task,
            args=arguments,
            # Celery's own lines hold a task's id and nothing else of it.
            task_id=f"{arguments[0]}.{token_hex(4)}" if task == SCORE else None,
            headers={REQUEST_ID: log_lines.request_id.get()},
            retry=False,
            ignore_result=True,
        )
    except (redis.RedisError, OperationalError, OSError) as error:
        logger.warning("nobody heard the ring for %s %s: %s", task, arguments, error)

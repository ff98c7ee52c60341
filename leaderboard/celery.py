"""The Celery application: `celery -A leaderboard worker`."""

import os
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import (
    beat_embedded_init,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
)
from django.conf import settings
from kombu import Connection

from submissions import fence, log_lines, ringing
from submissions.orphans import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")


class _SoonBackConnection(Connection):
    """Tries every two seconds while Redis is away. Celery itself waits for up to thirty, and has no setting for it."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        options |= {"interval_start": 1, "interval_step": 1, "interval_max": 2}
        return super().ensure_connection(*args, **options)


class SoonBack(AMQP):
    """How the workers and beat reach Redis."""

    Connection = _SoonBackConnection


app = Celery("vernier", amqp=SoonBack)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["submissions"])


@worker_init.connect
def leave_no_orphans(**_: object) -> None:
    """Let the worker's own processes end with it, even when it is killed, and even before they are ready."""
    worker = os.getpid()

    def tie(**_: object) -> None:
        die_with_parent(parent=worker)

    def limit_memory(**_: object) -> None:
        fence.limit_memory(settings.WORKER_ROOM_BYTES)

    worker_process_init.connect(limit_memory, weak=False)
    worker_process_init.connect(tie, weak=False)
    beat_embedded_init.connect(tie, weak=False)


@setup_logging.connect
def log_as_the_site_does(**_: object) -> None:
    """Write logs as the settings say; Celery's own options for them are not heard."""
    dictConfig(settings.LOGGING)


@task_prerun.connect
def remember_the_request(*, task: Any, **_: object) -> None:
    """Let the lines of a task name the request that rang for it, if one did."""
    log_lines.request_id.set(getattr(task.request, ringing.REQUEST_ID, None) or "")


@task_postrun.connect
def forget_the_request(**_: object) -> None:
    """The next task goes back to another."""
    log_lines.request_id.set("")

"""The Celery application: `celery -A leaderboard worker`."""

import os

from celery import Celery
from celery.signals import beat_embedded_init, worker_init, worker_process_init

from leaderboard.orphans import die_with_parent
from submissions import fence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")
app = Celery("vernier")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["submissions"])


@worker_init.connect
def leave_no_orphans(**_: object) -> None:
    """Let the worker's own processes end with it, even when it is killed, and even before they are ready."""
    worker = os.getpid()

    def tie(**_: object) -> None:
        die_with_parent(parent=worker)

    def limit_memory(**_: object) -> None:
        # Time is limited by the task's soft and hard limits.
        fence.limit_memory()

    worker_process_init.connect(limit_memory, weak=False)
    worker_process_init.connect(tie, weak=False)
    beat_embedded_init.connect(tie, weak=False)

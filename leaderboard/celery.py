"""The Celery application: `celery -A leaderboard worker`."""

import os

from celery import Celery
from celery.signals import beat_embedded_init, worker_process_init

from leaderboard.orphans import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")
app = Celery("vernier")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["submissions"])


@worker_process_init.connect
@beat_embedded_init.connect
def leave_no_orphan(**_: object) -> None:
    """Let the worker's own processes end with it, even when it is killed."""
    die_with_parent()

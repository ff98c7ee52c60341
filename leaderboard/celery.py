"""The Celery application: `celery -A leaderboard worker`."""

import os
import resource

from celery import Celery
from celery.signals import beat_embedded_init, worker_init, worker_process_init

from leaderboard.orphans import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")
app = Celery("vernier")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["submissions"])

# Address space of a process that reads untrusted files. The readers are bounded and take a hundredth of it: this is
# the fence behind them. Time has its own fence, the task's soft and hard limits.
MEMORY_BYTES = 4 * 1024**3


@worker_init.connect
def leave_no_orphans(**_: object) -> None:
    """Let the worker's own processes end with it, even when it is killed, and even before they are ready."""
    worker = os.getpid()

    def tie(**_: object) -> None:
        die_with_parent(parent=worker)

    worker_process_init.connect(fence, weak=False)
    worker_process_init.connect(tie, weak=False)
    beat_embedded_init.connect(tie, weak=False)


def fence(**_: object) -> None:
    """Let a file that asks for too much memory fail alone, not the machine."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))

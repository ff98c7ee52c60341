"""What processes count for Prometheus; what the database knows is asked of it (leaderboard/metrics.py).

Where metrics are asked for, each process counts in a file of its own, and whoever answers adds all of them up. A
process that starts takes up the file of one that has ended: figures never fall, and files do not pile up.
"""

import fcntl
import os
from itertools import count
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from prometheus_client import Counter, Histogram, values

REQUESTS = Counter("vernier_http_requests", "Requests that were answered.", ["view", "method", "status"])
REQUEST_SECONDS = Histogram(
    "vernier_http_request_seconds",
    "How long answering took.",
    ["view"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60),
)


def share(folder: Path) -> None:
    """Count in the folder, before anything is counted; without it, for this process alone, and nobody asks.

    Raises ImproperlyConfigured where the folder cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_ours = os.access(folder, os.W_OK | os.X_OK)
        why = "it is not this process's to write"
    except OSError as error:
        is_ours, why = False, error.strerror or str(error)
    if not is_ours:
        raise ImproperlyConfigured(
            f"VERNIER_METRICS_DIR={str(folder)!r}: {why}. Where VERNIER_METRICS_TOKEN is set, name a folder that the "
            "web processes may write."
        )
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # read when a file is made
    values.ValueClass = values.MultiProcessValue(_Slots(folder))  # type: ignore[no-untyped-call]


class _Slots:
    """Gives each process the lowest name that no other living one has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owner = 0
        self._name = ""

    def __call__(self) -> str:
        """This process's name; a fork gets another than the process that it comes from."""
        if self._owner != os.getpid():
            self._name, self._owner = self._free(), os.getpid()
        return self._name

    def _free(self) -> str:
        for number in count():
            lock = os.open(self._folder / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                # Held until the process ends, and not by those that it forks.
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
            else:
                return str(number)
        raise AssertionError  # there is always a next number

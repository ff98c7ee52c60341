"""The site: settings, the board, public pages, the read API."""

import os

# Before numpy is there: its matrices are small here, and more threads would only take other processes' cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from leaderboard.celery import app as celery

__all__ = ["celery"]

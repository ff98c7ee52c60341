"""The site: settings, the board, public pages, the read API."""

from leaderboard.celery import app as celery

__all__ = ["celery"]

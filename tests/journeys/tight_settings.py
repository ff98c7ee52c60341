"""The site's settings with a worker's fence drawn so close that files reach it which tests can make."""

from leaderboard.settings import *  # noqa: F403

READ_SECONDS = 1
WORKER_ROOM_BYTES = 250 * 1024 * 1024
CELERY_TASK_SOFT_TIME_LIMIT = 8
CELERY_TASK_TIME_LIMIT = 10

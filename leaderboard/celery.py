"""The Celery application: `celery -A leaderboard worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")
app = Celery("vernier")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["submissions"])

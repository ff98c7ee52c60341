"""The queue as the desk draws it."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from submissions import queue
from submissions.models import Submission


def sections(now: datetime, *, may_retry: bool) -> list[dict[str, Any]]:
    """What submissions/desk/queue.html asks for."""
    found = queue.now_in(now)
    return [
        {
            "title": _("Queued ({number})").format(number=found.queued_total),
            "moment": _("Not before"),
            "empty": _("Nothing waits."),
            "rows": [_row(each, now, each.not_before) for each in found.queued],
            "more": found.queued_total - len(found.queued),
        },
        {
            "title": _("Scoring ({number})").format(number=len(found.scoring)),
            "moment": _("The worker's lease ends"),
            "empty": _("No worker has anything in hand."),
            "rows": [_row(each, now, each.lease_until) for each in found.scoring],
        },
        {
            "title": _("Failed within seven days ({number})").format(number=found.failed_total),
            "moment": _("Failed"),
            "empty": _("Nothing failed."),
            "rows": [_row(each, now, each.finished_at) for each in found.failed],
            "more": found.failed_total - len(found.failed),
            "can_retry": may_retry,
        },
    ]


def _row(submission: Submission, now: datetime, moment: datetime | None) -> dict[str, Any]:
    return {
        "id": str(submission.pk),
        "url": reverse("admin:submissions_submission_change", args=[submission.pk]),
        "benchmark": submission.benchmark.name,
        "team": submission.team.name,
        "entry": submission.entry.name,
        "age": age(now - submission.received_at),
        "attempts": submission.attempts,
        "moment": moment and f"{date_format(timezone.localtime(moment), 'j M Y, H:i:s')} UTC",
        "retry_url": reverse("admin:submissions_submission_deed", args=[submission.pk, "retry"]),
    }


def age(passed: timedelta) -> str:
    """In seconds, minutes and hours: `2 d 03:04:05`."""
    seconds = max(0, int(passed.total_seconds()))
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return _("{days} d {clock}").format(days=days, clock=clock) if days else clock

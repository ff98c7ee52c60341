"""What the frame of every page asks for."""

from datetime import datetime
from functools import partial
from typing import Any

from django.core.cache import caches
from django.http import HttpRequest
from django.utils import timezone

from submissions import askers, mailbox
from submissions.models import Announcement, Benchmark, Notice, User

NAV_KEY = "nav-benchmarks"
NAV_SECONDS = 30
ANNOUNCEMENTS_KEY = "announcements"
ANNOUNCEMENTS_SECONDS = 10
MOST_COUNTED = 99


def site(request: HttpRequest) -> dict[str, Any]:
    """What the header, the announcements and the footer ask for; little of it is asked of the database anew."""
    return {
        "nav_benchmarks": _benchmarks,
        "announcements": _announcements,
        "mailbox_shown": mailbox.is_kept(),
        "unread_notices": partial(_unread, request),
    }


def frame() -> tuple[object, ...]:
    """All that the frame of a page says to somebody without a session; for an ETag."""
    return (_benchmarks(), _announcements(), mailbox.is_kept())


def _benchmarks() -> list[dict[str, Any]]:
    """Called by the template, so that a page without the frame asks nothing."""
    local = caches["local"]
    known: list[dict[str, Any]] | None = local.get(NAV_KEY)
    if known is None:
        benchmarks = Benchmark.objects.order_by("is_standin", "name")
        known = [dict(found) for found in benchmarks.values("slug", "name", "is_standin")]
        local.set(NAV_KEY, known, NAV_SECONDS)
    return known


def _announcements() -> list[str]:
    """The texts that are shown now. What is to come is kept as well, so that it comes on time."""
    local, now = caches["local"], timezone.now()
    known: list[tuple[str, datetime, datetime]] | None = local.get(ANNOUNCEMENTS_KEY)
    if known is None:
        kept = Announcement.objects.not_over(at=now).order_by("begins_at", "id")
        known = list(kept.values_list("text", "begins_at", "ends_at"))
        local.set(ANNOUNCEMENTS_KEY, known, ANNOUNCEMENTS_SECONDS)
    return [text for text, begins_at, ends_at in known if begins_at <= now < ends_at]


def _unread(request: HttpRequest) -> int:
    """How many notices the person has not seen; beyond 99, 100. Asked by the header of those who are signed in."""
    if not isinstance(request.user, User):
        return 0
    unread = Notice.objects.visible_to(askers.of(request)).unread_by(request.user)
    return unread[: MOST_COUNTED + 1].count()

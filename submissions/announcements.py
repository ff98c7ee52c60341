"""What organizers tell everybody above every page."""

from datetime import datetime

from django.core.cache import caches
from django.db import transaction

from submissions import audit
from submissions.models import Announcement
from submissions.refusals import Refusal
from submissions.ui.context import ANNOUNCEMENTS_KEY


def make(announcement: Announcement, *, by: audit.Actor) -> None:
    """Show a new one from its moment to its other; other processes within ten seconds of it."""
    with transaction.atomic():
        announcement.save(force_insert=True)
        dates = {
            name: getattr(announcement, name).isoformat(timespec="minutes")
            for name in ("begins_at", "ends_at")
        }
        audit.record(by, "announced", announcement, is_public=True, text=announcement.text, **dates)
    caches["local"].delete(ANNOUNCEMENTS_KEY)


def end(announcement: Announcement, *, by: audit.Actor, now: datetime) -> None:
    """Show it no longer. Raises Refusal when it has ended already."""
    with transaction.atomic():
        announcement = Announcement.objects.select_for_update(no_key=True).get(pk=announcement.pk)
        if announcement.ends_at <= now:
            raise Refusal("announcement-over")
        # One that was still to come has never been shown.
        begins_at = min(announcement.begins_at, now)
        Announcement.objects.filter(pk=announcement.pk).update(begins_at=begins_at, ends_at=now)
        audit.record(by, "announcement-ended", announcement, is_public=True)
    caches["local"].delete(ANNOUNCEMENTS_KEY)

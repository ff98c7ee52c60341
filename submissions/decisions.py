"""What was decided of an entry and of its submissions, as far as the reader may know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from submissions.askers import Asker
from submissions.models import Entry, Event, Submission
from submissions.ui import format as figures

# What stands on an entry's page; other events are for the log alone.
WORDS: Mapping[str, str | Promise] = {
    "published": _("Made public"),
    "withdrawn": _("Withdrawn"),
    "chosen": _("Chosen to stand on the board"),
    "renamed": _("Renamed, formerly “{formerly}”"),
    "links-corrected": _("Links or note corrected"),
    "cancelled": _("Cancelled before it was scored"),
    "entry-hidden": _("Hidden by the organizers"),
    "entry-restored": _("Restored by the organizers"),
    "entry-verified": _("Verified by the organizers"),
    "entry-not-verified": _("No longer marked as verified by the organizers"),
    "review-begun": _("Put under review by the organizers"),
    "review-ended": _("Review by the organizers ended"),
    "held": _("Held until an organizer has looked at it"),
    "alarm-stands": _("Looked at by the organizers: it stands"),
    "retried": _("Queued again by the organizers"),
}
MOST = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """A line of the history of decisions; ``submission`` is when the one concerned came, empty for the entry itself."""

    at: SafeString
    text: str
    reason: str
    submission: SafeString | str = ""
    url: str = ""


def of_entry(entry: Entry, asker: Asker) -> list[Decision]:
    """The newest hundred, newest first. Others than its team and organizers read what is public, of what was public."""
    is_ours = asker.is_staff or entry.team_id in asker.team_ids
    sent = Submission.objects.filter(entry=entry)
    if not is_ours:
        sent = sent.in_public_history()
    concerned = {str(submission.pk): submission for submission in sent.only("received_at", "visibility")}
    of_these = Q(object_kind="entry", object_key=str(entry.pk)) | Q(
        object_kind="submission", object_key__in=list(concerned)
    )
    found = Event.objects.filter(of_these, action__in=list(WORDS)).visible_to(asker).newest_first()[:MOST]
    return [_told(event, concerned.get(event.object_key), is_ours=is_ours) for event in found]


def former_names(entry: Entry) -> list[str]:
    """The names by which readers knew it, the latest first."""
    renamed = Event.objects.of("entry", entry.pk).filter(action="renamed", is_public=True).newest_first()
    names = dict.fromkeys(str(event.details["formerly"]) for event in renamed)
    return [name for name in names if name != entry.name]


def _told(event: Event, submission: Submission | None, *, is_ours: bool) -> Decision:
    details: Mapping[str, Any] = event.details
    return Decision(
        at=figures.when(event.at, seconds=True),
        text=str(WORDS[event.action]).format_map(details),
        reason=str(details.get("reason", "")),
        submission=figures.when(submission.received_at, seconds=True) if submission else "",
        url=submission.get_absolute_url() if submission and (is_ours or submission.is_public) else "",
    )

"""What waits for an organizer: counted for the desk's front."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import ngettext

from submissions.models import Alarm, Complaint, DisputedQuestion, Submission


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of thing that waits, and the list in which it stands."""

    label: str
    number: int
    url: str


def for_organizers() -> list[Waiting]:
    """Every kind of which something waits."""
    queue = reverse("admin:submissions_submission_queue")
    alarms, reports = Alarm.objects.open().count(), Complaint.objects.open().count()
    disputed = DisputedQuestion.objects.unanswered().count()
    failed = Submission.objects.filter(status="failed").count()
    found = (
        (ngettext("alarm to decide on", "alarms to decide on", alarms), alarms, "alarm"),
        (
            ngettext("report of an entry to answer", "reports of entries to answer", reports),
            reports,
            "complaint",
        ),
        (
            ngettext("disputed question to rule upon", "disputed questions to rule upon", disputed),
            disputed,
            "disputedquestion",
        ),
        (ngettext("submission that failed", "submissions that failed", failed), failed, ""),
    )
    return [
        Waiting(label, number, reverse(f"admin:submissions_{model}_changelist") if model else queue)
        for label, number, model in found
        if number
    ]

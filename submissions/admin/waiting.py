"""What waits for an organizer: counted for the desk's front."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from submissions.models import Alarm, Complaint, DisputedQuestion, Submission

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of thing that waits, and the list in which it stands."""

    label: Text
    number: int
    url: str


def for_organizers() -> list[Waiting]:
    """Every kind of which something waits."""
    queue = reverse("admin:submissions_submission_queue")
    found = (
        (_("alarms to decide on"), Alarm.objects.open().count(), "alarm"),
        (_("reports of entries to answer"), Complaint.objects.open().count(), "complaint"),
        (
            _("disputed questions to rule upon"),
            DisputedQuestion.objects.unanswered().count(),
            "disputedquestion",
        ),
        (_("submissions that failed"), Submission.objects.filter(status="failed").count(), ""),
    )
    return [
        Waiting(label, number, reverse(f"admin:submissions_{model}_changelist") if model else queue)
        for label, number, model in found
        if number
    ]

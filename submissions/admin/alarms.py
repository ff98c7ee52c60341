from django.contrib import admin
from django.db.models import F
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from submissions import alarms
from submissions.admin import forms
from submissions.admin.desk import Deed, Desk
from submissions.models import Alarm, Submission
from submissions.ui import format as figures


@admin.register(Alarm)
class AlarmAdmin(Desk[Alarm]):
    """Answers that agree beyond chance, those that wait for a decision first."""

    list_display = (
        *("found_at", "decision", "is_held", "later", "earlier"),
        *("same_text", "same_wrong_text", "both_wrong", "benchmark"),
    )
    list_filter = (("decided_at", admin.EmptyFieldListFilter), "decision", "submission__benchmark")
    list_select_related = (
        *("submission__entry", "submission__team", "submission__benchmark"),
        *("other__entry", "other__team"),
    )
    search_fields = (
        "submission__entry__name",
        "submission__team__slug",
        "other__entry__name",
        "other__team__slug",
    )
    ordering = (F("decided_at").desc(nulls_first=True), "-found_at")
    fields = (
        *("later", "earlier", "benchmark", "release", "same_text", "same_wrong_text", "both_wrong"),
        *("is_held", "found_at", "decision", "decided_at", "reply"),
    )
    deeds = (
        Deed(
            "stand",
            _("Let it stand"),
            _("The later submission takes its place on the board. This pair is not held again."),
            _("It stands; the board is ranked anew."),
            lambda alarm, said, by: alarms.let_stand(alarm, reply=said["reply"], by=by, now=timezone.now()),
            forms.ReplyForm,
            offered=lambda alarm: alarm.decided_at is None,
        ),
        Deed(
            "uphold",
            _("Uphold it"),
            _(
                "The later submission's whole entry is hidden. Its page stays, and tells everybody the reason: do not "
                "name the other team in it."
            ),
            _("The entry is hidden; the board is ranked anew."),
            lambda alarm, said, by: alarms.uphold(alarm, reason=said["reason"], by=by, now=timezone.now()),
            forms.PublicReasonForm,
            offered=lambda alarm: alarm.decided_at is None,
        ),
    )

    @admin.display(description=_("later"))
    def later(self, alarm: Alarm) -> SafeString:
        return _linked(alarm.submission)

    @admin.display(description=_("earlier"))
    def earlier(self, alarm: Alarm) -> SafeString:
        return _linked(alarm.other)

    @admin.display(description=_("benchmark"))
    def benchmark(self, alarm: Alarm) -> str:
        return str(alarm.submission.benchmark)

    @admin.display(description=_("same answers"), ordering="same")
    def same_text(self, alarm: Alarm) -> str:
        return figures.share(alarm.same)

    @admin.display(description=_("same of the wrong ones"), ordering="same_wrong")
    def same_wrong_text(self, alarm: Alarm) -> str:
        return figures.share(alarm.same_wrong)

    @admin.display(description=_("held"), boolean=True)
    def is_held(self, alarm: Alarm) -> bool:
        return alarm.submission.is_held


def _linked(submission: Submission) -> SafeString:
    """A submission by its team and entry, leading to its page."""
    return format_html(
        '<a href="{}">{}, {}, {}</a>',
        submission.get_absolute_url(),
        submission.entry.name,
        submission.team.name,
        figures.when(submission.received_at, seconds=True),
    )

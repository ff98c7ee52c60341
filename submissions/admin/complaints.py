from django.contrib import admin
from django.db.models import F
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from submissions import complaints
from submissions.admin import forms
from submissions.admin.desk import Deed, Desk
from submissions.models import Complaint


@admin.register(Complaint)
class ComplaintAdmin(Desk[Complaint]):
    """What readers report of entries, the open ones first."""

    list_display = ("reported_at", "about", "entry_link", "team", "benchmark", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "about", "entry__benchmark")
    list_select_related = ("entry__benchmark", "entry__team")
    search_fields = ("entry__name", "entry__team__slug", "text")
    ordering = (F("closed_at").desc(nulls_first=True), "-reported_at")
    fields = (
        *("entry_link", "team", "benchmark", "about", "text", "reported_by", "reported_at"),
        *("closed_at", "reply"),
    )
    deeds = (
        Deed(
            "close",
            _("Close with an answer"),
            _("Nothing else happens: hide the entry or put it under review at its own page."),
            _("The report is closed."),
            lambda complaint, said, by: complaints.close(
                complaint, reply=said["reply"], by=by, now=timezone.now()
            ),
            forms.AnswerForm,
            offered=lambda complaint: complaint.closed_at is None,
        ),
    )

    @admin.display(description=_("entry"))
    def entry_link(self, complaint: Complaint) -> SafeString:
        return format_html('<a href="{}">{}</a>', complaint.entry.get_absolute_url(), complaint.entry.name)

    @admin.display(description=_("team"))
    def team(self, complaint: Complaint) -> str:
        return complaint.entry.team.name

    @admin.display(description=_("benchmark"))
    def benchmark(self, complaint: Complaint) -> str:
        return complaint.entry.benchmark.name

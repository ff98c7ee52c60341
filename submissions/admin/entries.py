from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from submissions import moderation, verification
from submissions.admin import forms
from submissions.admin.desk import Deed, Desk
from submissions.models import Entry


@admin.register(Entry)
class EntryAdmin(Desk[Entry]):
    list_display = (
        *("name", "benchmark", "team", "division", "tries", "open_complaints"),
        *("hidden_at", "verified_at", "review_since"),
    )
    list_filter = (
        "benchmark",
        ("hidden_at", admin.EmptyFieldListFilter),
        ("verified_at", admin.EmptyFieldListFilter),
        ("review_since", admin.EmptyFieldListFilter),
    )
    list_select_related = ("benchmark", "team")
    search_fields = ("name", "team__slug")
    ordering = ("benchmark", "name")
    fields = (
        *("name", "benchmark", "team", "division", "created_at", *Entry.SETTINGS, *Entry.LINKS),
        *("tries", "shown", "chosen", "hidden_at", "hidden_reason"),
        *("verified", "verified_at", "verified_note", "review_since", "review_reason", "open_complaints"),
    )
    deeds = (
        Deed(
            "hide",
            _("Hide this entry"),
            _("It leaves the board and the ranks. Its page stays, and tells everybody the reason."),
            _("The entry is hidden; the board is ranked anew."),
            lambda entry, said, by: moderation.hide(entry, reason=said["reason"], by=by, now=timezone.now()),
            forms.PublicReasonForm,
            offered=lambda entry: not entry.is_hidden,
        ),
        Deed(
            "restore",
            _("Restore this entry"),
            _("It stands on the board again as its team had it."),
            _("The entry is restored; the board is ranked anew."),
            lambda entry, said, by: moderation.restore(entry, by=by),
            offered=lambda entry: entry.is_hidden,
        ),
        Deed(
            "verify",
            _("Mark it as verified"),
            _("That you have reproduced the submission that the board shows of it. Board and page say so."),
            _("The entry is marked as verified."),
            lambda entry, said, by: verification.verify(
                entry, submission_id=said["submission"], note=said["note"], by=by, now=timezone.now()
            ),
            forms.VerifyForm,
            offered=lambda entry: entry.shown_id is not None and not entry.is_verified,
            initial=lambda entry: {"submission": entry.shown_id},
        ),
        Deed(
            "unverify",
            _("Take the mark “verified” back"),
            _("Board and page say it no longer; the history of decisions tells why."),
            _("The mark is taken back."),
            lambda entry, said, by: verification.take_back(entry, reason=said["reason"], by=by),
            forms.PublicReasonForm,
            offered=lambda entry: entry.verified_at is not None,
        ),
        Deed(
            "review",
            _("Put it under review"),
            _("Board and page say that you are looking into it. It keeps its rank."),
            _("The entry is under review."),
            lambda entry, said, by: verification.review(
                entry, reason=said["reason"], by=by, now=timezone.now()
            ),
            forms.PublicReasonForm,
            offered=lambda entry: not entry.is_under_review,
        ),
        Deed(
            "end-review",
            _("End the review"),
            _("Board and page say it no longer; the history of decisions tells what was found."),
            _("The review has ended."),
            lambda entry, said, by: verification.end_review(entry, answer=said["answer"], by=by),
            forms.PublicAnswerForm,
            offered=lambda entry: entry.is_under_review,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """With the number of readers' reports that nobody has answered."""
        reported = Count("complaints", filter=Q(complaints__closed_at=None))
        return super().get_queryset(request).annotate(complaints_open=reported)

    @admin.display(description=_("open reports"), ordering="complaints_open")
    def open_complaints(self, entry: Entry) -> SafeString | int:
        """Their number, leading to them."""
        number: int = getattr(entry, "complaints_open", 0)
        if not number:
            return 0
        url = reverse("admin:submissions_complaint_changelist")
        return format_html('<a href="{}?entry={}&amp;closed_at__isempty=1">{}</a>', url, entry.pk, number)

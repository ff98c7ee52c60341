from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from submissions import moderation
from submissions.admin import forms
from submissions.admin.desk import Deed, Desk
from submissions.models import Entry


@admin.register(Entry)
class EntryAdmin(Desk[Entry]):
    list_display = ("name", "benchmark", "team", "division", "tries", "hidden_at")
    list_filter = ("benchmark", ("hidden_at", admin.EmptyFieldListFilter))
    list_select_related = ("benchmark", "team")
    search_fields = ("name", "team__slug")
    ordering = ("benchmark", "name")
    fields = (
        *("name", "benchmark", "team", "division", "created_at", *Entry.SETTINGS, *Entry.LINKS),
        *("tries", "shown", "chosen", "hidden_at", "hidden_reason"),
    )
    deeds = (
        Deed(
            "hide",
            _("Hide this entry"),
            _("It leaves the board and the ranks. Its page stays, and tells everybody the reason."),
            _("The entry is hidden; the board is ranked anew."),
            lambda entry, said, by: moderation.hide(entry, reason=said["reason"], by=by, now=timezone.now()),
            forms.HideForm,
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
    )

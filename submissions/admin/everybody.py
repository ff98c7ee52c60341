"""What organizers tell everybody, and the switch that closes uploads at once."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from submissions import announcements, askers, upload_switch
from submissions.admin import forms
from submissions.admin.desk import Deed, Desk
from submissions.models import Announcement, UploadSwitch


@admin.register(Announcement)
class AnnouncementAdmin(Desk[Announcement]):
    list_display = ("text", "begins_at", "ends_at")
    ordering = ("-begins_at",)
    fields = ("text", "begins_at", "ends_at")
    deeds = (
        Deed(
            "end",
            _("End it now"),
            _("It is shown no longer."),
            _("The announcement has ended."),
            lambda announcement, said, by: announcements.end(announcement, by=by, now=timezone.now()),
            offered=lambda announcement: announcement.ends_at > timezone.now(),
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_act(request)

    def save_model(
        self, request: HttpRequest, obj: Announcement, form: ModelForm[Announcement], change: bool
    ) -> None:
        """Only a new one comes here: one that is shown is ended, not rewritten."""
        announcements.make(obj, by=askers.of(request))


@admin.register(UploadSwitch)
class UploadSwitchAdmin(Desk[UploadSwitch]):
    fields = ("closed_at", "sentence")
    deeds = (
        Deed(
            "close",
            _("Close all uploads"),
            _("Every benchmark takes nothing from anybody, from now on. What is queued is scored."),
            _("Uploads are closed."),
            lambda switch, said, by: upload_switch.close(
                sentence=said["sentence"], by=by, now=timezone.now()
            ),
            forms.CloseUploadsForm,
            offered=lambda switch: not switch.is_closed,
        ),
        Deed(
            "reopen",
            _("Open uploads again"),
            _("Every benchmark takes answers as it is set."),
            _("Uploads are open."),
            lambda switch, said, by: upload_switch.reopen(by=by),
            offered=lambda switch: switch.is_closed,
        ),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one switch: its list is its page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        switch = upload_switch.row()
        return HttpResponseRedirect(reverse("admin:submissions_uploadswitch_change", args=[switch.pk]))

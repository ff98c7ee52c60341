"""The organizer's desk, first form. It shows no truth: none is in the database."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from submissions import desk_forms, moderation
from submissions.desk import Deed, Desk
from submissions.models import Benchmark, Entry, Submission, Team, User

admin.site.site_header = "Vernier"
admin.site.site_title = "Vernier"
# One door for passwords: allauth's, which slows down guessing.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class Unmakeable:
    """Rows that come into being elsewhere, by a command or an upload."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Benchmark)
class BenchmarkAdmin(Unmakeable, admin.ModelAdmin[Benchmark]):
    list_display = ("name", "slug", "is_open", "daily_limit", "total_limit", "current_release")
    fields = ("slug", "name", "is_open", "disclosure", "daily_limit", "total_limit", "current_release")
    readonly_fields = ("slug", "current_release")


@admin.register(Submission)
class SubmissionAdmin(Unmakeable, admin.ModelAdmin[Submission]):
    list_display = ("id", "benchmark", "team", "entry", "status", "visibility", "received_at", "attempts")
    list_filter = ("status", "visibility", "benchmark")
    list_select_related = ("benchmark", "team", "entry")
    search_fields = ("id", "entry__name", "team__slug")
    ordering = ("-received_at",)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


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
            desk_forms.HideForm,
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


@admin.register(Team)
class TeamAdmin(Desk[Team]):
    list_display = ("slug", "name", "created_at", "banned_at")
    list_filter = (("banned_at", admin.EmptyFieldListFilter),)
    search_fields = ("slug", "name")
    ordering = ("slug",)
    fields = ("slug", "name", "created_at", "banned_at", "banned_reason")
    deeds = (
        Deed(
            "ban",
            _("Ban this team"),
            _("Nothing is taken from it any more. Its entries stay; hide them one by one if they must go."),
            _("The team is banned."),
            lambda team, said, by: moderation.ban(team, reason=said["reason"], by=by, now=timezone.now()),
            desk_forms.BanForm,
            offered=lambda team: not team.is_banned,
        ),
        Deed(
            "restore",
            _("Restore this team"),
            _("It may send and publish again."),
            _("The team is restored."),
            lambda team, said, by: moderation.unban(team, by=by),
            offered=lambda team: team.is_banned,
        ),
    )


@admin.register(User)
class UserAdmin(Unmakeable, admin.ModelAdmin[User]):
    list_display = ("email", "is_active", "is_staff", "date_joined")
    search_fields = ("email",)
    fields = ("email", "is_active", "is_staff")
    readonly_fields = ("email",)

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from submissions import moderation
from submissions.admin import forms
from submissions.admin.desk import Deed, Desk
from submissions.models import Team, User


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
            forms.BanForm,
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
class UserAdmin(Desk[User]):
    list_display = ("email", "is_active", "is_staff", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email",)
    ordering = ("email",)
    fields = ("email", "is_active", "is_staff", "is_superuser", "date_joined", "last_login")
    deeds = (
        Deed(
            "shut-out",
            _("Shut this person out"),
            _("They cannot sign in, and are signed out now. Their teams and what those sent stay."),
            _("The person is shut out."),
            lambda user, said, by: moderation.shut_out(user, by=by),
            offered=lambda user: user.is_active,
        ),
        Deed(
            "let-in",
            _("Let this person in"),
            _("They can sign in again."),
            _("The person is let in."),
            lambda user, said, by: moderation.let_in(user, by=by),
            offered=lambda user: not user.is_active,
        ),
        Deed(
            "make-organizer",
            _("Make this person an organizer"),
            _("They may do everything that can be done at this desk."),
            _("The person is an organizer."),
            lambda user, said, by: moderation.make_organizer(user, by=by),
            offered=lambda user: not (user.is_staff and user.is_superuser),
        ),
        Deed(
            "end-organizer",
            _("Let this person be an organizer no more"),
            _("They stay in their teams."),
            _("The person is an organizer no more."),
            lambda user, said, by: moderation.end_organizer(user, by=by),
            offered=lambda user: user.is_staff,
        ),
    )


@admin.register(EmailAddress)
class EmailAddressAdmin(Desk[EmailAddress]):
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email",)
    ordering = ("email",)
    fields = ("email", "user", "primary", "verified")

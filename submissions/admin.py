"""The organizer's desk, first form. It shows no truth: none is in the database."""

from collections.abc import Callable
from typing import Any

import allauth.account.admin
import allauth.mfa.admin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth import admin as auth_admin
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from submissions import (
    announcements,
    askers,
    benchmarks,
    desk_forms,
    desk_queue,
    moderation,
    queue,
    second_factor,
    upload_switch,
)
from submissions import messages as sentences
from submissions.desk import Deed, Desk
from submissions.models import Announcement, Benchmark, Entry, Event, Submission, Team, UploadSwitch, User
from submissions.ui import format as figures

admin.site.site_header = "Vernier"
admin.site.site_title = "Vernier"


def _has_permission(request: HttpRequest) -> bool:
    """Organizers alone, with their second factor."""
    return admin.AdminSite.has_permission(admin.site, request) and not second_factor.is_lacking(request)


def _login(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Where an organizer gets what is lacking; never a form for passwords."""
    if way := second_factor.way_to_it(request):
        messages.warning(request, _("The desk asks organizers for a second factor."))
        return HttpResponseRedirect(way)
    return admin.AdminSite.login(admin.site, request, extra_context)


admin.site.has_permission = _has_permission  # type: ignore[method-assign]
# One door for passwords: allauth's, which slows down guessing.
admin.site.login = secure_admin_login(_login)  # type: ignore[method-assign]
# Others register what would show the secrets of second factors, and what could be changed without a word in the log.
# Imported first, so that they do not do it again.
for model in (
    allauth.mfa.admin.Authenticator,
    allauth.account.admin.EmailAddress,
    auth_admin.Group,  # type: ignore[attr-defined]  # taken from there, so that it is registered by now
):
    admin.site.unregister(model)


def _settings_of(*names: str) -> Callable[[Benchmark], dict[str, Any]]:
    return lambda benchmark: {name: getattr(benchmark, name) for name in names}


@admin.register(Benchmark)
class BenchmarkAdmin(Desk[Benchmark]):
    list_display = ("name", "slug", "is_open", "opens_at", "closes_at", "daily_limit", "total_limit")
    ordering = ("is_standin", "name")
    fields = (
        *("slug", "name", "summary", "is_standin", "is_open", "opens_at", "closes_at", "disclosure"),
        *("daily_limit", "total_limit", "current_release", "draft_release", "changed_at"),
    )
    deeds = (
        Deed(
            "open",
            _("Open it"),
            _("It takes answers, within its dates if it has any."),
            _("The benchmark is open."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, is_open=True),
            offered=lambda benchmark: not benchmark.is_open,
        ),
        Deed(
            "close",
            _("Close it"),
            _("It takes no answers, whatever its dates are. What is queued is scored."),
            _("The benchmark is closed."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, is_open=False),
            offered=lambda benchmark: benchmark.is_open,
        ),
        Deed(
            "dates",
            _("Set its dates"),
            _("While it is open it takes answers from the one moment to the other; the pages tell both."),
            _("The dates are set."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, **said),
            desk_forms.DatesForm,
            initial=_settings_of("opens_at", "closes_at"),
        ),
        Deed(
            "limits",
            _("Set its quotas"),
            _("How many submissions a team has. What is rejected, fails or is cancelled is not counted."),
            _("The quotas are set."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, **said),
            desk_forms.LimitsForm,
            initial=_settings_of("daily_limit", "total_limit"),
        ),
        Deed(
            "disclosure",
            _("Set what it discloses"),
            _("Of every report, old ones as well, to its team and to the public. What was seen was seen."),
            _("The disclosure is set."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, **said),
            desk_forms.DisclosureForm,
            initial=_settings_of("disclosure"),
        ),
        Deed(
            "name",
            _("Say what it is called and what it is"),
            _("Its address stays."),
            _("Name and summary are set."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, **said),
            desk_forms.NameForm,
            initial=_settings_of("name", "summary"),
        ),
    )


@admin.register(Submission)
class SubmissionAdmin(Desk[Submission]):
    change_list_template = "submissions/desk/submissions.html"
    list_display = (
        *("entry", "team", "benchmark", "status", "visibility", "score_text", "received_at", "short_id"),
    )
    list_filter = ("status", "visibility", "benchmark")
    list_select_related = ("benchmark", "team", "entry")
    search_fields = ("id", "entry__name", "team__slug")
    ordering = ("-received_at",)
    fields = (
        *(
            "entry",
            "team",
            "benchmark",
            "release",
            "status",
            "visibility",
            "score_text",
            "present",
            "coverage",
        ),
        *(
            "problems",
            "errors_total",
            "partial_text",
            "file_name",
            "size",
            "sha256",
            "source",
            "sent_by",
            "token",
        ),
        *("received_at", "started_at", "finished_at", "attempts", "not_before", "lease_until"),
        *("published_at", "withdrawn_at", "withdrawn_reason", "id"),
    )
    deeds = (
        Deed(
            "retry",
            _("Score it again"),
            _("It is queued as if no worker had ever had it."),
            _("The submission is queued."),
            lambda submission, said, by: queue.retry(submission, by=by),
            offered=lambda submission: submission.status == Submission.Status.FAILED,
        ),
    )

    @admin.display(description=_("id"), ordering="id")
    def short_id(self, submission: Submission) -> str:
        return str(submission.pk)[:8]

    @admin.display(description=_("score"), ordering="score")
    def score_text(self, submission: Submission) -> str:
        return figures.score(submission.score, 2)

    @admin.display(description=_("limited to"))
    def partial_text(self, submission: Submission) -> str:
        return ", ".join(submission.partial)

    @admin.display(description=_("what is wrong"))
    def problems(self, submission: Submission) -> SafeString:
        """The first problems in the sentences that its team reads, each with its line."""
        said = [
            (
                _("line {line}: ").format(line=found["line"]) if found["line"] else "",
                sentences.problem(found["code"], found["params"], field=found["field"]),
            )
            for found in submission.errors
        ]
        return (
            format_html("<ul>{}</ul>", format_html_join("", "<li>{}{}</li>", said))
            if said
            else SafeString("")
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.queue_view)
        return [path("queue/", view, name="submissions_submission_queue"), *super().get_urls()]

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        """What waits, what is in hand and what failed lately, with the way to score that again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sections = desk_queue.sections(timezone.now(), may_retry=self.may_act(request))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("The queue"),
            "sections": sections,
        }
        return TemplateResponse(request, "submissions/desk/queue.html", context)


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


@admin.register(Event)
class EventAdmin(Desk[Event]):
    """The log: for reading alone, as the database sees to it."""

    list_display = ("at", "action", "object_kind", "object_name", "actor", "is_organizer", "is_public")
    list_filter = ("action", "object_kind", "actor_kind", "is_organizer", "is_public")
    search_fields = ("action", "object_name", "object_key")
    ordering = ("-at", "-id")
    show_full_result_count = False
    fields = (
        *("at", "action", "object_kind", "object_name", "object_key", "actor", "actor_kind", "actor_key"),
        *("is_organizer", "is_public", "benchmark_id", "team_id", "details"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """With the address of who did it, as long as there is such a person."""
        people = User.objects.annotate(key=Cast("pk", CharField())).filter(key=OuterRef("actor_key"))
        return super().get_queryset(request).annotate(person=Subquery(people.values("email")[:1]))

    @admin.display(description=_("who"))
    def actor(self, event: Event) -> str:
        if event.actor_kind == Event.Actor.PERSON:
            person: str | None = getattr(event, "person", None)
            return person or str(_("somebody whose account is gone"))
        return " ".join(filter(None, (event.get_actor_kind_display(), event.actor_name)))


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
            desk_forms.CloseUploadsForm,
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

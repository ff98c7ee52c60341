"""The organizer's desk, first form. It shows no truth: none is in the database."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from submissions import messages
from submissions.models import Benchmark, Event, Submission, Team, User
from submissions.ui import format as figures

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
    fields = (
        "slug",
        "name",
        "summary",
        "is_open",
        "disclosure",
        "daily_limit",
        "total_limit",
        "current_release",
    )
    readonly_fields = ("slug", "current_release")


@admin.register(Submission)
class SubmissionAdmin(Unmakeable, admin.ModelAdmin[Submission]):
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

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

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
                messages.problem(found["code"], found["params"], field=found["field"]),
            )
            for found in submission.errors
        ]
        return (
            format_html("<ul>{}</ul>", format_html_join("", "<li>{}{}</li>", said))
            if said
            else SafeString("")
        )


@admin.register(Team)
class TeamAdmin(Unmakeable, admin.ModelAdmin[Team]):
    list_display = ("slug", "name", "created_at")
    search_fields = ("slug", "name")
    readonly_fields = ("slug",)
    fields = ("slug", "name")


@admin.register(User)
class UserAdmin(Unmakeable, admin.ModelAdmin[User]):
    list_display = ("email", "is_active", "is_staff", "date_joined")
    search_fields = ("email",)
    fields = ("email", "is_active", "is_staff")
    readonly_fields = ("email",)


@admin.register(Event)
class EventAdmin(Unmakeable, admin.ModelAdmin[Event]):
    """The log, to be read; the database itself refuses to change it."""

    list_display = (
        "at",
        "action",
        "object_kind",
        "object_name",
        "actor_kind",
        "actor",
        "is_organizer",
        "is_public",
    )
    list_filter = ("actor_kind", "is_organizer")
    search_fields = ("object_name", "object_key", "actor_name", "actor_key")
    ordering = ("-at", "-id")
    show_full_result_count = False

    @admin.display(description=_("by"))
    def actor(self, event: Event) -> str:
        """A token's name; a person by number, since the log outlives accounts."""
        return event.actor_name or event.actor_key or "–"

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

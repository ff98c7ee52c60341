from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from submissions import messages as sentences
from submissions import queue
from submissions.admin import queue_view
from submissions.admin.desk import Deed, Desk
from submissions.models import Submission
from submissions.ui import format as figures
from submissions.ui.box_report import FRAMES


@admin.register(Submission)
class SubmissionAdmin(Desk[Submission]):
    change_list_template = "submissions/desk/submissions.html"
    list_display = (
        *("entry", "team", "benchmark", "status", "visibility", "score_text", "received_at", "short_id"),
    )
    list_filter = ("status", "visibility", ("held_at", admin.EmptyFieldListFilter), "benchmark")
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
            "frame_text",
            "file_name",
            "size",
            "sha256",
            "source",
            "sent_by",
            "token",
        ),
        *("received_at", "started_at", "finished_at", "attempts", "not_before", "lease_until"),
        *("published_at", "held_at", "withdrawn_at", "withdrawn_reason", "id"),
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

    @admin.display(description=_("frame of the boxes"))
    def frame_text(self, submission: Submission) -> str:
        return str(FRAMES.get(submission.frame, submission.frame))

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
        sections = queue_view.sections(timezone.now(), may_retry=self.may_act(request))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("The queue"),
            "sections": sections,
        }
        return TemplateResponse(request, "submissions/desk/queue.html", context)

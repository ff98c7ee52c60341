"""A submission's page: its state, then its report or what was wrong with its file; and what its team may do."""

from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from submissions import askers, contents, messages, provenance, publication, reports, storage
from submissions.models import Alarm, Report, Submission
from submissions.pages import csv_stream, rejection, report_view
from submissions.pages.refused import deed, sentence
from submissions.refusals import Refusal
from submissions.ui import format as figures
from submissions.ui.box_report import FRAMES
from submissions.ui.life import Fact, again, steps, ticks


def visible(request: HttpRequest, submission_id: UUID) -> Submission:
    """A submission that the reader may see, else 404."""
    seen = Submission.objects.visible_to(askers.of(request))
    related = ("benchmark__current_release", "team", "entry__shown", "release", "sent_by", "token")
    return get_object_or_404(seen.select_related(*related), pk=submission_id)


def own(request: HttpRequest, submission_id: UUID) -> Submission:
    """A submission of one of the reader's teams, else 404."""
    mine = Submission.objects.of(askers.of(request)).select_related("benchmark", "entry")
    return get_object_or_404(mine, pk=submission_id)


@require_safe
@never_cache
def submission(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """The page. Its team sees everything, others a public scored one without what only its team may have."""
    return page(request, visible(request, submission_id))


def page(
    request: HttpRequest, submission: Submission, *, withdraw_error: str = "", reason: str = ""
) -> HttpResponse:
    """Draw the submission, with what was wrong with a withdrawal."""
    mine = submission.team_id in askers.of(request).team_ids
    benchmark = submission.benchmark
    report = reports.current(submission) if submission.is_scored else None
    leader = report_view.leader_of(benchmark) if report else None
    is_first = leader is not None and leader.submission_id == submission.pk
    # Until the worker has ranked the board with what the team decided, where it stands is not known.
    is_due = submission.entry.standing_due
    elsewhere = reports.elsewhere(submission)
    rejected = rejection.view(submission) if mine and submission.errors_total else None
    report_url = reverse("api-report", args=[submission.pk])
    context = {
        "benchmark": benchmark,
        "submission": submission,
        "entry": submission.entry,
        "team_name": submission.team.name,
        **_state(submission),
        "mine": mine,
        "is_shown": submission.is_public and submission.entry.shown_id == submission.pk and not is_due,
        "standing_due": is_due and submission.is_scored,
        "report": report_view.build(report.body, benchmark, leader) if report else None,
        "standing": report_view.standing(submission, leader) if report and not is_due else None,
        "outdone": report_view.outdone(submission) if report and not is_due else "",
        "leader_name": "" if leader is None or is_first else leader.name,
        "rejection": rejected,
        # What a rejected file should have named; else nobody asks for it.
        "example_id": contents.of(benchmark).example_id if rejected else "",
        "failure_text": ngettext(
            "Scoring broke off.", "Scoring broke off {count} times.", submission.attempts
        ).format(count=submission.attempts),
        "held": _held(submission),
        "earlier_text": _earlier(submission) if submission.is_scored else "",
        "attested": provenance.of(submission, is_ours=mine),
        "facts": _facts(submission, elsewhere, mine=mine, scorer=report.scorer_version if report else ""),
        "steps": steps(submission.transitions.all()) if mine else [],
        "report_json_url": report_url,
        "other_reports": [
            (other.release.short_digest[:7], f"{report_url}?release={other.release.short_digest}")
            for other in elsewhere
            if report and not other.fault
        ],
        **(_deeds(submission) if mine else {}),
        "withdraw_reason": submission.withdrawn_reason,
        "withdraw_error": withdraw_error,
        "reason": reason,
        "question_count": benchmark.current_release.question_count if benchmark.current_release else None,
    }
    return render(request, "submissions/submission.html", context, status=422 if withdraw_error else 200)


def _state(submission: Submission) -> dict[str, Any]:
    position = _position(submission)
    waits = "-waits" if submission.not_before else ""
    return {
        "ticks": ticks(
            submission.status,
            received_at=submission.received_at,
            started_at=submission.started_at,
            finished_at=submission.finished_at,
            position=position,
        ),
        "unfinished": not submission.is_finished,
        "again_text": again(submission),
        "state_key": f"{submission.status}-{position or 0}-{submission.attempts}{waits}",
    }


def _position(submission: Submission) -> int | None:
    """Its place in the queue, counted from 1; None once it is not queued."""
    if submission.status != Submission.Status.QUEUED:
        return None
    earlier = Q(received_at__lt=submission.received_at) | Q(
        received_at=submission.received_at, pk__lt=submission.pk
    )
    return Submission.objects.queued().filter(earlier).count() + 1


def _deeds(submission: Submission) -> dict[str, bool]:
    lives = submission.status in (
        Submission.Status.QUEUED,
        Submission.Status.SCORING,
        Submission.Status.SCORED,
    )
    return {
        "can_publish": lives and submission.visibility == Submission.Visibility.PRIVATE,
        "can_withdraw": lives and submission.is_public,
        "can_cancel": submission.status == Submission.Status.QUEUED,
        "can_choose": submission.is_scored
        and submission.is_public
        and not submission.is_held
        and not submission.entry.is_hidden
        and not submission.entry.standing_due
        and submission.entry.shown_id != submission.pk,
    }


def _held(submission: Submission) -> str:
    """Why it is public and yet not on the board: see ui/components/held.html."""
    if not submission.is_public:
        return ""
    if submission.is_held and Alarm.objects.open().filter(submission=submission).exists():
        return "alarm"
    return "comparing" if submission.compare_due else ""


def _earlier(submission: Submission) -> str:
    """Says that the score is not of the present release, and why; else empty."""
    benchmark = submission.benchmark
    if submission.release_id == benchmark.current_release_id:
        return ""
    missed = [
        told.fault
        for told in reports.elsewhere(submission)
        if told.release_id == benchmark.current_release_id
    ]
    if not missed:
        return _("This score is of an earlier release; the workers score the file against the present one.")
    return _("This score is of an earlier release. On the present one it does not stand: {reason}").format(
        reason=messages.fault(missed[-1])
    )


def _facts(submission: Submission, elsewhere: list[Report], *, mine: bool, scorer: str) -> list[Fact]:
    """Where it comes from; the file's name and who sent it are for its team alone."""
    facts = [
        Fact(_("Submission"), str(submission.pk), mono=True),
        Fact("SHA-256", submission.sha256, mono=True),
        Fact(_("Size"), figures.size(submission.size)),
    ]
    if mine:
        sender = submission.sent_by or submission.token
        facts += [
            Fact(_("File name"), submission.file_name or "–"),
            Fact(_("Sent by"), str(sender or submission.get_source_display())),
        ]
    if submission.frame and not scorer:  # the report says it beside what was wrong with the boxes
        facts.append(Fact(_("Frame of the boxes"), str(FRAMES.get(submission.frame, submission.frame))))
    facts.append(Fact(_("Received"), figures.when(submission.received_at)))
    if submission.release is not None:
        facts.append(Fact(_("Release"), submission.release.digest, mono=True))
    for other in elsewhere:
        said = messages.fault(other.fault) if other.fault else figures.score(other.score, 2)
        label = _("On release {digest}").format(digest=other.release.short_digest[:7])
        facts.append(Fact(label, said))
    if scorer:
        facts.append(Fact(_("Scorer"), scorer))
    if submission.started_at and submission.finished_at:
        took = (submission.finished_at - submission.started_at).total_seconds()
        facts.append(Fact(_("Time taken"), figures.seconds(took)))
    return facts


@require_GET
@never_cache
def submission_state(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """The state alone, for a page that follows it: 204 while nothing changed, and when it is time to reload."""
    known = visible(request, submission_id)
    if known.is_finished:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    state = _state(known)
    if request.GET.get("seen") == state["state_key"]:
        return HttpResponse(status=204)
    return render(request, "submissions/_submission_state.html", {"submission": known, **state})


@require_GET
@login_required
def submission_problems(request: HttpRequest, submission_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """Everything that was found wrong with the file, as CSV, for its team."""
    mine = own(request, submission_id)
    found = reports.problems(mine)
    if not found:
        raise Http404
    return csv_stream.answer(rejection.table(found), file_name=f"problems-{mine.pk}.csv")


@require_GET
@login_required
@never_cache
def submission_answers(request: HttpRequest, submission_id: UUID) -> HttpResponse | FileResponse:
    """The file as it was sent, for its team: from the store itself where browsers reach it, else through us."""
    mine = own(request, submission_id)
    file_name = mine.file_name or f"answers-{mine.pk}"
    try:
        if address := storage.answers().link(mine.answers_key, file_name=file_name):
            return HttpResponseRedirect(address)
        content = storage.answers().open(mine.answers_key)
    except storage.MissingObjectError as error:
        raise Http404 from error
    # Never shown by the browser, whatever is in it.
    return FileResponse(
        content,
        as_attachment=True,
        filename=file_name,
        content_type="application/octet-stream",
    )


@deed("submission", "submission_id")
def submission_publish(request: HttpRequest, submission_id: UUID) -> None:
    """Make it public."""
    publication.publish(own(request, submission_id), by=askers.of(request), now=timezone.now())
    notices.success(request, _("Published."))


@deed("submission", "submission_id")
def submission_choose(request: HttpRequest, submission_id: UUID) -> None:
    """Let it stand for its entry."""
    publication.choose(own(request, submission_id), by=askers.of(request))
    notices.success(request, _("The board shows this submission for its entry."))


@deed("submission", "submission_id")
def submission_cancel(request: HttpRequest, submission_id: UUID) -> None:
    """Take it back while it waits."""
    publication.cancel(own(request, submission_id), by=askers.of(request), now=timezone.now())
    notices.success(request, _("Cancelled. It does not count against the quota."))


@deed("submission", "submission_id")
def submission_withdraw(request: HttpRequest, submission_id: UUID) -> HttpResponse | None:
    """Take it off the ranks, with a reason."""
    mine = own(request, submission_id)
    reason = request.POST.get("reason", "")
    try:
        publication.withdraw(mine, reason=reason, by=askers.of(request), now=timezone.now())
    except Refusal as refusal:
        if refusal.field != "reason":
            raise
        return page(request, visible(request, submission_id), withdraw_error=sentence(refusal), reason=reason)
    notices.success(request, _("Withdrawn. Its line and your reason stay in the entry’s history."))
    return None

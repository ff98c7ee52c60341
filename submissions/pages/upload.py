"""The form that sends an answer file, and a made-up file that shows what one looks like."""

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from submissions import askers, intake, limits, quota, upload_switch, uploads
from submissions.forms import UploadForm, team_choices
from submissions.models import Benchmark, Question, Release, Submission, Team, User
from submissions.pages import csv_stream, refused
from submissions.quota import Quota
from submissions.refusals import Refusal
from submissions.storage import RETRY_SECONDS, StorageUnavailableError
from submissions.ui import format as figures
from submissions.ui import schedule

CHOOSE_AGAIN = gettext_lazy(
    "Choose the file again, unless it still stands here: a browser forgets it when a form comes back."
)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an answer file and lead to its submission; or the form again, with what was typed and what is wrong."""
    benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
    teams = [team for team in askers.teams_of(askers.of(request)) if team.archived_at is None]
    accounts = quota.of_teams(teams, benchmark, now=timezone.now())
    choices = team_choices(teams, {team: account.left_today for team, account in accounts.items()})
    # Only a POST is bound: a GET never reads fields from the address.
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent, benchmark=benchmark, teams=choices, initial=_as_before(request, benchmark))
    status = 200
    if request.method == "POST":
        answered = _send(request, form, benchmark, teams, refused.person(request))
        if isinstance(answered, HttpResponse):
            return answered
        status = answered
    closed = upload_switch.sentence()
    context = {
        "benchmark": benchmark,
        "release": benchmark.current_release,
        "teams": teams,
        "may_send": not all(team.is_banned for team in teams),
        "form": form,
        "quota": _quota_in_words(accounts, _named(teams, form["team"].value())),
        "max_octets": settings.VERNIER_MAX_UPLOAD_BYTES,
        "intake": "closed" if closed else benchmark.intake,
        "intake_text": closed or _closed_text(benchmark),
        "dates": schedule.dates(benchmark),
    }
    page = render(request, "submissions/upload.html", context, status=status)
    if status == 503:
        page.headers["Retry-After"] = str(upload_switch.TRY_AGAIN_SECONDS if closed else RETRY_SECONDS)
    return page


def _as_before(request: HttpRequest, benchmark: Benchmark) -> dict[str, Any]:
    """What the form begins with where it is to correct a submission of one's own, which `?again=` names."""
    try:
        again = UUID(request.GET.get("again", ""))
    except ValueError:
        return {}
    mine = Submission.objects.of(askers.of(request)).filter(benchmark=benchmark)
    before = mine.select_related("entry", "team").filter(pk=again).first()
    if before is None:
        return {}
    return {
        **before.entry.declared(),
        "team": before.team.slug,
        "entry": before.entry.name,
        "partial": before.partial,
        "frame": before.frame,
        "visibility": before.visibility,
    }


def _send(
    request: HttpRequest, form: UploadForm, benchmark: Benchmark, teams: list[Team], user: User
) -> HttpResponse | int:
    """Lead to the submission, or leave what is wrong in the form and answer with the page's status."""
    status = refused.FORM_COMES_BACK
    try:
        upload_switch.refuse_if_closed()
        limits.count_upload(f"user:{user.pk}")
        if not teams:
            raise Refusal("no-team")
        is_valid = form.is_valid()
        uploads.refuse_if_unusable(request)
        if is_valid:
            return _accept(request, form, benchmark, teams, user)
    except Refusal as refusal:
        status = refused.into_form(form, refusal)
    except ValidationError as error:
        status = refused.validation_into_form(form, error)
    except StorageUnavailableError:
        status = refused.storage_into_form(form)
    # A script that sends the form (upload.js) keeps the file; a browser that leaves the page does not.
    if _leaves_the_page(request) and request.FILES and "file" not in form.errors:
        form.add_error("file", str(CHOOSE_AGAIN))
    return status


def _accept(
    request: HttpRequest, form: UploadForm, benchmark: Benchmark, teams: list[Team], user: User
) -> HttpResponse:
    came = form.cleaned_data["file"]
    receipt = intake.accept(
        intake.Offer(
            benchmark=benchmark,
            team=next(team for team in teams if team.slug == form.cleaned_data["team"]),
            entry_name=form.cleaned_data["entry"],
            answers=came.file,
            file_name=came.name,
            settings=form.declared(),
            visibility=Submission.Visibility(form.cleaned_data["visibility"]),
            partial=form.cleaned_data["partial"],
            frame=form.cleaned_data.get("frame", ""),
            source=Submission.Source.WEB,
            user=user,
        ),
        now=timezone.now(),
    )
    if not receipt.is_new:
        notices.info(
            request, _("This very file was sent for this entry before: here it is. Nothing was charged.")
        )
    address = receipt.submission.get_absolute_url()
    if _leaves_the_page(request):
        return refused.see_other(address)
    # A script would follow a redirect by itself, and swallow the notice that is meant for the person.
    return HttpResponse(status=204, headers={"Location": address})


def _leaves_the_page(request: HttpRequest) -> bool:
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def _named(teams: list[Team], slug: str | None) -> Team | None:
    return next((team for team in teams if team.slug == slug), None)


def _closed_text(benchmark: Benchmark) -> str:
    """Why it takes no answers; empty when it does."""
    try:
        intake.refuse_closed(benchmark, now=timezone.now())
    except Refusal as refusal:
        return refused.sentence(refusal)
    return ""


def _quota_in_words(accounts: dict[int, Quota], team: Team | None) -> dict[str, Any]:
    """The account of the chosen team; used up only when no team of the person has anything left."""
    if not accounts:
        return {}
    account = accounts[team.pk] if team is not None else next(iter(accounts.values()))
    return {
        "left_today": figures.count(account.left_today),
        "daily_limit": figures.count(account.daily_limit),
        "left_total": figures.count(account.left_total),
        "exhausted_text": "" if any(other.left_today for other in accounts.values()) else _used_up(account),
    }


def _used_up(account: Quota) -> str:
    """The refusal that an upload would meet."""
    refusal = account.refusal(now=timezone.now())
    return refused.sentence(refusal) if refusal else ""


@require_GET
def sample_answers(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """A whole plain CSV of made-up answers: seeded by the release, letters drawn from each question's options alone.

    Where answers are boxes, every reply is made up without a look at the image.
    """
    benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
    release = benchmark.current_release
    if release is None:
        raise Http404
    lines = _made_up_boxes(release) if benchmark.asks_for_boxes else _made_up(release)
    return csv_stream.answer(lines, file_name=f"{benchmark.slug}-sample-answers.csv")


def _made_up(release: Release) -> Iterator[tuple[str, str]]:
    letters = random.Random(release.digest)  # noqa: S311  # made up, not secret
    yield "question_id", "answer"
    questions = Question.objects.filter(release=release).order_by("position")
    for question_id, options in questions.values_list("question_id", "options").iterator():
        yield question_id, letters.choice(sorted(options))


def _made_up_boxes(release: Release) -> Iterator[tuple[str, str]]:
    chance = random.Random(release.digest)  # noqa: S311  # made up, not secret
    yield "image", "reply"
    images = Question.objects.filter(release=release).order_by("position").values_list("image", flat=True)
    for image in images.iterator():
        x, y = chance.randrange(300), chance.randrange(300)
        box = {
            "bbox_2d": [x, y, x + chance.randrange(8, 140), y + chance.randrange(8, 140)],
            "label": "made up",
        }
        yield image, f"<answer>{chance.choice(('No.', f'Yes. {box}'))}</answer>"

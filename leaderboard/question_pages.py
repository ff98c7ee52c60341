"""A benchmark's questions, never with their answers, and the place to report what is wrong with them."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as notices
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from leaderboard.cursors import PositionCursor, UnreadableCursorError
from leaderboard.filters import LONGEST_TEXT
from submissions import addresses, askers, contents, disputes
from submissions import questions as known_questions
from submissions.askers import Asker
from submissions.forms import DisputeForm
from submissions.models import Benchmark, DisputedQuestion, Question
from submissions.models.benchmark import QuestionQuerySet
from submissions.models.dispute import About, Decision
from submissions.pages import refused
from submissions.refusals import Refusal
from submissions.ui import format as written

QUESTIONS_A_PAGE = 50
FILTERS = ("q", "subtask", "dataset")
# What a ruling says of its question: in force, and while it waits for the next release.
RULINGS: Mapping[str, tuple[str | Promise, str | Promise]] = {
    Decision.STANDS: (
        gettext_lazy("It stands as it is."),
        gettext_lazy("It will be counted again from the next release on."),
    ),
    Decision.EXCLUDED: (
        gettext_lazy("It is excluded: no figure counts it."),
        gettext_lazy("It will be excluded from the next release on."),
    ),
    Decision.CORRECTED: (
        gettext_lazy("It was corrected."),
        gettext_lazy("It will be corrected in the next release."),
    ),
}
# The same in a list; what stands says nothing there, and what is excluded says so by itself.
MARKS: Mapping[str, tuple[str | Promise, str | Promise]] = {
    Decision.STANDS: ("", gettext_lazy("to be counted again")),
    Decision.EXCLUDED: ("", gettext_lazy("to be excluded")),
    Decision.CORRECTED: (gettext_lazy("corrected"), gettext_lazy("to be corrected")),
}


@require_safe
@never_cache
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """The current release's questions in their order, 50 a page, found by subtask, source dataset, image or words."""
    benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
    chosen = _chosen(request, benchmark)
    asked = _asked(benchmark, chosen)
    found, before, after = _page(asked, _cursor(request))
    here = reverse("questions", args=[slug])
    context = {
        "benchmark": benchmark,
        "nav": "benchmarks",
        "questions": _lines(benchmark, found),
        "fields": _fields(benchmark, chosen),
        "is_filtered": bool(chosen),
        "clear_url": here,
        "previous_url": _url(here, chosen, before),
        "next_url": _url(here, chosen, after),
        "range_text": "" if chosen else _range(benchmark, found),
    }
    return render(request, "leaderboard/questions.html", context)


def _chosen(request: HttpRequest, benchmark: Benchmark) -> dict[str, str]:
    """The filters in force; one that cannot be is left out, and that is said."""
    asked = contents.of(benchmark)
    allowed = {
        "subtask": {subtask.slug for subtask in asked.subtasks},
        "dataset": set(asked.source_datasets),
    }
    chosen = {}
    for name in FILTERS:
        value = request.GET.get(name, "").strip()
        if not value:
            continue
        if len(value) > LONGEST_TEXT or "\x00" in value or value not in allowed.get(name, {value}):
            said = _("The filter “{name}” was left out: there is nothing of the kind.")
            notices.warning(request, said.format(name=name))
        else:
            chosen[name] = value
    return chosen


def _asked(benchmark: Benchmark, chosen: Mapping[str, str]) -> QuestionQuerySet:
    found = Question.objects.filter(release=benchmark.current_release_id)
    if "subtask" in chosen:
        found = found.filter(subtask=chosen["subtask"])
    if "dataset" in chosen:
        found = found.filter(source_dataset=chosen["dataset"])
    if "q" in chosen:
        found = found.filter(Q(question_id__icontains=chosen["q"]) | Q(text__icontains=chosen["q"]))
    return found


def _cursor(request: HttpRequest) -> PositionCursor | None:
    try:
        return PositionCursor.decode(text) if (text := request.GET.get("cursor")) else None
    except UnreadableCursorError:
        notices.warning(
            request, _("“cursor” in the address was left out: the list begins at its first page.")
        )
        return None


def _page(
    asked: QuestionQuerySet, cursor: PositionCursor | None
) -> tuple[list[Question], PositionCursor | None, PositionCursor | None]:
    """A page of questions, and where the ones before and after it begin."""
    if cursor is not None and cursor.backwards:
        found = list(asked.filter(position__lt=cursor.position).order_by("-position")[: QUESTIONS_A_PAGE + 1])
        has_before, has_after = len(found) > QUESTIONS_A_PAGE, True
        found = found[:QUESTIONS_A_PAGE][::-1]
    else:
        start = cursor.position if cursor else 0
        found = list(asked.filter(position__gte=start).order_by("position")[: QUESTIONS_A_PAGE + 1])
        has_before, has_after = start > 0, len(found) > QUESTIONS_A_PAGE
        found = found[:QUESTIONS_A_PAGE]
    before = PositionCursor(found[0].position, backwards=True) if found and has_before else None
    after = PositionCursor(found[-1].position + 1) if found and has_after else None
    return found, before, after


def _url(here: str, chosen: Mapping[str, str], cursor: PositionCursor | None) -> str:
    return f"{here}?{urlencode({**chosen, 'cursor': cursor.encode()})}" if cursor else ""


def _range(benchmark: Benchmark, found: list[Question]) -> str:
    """Positions count from 0 without a gap."""
    if not found or benchmark.current_release is None:
        return ""
    return _("{first}–{last} of {all}").format(
        first=written.count(found[0].position + 1),
        last=written.count(found[-1].position + 1),
        all=written.count(benchmark.current_release.question_count),
    )


def _fields(benchmark: Benchmark, chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    """The filters' fields; without options a text."""
    asked = contents.of(benchmark)
    datasets = [(name, name) for name in asked.source_datasets]
    dataset = ("dataset", _("Source dataset"), [("", _("all")), *datasets])
    if benchmark.asks_for_boxes:
        # Every image is asked for all subtasks with the same words.
        return [_field(*field, chosen) for field in (("q", _("In the image’s path"), []), dataset)]
    subtasks = [(subtask.slug, subtask.name) for subtask in asked.subtasks]
    fields = [
        ("q", _("In the image’s path or the text"), []),
        ("subtask", _("Subtask"), [("", _("all")), *subtasks]),
        dataset,
    ]
    return [_field(*field, chosen) for field in fields]


def _field(
    name: str, label: str, options: list[tuple[str, str]], chosen: Mapping[str, str]
) -> dict[str, Any]:
    return {"name": name, "label": label, "options": options, "value": chosen.get(name, "")}


def _lines(benchmark: Benchmark, found: Iterable[Question]) -> list[dict[str, Any]]:
    """The questions of one page. One query more, for what is disputed among them."""
    found = list(found)
    names = {subtask.slug: subtask.name for subtask in benchmark.rules.subtasks}
    ids = [question.question_id for question in found]
    known = DisputedQuestion.objects.filter(benchmark=benchmark, question_id__in=ids).with_people()
    disputed = {each.question_id: each for each in known}
    return [
        {
            "text": question.text,
            "url": addresses.of_question(benchmark.slug, question.question_id),
            "image": question.image,
            "kind": question.kind,
            "subtask": names.get(question.subtask, question.subtask),
            "dataset": question.source_dataset,
            "is_excluded": question.is_excluded,
            "mark": _mark(disputed.get(question.question_id)),
            "people": _people(disputed.get(question.question_id)),
        }
        for question in found
    ]


def _mark(disputed: DisputedQuestion | None) -> str:
    if disputed is None or not disputed.decision:
        return ""
    return str(MARKS[disputed.decision][disputed.is_waiting])


def _people(disputed: DisputedQuestion | None) -> str:
    number: int = getattr(disputed, "people", 0)
    return ngettext("{count} report", "{count} reports", number).format(count=number) if number else ""


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def question(request: HttpRequest, slug: str, question_id: str) -> HttpResponse:
    """A question of the current or an earlier release; whoever is signed in reports what is wrong with it.

    Its address stays the same from release to release. One that only a draft has is there for organizers alone.
    """
    benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
    asker = askers.of(request)
    found = known_questions.find(benchmark, question_id, asker)
    if found is None:
        raise Http404
    disputed = disputes.of_question(found)
    mine = disputes.by_person(disputed, asker.user) if disputed and asker.user else []
    waiting = next((each for each in mine if each.ruled_at is None), None)
    form = DisputeForm(initial={"about": waiting.about, "reason": waiting.reason} if waiting else None)
    status = 200
    if request.method == "POST":
        url = found.get_absolute_url()
        if asker.user is None:
            return redirect_to_login(url)
        form = DisputeForm(request.POST)
        status = _report(form, found, asker)
        if status == 200:
            notices.success(request, _("Reported. The organizers read it, and their answer will stand here."))
            return refused.see_other(url)
    context = _context(benchmark, found, asker, disputed) | {"form": form, "mine": mine, "waiting": waiting}
    return render(request, "leaderboard/question.html", context, status=status)


def _report(form: DisputeForm, found: Question, asker: Asker) -> int:
    """Take the dispute, or leave what is wrong in the form; answers with the page's status."""
    if not form.is_valid():
        return refused.FORM_COMES_BACK
    about = About(form.cleaned_data["about"])
    try:
        disputes.dispute(found, about=about, reason=form.cleaned_data["reason"], by=asker, now=timezone.now())
    except Refusal as refusal:
        return refused.into_form(form, refusal)
    return 200


def _context(
    benchmark: Benchmark, found: Question, asker: Asker, disputed: DisputedQuestion | None
) -> dict[str, Any]:
    release, url = found.release, found.get_absolute_url()
    beside = Question.objects.filter(
        release=release, position__in=(found.position - 1, found.position + 1)
    ).order_by("position")
    neighbours = {each.position: addresses.of_question(benchmark.slug, each.question_id) for each in beside}
    names = {subtask.slug: subtask.name for subtask in release.rules.subtasks}
    subtask = names.get(found.subtask, found.subtask)
    if benchmark.asks_for_boxes:
        subtask = ", ".join(names.values())
    return {
        "benchmark": benchmark,
        "nav": "benchmarks",
        "question": found,
        "url": url,
        "release": release,
        "is_asked": release.pk == benchmark.current_release_id,
        "is_draft": release.became_current_at is None,
        "subtask": subtask,
        "image_url": f"{reverse('questions', args=[benchmark.slug])}?{urlencode({'q': found.image})}",
        "people_text": _people_text(disputed),
        "ruling": _ruling(disputed),
        "desk_url": reverse("admin:submissions_disputedquestion_change", args=[disputed.pk])
        if disputed and asker.is_staff
        else "",
        "previous_url": neighbours.get(found.position - 1, ""),
        "next_url": neighbours.get(found.position + 1, ""),
    }


def _people_text(disputed: DisputedQuestion | None) -> str:
    number: int = getattr(disputed, "people", 0)
    if not number:
        return _("Nobody has reported anything so far.")
    return ngettext(
        "{count} person has reported that something is wrong with it.",
        "{count} people have reported that something is wrong with it.",
        number,
    ).format(count=written.count(number))


def _ruling(disputed: DisputedQuestion | None) -> dict[str, Any] | None:
    if disputed is None or not disputed.decision:
        return None
    return {
        "text": RULINGS[disputed.decision][disputed.is_waiting],
        "reply": disputed.reply,
        "at": written.when(disputed.decided_at),
        "release": disputed.release if disputed.decision == Decision.CORRECTED else None,
    }

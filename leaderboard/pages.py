"""The public pages: each view translates an address, reads, and draws."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leaderboard import board, descriptions, entries, entry_view, etags, phrases, worked_example
from leaderboard.board_view import BoardView, facts, intake_of, intake_text
from leaderboard.cursors import HistoryCursor, UnreadableCursorError
from leaderboard.filters import FILTERS, OVERALL, Columns, Wanted, WrongAddressError, earlier_release, read
from submissions import askers, contents
from submissions.models import Benchmark, Figure, Release
from submissions.ui import context, schedule
from submissions.ui import format as written

LEADERS = 3


@require_safe
def board_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A benchmark's board."""
    benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
    if not etags.is_anyones(request):
        return _board(request, benchmark)
    etag = etags.tag(request, etags.standing_of(benchmark), context.frame())
    response = etags.unless_known(request, etag, lambda: _board(request, benchmark))
    patch_vary_headers(response, ["Cookie"])  # whoever has a session gets another
    return response


def _board(request: HttpRequest, benchmark: Benchmark) -> HttpResponse:
    try:
        release = earlier_release(benchmark, request.GET.get("release", ""))
    except Release.DoesNotExist as error:
        raise Http404 from error
    columns = Columns.of(benchmark, release)
    wanted = _wanted(request, columns, release)
    # What stands beside other subtasks is in the files and on an entry's page: it would be a third of what is read.
    group = columns.stands_beside.get(wanted.column, "")
    beside = {group: columns.beside[group]} if group else {}
    columns = replace(columns.by(wanted.column), beside=beside)
    shown = board.Board(benchmark, release)
    view = BoardView(shown, columns, wanted, board.page(shown, columns, wanted))
    drawn = {**view.context(), "address": request.build_absolute_uri(view.url(wanted))}
    return render(request, "leaderboard/board.html", drawn)


def _wanted(request: HttpRequest, columns: Columns, release: Release | None) -> Wanted:
    """What the address asks for; what cannot be is left out, and said."""
    try:
        digest = release.short_digest if release else ""
        return read(request.GET, columns, release=digest, strict=False)
    except WrongAddressError as error:
        for part in error.parts:
            if part.field in FILTERS:
                said, name = _("The filter “{name}” was left out: {reason}"), phrases.LABELS[part.field]
            else:
                said, name = _("“{name}” in the address was left out: {reason}"), part.field
            messages.warning(request, said.format(name=name, reason=part.detail))
        return error.usable


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Every benchmark of this site, with the first of each."""
    known = Benchmark.objects.with_release().order_by("is_standin", "name")
    return render(request, "leaderboard/home.html", {"benchmarks": [card(benchmark) for benchmark in known]})


def card(benchmark: Benchmark) -> dict[str, Any]:
    """A benchmark on the first page."""
    total = board.ranked_entries(board.Board(benchmark))
    return {
        "slug": benchmark.slug,
        "name": benchmark.name,
        "is_standin": benchmark.is_standin,
        "summary": descriptions.summary(benchmark),
        "facts": [
            *(descriptions.figures(benchmark) if benchmark.current_release else ()),
            *facts(benchmark, total),
        ],
        "intake": intake_of(benchmark),
        "intake_text": intake_text(benchmark),
        "leaders": leaders(benchmark),
    }


def leaders(benchmark: Benchmark) -> list[dict[str, str]]:
    """The first entries overall, in finished text. One query."""
    ranked = Figure.objects.on_board(benchmark, OVERALL).filter(rank__isnull=False)
    found = ranked.values_list(
        "rank", "rank_low", "rank_high", "submission__entry_id", "submission__entry__name", "score"
    )
    return [
        {
            "rank": written.rank(*places),
            "url": reverse("entry", args=[entry_id]),
            "name": name,
            "score": written.score(score),
        }
        for *places, entry_id, name, score in found[:LEADERS]
    ]


@require_safe
def about(request: HttpRequest, slug: str) -> HttpResponse:
    """A benchmark's rules, metrics, answer formats and links."""
    benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
    shown = {
        "benchmark": benchmark,
        "nav": "benchmarks",
        "intake": intake_of(benchmark),
        "intake_text": intake_text(benchmark),
        "summary": descriptions.summary(benchmark),
        "figures": descriptions.figures(benchmark),
        "scoring": descriptions.scoring(benchmark.rules),
        "contents": contents.of(benchmark),
        # The definition's words and links are of its own benchmark.
        "obtain": benchmark.rules.obtain if benchmark.is_original else "",
        "notice": benchmark.rules.notice if benchmark.is_original else "",
        "citation": benchmark.rules.citation.strip() if benchmark.is_original else "",
        "links": links(benchmark) if benchmark.is_original else {},
        "dates": schedule.dates(benchmark),
        "own_template": own_words(benchmark),
    }
    return render(request, "leaderboard/about.html", shown)


def links(benchmark: Benchmark) -> dict[str, str]:
    """Where the definition points on the web."""
    known = benchmark.rules.links.items()
    return {name: url for name, url in known if url.startswith(("https://", "http://"))}


def own_words(benchmark: Benchmark) -> str | None:
    """The template with the definition's own words, which only the benchmark that it describes has; else None."""
    if not benchmark.is_original:
        return None
    name = f"leaderboard/about/{benchmark.rules.slug}.html"
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return None
    return name


@require_safe
@never_cache
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """An entry's figures, settings and history, 50 submissions a page."""
    try:
        cursor = HistoryCursor.decode(text) if (text := request.GET.get("cursor")) else None
    except UnreadableCursorError:
        cursor = None
        messages.warning(
            request, _("“cursor” in the address was left out: the history begins at its first page.")
        )
    found = entries.details(entry_id, askers.of(request), cursor)
    return render(request, "leaderboard/entry.html", entry_view.context(found))


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for it on pages that do not name it, such as the desk."""
    return redirect(static("ui/favicon.svg"))


@require_safe
def how_to_read(request: HttpRequest) -> HttpResponse:
    """What the figures of a board mean."""
    return render(request, "leaderboard/how_to_read.html", {"nav": "guide"})


@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """How scores, intervals, ranges of ranks and verdicts are made."""
    shown = {"nav": "guide", "example": worked_example.context()}
    return render(request, "leaderboard/statistics.html", shown)

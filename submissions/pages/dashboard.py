"""What a team has: its account on every benchmark, its entries, and which of them readers see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from submissions import quota
from submissions.models import Benchmark, Entry, Figure, Submission, Team
from submissions.pages import pager
from submissions.ui import format as figures

ENTRIES_A_PAGE = 50
OVERALL = "overall"


@dataclass(frozen=True, slots=True)
class Account:
    """What is left on one benchmark. ``upload_url`` is empty while it takes no answers."""

    benchmark: str
    board_url: str
    today: str
    total: str
    public: str
    upload_url: str


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with what stands for it on the board; ``shown_url`` is empty where nothing does."""

    name: str
    url: str
    benchmark: str
    shown: SafeString | str
    shown_url: str
    score: SafeString
    rank: SafeString
    public: str
    correct_url: str


def context(team: Team, *, page: str | None, now: datetime) -> dict[str, Any]:
    """What submissions/_dashboard.html asks for."""
    shown = Paginator(_entries(team), ENTRIES_A_PAGE).get_page(page)
    return {
        "accounts": [] if team.archived_at else _accounts(team, now=now),
        "renews": figures.when(quota.renewal(now)),
        "entries": [_row(entry) for entry in shown],
        "entries_pager": pager.of(shown, team.get_absolute_url(), "entries", "#entries"),
    }


def _accounts(team: Team, *, now: datetime) -> list[Account]:
    """Every benchmark that takes answers or has taken some of the team. A query a benchmark: they are few."""
    known = Benchmark.objects.with_release().order_by("is_standin", "name")
    has_sent = set(Submission.objects.filter(team=team).values_list("benchmark", flat=True).distinct())
    return [
        _account(team, benchmark, now=now)
        for benchmark in known
        if benchmark.intake == "open" or benchmark.pk in has_sent
    ]


def _account(team: Team, benchmark: Benchmark, *, now: datetime) -> Account:
    account = quota.of(team, benchmark, now=now)
    may_send = benchmark.intake == "open" and not team.is_banned and team.archived_at is None
    left = _("%(left)s of %(limit)s")
    return Account(
        benchmark=benchmark.name,
        board_url=reverse("board", args=[benchmark.slug]),
        today=left % {"left": figures.count(account.left_today), "limit": figures.count(account.daily_limit)},
        total=left % {"left": figures.count(account.left_total), "limit": figures.count(account.total_limit)},
        public=_public_entries(quota.public_entries(team, benchmark), benchmark.public_entries_limit),
        upload_url=reverse("upload", args=[benchmark.slug]) if may_send else "",
    )


def _public_entries(used: int, limit: int | None) -> str:
    if limit is None:
        return _("%(used)s, without limit") % {"used": figures.count(used)}
    return _("%(used)s of %(limit)s") % {"used": figures.count(used), "limit": figures.count(limit)}


def _entries(team: Team) -> Any:
    """The entries with their place overall, and how many of their submissions are scored and public."""
    place = Figure.objects.filter(submission=OuterRef("shown"), column=OVERALL, shown=True)
    scored = Q(submissions__status=Submission.Status.SCORED)
    public = Q(submissions__visibility=Submission.Visibility.PUBLIC)
    return (
        Entry.objects.filter(team=team)
        .select_related("benchmark", "shown")
        .annotate(
            rank=Subquery(place.values("rank")[:1]),
            rank_low=Subquery(place.values("rank_low")[:1]),
            rank_high=Subquery(place.values("rank_high")[:1]),
            scored=Count("submissions", filter=scored),
            public=Count("submissions", filter=scored & public),
        )
        .order_by("benchmark__is_standin", "benchmark__name", "-created_at", "pk")
    )


def _row(entry: Any) -> Row:
    # A withdrawn one stays the shown one until the worker has ranked the board without it.
    shown = entry.shown if entry.shown and entry.shown.is_public and not entry.standing_due else None
    return Row(
        name=entry.name,
        url=entry.get_absolute_url(),
        benchmark=entry.benchmark.name,
        shown=figures.when(shown.received_at, seconds=True) if shown else _none_shown(entry),
        shown_url=shown.get_absolute_url() if shown else "",
        score=figures.score(shown.score if shown else None, 2),
        rank=figures.rank(entry.rank, entry.rank_low, entry.rank_high) if shown else figures.rank(None),
        public=_public(entry.public, entry.scored),
        correct_url=reverse("entry-correct", args=[entry.pk]),
    )


def _none_shown(entry: Entry) -> str:
    return _("being ranked anew") if entry.standing_due else _("nothing yet")


def _public(public: int, scored: int) -> str:
    if not scored:
        return _("nothing scored")
    said = ngettext("%(public)s of %(scored)s scored", "%(public)s of %(scored)s scored", scored)
    return said % {"public": figures.count(public), "scored": figures.count(scored)}

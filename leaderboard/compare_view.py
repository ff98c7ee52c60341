"""A comparison as its template draws it: finished text, and positions in percent of a drawing's width."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaderboard import verdicts
from leaderboard.comparison import Against, Comparison, Side
from leaderboard.entry_view import setting
from leaderboard.filters import OVERALL
from leaderboard.rivals import address, rivals
from scoring.definition import Definition
from submissions.models import Benchmark, Entry
from submissions.pairs import Told
from submissions.ui import format as written
from submissions.ui.format import Text
from submissions.ui.life import Setting

# Ends of the scale of a drawing, in points to either side.
SCALES = (0.5, 1, 2, 4, 6, 10, 20, 40, 60, 100)
SMALLEST_P = 0.0001


@dataclass(frozen=True, slots=True)
class Group:
    """Differences under a heading: their rows are finished, because a page has up to two hundred of them."""

    name: Text
    rows: SafeString


@dataclass(frozen=True, slots=True)
class Two:
    """A pair in finished text; without `groups` it is still computed, or cannot be."""

    id: str
    first: str
    second: str
    less: str  # who is better left of zero
    more: str
    sentence: str
    is_tied: bool
    is_done: bool
    is_fault: bool
    groups: tuple[Group, ...]
    ticks: tuple[tuple[str, str], ...]  # where, and what stands there
    only: tuple[str, ...]  # the subtasks that both have, where these are not all
    unsure: tuple[str, ...]  # those that both have, on one image alone
    table: Mapping[str, str] | None
    mid_p: str
    z: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What the row's entry is to the column's."""

    text: Text
    verdict: str  # better, worse, tied, self, or empty while nobody knows
    spoken: Text = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry at the head of the page; in the matrix, with a cell for each."""

    number: int
    name: str
    url: str
    team: str
    rank: str
    score: str
    interval: str
    coverage: str
    without_url: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class SettingRow:
    label: Text
    settings: tuple[Setting, ...]
    differs: bool


def unchosen(benchmark: Benchmark, chosen: Sequence[Side]) -> dict[str, Any]:
    """The page before two are chosen."""
    alone = chosen[0] if chosen else None
    return {
        "benchmark": benchmark,
        "nav": "benchmarks",
        "alone": alone.entry.name if alone else "",
        "rivals": rivals(benchmark, alone.entry.pk, alone.rank) if alone else [],
    }


def refused(benchmark: Benchmark, sentence: str) -> dict[str, Any]:
    """The page for an address that cannot be answered."""
    return {"benchmark": benchmark, "nav": "benchmarks", "refusal": sentence}


def context(found: Comparison) -> dict[str, Any]:
    """What leaderboard/compare.html asks for."""
    names = _names(found)
    pairs = [
        _two(number, against, names, found.release.rules)
        for number, against in enumerate(found.pairs, start=1)
    ]
    missing = sum(not against.is_done for against in found.pairs)
    ids = [side.entry.pk for side in found.sides]
    here = address(found.benchmark, ids)
    return {
        "benchmark": found.benchmark,
        "nav": "benchmarks",
        "release": found.release,
        "lines": list(_lines(found)),
        "pairs": pairs,
        "one": pairs[0] if len(pairs) == 1 else None,
        "yet_tied": _yet_tied(found),
        "computing": _computing(missing) if missing else "",
        "here": here,
        "json_url": here.replace(
            reverse("compare", args=[found.benchmark.slug]),
            reverse("api-compare", args=[found.benchmark.slug]),
        ),
        "settings": list(_settings([side.entry for side in found.sides])),
    }


def _yet_tied(found: Comparison) -> str:
    """Why two that are told apart here have ranks on the board that overlap; empty where they do not."""
    if len(found.pairs) != 1:
        return ""
    overall, (first, second) = found.pairs[0].overall, found.sides
    if overall is None or overall.verdict == 0 or not first.overlaps(second):
        return ""
    return _(
        "Their ranks on the board, {first} and {second}, overlap all the same: a range of ranks allows for all "
        "entries of the board at once, and so asks for more certainty of each two."
    ).format(
        first=written.rank(first.rank, first.rank_low, first.rank_high),
        second=written.rank(second.rank, second.rank_low, second.rank_high),
    )


def _computing(missing: int) -> str:
    said = ngettext(
        "A worker compares the two. It takes about a second.",
        "Workers compare them: {count} pairs are left. It takes a few seconds.",
        missing,
    )
    return said.format(count=missing)


def _names(found: Comparison) -> dict[str, str]:
    rules = found.release.rules
    return {
        OVERALL: _("Overall"),
        **{subtask.slug: str(subtask.name) for subtask in rules.subtasks},
    }


def _two(number: int, against: Against, names: Mapping[str, str], rules: Definition) -> Two:
    told, overall = against.found, against.overall
    columns = told.columns if told else {}
    limit = _limit(columns.values())
    subtasks = [name for name in columns if name in names and name != OVERALL]
    datasets = [name for name in columns if name not in names and len(rules.source_datasets) > 1]
    groups = [
        Group(title, SafeString("".join(_row(names.get(name, name), columns[name], limit) for name in some)))
        for title, some in (
            ("", [OVERALL] if overall else []),
            (_("By subtask"), subtasks),
            (_("By source dataset"), datasets),
        )
        if some
    ]
    more, less = against.first.entry.name, against.second.entry.name
    if rules.lower_is_better:
        more, less = less, more
    return Two(
        id=f"pair-{number}",
        less=less,
        more=more,
        first=against.first.entry.name,
        second=against.second.entry.name,
        sentence=against.sentence,
        is_tied=bool(overall and overall.verdict == 0),
        is_done=against.is_done,
        is_fault=bool(against.fault),
        groups=tuple(groups),
        ticks=tuple(_ticks(limit)),
        only=() if overall or not told else tuple(names[name] for name in subtasks),
        unsure=tuple(
            subtask.name
            for subtask in rules.subtasks
            if overall and subtask.slug not in columns and len(columns) > 1
        ),
        table=None
        if told is None or told.table is None
        else {name: written.count(value) for name, value in told.table._asdict().items()},
        mid_p="" if told is None or told.mid_p is None else _p(told.mid_p),
        z="" if overall is None or overall.z is None else verdicts.points(overall.z),
    )


def _limit(told: Iterable[Told]) -> float:
    """The end of the scale that holds every interval."""
    furthest = max((abs(end) for each in told for end in each.interval), default=0)
    return next((scale for scale in SCALES if furthest <= scale), SCALES[-1])


def _ticks(limit: float) -> Iterator[tuple[str, str]]:
    for place in (-1, -0.5, 0, 0.5, 1):
        text = f"{abs(place * limit):g}"
        sign = verdicts.MINUS if place < 0 else "+" if place > 0 else ""
        yield _across(place * limit, limit), f"{sign}{text}"


def _across(value: float, limit: float) -> str:
    return f"{50 + 50 * min(max(value / limit, -1), 1):.2f}%"


VERDICTS = {1: "better", -1: "worse", 0: "tied"}


def _words(verdict: int) -> str:
    if verdict == 0:
        return _("tied")
    return _("better") if verdict > 0 else _("worse")


def _row(label: str, told: Told, limit: float) -> str:
    """A difference as a row: its interval on the common scale around zero, and the figures."""
    low, high = (_across(end, limit) for end in told.interval)
    return _ROW.format(
        verdict=VERDICTS[told.verdict],
        label=escape(label),
        low=low,
        high=high,
        x=_across(told.difference, limit),
        points=verdicts.points(told.difference, signed=True),
        words=_words(told.verdict),
        interval=verdicts.interval(told),
    )


_ROW = """<tr class="is-{verdict}"><th scope="row">{label}</th><td class="draw">
<svg aria-hidden="true" focusable="false">
<line class="grid" x1="0" x2="0" y1="0" y2="100%"/><line class="grid" x1="25%" x2="25%" y1="0" y2="100%"/>
<line class="grid" x1="75%" x2="75%" y1="0" y2="100%"/><line class="grid" x1="100%" x2="100%" y1="0" y2="100%"/>
<line class="zero" x1="50%" x2="50%" y1="0" y2="100%"/>
<line class="interval" x1="{low}" x2="{high}" y1="50%" y2="50%"/>
<line class="interval" x1="{low}" x2="{low}" y1="34%" y2="66%"/>
<line class="interval" x1="{high}" x2="{high}" y1="34%" y2="66%"/><circle class="dot" cx="{x}" cy="50%" r="4.5"/>
</svg></td>
<td class="n">{points} <span class="visually-hidden">{words}</span><span class="interval">{interval}</span></td>
<td class="n quiet">{interval}</td></tr>
"""


def _p(value: float) -> str:
    if value < SMALLEST_P:
        return f"< {SMALLEST_P:.4f}"
    return f"{value:.4f}" if value < 0.01 else f"{value:.2f}"


def _lines(found: Comparison) -> Iterator[Line]:
    ids = [side.entry.pk for side in found.sides]
    by_two: dict[tuple[UUID, UUID], tuple[Told | None, Against, int]] = {}
    for number, against in enumerate(found.pairs, start=1):
        first, second, overall = against.first.entry.pk, against.second.entry.pk, against.overall
        by_two[first, second] = (overall, against, number)
        by_two[second, first] = (overall and overall.turned(), against, number)
    for number, side in enumerate(found.sides, start=1):
        pk, submission = side.entry.pk, side.submission
        yield Line(
            number=number,
            name=side.entry.name,
            url=side.entry.get_absolute_url(),
            team=side.entry.team.name,
            rank=written.rank(side.rank, side.rank_low, side.rank_high),
            score=written.score(submission.score),
            interval=written.interval(submission.interval),
            coverage=written.share(submission.coverage),
            without_url=address(found.benchmark, [each for each in ids if each != pk])
            if len(ids) > 2
            else "",
            cells=tuple(_cell(by_two.get((pk, other))) for other in ids),
        )


def _cell(known: tuple[Told | None, Against, int] | None) -> Cell:
    if known is None:
        return Cell("", "self")
    told, against, number = known
    url = f"#pair-{number}"
    if told is None:
        return Cell("–" if against.is_done else "…", "", url=url)
    return Cell(
        verdicts.points(told.difference, signed=True), VERDICTS[told.verdict], _words(told.verdict), url
    )


def _settings(entries: Sequence[Entry]) -> Iterator[SettingRow]:
    """What at least one of them declares."""
    for name in Entry.SETTINGS:
        said = tuple(setting(entry, name) for entry in entries)
        if any(each.declared for each in said):
            differs = len({(each.declared, str(each.text)) for each in said}) > 1
            yield SettingRow(said[0].label, said, differs)

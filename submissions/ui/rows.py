"""What the templates draw: plain, frozen values with finished text in them.

The page modules of both layers build these; the templates only place them. Figures are text made by
:mod:`submissions.ui.format`; positions in drawings are percentages of the width as text ("67.4%"), so that an
SVG needs neither a view box nor a style.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring.replies import UNREAD
from submissions.ui import format as figures

Text = str | Promise
"""Text for a reader, translated now or when it is drawn."""


# ---- the board ----


@dataclass(frozen=True, slots=True)
class Link:
    """A tab, a switch position, the head of a column, or a download."""

    text: Text
    url: str
    current: bool = False
    title: Text = ""

    @property
    def html(self) -> SafeString:
        """The link joined here, because a board has some thirty of them."""
        title = f' title="{escape(str(self.title))}"' if self.title else ""
        current = ' aria-current="page"' if self.current else ""
        return SafeString(f'<a href="{escape(self.url)}"{title}{current}>{escape(str(self.text))}</a>')


BoardRow = SafeString
"""One line of the board, a finished table row."""


def board_row(
    *,
    kind: Literal["scored", "quoted", "human", "chance"],
    name: str,
    score: float | None,
    further: Iterable[float | None],
    rank: int | None = None,
    rank_low: int | None = None,
    rank_high: int | None = None,
    tie: Literal["", "start", "middle", "end"] = "",
    url: str = "",
    team: Text = "",
    settings: tuple[str, ...] = (),
    undeclared: int = 0,
    partial: bool = False,
    source: Text = "",
    coverage: float | None = None,
    tries: int | None = None,
    notation: figures.Notation | None = None,
) -> BoardRow:
    """One line of the board as a table row.

    ``further`` are the scores after the first, in the order of the columns; ``settings`` the declared ones in
    words, ``undeclared`` how many were not; ``team`` is its name, or "quoted" where the row has a ``source``,
    which then is one tap away. Everything is escaped here. The row is joined in Python because it is what the
    board has fifty of: the same row in the template's language costs five times more. A page of rows asks for
    the ``notation`` once.
    """
    notation = notation or figures.notation()
    classes: str = kind if kind != "scored" else "first" if rank == 1 else ""
    if tie:
        classes = f"{classes} tie tie-{tie}".strip()
    title = escape(name)
    if url:
        title = f'<a href="{escape(url)}">{title}</a>'
    with_line = _with_line(notation, settings, undeclared, partial)
    whose = escape(str(team))
    if source:
        whose = f"<details><summary>{whose}</summary><p>{escape(str(source))}</p></details>"
    plain = "".join([f'<td class="n">{notation.score(value)}</td>' for value in further])
    covered = notation.share(coverage) if kind == "scored" else ""
    tried = "" if tries is None else notation.count(tries)
    return SafeString(
        f'<tr class="{classes}"><td class="rank">{notation.rank(rank, rank_low, rank_high)}</td>'
        f'<th scope="row" class="name">{title}{with_line}</th><td class="team">{whose}</td>'
        f'<td class="n score">{notation.score(score)}</td>{plain}'
        f'<td class="n">{covered}</td><td class="n">{tried}</td></tr>\n'
    )


@lru_cache(maxsize=4096)
def _said(settings: tuple[str, ...]) -> str:
    # Kept, because most rows of a board are run alike.
    return f'<span class="said">{" · ".join(map(escape, settings))}</span>'


def _with_line(notation: figures.Notation, settings: tuple[str, ...], undeclared: int, partial: bool) -> str:
    """The declared settings, then in amber what a reader must know is not there."""
    parts = [_said(settings)] if settings else []
    if partial:
        parts.append(f'<span class="undeclared">{notation.partial}</span>')
    if undeclared:
        parts.append(f'<span class="undeclared">{notation.undeclared(undeclared)}</span>')
    return f'<span class="with">{" ".join(parts)}</span>' if parts else ""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    text: Text
    selected: bool = False


@dataclass(frozen=True, slots=True)
class FilterField:
    """A filter as a form field: a select where it has ``options``, else a text or number input."""

    name: str
    label: Text
    options: tuple[Option, ...] = ()
    value: str = ""
    type: str = "search"

    @property
    def options_html(self) -> SafeString:
        """The options joined here, because a board has some sixty of them."""
        marked = {True: " selected", False: ""}
        return SafeString(
            "".join(
                [
                    f'<option value="{escape(o.value)}"{marked[o.selected]}>{escape(str(o.text))}</option>'
                    for o in self.options
                ]
            )
        )


@dataclass(frozen=True, slots=True)
class FilterWord:
    """A filter in force, in words, and the address of the board without it."""

    text: Text
    remove_url: str


# ---- a submission's life ----


@dataclass(frozen=True, slots=True)
class Tick:
    """One of the four marks: ``state`` is "done", "now", "todo" or "bad"."""

    text: Text
    state: Literal["done", "now", "todo", "bad"]
    at: SafeString | str = ""
    note: Text = ""


def life(
    status: str,
    *,
    received_at: datetime,
    started_at: datetime | None,
    finished_at: datetime | None,
    position: int | None = None,
) -> tuple[Tick, ...]:
    """The four ticks of a submission; ``position`` is its place in the queue, counting from 1.

    A submission that was cancelled or rejected before scoring began has no time at the third tick.
    """
    received = Tick(_("received"), "done", figures.when(received_at))
    note = "" if position is None else _("number %(position)s in the queue") % {"position": position}
    queued = Tick(_("queued"), "now" if status == "queued" else "done", figures.clock(received_at), note)
    began = figures.clock(started_at) if started_at else ""
    scoring_state: Literal["done", "now", "todo"] = "todo"
    if status == "scoring":
        scoring_state = "now"
    elif started_at is not None:
        scoring_state = "done"
    scoring = Tick(_("scoring"), scoring_state, began)
    return received, queued, scoring, _last_tick(status, finished_at)


def _last_tick(status: str, finished_at: datetime | None) -> Tick:
    ended = figures.clock(finished_at) if finished_at else ""
    if status == "scored":
        return Tick(_("scored"), "done", ended)
    words = {"rejected": _("rejected"), "failed": _("failed"), "cancelled": _("cancelled")}
    if status in words:
        return Tick(words[status], "bad", ended)
    return Tick(_("scored"), "todo")


# ---- a report ----


@dataclass(frozen=True, slots=True)
class Dot:
    """One subtask on the common scale, with the leader's figure beside it where there is one."""

    label: Text
    score: str
    x: str = ""
    leader: str = ""
    leader_x: str = ""


@dataclass(frozen=True, slots=True)
class HeatCell:
    text: str
    heat: int


@dataclass(frozen=True, slots=True)
class HeatRow:
    label: str
    cells: tuple[HeatCell, ...]
    mean: str


@dataclass(frozen=True, slots=True)
class HeatTable:
    """Source dataset x subtask; ``means`` is the row of the subtasks' means, ``overall`` its last cell."""

    columns: tuple[Text, ...]
    rows: tuple[HeatRow, ...]
    means: tuple[str, ...]
    overall: str
    steps: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class Facing:
    """Overkill to the left and miss to the right of one middle line."""

    label: Text
    overkill: str
    miss: str
    left_x: str
    left_width: str
    right_width: str
    total: bool = False


@dataclass(frozen=True, slots=True)
class Detection:
    rows: tuple[Facing, ...]
    recall: str
    precision: str
    f1: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How many replies one rule read; ``unread`` marks the line of those that none could."""

    text: Text
    count: str
    share: str
    unread: bool = False


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything the report's drawings need, in finished text."""

    score: str
    has_score: bool
    present: str
    coverage: str
    complete: bool
    partial: tuple[Text, ...]
    dots: tuple[Dot, ...]
    heat: HeatTable
    detection: Detection | None
    readings: tuple[Reading, ...]
    official: str
    micro: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a score stands among the public entries: in the open division, and in the closed one if it is in it.

    ``hypothetical`` says that the submission is not public and *would* stand there.
    """

    rank: int
    of: int
    rank_closed: int | None = None
    of_closed: int = 0
    behind: str = ""
    leader: str = ""
    leader_url: str = ""
    hypothetical: bool = False


def report_view(
    body: Mapping[str, Any],
    *,
    subtasks: Sequence[tuple[str, str]],
    datasets: Sequence[str],
    leader: Mapping[str, float | None] | None = None,
) -> ReportView:
    """Turn a stored report into what its page draws.

    ``body`` is the report as scoring writes it; ``subtasks`` are (slug, name) in the benchmark's order;
    ``leader`` holds the first entry's figures by subtask slug. What the report leaves out is not drawn.
    """
    official = body.get("official_compatible")
    drawn = subtasks if body.get("subtasks") else ()
    drawn_datasets = datasets if body.get("cells") else ()
    return ReportView(
        score=figures.score(body.get("score"), 2),
        has_score=body.get("score") is not None,
        present=figures.share(body.get("present")),
        coverage=figures.share(body.get("coverage")),
        complete=body.get("coverage") == 1,
        partial=tuple(name for slug, name in subtasks if slug in (body.get("partial") or ())),
        dots=tuple(
            dot(name, body["subtasks"].get(slug), leader.get(slug) if leader else None)
            for slug, name in drawn
        ),
        heat=heat_table(body, subtasks=drawn, datasets=drawn_datasets),
        detection=_detection(body, drawn_datasets),
        readings=reading_lines(body.get("readings") or {}),
        official="" if official is None else figures.score(official, 2),
        micro=figures.score(body.get("micro"), 2),
    )


def dot(label: Text, score: float | None, leader: float | None = None) -> Dot:
    return Dot(
        label=label,
        score=figures.score(score, 2),
        x=_across(score),
        leader="" if leader is None else figures.score(leader, 2),
        leader_x=_across(leader),
    )


def _across(value: float | None) -> str:
    return "" if value is None else f"{min(max(value, 0.0), 100.0):.2f}%"


def heat_cell(value: float | None, decimals: int = 1) -> HeatCell:
    return HeatCell(figures.score(value, decimals), figures.heat(value))


def heat_table(
    body: Mapping[str, Any], *, subtasks: Sequence[tuple[str, str]], datasets: Sequence[str]
) -> HeatTable:
    """The dataset x subtask table of a report; a cell without questions or answers reads as missing."""
    cells = {(cell["dataset"], cell["subtask"]): cell["score"] for cell in body.get("cells") or ()}
    rows = tuple(
        HeatRow(
            label=dataset,
            cells=tuple(heat_cell(cells.get((dataset, slug))) for slug, _name in subtasks),
            mean=figures.score((body.get("datasets") or {}).get(dataset), 2),
        )
        for dataset in datasets
    )
    return HeatTable(
        columns=tuple(name for _slug, name in subtasks),
        rows=rows,
        means=tuple(figures.score((body.get("subtasks") or {}).get(slug), 2) for slug, _name in subtasks),
        overall=figures.score(body.get("score"), 2),
        steps=heat_steps(),
    )


def heat_steps() -> tuple[HeatCell, ...]:
    """The key of the heat table: its seven classes in words."""
    low = (None, *figures.HEAT_STEPS)
    high = (*figures.HEAT_STEPS, None)
    words = []
    for step, (start, end) in enumerate(zip(low, high, strict=True), start=1):
        if start is None:
            text = _("under %(end)s") % {"end": f"{end:.0f}"}
        else:
            text = f"{start:.0f}–{100 if end is None else end:.0f}"
        words.append(HeatCell(text, step))
    return tuple(words)


def _detection(body: Mapping[str, Any], datasets: Sequence[str]) -> Detection | None:
    detection = body.get("detection")
    if not detection or detection.get("overkill") is None:
        return None
    by_dataset = body.get("detection_by_dataset") or {}
    rows = [facing(dataset, by_dataset[dataset]) for dataset in datasets if by_dataset.get(dataset)]
    return Detection(
        rows=(*rows, facing(_("Mean"), detection, total=True)),
        recall=figures.score(detection.get("recall"), 2),
        precision=figures.score(detection.get("precision"), 2),
        f1=figures.score(detection.get("f1"), 2),
    )


def facing(label: Text, rates: Mapping[str, float | None], *, total: bool = False) -> Facing:
    overkill, miss = rates.get("overkill"), rates.get("miss")
    left = min(max(overkill or 0.0, 0.0), 100.0) / 2
    right = min(max(miss or 0.0, 0.0), 100.0) / 2
    return Facing(
        label=label,
        overkill=figures.score(overkill),
        miss=figures.score(miss),
        left_x=f"{50 - left:.2f}%",
        left_width=f"{left:.2f}%",
        right_width=f"{right:.2f}%",
        total=total,
    )


READINGS: Mapping[str, Text] = {
    "letter": gettext_lazy("a letter alone"),
    "marked": gettext_lazy("a marked letter, such as “Answer: B”"),
    "yes-no": gettext_lazy("yes or no"),
    "option-text": gettext_lazy("an option's words"),
    "empty": gettext_lazy("not read: empty"),
    "conflicting": gettext_lazy("not read: two different letters"),
    "outside": gettext_lazy("not read: a letter that is no option"),
    "none": gettext_lazy("not read: no option recognised"),
}
"""What each rule of scoring reads."""


def reading_lines(counts: Mapping[str, int]) -> tuple[Reading, ...]:
    """How replies were read: the rules in their order of frequency, then those that leave a reply unread."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (item[0] in UNREAD, -item[1], item[0]))
    return tuple(
        Reading(
            text=READINGS.get(rule, rule),
            count=figures.count(number),
            share=figures.share(number / total),
            unread=rule in UNREAD,
        )
        for rule, number in ordered
        if number
    )


# ---- entries, rejected files, provenance ----


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared setting, or one that was not: then ``text`` says so and ``declared`` is false."""

    label: Text
    text: Text
    declared: bool = True
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of provenance; ``copy`` is the whole value where the text is cut."""

    label: Text
    text: Text
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a file was rejected, in words, and how often."""

    text: Text
    count: str


@dataclass(frozen=True, slots=True)
class ProblemLine:
    text: Text
    line: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """What was wrong with a file: causes first, then its first lines."""

    causes: tuple[Cause, ...]
    lines: tuple[ProblemLine, ...]
    total: str
    more: bool = False
    advice: tuple[Text, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One submission in an entry's or a team's list."""

    url: str
    received: SafeString | str
    status: str
    status_text: Text
    score: str
    coverage: str
    visibility: Text = ""
    shown: bool = False
    reason: Text = ""
    entry: str = ""
    benchmark: str = ""

"""A report as it is drawn: plain, frozen values with finished text in them; the templates only place them.

Figures are text made by :mod:`submissions.ui.format`; positions in drawings are percentages of the width as text
("67.4%"), so that an SVG needs neither a view box nor a style.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring.replies import UNREAD
from scoring.report import CONSTANT
from scoring.statistics.tries import gain as gain_of
from submissions.ui import format as figures
from submissions.ui.box_report import BoxFigures, box_figures
from submissions.ui.format import Text
from submissions.ui.scale import Drawing

ONE_SIDED = 90.0
"""Overkill or miss above this, in percent, deserves a sentence ..."""
FINE = 50.0
"""... where the other one is below this."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One subtask on the common scale, with the leader's figure beside it where there is one."""

    label: Text
    score: str
    x: str = ""
    interval: str = ""
    low_x: str = ""
    high_x: str = ""
    leader: str = ""
    leader_x: str = ""


@dataclass(frozen=True, slots=True)
class HeatCell:
    text: str
    heat: int
    interval: str = ""


@dataclass(frozen=True, slots=True)
class Mean:
    text: str
    interval: str = ""


@dataclass(frozen=True, slots=True)
class HeatRow:
    label: str
    cells: tuple[HeatCell, ...]
    mean: Mean


@dataclass(frozen=True, slots=True)
class HeatTable:
    """Source dataset x subtask; ``means`` is the row of the subtasks' means, ``overall`` its last cell."""

    columns: tuple[Text, ...]
    rows: tuple[HeatRow, ...]
    means: tuple[Mean, ...]
    overall: Mean
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
    overkill_interval: str = ""
    miss_interval: str = ""


@dataclass(frozen=True, slots=True)
class Detection:
    rows: tuple[Facing, ...]
    recall: str
    precision: str
    f1: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How many replies one rule read; ``unread`` marks the line of those that none could."""

    text: Text
    count: str
    share: str
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """The score twice: as it is ranked, and with questions left out whose reply is missing or was not read."""

    count: int
    count_text: str
    ranked: str
    interval: str
    official: str
    official_x: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything the report's drawings need, in finished text."""

    score: str
    interval: str
    has_score: bool
    present: str
    coverage: str
    complete: bool
    partial: tuple[Text, ...]
    dots: tuple[Dot, ...]
    heat: HeatTable | None
    detection: Detection | None
    readings: tuple[Reading, ...]
    unread: Unread | None
    micro: str
    micro_interval: str
    drawing: Drawing | None
    constant: tuple[str, ...]
    gain: str
    tries: int
    boxes: BoxFigures | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a score stands among the public entries: in the open division, and in the closed one if it is in it.

    ``first`` and ``last`` are the ranks in the open division that cannot be ruled out, None where they are not known.
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
    first: int | None = None
    last: int | None = None

    @property
    def is_shared(self) -> bool:
        """Whether there are others that it cannot be told apart from."""
        return self.first != self.last


def report_view(
    body: Mapping[str, Any],
    *,
    subtasks: Sequence[tuple[str, str]],
    datasets: Sequence[str],
    leader: Mapping[str, float | None] | None = None,
    tries: int = 1,
    lower_is_better: bool = False,
    unread: int = 0,
    records: int = 0,
) -> ReportView:
    """Turn a stored report into what its page draws.

    ``body`` is the report as scoring writes it; ``subtasks`` are (slug, name) in the benchmark's order;
    ``leader`` holds the first entry's figures by subtask slug; ``tries`` is how many the score was picked from, and
    ``unread`` how many questions have no reply that was read; ``records`` are those of a file of boxes. What the report
    leaves out is not drawn.
    """
    score, interval = body.get("score"), body.get("interval")
    gain = gain_of(tries, score, interval)
    drawing = Drawing.of(score, interval, -gain if gain and lower_is_better else gain)
    ends = body.get("intervals", {}).get("subtasks", {})
    drawn = subtasks if body.get("subtasks") else ()
    asked = {cell["dataset"] for cell in body.get("cells") or ()}
    is_boxes = body.get("kind") == "boxes"
    drawn_datasets = [dataset for dataset in datasets if dataset in asked]
    return ReportView(
        score=figures.score(score, 2),
        interval=figures.interval(interval, 2),
        has_score=score is not None,
        present=figures.share(body.get("present")),
        coverage=figures.share(body.get("coverage")),
        complete=body.get("coverage") == 1,
        partial=tuple(name for slug, name in subtasks if slug in (body.get("partial") or ())),
        dots=tuple(
            dot(name, body["subtasks"].get(slug), leader.get(slug) if leader else None, ends.get(slug))
            for slug, name in drawn
        ),
        heat=heat_table(body, subtasks=drawn, datasets=drawn_datasets)
        if drawn_datasets and len(datasets) > 1
        else None,
        detection=_detection(body, drawn_datasets),
        readings=() if is_boxes else reading_lines(body.get("readings") or {}),
        unread=_unread(body, unread, drawing),
        micro=figures.score(body["micro"], 2) if body.get("micro") is not None else "",
        micro_interval=figures.interval(body.get("intervals", {}).get("micro"), 2),
        drawing=drawing,
        constant=_constant(body, subtasks),
        gain=figures.score(gain, 2) if gain else "",
        tries=tries,
        boxes=box_figures(body, records=records) if is_boxes else None,
    )


def _unread(body: Mapping[str, Any], count: int, drawing: Drawing | None) -> Unread | None:
    """None where the report does not tell, or there is no score."""
    score, official = body.get("score"), body.get("official_compatible")
    if score is None or official is None:
        return None
    return Unread(
        count=count,
        count_text=figures.count(count),
        ranked=figures.score(score, 2),
        interval=figures.interval(body.get("interval"), 2),
        official=figures.score(official, 2),
        official_x=drawing.scale.across(official) if drawing and drawing.scale.holds(official) else "",
    )


def _constant(body: Mapping[str, Any], subtasks: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """What is answered with hardly more than one letter: the whole file, else each subtask that is, in sentences."""
    whole = body.get("commonest")
    if whole and whole["share"] > CONSTANT:
        text = _("{share} of the replies that could be read are the letter {letter}.")
        return (text.format(share=figures.share(whole["share"]), letter=whole["letter"]),)
    found = body.get("commonest_by_subtask") or {}
    text = _("{subtask}: {share} of the replies that could be read are the letter {letter}.")
    return tuple(
        text.format(subtask=name, share=figures.share(its["share"]), letter=its["letter"])
        for slug, name in subtasks
        if (its := found.get(slug)) and its["share"] > CONSTANT
    )


def dot(
    label: Text,
    score: float | None,
    leader: float | None = None,
    interval: Sequence[float] | None = None,
) -> Dot:
    return Dot(
        label=label,
        score=figures.score(score, 2),
        x=_across(score),
        interval=figures.interval(interval, 1),
        low_x=_across(interval[0]) if interval else "",
        high_x=_across(interval[1]) if interval else "",
        leader="" if leader is None else figures.score(leader, 2),
        leader_x=_across(leader),
    )


def _across(value: float | None) -> str:
    return "" if value is None else f"{min(max(value, 0.0), 100.0):.2f}%"


def heat_cell(value: float | None, interval: Sequence[float] | None = None) -> HeatCell:
    return HeatCell(figures.score(value), figures.heat(value), figures.interval(interval))


def _mean(value: float | None, interval: Sequence[float] | None) -> Mean:
    return Mean(figures.score(value, 2), figures.interval(interval))


def heat_table(
    body: Mapping[str, Any], *, subtasks: Sequence[tuple[str, str]], datasets: Sequence[str]
) -> HeatTable:
    """The dataset x subtask table of a report; a cell without questions or answers reads as missing."""
    cells = {
        (cell["dataset"], cell["subtask"]): (cell["score"], cell.get("interval"))
        for cell in body.get("cells") or ()
    }
    scores, by_subtask = body.get("datasets") or {}, body.get("subtasks") or {}
    ends = body.get("intervals", {})
    ends_by_dataset, ends_by_subtask = ends.get("datasets", {}), ends.get("subtasks", {})
    rows = tuple(
        HeatRow(
            label=dataset,
            cells=tuple(heat_cell(*cells.get((dataset, slug), (None, None))) for slug, _name in subtasks),
            mean=_mean(scores.get(dataset), ends_by_dataset.get(dataset)),
        )
        for dataset in datasets
    )
    return HeatTable(
        columns=tuple(name for _slug, name in subtasks),
        rows=rows,
        means=tuple(_mean(by_subtask.get(slug), ends_by_subtask.get(slug)) for slug, _name in subtasks),
        overall=_mean(body.get("score"), body.get("interval")),
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
    intervals = body.get("intervals", {})
    ends, ends_by_dataset = intervals.get("detection", {}), intervals.get("detection_by_dataset", {})
    rows = [
        facing(dataset, by_dataset[dataset], ends_by_dataset.get(dataset))
        for dataset in datasets
        if by_dataset.get(dataset)
    ]
    return Detection(
        rows=(*rows, facing(_("Mean"), detection, ends, total=True)),
        recall=_with_interval(detection, ends, "recall"),
        precision=_with_interval(detection, ends, "precision"),
        f1=_with_interval(detection, ends, "f1"),
        warning=_one_sided(detection),
    )


def _one_sided(rates: Mapping[str, float | None]) -> str:
    """One plain sentence where a detector says nearly the same of every image, though other figures look fine."""
    overkill, miss, f1 = (rates.get(name) or 0.0 for name in ("overkill", "miss", "f1"))
    if overkill > ONE_SIDED and miss < FINE:
        return _(
            "It calls nearly every image defective, {overkill} % of the normal ones too: that alone gives it a recall "
            "of {recall} % and an F1 of {f1} %. It can hardly tell good from bad."
        ).format(
            overkill=figures.score(overkill),
            recall=figures.score(rates.get("recall")),
            f1=figures.score(f1),
        )
    if miss > ONE_SIDED and overkill < FINE:
        return _(
            "It calls nearly every image normal and misses {miss} % of the defective ones: that alone keeps its "
            "overkill at {overkill} %. It can hardly tell good from bad."
        ).format(miss=figures.score(miss), overkill=figures.score(overkill))
    return ""


def _with_interval(
    scores: Mapping[str, float | None], ends: Mapping[str, Sequence[float] | None], name: str
) -> str:
    """A figure in a sentence: "82.30 (81.0–83.6)"."""
    said = figures.score(scores.get(name), 2)
    interval = figures.interval(ends.get(name))
    return SafeString(f"{said} ({interval})") if interval else said


def facing(
    label: Text,
    rates: Mapping[str, float | None],
    intervals: Mapping[str, Sequence[float] | None] | None = None,
    *,
    total: bool = False,
) -> Facing:
    ends = intervals or {}
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
        overkill_interval=figures.interval(ends.get("overkill")),
        miss_interval=figures.interval(ends.get("miss")),
    )


READINGS: Mapping[str, Text] = {
    "letter": gettext_lazy("a letter alone"),
    "marked": gettext_lazy("a marked letter, such as “Answer: B”"),
    "yes-no": gettext_lazy("yes or no"),
    "option-text": gettext_lazy("an option’s words"),
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

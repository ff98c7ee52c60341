"""What a report on boxes has beside any other's, as it is drawn: finished text, as in ui/report.py."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from submissions.ui import format as figures
from submissions.ui.format import Text

WORST = 10
"""Categories that stand in the open; the others are one tap away."""

FRAMES: Mapping[str, Text] = {
    "short-edge-448": gettext_lazy("Short edge 448 pixels long"),
    "pixels": gettext_lazy("Pixels of the original image"),
    "0-1000": gettext_lazy("0 to 1000 along each axis"),
}
"""What boxes may be measured in."""


@dataclass(frozen=True, slots=True)
class Figure:
    label: Text
    score: str
    interval: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """Localization at an overlap; the counts of boxes are empty where they are not disclosed."""

    least: str
    figures: tuple[Figure, ...]
    right: str = ""
    false: str = ""
    missed: str = ""


@dataclass(frozen=True, slots=True)
class CategoryRow:
    name: str
    dataset: str
    images: str
    detection: str
    localization: str
    heat: int
    right: str
    false: str
    missed: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why answers are invalid: how many records of the file, in words, and how to mend it."""

    code: str
    count: str
    share: str
    text: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class Reasoning:
    share: str
    mean: str
    median: str
    longest: str


@dataclass(frozen=True, slots=True)
class BoxFigures:
    """What the drawings need; what is not disclosed is empty. The worst categories in localization come first."""

    detection: tuple[Figure, ...]
    overlaps: tuple[Overlap, ...]
    worst: tuple[CategoryRow, ...]
    others: tuple[CategoryRow, ...]
    read: tuple[tuple[Text, str, str], ...]
    causes: tuple[Cause, ...]
    invalid: str
    invalid_share: str
    reasoning: Reasoning | None
    frame: Text


class _Words(NamedTuple):
    text: Text
    remedy: Text


CAUSES: Mapping[str, _Words] = {
    "no-answer-tag": _Words(
        gettext_lazy("No answer: nothing stands between <answer> and </answer>, or the reply is empty."),
        gettext_lazy(
            "Let the model end in <answer>…</answer>; often it was cut off, and needs more tokens to answer."
        ),
    ),
    "neither-yes-nor-no": _Words(
        gettext_lazy("Neither yes nor no: the answer begins with another word."),
        gettext_lazy("Ask for Yes or No as the answer’s first word; as JSON, “anomalous” is true or false."),
    ),
    "not-four-numbers": _Words(
        gettext_lazy("A box that is none: it has not four numbers, or its braces cannot be read."),
        gettext_lazy(
            "Write each box as {'bbox_2d': [x1, y1, x2, y2], 'label': '…'}, in Python’s notation or JSON’s."
        ),
    ),
    "turned-box": _Words(
        gettext_lazy("A turned box: it ends before it begins, or has no width or no height."),
        gettext_lazy(
            "x1, y1 is the upper left corner and x2, y2 the lower right one, not the width and the height."
        ),
    ),
    "outside-frame": _Words(
        gettext_lazy("A box outside: it reaches over the edge of the image."),
        gettext_lazy(
            "Look whether the frame is the one that the model answers in, and clip boxes to the image."
        ),
    ),
    "too-many-boxes": _Words(
        gettext_lazy("More than 250 boxes on one image."),
        gettext_lazy("Models that repeat themselves do so: keep each box once, or stop the model earlier."),
    ),
    "yes-without-box": _Words(
        gettext_lazy("Yes without a box: it was not said where the anomaly is."),
        gettext_lazy("Ask for at least one box with every Yes."),
    ),
    "no-with-box": _Words(
        gettext_lazy("No with a box: the answer contradicts itself."),
        gettext_lazy("Ask for boxes after Yes alone; as JSON, leave the list of boxes empty."),
    ),
}
"""What each cause of scoring means."""

_DETECTION: tuple[tuple[str, Text], ...] = (
    ("detection/recall", gettext_lazy("Recall")),
    ("detection/precision", gettext_lazy("Precision")),
    ("detection/balanced-accuracy", gettext_lazy("Balanced accuracy")),
)
_OVERLAPS: tuple[tuple[str, tuple[str, str, str]], ...] = (
    ("0.1", ("localization", "localization/recall", "localization/precision")),
    ("0.5", ("localization/accuracy-50", "localization/recall-50", "localization/precision-50")),
)


def box_figures(body: Mapping[str, Any], *, records: int) -> BoxFigures:
    """Turn a stored report on boxes, as far as it is disclosed, into what its page draws.

    `records` is how many the file has.
    """
    rows = [_row(category) for category in sorted(body.get("categories") or (), key=_worst_first)]
    invalid = sum(body["invalid"].values())
    return BoxFigures(
        detection=tuple(_detection(body)),
        overlaps=tuple(_overlaps(body)),
        worst=tuple(rows[:WORST]),
        others=tuple(rows[WORST:]),
        read=tuple(_read(body.get("readings") or {}, records)),
        causes=tuple(_causes(body["invalid"], records)),
        invalid=figures.count(invalid),
        invalid_share=_share(invalid, records),
        reasoning=_reasoning(body["reasoning"]),
        frame=FRAMES.get(body["frame"], body["frame"]),
    )


def _figure(body: Mapping[str, Any], name: str, label: Text) -> Figure:
    """One beside a subtask, or the subtask's own."""
    kind = "further" if "/" in name else "subtasks"
    ends: Sequence[float] | None = body["intervals"].get(kind, {}).get(name)
    return Figure(label, figures.score(body[kind].get(name), 2), figures.interval(ends))


def _detection(body: Mapping[str, Any]) -> Iterator[Figure]:
    if "further" in body and "detection" not in _left_out(body):
        yield _figure(body, "detection", _("Accuracy"))
        for name, label in _DETECTION:
            yield _figure(body, name, label)


def _overlaps(body: Mapping[str, Any]) -> Iterator[Overlap]:
    if "further" not in body or "localization" in _left_out(body):
        return
    labels = (_("Accuracy"), _("Recall"), _("Precision"))
    boxes = body.get("boxes") or {}
    for least, names in _OVERLAPS:
        counts = boxes.get(least)
        yield Overlap(
            least,
            tuple(_figure(body, name, label) for name, label in zip(names, labels, strict=True)),
            **{name: figures.count(number) for name, number in (counts or {}).items()},
        )


def _left_out(body: Mapping[str, Any]) -> set[str]:
    """The subtasks that a partial file does not answer."""
    return {name for name in body["subtasks"] if body["partial"] and name not in body["partial"]}


def _worst_first(category: Mapping[str, Any]) -> tuple[float, float, str, str]:
    """By localization, then by detection; what has no localization comes last."""

    def key(score: float | None) -> float:
        return 101.0 if score is None else score

    return (
        key(category["localization"]),
        key(category["detection"]),
        category["dataset"],
        category["category"],
    )


def _row(category: Mapping[str, Any]) -> CategoryRow:
    counts = category["boxes"]
    return CategoryRow(
        name=category["category"],
        dataset=category["dataset"],
        images=figures.count(category["images"]),
        detection=figures.score(category["detection"]),
        localization=figures.score(category["localization"]),
        heat=figures.heat(category["localization"]),
        right=figures.count(counts["right"]),
        false=figures.count(counts["false"]),
        missed=figures.count(counts["missed"]),
    )


def _share(number: int, records: int) -> SafeString:
    return figures.share(number / records if records else None)


def _read(counts: Mapping[str, int], records: int) -> Iterator[tuple[Text, str, str]]:
    said = (("yes", _("Said Yes, with boxes")), ("no", _("Said No")))
    for rule, text in said:
        if rule in counts:
            yield text, figures.count(counts[rule]), _share(counts[rule], records)


def _causes(counts: Mapping[str, int], records: int) -> Iterator[Cause]:
    """The most frequent first."""
    for code, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if number:
            words = CAUSES.get(code, _Words(code, ""))
            yield Cause(code, figures.count(number), _share(number, records), words.text, words.remedy)


def _reasoning(measured: Mapping[str, Any]) -> Reasoning | None:
    """None where no record has any."""
    if not measured["share"]:
        return None
    return Reasoning(
        share=figures.share(measured["share"]),
        mean=figures.count(round(measured["mean"])),
        median=figures.count(round(measured["median"])),
        longest=figures.count(measured["longest"]),
    )

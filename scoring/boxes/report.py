"""The report on one answer file."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self

from scoring.statistics.bootstrap import Interval


class BoxCell(NamedTuple):
    """A source dataset x subtask. `asked` counts its images, `answered` the valid answers to them.

    `correct` counts right answers in detection, and right boxes at an overlap of 0.1 in localization.
    """

    dataset: str
    subtask: str
    asked: int
    answered: int
    correct: int
    score: float | None
    interval: Interval | None = None


class Located(NamedTuple):
    """Boxes at an overlap: right ones, predicted ones that are not, true ones that nothing found."""

    right: int
    false: int
    missed: int


class Category(NamedTuple):
    """A product: how many images it has and of how many detection is right, and its boxes at an overlap of 0.1.

    Scores are None where there is nothing that they could be of.
    """

    dataset: str
    category: str
    images: int
    right: int
    boxes: Located
    detection: float | None
    localization: float | None


class Reasoning(NamedTuple):
    """The text before the answers: in which share of the records there is any, and its characters where there is."""

    share: float
    mean: float
    median: float
    longest: int


@dataclass(frozen=True, slots=True)
class BoxReport:
    """All scores are in percent at full precision, None where nothing was asked; shares are 0 to 1.

    `score` is the mean of detection and localization accuracy, each a mean over categories; `subtasks` holds these,
    `datasets` the same means within a source dataset. `further` holds what is shown beside them, by the names of
    scoring.boxes.layout.FURTHER: detection/recall, localization/accuracy-50 and so on, and `further_by_dataset` the
    same within a source dataset. `present` is records / images, `coverage` valid answers / images. `readings` counts
    the file's records by rule, `invalid` those of them that are invalid, by their cause. `boxes` counts boxes at each
    overlap over all images.

    `intervals` holds each figure's 95 % interval in percent under its column's name, as in `figures`; None, or
    nothing, where there is none. A partial report names its subtask in `partial` and has no score and none of the
    source datasets'.
    """

    score: float | None
    present: float
    coverage: float
    cells: tuple[BoxCell, ...]
    subtasks: Mapping[str, float | None]
    datasets: Mapping[str, float | None]
    further: Mapping[str, float | None]
    further_by_dataset: Mapping[str, Mapping[str, float | None]]
    categories: tuple[Category, ...]
    boxes: Mapping[str, Located]
    readings: Mapping[str, int]
    invalid: Mapping[str, int]
    reasoning: Reasoning
    format: str
    frame: str
    scorer_version: str
    reader_version: str
    partial: tuple[str, ...]
    ignored: int
    intervals: Mapping[str, Interval | None]
    kind: str = "boxes"
    commonest: None = None  # there are no letters

    def with_intervals(self, intervals: Mapping[str, Interval | None]) -> Self:
        """The same, with how sure its figures are."""
        cells = tuple(
            cell._replace(interval=intervals.get(f"{cell.dataset}/{cell.subtask}")) for cell in self.cells
        )
        return replace(self, cells=cells, intervals=intervals)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: dicts, lists, strings and numbers."""
        body = {field.name: getattr(self, field.name) for field in fields(self)}
        return body | {
            "interval": self._interval("overall"),
            "intervals": {
                "subtasks": {name: self._interval(name) for name in self.subtasks},
                "datasets": {name: self._interval(name) for name in self.datasets},
                "further": {name: self._interval(name) for name in self.further},
                "further_by_dataset": {
                    dataset: {name: self._interval(f"{dataset}/{name}") for name in figures}
                    for dataset, figures in self.further_by_dataset.items()
                },
            },
            "cells": [cell._asdict() | {"interval": _ends(cell.interval)} for cell in self.cells],
            "subtasks": dict(self.subtasks),
            "datasets": dict(self.datasets),
            "further": dict(self.further),
            "further_by_dataset": {name: dict(its) for name, its in self.further_by_dataset.items()},
            "categories": [each._asdict() | {"boxes": each.boxes._asdict()} for each in self.categories],
            "boxes": {overlap: counts._asdict() for overlap, counts in self.boxes.items()},
            "readings": dict(self.readings),
            "invalid": dict(self.invalid),
            "reasoning": self.reasoning._asdict(),
            "partial": list(self.partial),
        }

    def ends(self, column: str) -> tuple[float, float] | tuple[None, None]:
        """Both ends of a figure's interval by its column's name, as a row keeps them."""
        return self.intervals.get(column) or (None, None)

    def _interval(self, name: str) -> list[float] | None:
        return _ends(self.intervals.get(name))

    def figures(self) -> list[tuple[str, float | None]]:
        """Every figure under its column's name.

        "overall", the subtasks' slugs, the source datasets' names, "<dataset>/<subtask>", and what `further` holds.
        """
        return [
            ("overall", self.score),
            *self.subtasks.items(),
            *self.datasets.items(),
            *((f"{cell.dataset}/{cell.subtask}", cell.score) for cell in self.cells),
            *self.further.items(),
        ]


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)

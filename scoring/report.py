"""The report on one answer file."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self

from scoring.metrics.detection import Detection
from scoring.statistics.bootstrap import Interval


class Cell(NamedTuple):
    """A source dataset x subtask. `asked` counts its questions, `answered` the replies read."""

    dataset: str
    subtask: str
    asked: int
    answered: int
    correct: int
    score: float | None
    interval: Interval | None = None


# One letter in more of the replies than this share is worth a warning.
CONSTANT = 0.95


class Commonest(NamedTuple):
    """The letter that most replies were read as, its share from 0 to 1, and of how many replies it is that."""

    letter: str
    share: float
    replies: int


@dataclass(frozen=True, slots=True)
class Report:
    """All scores are in percent at full precision, None where nothing was asked; shares are 0 to 1.

    `subtasks` holds means over source datasets, `datasets` means over subtasks, `score` the mean of the
    datasets; `detection` holds means over source datasets. `present` is records / questions, `coverage`
    replies read / questions. `micro` pools all questions. `official_compatible` is the score with
    unanswered questions left out of every denominator: a footnote, never ranked. `readings` counts the
    file's records by the rule that read them.

    `intervals` holds each figure's 95 % interval in percent under its column's name, as in `figures`, besides
    `micro` and `<dataset>/detection/recall` and so on; None, or nothing, where there is none.

    `commonest` is the commonest answer among the replies read, None where none was; `commonest_by_subtask` the same
    within each subtask. Neither says anything of the truth.

    A partial report names its subtasks in `partial` and counts these alone: the score, the datasets'
    scores and `official_compatible` are None, other subtasks have no figures. `ignored` counts the
    records for other subtasks, which are read and checked but not scored.
    """

    score: float | None
    present: float
    coverage: float
    cells: tuple[Cell, ...]
    subtasks: Mapping[str, float | None]
    datasets: Mapping[str, float | None]
    detection: Detection
    detection_by_dataset: Mapping[str, Detection]
    micro: float | None
    official_compatible: float | None
    readings: Mapping[str, int]
    format: str
    scorer_version: str
    reader_version: str
    partial: tuple[str, ...]
    ignored: int
    commonest: Commonest | None
    commonest_by_subtask: Mapping[str, Commonest | None]
    intervals: Mapping[str, Interval | None]

    def with_intervals(self, intervals: Mapping[str, Interval | None]) -> Self:
        """The same, with how sure its figures are."""
        cells = tuple(
            cell._replace(interval=intervals.get(f"{cell.dataset}/{cell.subtask}")) for cell in self.cells
        )
        return replace(self, cells=cells, intervals=intervals)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: dicts, lists, strings and numbers."""
        body = {field.name: getattr(self, field.name) for field in fields(self)}
        by_dataset = self.detection_by_dataset.items()
        return body | {
            "interval": self._interval("overall"),
            "intervals": {
                "subtasks": {name: self._interval(name) for name in self.subtasks},
                "datasets": {name: self._interval(name) for name in self.datasets},
                "detection": self._detection_intervals(),
                "detection_by_dataset": {
                    name: self._detection_intervals(f"{name}/") for name in self.detection_by_dataset
                },
                "micro": self._interval("micro"),
            },
            "cells": [cell._asdict() | {"interval": _ends(cell.interval)} for cell in self.cells],
            "subtasks": dict(self.subtasks),
            "datasets": dict(self.datasets),
            "detection": self.detection._asdict(),
            "detection_by_dataset": {name: figures._asdict() for name, figures in by_dataset},
            "readings": dict(self.readings),
            "commonest": _commonest(self.commonest),
            "commonest_by_subtask": {
                name: _commonest(found) for name, found in self.commonest_by_subtask.items()
            },
            "partial": list(self.partial),
        }

    def ends(self, column: str) -> tuple[float, float] | tuple[None, None]:
        """Both ends of a figure's interval by its column's name, as a row keeps them."""
        return self.intervals.get(column) or (None, None)

    def _interval(self, name: str) -> list[float] | None:
        return _ends(self.intervals.get(name))

    def _detection_intervals(self, of: str = "") -> dict[str, list[float] | None]:
        return {name: self._interval(f"{of}detection/{name}") for name in Detection._fields}

    def figures(self) -> list[tuple[str, float | None]]:
        """Every figure under its column's name.

        "overall", the subtasks' slugs, the source datasets' names, "<dataset>/<subtask>" for the cells,
        and "detection/recall", "/precision", "/f1", "/overkill", "/miss".
        """
        return [
            ("overall", self.score),
            *self.subtasks.items(),
            *self.datasets.items(),
            *((f"{cell.dataset}/{cell.subtask}", cell.score) for cell in self.cells),
            *((f"detection/{name}", score) for name, score in self.detection._asdict().items()),
        ]


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _commonest(found: Commonest | None) -> dict[str, str | float] | None:
    return None if found is None else found._asdict()

"""The report on one answer file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from scoring.metrics.detection import Detection


@dataclass(frozen=True, slots=True)
class Cell:
    """A source dataset x subtask. `asked` counts its questions, `answered` the replies read."""

    dataset: str
    subtask: str
    asked: int
    answered: int
    correct: int
    score: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """All scores are in percent at full precision, None where nothing was asked; shares are 0 to 1.

    `subtasks` holds means over source datasets, `datasets` means over subtasks, `score` the mean of the
    datasets; `detection` holds means over source datasets. `present` is records / questions, `coverage`
    replies read / questions. `micro` pools all questions. `official_compatible` is the score with
    unanswered questions left out of every denominator: a footnote, never ranked. `readings` counts the
    file's records by the rule that read them.

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

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: dicts, lists, strings and numbers."""
        body = {field.name: getattr(self, field.name) for field in fields(self)}
        by_dataset = self.detection_by_dataset.items()
        return body | {
            "cells": [asdict(cell) for cell in self.cells],
            "subtasks": dict(self.subtasks),
            "datasets": dict(self.datasets),
            "detection": self.detection._asdict(),
            "detection_by_dataset": {name: figures._asdict() for name, figures in by_dataset},
            "readings": dict(self.readings),
            "partial": list(self.partial),
        }

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

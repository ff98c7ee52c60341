"""The facts restated beside this module: cell counts and the authors' 22 published tables.

Source: jam-cc/MMAD, all_result/*_accuracy.csv. The counts are solved from the printed fractions; for the
four incomplete tables the answers given are the most that fit the printed figures.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple


class Place(NamedTuple):
    """A cell, detection split by the truth of the image: "normal" or "abnormal"."""

    source_dataset: str
    subtask: str
    truth_class: str


class Count(NamedTuple):
    correct: int
    read: int


@dataclass(frozen=True)
class PublishedModel:
    """One of the authors' tables.

    `settings` are named and spelled as an entry declares them; what the authors do not say is left out.
    `complete` tables answer every question. `averages` are the printed ones, in percent, by column.
    """

    name: str
    file: str
    settings: Mapping[str, str | int | float]
    complete: bool
    counts: Mapping[Place, Count]
    averages: Mapping[str, float]


def _rows(name: str) -> list[dict[str, str]]:
    """A table's rows; its first line names the source."""
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()[1:]))


@cache
def cell_sizes() -> dict[Place, int]:
    """Questions in each cell, 39,672 in all."""
    return {
        Place(row["source_dataset"], row["subtask"], row["truth_class"]): int(row["questions"])
        for row in _rows("cells.csv")
    }


@cache
def published_models() -> list[PublishedModel]:
    """The 22 published tables."""
    counts = {row.pop("file"): row for row in _rows("published_counts.csv")}
    averages = {row.pop("file"): row for row in _rows("published_averages.csv")}
    return [_model(row, counts[row["file"]], averages[row["file"]]) for row in _rows("published_models.csv")]


def _model(row: dict[str, str], counts: dict[str, str], averages: dict[str, str]) -> PublishedModel:
    return PublishedModel(
        name=row.pop("name"),
        file=row.pop("file"),
        settings={key: _setting(key, text) for key, text in row.items() if text},
        complete=not any("/" in text for text in counts.values()),
        counts={(place := Place(*column.split("/"))): _count(text, place) for column, text in counts.items()},
        averages={column: float(text) for column, text in averages.items()},
    )


def _setting(key: str, text: str) -> str | int | float:
    if key == "shots":
        return int(text)
    return float(text) if key == "parameters" else text


def _count(text: str, place: Place) -> Count:
    correct, _, read = text.partition("/")
    return Count(int(correct), int(read or cell_sizes()[place]))

"""From an answer file to its report."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from scoring.boxes.geometry import DEFAULT_FRAME
from scoring.boxes.read import read
from scoring.boxes.release import BoxRelease
from scoring.boxes.report import BoxReport
from scoring.boxes.sheet import BoxSheet
from scoring.boxes.tabulate import SCORER_VERSION, mark, tabulate
from scoring.boxes.transfer import BoxTransfer
from scoring.definition import Definition
from scoring.errors import PredictionError, Problem

__all__ = [
    "SCORER_VERSION",
    "BoxAnswered",
    "BoxEvaluation",
    "carry",
    "evaluate",
    "mark",
    "score",
    "score_all",
]


class BoxAnswered(NamedTuple):
    """A sheet, and the positions of the subtasks that it is scored on."""

    sheet: BoxSheet
    scored: frozenset[int]


@dataclass(frozen=True, slots=True)
class BoxEvaluation:
    """A report, the marks that it was counted from as `Marks.encode` packs them, and the sheet.

    Together with the answers the outcomes are the truth: they belong where it is kept.
    """

    report: BoxReport
    outcomes: bytes
    sheet: BoxSheet = field(compare=False)


def evaluate(
    data: bytes,
    release: BoxRelease,
    *,
    partial: Sequence[str] = (),
    definition: Definition | None = None,
    frame: str = DEFAULT_FRAME,
) -> BoxEvaluation:
    """Score an answer file as it was sent, perhaps gzipped. Missing and invalid answers are wrong.

    `partial` names the subtask to score where the file is not about both: records are read as ever, and one of the
    figures is left out. `definition` is the benchmark's present one, where it may be later than the release's own.
    `frame` says what the file's boxes are measured in. Raises ReleaseError when the release cannot be read by that
    definition, and PredictionError when the file is at fault: with every record that cannot be matched, is repeated or
    malformed; else when too few of the images have a record.
    """
    if definition is not None:
        release = release.under(definition)
    scored = _positions(release.definition, partial)
    sheet = read(data, release, frame)
    _check_present(sheet, release)
    return score(sheet, release, scored)


def score(sheet: BoxSheet, release: BoxRelease, scored: Collection[int] | None = None) -> BoxEvaluation:
    """Score a sheet, whatever it lacks; `scored` holds the positions of the subtasks, None is all."""
    every = range(len(release.definition.subtasks))
    return score_all([BoxAnswered(sheet, frozenset(every if scored is None else scored))], release)[0]


def score_all(answered: Sequence[BoxAnswered], release: BoxRelease) -> list[BoxEvaluation]:
    """The same of several."""
    found = []
    for sheet, scored in answered:
        marks = mark(sheet, release)
        found.append(BoxEvaluation(tabulate(sheet, marks, release, scored), marks.encode(), sheet))
    return found


def carry(sheet: BoxSheet, of: BoxRelease, to: BoxRelease, *, partial: Sequence[str] = ()) -> BoxAnswered:
    """What a file said of one release's images, as answers to another release's.

    Raises PredictionError, with the code too-few-records, when by far too few of its images are answered.
    """
    scored = _positions(to.definition, partial)
    carried = transfer(of, to).carry(sheet)
    _check_present(carried, to)
    return BoxAnswered(carried, scored)


@lru_cache(maxsize=4)
def transfer(of: BoxRelease, to: BoxRelease) -> BoxTransfer:
    """How answers go from one release to another, kept for the last few pairs."""
    return BoxTransfer.between(of, to)


def _positions(definition: Definition, partial: Sequence[str]) -> frozenset[int]:
    slugs = definition.subtask_slugs
    for slug in partial:
        if slug not in slugs:
            raise PredictionError.single(Problem("unknown-subtask", None, "partial", {"subtask": slug}))
    return frozenset(slugs.index(slug) for slug in partial or slugs)


def _check_present(sheet: BoxSheet, release: BoxRelease) -> None:
    """Enough images must have a record."""
    minimum = release.definition.present_minimum
    present = int(np.count_nonzero(sheet.present & release.counted))
    asked = int(np.count_nonzero(release.counted))
    if present < minimum * asked:
        params = {"present": present, "images": asked, "minimum": minimum}
        raise PredictionError.single(Problem("too-few-records", params=params))

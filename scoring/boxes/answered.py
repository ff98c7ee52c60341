"""From an answer file to a sheet that can be scored: all that is looked at before anything is marked.

Nothing here reads the truth: a release without it (see `BoxRelease.without_truth`) gives the same.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from scoring.boxes.geometry import DEFAULT_FRAME
from scoring.boxes.read import read
from scoring.boxes.release import BoxRelease
from scoring.boxes.sheet import BoxSheet
from scoring.definition import Definition
from scoring.errors import PredictionError, Problem


class BoxAnswered(NamedTuple):
    """A sheet, and the positions of the subtasks that it is scored on."""

    sheet: BoxSheet
    scored: frozenset[int]


def check(
    data: bytes, release: BoxRelease, *, partial: Sequence[str] = (), frame: str = DEFAULT_FRAME
) -> BoxAnswered:
    """Read an answer file. Raises PredictionError when it is at fault, as `scoring.boxes.evaluate.evaluate` says."""
    _positions(release.definition, partial)
    return check_present(read(data, release, frame), release, partial=partial)


def check_present(sheet: BoxSheet, release: BoxRelease, *, partial: Sequence[str] = ()) -> BoxAnswered:
    """The sheet as it is to be scored. Raises PredictionError when too few of the images have a record."""
    scored = _positions(release.definition, partial)
    _refuse_too_few(sheet, release)
    return BoxAnswered(sheet, scored)


def summary(answered: BoxAnswered, release: BoxRelease) -> dict[str, Any]:
    """What can be said of the sheet without the truth, JSON-ready, counted as its report would count it.

    Every subtask is asked of every image.
    """
    sheet, scored = answered
    asked, records, read = (
        int(np.count_nonzero(flags & release.counted))
        for flags in (release.counted, sheet.present, sheet.valid)
    )
    total = {"asked": asked, "records": records, "answered": read}
    return {
        "format": sheet.format,
        **total,
        "present": records / asked if asked else 0.0,
        "coverage": read / asked if asked else 0.0,
        "subtasks": {release.definition.subtask_slugs[at]: total for at in sorted(scored)},
        "readings": sheet.readings,
        "commonest": None,
    }


def _positions(definition: Definition, partial: Sequence[str]) -> frozenset[int]:
    slugs = definition.subtask_slugs
    for slug in partial:
        if slug not in slugs:
            raise PredictionError.single(Problem("unknown-subtask", None, "partial", {"subtask": slug}))
    return frozenset(slugs.index(slug) for slug in partial or slugs)


def _refuse_too_few(sheet: BoxSheet, release: BoxRelease) -> None:
    """Enough images must have a record."""
    minimum = release.definition.present_minimum
    present = int(np.count_nonzero(sheet.present & release.counted))
    asked = int(np.count_nonzero(release.counted))
    if present < minimum * asked:
        params = {"present": present, "images": asked, "minimum": minimum}
        raise PredictionError.single(Problem("too-few-records", params=params))

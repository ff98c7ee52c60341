"""From an answer file to a sheet that can be scored: all that is looked at before anything is marked.

Nothing here reads the truth: a release without it (see `Release.without_truth`) gives the same.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from scoring.answers.read import read
from scoring.answers.sheet import UNREAD, Sheet
from scoring.definition import Definition
from scoring.errors import PredictionError, Problem
from scoring.release import Release
from scoring.tabulate import commonest, count_letters, share


class Answered(NamedTuple):
    """A sheet, and the positions of the subtasks that it is scored on."""

    sheet: Sheet
    scored: frozenset[int]


def check(data: bytes, release: Release, *, partial: Sequence[str] = ()) -> Answered:
    """Read an answer file. Raises PredictionError when it is at fault, as `scoring.evaluate.evaluate` says."""
    _positions(release.definition, partial)
    return check_present(read(data, release), release, partial=partial)


def check_present(sheet: Sheet, release: Release, *, partial: Sequence[str] = ()) -> Answered:
    """The sheet as it is to be scored. Raises PredictionError when too few of the questions have a record."""
    scored = _positions(release.definition, partial)
    _refuse_too_few(sheet, release, scored, is_partial=bool(partial))
    return Answered(sheet, scored)


def summary(answered: Answered, release: Release) -> dict[str, Any]:
    """What can be said of the sheet without the truth, JSON-ready, counted as its report would count it."""
    sheet, scored = answered
    definition, width = release.definition, len(release.definition.subtasks)
    asked, records, read = (
        np.bincount(release.subtasks[flags & release.counted], minlength=width).tolist()
        for flags in (release.counted, sheet.present, sheet.codes != UNREAD)
    )
    subtasks = {
        definition.subtask_slugs[at]: {"asked": asked[at], "records": records[at], "answered": read[at]}
        for at in sorted(scored)
    }
    total = {name: sum(each[name] for each in subtasks.values()) for name in ("asked", "records", "answered")}
    found = commonest(count_letters(sheet, release, scored).sum(axis=0))
    return {
        "format": sheet.format,
        **total,
        "present": share(total["records"], total["asked"]),
        "coverage": share(total["answered"], total["asked"]),
        "subtasks": subtasks,
        "readings": sheet.readings,
        "commonest": found and found._asdict(),
    }


def _positions(definition: Definition, partial: Sequence[str]) -> frozenset[int]:
    slugs = definition.subtask_slugs
    for slug in partial:
        if slug not in slugs:
            raise PredictionError.single(Problem("unknown-subtask", None, "partial", {"subtask": slug}))
    return frozenset(slugs.index(slug) for slug in partial or slugs)


def _refuse_too_few(sheet: Sheet, release: Release, scored: frozenset[int], *, is_partial: bool) -> None:
    """Enough questions must have a record: over all of them, or in each subtask of a partial file."""
    definition = release.definition
    width = len(definition.subtasks)
    asked = np.bincount(release.subtasks[release.counted], minlength=width).tolist()
    present = np.bincount(release.subtasks[sheet.present & release.counted], minlength=width).tolist()
    enough = [have >= definition.present_minimum * want for have, want in zip(present, asked, strict=True)]
    if is_partial:
        sufficient = all(enough[position] for position in scored)
    else:
        sufficient = sum(present) >= definition.present_minimum * sum(asked)
    if sufficient:
        return
    named = [position for position in range(width) if asked[position]]
    params: dict[str, str | int | float] = {
        "present": sum(present[position] for position in scored),
        "questions": sum(asked[position] for position in scored),
        "minimum": definition.present_minimum,
    }
    if complete := ", ".join(definition.subtask_slugs[position] for position in named if enough[position]):
        params["complete"] = complete
    for position in named:
        slug = definition.subtask_slugs[position]
        params[f"present/{slug}"] = present[position]
        params[f"questions/{slug}"] = asked[position]
    raise PredictionError.single(Problem("too-few-records", params=params))

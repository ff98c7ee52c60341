"""Counting a sheet's right answers into a report."""

from collections.abc import Collection, Iterable, Iterator
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np

from scoring import metrics
from scoring.answers.sheet import UNREAD, Sheet
from scoring.grid import Flags
from scoring.metrics.detection import Detection, detection
from scoring.release import Release
from scoring.replies import READER_VERSION
from scoring.report import Cell, Commonest, Report
from scoring.statistics.strata import Integers

SCORER_VERSION = "2"


class _Tally(NamedTuple):
    """One cell with its score over answered questions alone, and what it says about detection."""

    cell: Cell
    answered_score: float | None
    detection: Detection | None


def tabulate(sheet: Sheet, correct: Flags, release: Release, scored: Collection[int]) -> Report:
    """The report without its intervals; `correct` flags the right answers, `scored` holds the subtasks' positions."""
    definition = release.definition
    is_whole = len(scored) == len(definition.subtasks)
    tallies = list(_tallies(sheet, correct, release, scored))
    cells = tuple(tally.cell for tally in tallies)
    asked = sum(cell.asked for cell in cells)
    present, ignored = _count_present(sheet, release, scored)
    letters = _count_letters(sheet, release, scored)
    datasets = {
        name: mean(cell.score for cell in cells if cell.dataset == name) if is_whole else None
        for name in definition.source_datasets
    }
    detections = {tally.cell.dataset: tally.detection for tally in tallies if tally.detection}
    return Report(
        score=mean(datasets.values()),
        present=_share(present, asked),
        coverage=_share(sum(cell.answered for cell in cells), asked),
        cells=cells,
        subtasks={
            slug: mean(cell.score for cell in cells if cell.subtask == slug)
            for position, slug in enumerate(definition.subtask_slugs)
            if position in scored
        },
        datasets=datasets,
        detection=Detection(*(mean(figures) for figures in zip(*detections.values(), strict=True)))
        if detections
        else Detection(None, None, None, None, None),
        detection_by_dataset=detections,
        micro=100 * sum(cell.correct for cell in cells) / asked if asked else None,
        official_compatible=_official(tallies) if is_whole else None,
        readings=sheet.readings,
        format=sheet.format,
        scorer_version=SCORER_VERSION,
        reader_version=READER_VERSION,
        partial=() if is_whole else tuple(definition.subtask_slugs[position] for position in sorted(scored)),
        ignored=ignored,
        intervals={},
        commonest=_commonest(letters.sum(axis=0)),
        commonest_by_subtask={
            definition.subtask_slugs[position]: _commonest(letters[position]) for position in sorted(scored)
        },
    )


def mean(scores: Iterable[float | None]) -> float | None:
    """The mean of the scores that exist; None when there is none."""
    existing = [score for score in scores if score is not None]
    return sum(existing) / len(existing) if existing else None


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _official(tallies: Iterable[_Tally]) -> float | None:
    by_dataset: dict[str, list[float | None]] = {}
    for tally in tallies:
        by_dataset.setdefault(tally.cell.dataset, []).append(tally.answered_score)
    return mean(mean(scores) for scores in by_dataset.values())


def _count_present(sheet: Sheet, release: Release, scored: Collection[int]) -> tuple[int, int]:
    """The records for scored subtasks and for others, of questions that count."""
    counted = sheet.present & release.counted
    if len(scored) == len(release.definition.subtasks):
        return int(np.count_nonzero(counted)), 0
    counts = np.bincount(release.subtasks[counted], minlength=len(release.definition.subtasks))
    present = int(sum(counts[position] for position in scored))
    return present, int(counts.sum()) - present


def _count_letters(sheet: Sheet, release: Release, scored: Collection[int]) -> Integers:
    """How many replies that count were read as each letter, by subtask."""
    width = len(release.definition.subtasks)
    read = np.flatnonzero((sheet.codes != UNREAD) & release.counted)
    cells = release.subtasks[read].astype(np.int64) * len(ascii_uppercase) + sheet.codes[read]
    letters = np.bincount(cells, minlength=width * len(ascii_uppercase)).reshape(width, -1)
    letters[[position for position in range(width) if position not in scored]] = 0
    return letters


def _commonest(letters: Integers) -> Commonest | None:
    """The first in the alphabet of those that are as common."""
    total = int(letters.sum())
    at = int(letters.argmax())
    return Commonest(ascii_uppercase[at], int(letters[at]) / total, total) if total else None


def _tallies(sheet: Sheet, correct: Flags, release: Release, scored: Collection[int]) -> Iterator[_Tally]:
    grid = release.grid
    definition = release.definition
    right = grid.sort(correct)
    answered = grid.sort(sheet.codes != UNREAD)
    for at, (dataset, subtask) in enumerate(grid.places):
        if subtask not in scored:
            continue
        metric = definition.subtasks[subtask].metric
        asked_count, answered_count = len(right[at]), int(np.count_nonzero(answered[at]))
        score = grid.score(at, metric, right[at])
        cell = Cell(
            dataset=definition.source_datasets[dataset],
            subtask=definition.subtask_slugs[subtask],
            asked=asked_count,
            answered=answered_count,
            correct=int(np.count_nonzero(right[at])),
            score=score,
        )
        complete = answered_count == asked_count
        yield _Tally(
            cell,
            score if complete else grid.score(at, metric, right[at], answered[at]),
            _detect(right[at], grid.abnormal_in(at)) if metric in metrics.MEANS_OF_CLASSES else None,
        )


def _detect(right: Flags, abnormal: Flags) -> Detection:
    right_abnormal = int(np.count_nonzero(right & abnormal))
    abnormal_count = int(np.count_nonzero(abnormal))
    return detection(
        right_normal=int(np.count_nonzero(right)) - right_abnormal,
        normal=len(abnormal) - abnormal_count,
        right_abnormal=right_abnormal,
        abnormal=abnormal_count,
    )

"""Counting a sheet's right answers into a report."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from string import ascii_uppercase

import numpy as np

from scoring import averages
from scoring.answers.sheet import UNREAD, Sheet
from scoring.averages import Pool, Tree
from scoring.grid import Flags
from scoring.metrics.detection import NOTHING_DETECTED, Detection, detection
from scoring.release import Release
from scoring.replies import READER_VERSION
from scoring.report import Cell, Commonest, Report
from scoring.statistics.strata import Integers

SCORER_VERSION = "2"


def tabulate(sheet: Sheet, correct: Flags, release: Release, scored: Collection[int]) -> Report:
    """The report without its intervals; `correct` flags the right answers, `scored` holds the subtasks' positions."""
    definition, grid = release.definition, release.grid
    is_whole = len(scored) == len(definition.subtasks)
    right, answered = grid.sort(correct), grid.sort(sheet.codes != UNREAD)
    trees = grid.trees(definition, scored)
    known: dict[Pool, float | None] = {}

    def score(pool: Pool) -> float | None:
        if pool not in known:
            known[pool] = grid.score(pool, definition.metric_of(pool.subtask), right)
        return known[pool]

    scores = {name: averages.evaluate(tree, score, mean) for name, tree in trees.items()}
    cells = tuple(_cells(release, right, answered, scored, scores))
    asked = sum(cell.asked for cell in cells)
    present, ignored = count_present(sheet, release, scored)
    letters = count_letters(sheet, release, scored)
    detecting = definition.detecting if definition.detecting in scored else None
    return Report(
        score=scores.get("overall"),
        present=share(present, asked),
        coverage=share(sum(cell.answered for cell in cells), asked),
        cells=cells,
        subtasks={slug: scores[slug] for at, slug in enumerate(definition.subtask_slugs) if at in scored},
        datasets={name: scores.get(name) for name in definition.source_datasets},
        detection=_detect(release, right, grid.detection(definition, detecting))
        if detecting is not None
        else NOTHING_DETECTED,
        detection_by_dataset=_detect_by_dataset(release, right, detecting),
        micro=100 * sum(cell.correct for cell in cells) / asked if asked else None,
        official_compatible=_official(trees.get("overall"), release, right, answered, known),
        readings=sheet.readings,
        format=sheet.format,
        scorer_version=SCORER_VERSION,
        reader_version=READER_VERSION,
        partial=() if is_whole else tuple(definition.subtask_slugs[position] for position in sorted(scored)),
        ignored=ignored,
        intervals={},
        commonest=commonest(letters.sum(axis=0)),
        commonest_by_subtask={
            definition.subtask_slugs[position]: commonest(letters[position]) for position in sorted(scored)
        },
    )


def mean(scores: Sequence[float | None]) -> float | None:
    """The mean of the scores that exist; None when there is none."""
    existing = [score for score in scores if score is not None]
    return sum(existing) / len(existing) if existing else None


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _official(
    tree: Tree | None, release: Release, right: Flags, answered: Flags, known: Mapping[Pool, float | None]
) -> float | None:
    """The overall score over what was answered alone; `known` are the pools' scores over everything."""
    definition, grid = release.definition, release.grid

    def score(pool: Pool) -> float | None:
        if answered[grid.within(pool)].all():
            return known[pool]
        return grid.score(pool, definition.metric_of(pool.subtask), right, answered)

    return averages.evaluate(tree, score, mean)


def count_present(sheet: Sheet, release: Release, scored: Collection[int]) -> tuple[int, int]:
    """The records for scored subtasks and for others, of questions that count."""
    counted = sheet.present & release.counted
    if len(scored) == len(release.definition.subtasks):
        return int(np.count_nonzero(counted)), 0
    counts = np.bincount(release.subtasks[counted], minlength=len(release.definition.subtasks))
    present = int(sum(counts[position] for position in scored))
    return present, int(counts.sum()) - present


def count_letters(sheet: Sheet, release: Release, scored: Collection[int]) -> Integers:
    """How many replies that count were read as each letter, by subtask."""
    width = len(release.definition.subtasks)
    read = np.flatnonzero((sheet.codes != UNREAD) & release.counted)
    cells = release.subtasks[read].astype(np.int64) * len(ascii_uppercase) + sheet.codes[read]
    letters = np.bincount(cells, minlength=width * len(ascii_uppercase)).reshape(width, -1)
    letters[[position for position in range(width) if position not in scored]] = 0
    return letters


def commonest(letters: Integers) -> Commonest | None:
    """The first in the alphabet of those that are as common."""
    total = int(letters.sum())
    at = int(letters.argmax())
    return Commonest(ascii_uppercase[at], int(letters[at]) / total, total) if total else None


def _cells(
    release: Release,
    right: Flags,
    answered: Flags,
    scored: Collection[int],
    scores: Mapping[str, float | None],
) -> Iterator[Cell]:
    definition, grid = release.definition, release.grid
    occurring = dict.fromkeys((place.source_dataset, place.subtask) for place in grid.places)
    for dataset, subtask in occurring:
        if subtask not in scored:
            continue
        at = grid.within(Pool(dataset, subtask))
        name, slug = definition.source_datasets[dataset], definition.subtask_slugs[subtask]
        yield Cell(
            dataset=name,
            subtask=slug,
            asked=len(right[at]),
            answered=int(np.count_nonzero(answered[at])),
            correct=int(np.count_nonzero(right[at])),
            score=scores[f"{name}/{slug}"],
        )


def _detect_by_dataset(release: Release, right: Flags, subtask: int | None) -> dict[str, Detection]:
    if subtask is None:
        return {}
    datasets = dict.fromkeys(
        place.source_dataset for place in release.grid.places if place.subtask == subtask
    )
    return {
        release.definition.source_datasets[dataset]: _detect(release, right, Pool(dataset, subtask))
        for dataset in datasets
    }


def _detect(release: Release, right: Flags, tree: Tree | None) -> Detection:
    def value(pool: Pool) -> Detection:
        at = release.grid.within(pool)
        its_right, abnormal = right[at], release.grid.abnormal[at]
        right_abnormal = int(np.count_nonzero(its_right & abnormal))
        abnormal_count = int(np.count_nonzero(abnormal))
        return detection(
            right_normal=int(np.count_nonzero(its_right)) - right_abnormal,
            normal=len(abnormal) - abnormal_count,
            right_abnormal=right_abnormal,
            abnormal=abnormal_count,
        )

    def means(parts: Sequence[Detection | None]) -> Detection:
        return Detection(*(mean(figures) for figures in zip(*filter(None, parts), strict=True)))

    return averages.evaluate(tree, value, means) or NOTHING_DETECTED

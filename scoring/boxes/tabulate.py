"""Counting a sheet's marks into a report."""

import math
from collections.abc import Collection, Iterator, Mapping

import numpy as np

from scoring.boxes.geometry import THRESHOLDS, count_right
from scoring.boxes.layout import DETECTION, FURTHER, LOCALIZATION, SUBTASKS, Layout, Sums
from scoring.boxes.marks import Marks
from scoring.boxes.release import BoxRelease
from scoring.boxes.replies import INVALID, READER_VERSION
from scoring.boxes.report import BoxCell, BoxReport, Category, Located, Reasoning
from scoring.boxes.sheet import YES, BoxSheet
from scoring.statistics.bootstrap import Interval
from scoring.statistics.intervals import wilson

SCORER_VERSION = "boxes-1"


def mark(sheet: BoxSheet, release: BoxRelease) -> Marks:
    """What of it is right, of the images that count; others have no marks."""
    counted = release.counted
    right = sheet.valid & ((sheet.rules == YES) == release.anomalous) & counted
    matched = count_right(sheet.boxes, sheet.starts, release.ordered_boxes, release.starts)
    counts = [np.where(counted, each, 0).astype(np.uint8) for each in (np.diff(sheet.starts), *matched)]
    return Marks(right, *counts)


def tabulate(sheet: BoxSheet, marks: Marks, release: BoxRelease, scored: Collection[int]) -> BoxReport:
    """The whole report; `scored` holds the subtasks' positions."""
    layout, definition = release.layout, release.definition
    sums = layout.sums(marks)
    figures = list(layout.figures(scored))
    found = layout.values(sums, figures)
    names = [figure.name for figure in figures]
    percents = [None if math.isnan(value) else 100 * value for value in found.values.tolist()]
    values = dict(zip(names, percents, strict=True))
    lows, highs = wilson(
        np.clip(np.nan_to_num(found.values), 0, 1), found.errors, np.maximum(found.units, 1), found.images
    )
    intervals: dict[str, Interval | None] = {
        name: None if value is None or math.isnan(low) else (100 * low, 100 * high)
        for name, value, low, high in zip(names, percents, lows.tolist(), highs.tolist(), strict=True)
    }
    slugs = definition.subtask_slugs
    further = [name for name in FURTHER if name in values]
    size = int(np.count_nonzero(release.counted))
    report = BoxReport(
        score=values.get("overall"),
        present=_share(int(np.count_nonzero(sheet.present & release.counted)), size),
        coverage=_share(int(np.count_nonzero(sheet.valid & release.counted)), size),
        cells=tuple(_cells(sheet, marks, release, scored, values)),
        subtasks={slug: values[slug] for at, slug in enumerate(slugs) if at in scored},
        datasets={name: values.get(name) for name in definition.source_datasets},
        further={name: values[name] for name in further},
        further_by_dataset={
            dataset: {name: values[f"{dataset}/{name}"] for name in further}
            for dataset in definition.source_datasets
        },
        categories=tuple(_categories(layout, marks, sums, release)),
        boxes=_boxes(layout, marks),
        readings=sheet.readings,
        invalid={rule: count for rule, count in sheet.readings.items() if rule in INVALID},
        reasoning=_reasoning(sheet),
        format=sheet.format,
        frame=sheet.frame,
        scorer_version=SCORER_VERSION,
        reader_version=READER_VERSION,
        partial=() if len(scored) == len(SUBTASKS) else tuple(slugs[at] for at in sorted(scored)),
        ignored=0,
        intervals={},
    )
    return report.with_intervals(intervals)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _cells(
    sheet: BoxSheet,
    marks: Marks,
    release: BoxRelease,
    scored: Collection[int],
    values: Mapping[str, float | None],
) -> Iterator[BoxCell]:
    layout, definition = release.layout, release.definition
    valid, right = sheet.valid[layout.positions], marks.right[layout.positions]
    matched = marks.right_10[layout.positions] * layout.located
    datasets = np.array(layout.datasets, dtype=np.int64)[layout.category_of]
    for dataset, name in enumerate(definition.source_datasets):
        for subtask in sorted(scored):
            its = datasets == dataset
            if subtask:
                its &= layout.located
            if not its.any():
                continue
            slug = definition.subtask_slugs[subtask]
            correct = matched[its].sum() if subtask else np.count_nonzero(right[its])
            yield BoxCell(
                dataset=name,
                subtask=slug,
                asked=int(np.count_nonzero(its)),
                answered=int(np.count_nonzero(valid[its])),
                correct=int(correct),
                score=values[f"{name}/{slug}"],
            )


def _located(found: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> Located:
    """From predicted, true and right boxes."""
    predicted, true, right = found.tolist()
    return Located(right, predicted - right, true - right)


def _categories(layout: Layout, marks: Marks, sums: Sums, release: BoxRelease) -> Iterator[Category]:
    right = marks.right[layout.positions]
    counts = _counts(layout, marks, marks.right_10)
    for (dataset, name), images, ratios in zip(
        release.category_names, layout.slices, sums.values.tolist(), strict=True
    ):
        detection, localization = ratios[DETECTION], ratios[LOCALIZATION]
        yield Category(
            dataset=release.definition.source_datasets[dataset],
            category=name,
            images=images.stop - images.start,
            right=int(np.count_nonzero(right[images])),
            boxes=_located(counts[images].sum(axis=0)),
            detection=None if math.isnan(detection) else 100 * detection,
            localization=None if math.isnan(localization) else 100 * localization,
        )


def _counts(
    layout: Layout, marks: Marks, matched: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"
) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """Predicted, true and right boxes of each image that localization counts."""
    columns = (marks.predicted[layout.positions], layout.true, matched[layout.positions])
    return np.stack([column.astype(np.int64) * layout.located for column in columns], axis=1)


def _boxes(layout: Layout, marks: Marks) -> dict[str, Located]:
    found = zip(THRESHOLDS, (marks.right_10, marks.right_50), strict=True)
    return {str(overlap): _located(_counts(layout, marks, matched).sum(axis=0)) for overlap, matched in found}


def _reasoning(sheet: BoxSheet) -> Reasoning:
    lengths = sheet.reasoning[sheet.reasoning > 0]
    if not len(lengths):
        return Reasoning(0.0, 0.0, 0.0, 0)
    share = len(lengths) / int(np.count_nonzero(sheet.present))
    return Reasoning(share, float(lengths.mean()), float(np.median(lengths)), int(lengths.max()))

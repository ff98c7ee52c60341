"""What a figure is a mean over, and what is pooled within."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scoring.answers.sheet import Sheet
from scoring.definition import Definition, Subtask
from scoring.errors import ReleaseError
from scoring.evaluate import score
from scoring.release import Release

# Source dataset, subtask, category, and how many of how many are right.
CELLS = (
    ("x", "a", "k", 1, 1),
    ("x", "a", "l", 0, 3),
    ("x", "b", "k", 1, 2),
    ("y", "a", "k", 3, 4),
    ("y", "a", "m", 6, 6),
)


def definition(*average_over: str, metric: str = "accuracy") -> Definition:
    return Definition(
        slug="small",
        name="Small",
        summary="",
        subtasks=tuple(Subtask(slug, slug, slug, metric, (slug,)) for slug in "ab"),
        source_datasets=("x", "y"),
        average_over=average_over,
    )


def answered(rules: Definition) -> tuple[Release, Sheet]:
    """Questions in shuffled order, each in a cluster of its own."""
    rows = [
        (dataset, subtask, category, number < right)
        for dataset, subtask, category, right, count in CELLS
        for number in range(count)
    ]
    rows = [rows[at] for at in np.random.default_rng(1).permutation(len(rows))]
    size = len(rows)
    release = Release(
        definition=rules,
        ids=[f"q{number}" for number in range(size)],
        images=[f"{number}.png" for number in range(size)],
        source_datasets=np.array(["xy".index(row[0]) for row in rows], dtype=np.uint8),
        subtasks=np.array(["ab".index(row[1]) for row in rows], dtype=np.uint8),
        kinds=[row[1] for row in rows],
        texts=["?"] * size,
        options=[("yes", "no")] * size,
        abnormal=np.zeros(size, dtype=np.bool_),
        truth=np.zeros(size, dtype=np.uint8),
        categories=[row[2] for row in rows],
    )
    codes = np.array([0 if row[3] else 1 for row in rows], dtype=np.uint8)
    return release, Sheet(codes, np.ones(size, dtype=np.bool_), {"letter": size}, "plain-csv")


@pytest.mark.parametrize(
    ("average_over", "overall", "datasets", "subtasks"),
    [
        ((), 11 / 16, {"x": 2 / 6, "y": 9 / 10}, {"a": 10 / 14, "b": 1 / 2}),
        (("source_dataset",), (2 / 6 + 9 / 10) / 2, {"x": 2 / 6, "y": 9 / 10}, {"a": (1 / 4 + 9 / 10) / 2, "b": 1 / 2}),
        (("subtask",), (10 / 14 + 1 / 2) / 2, {"x": (1 / 4 + 1 / 2) / 2, "y": 9 / 10}, {"a": 10 / 14, "b": 1 / 2}),
        (
            ("source_dataset", "subtask"),
            ((1 / 4 + 1 / 2) / 2 + 9 / 10) / 2,
            {"x": (1 / 4 + 1 / 2) / 2, "y": 9 / 10},
            {"a": (1 / 4 + 9 / 10) / 2, "b": 1 / 2},
        ),
        (
            ("subtask", "source_dataset"),
            ((1 / 4 + 9 / 10) / 2 + 1 / 2) / 2,
            {"x": (1 / 4 + 1 / 2) / 2, "y": 9 / 10},
            {"a": (1 / 4 + 9 / 10) / 2, "b": 1 / 2},
        ),
        (
            ("category",),
            (5 / 7 + 0 + 1) / 3,
            {"x": (2 / 3 + 0) / 2, "y": (3 / 4 + 1) / 2},
            {"a": (4 / 5 + 0 + 1) / 3, "b": 1 / 2},
        ),
        (
            ("source_dataset", "subtask", "category"),
            ((1 / 2 + 1 / 2) / 2 + 7 / 8) / 2,
            {"x": (1 / 2 + 1 / 2) / 2, "y": 7 / 8},
            {"a": (1 / 2 + 7 / 8) / 2, "b": 1 / 2},
        ),
    ],
)  # fmt: skip
def test_every_level_by_hand(
    average_over: tuple[str, ...], overall: float, datasets: dict[str, float], subtasks: dict[str, float]
) -> None:
    release, sheet = answered(definition(*average_over))
    report = score(sheet, release).report
    assert report.score == pytest.approx(100 * overall)
    assert report.datasets == pytest.approx({name: 100 * share for name, share in datasets.items()})
    assert report.subtasks == pytest.approx({name: 100 * share for name, share in subtasks.items()})
    assert report.micro == pytest.approx(100 * 11 / 16)
    # What intervals stand around are the same figures.
    strata = release.strata
    linear = strata.linear({0, 1})
    correct = sheet.codes == release.truth
    means = np.stack([strata.count(correct)[at].sum(axis=0) for at in strata.slices]) / np.maximum(
        strata.sizes, 1
    )
    values = dict(zip(linear.names, (linear.weights * means).sum(axis=(1, 2)).tolist(), strict=True))
    said = dict(report.figures()) | {"micro": report.micro}
    assert {name: 100 * value for name, value in values.items()} == pytest.approx(
        {name: said[name] for name in values}
    )


def test_the_order_of_questions_plays_no_part() -> None:
    rules = definition("source_dataset", "category")
    release, sheet = answered(rules)
    order = np.random.default_rng(2).permutation(release.size)
    rows = ("ids", "images", "kinds", "texts", "options", "categories")
    arrays = ("source_datasets", "subtasks", "abnormal", "truth")
    moved: dict[str, Any] = {name: [getattr(release, name)[at] for at in order] for name in rows}
    other = replace(release, **moved, **{name: getattr(release, name)[order] for name in arrays})
    turned = Sheet(sheet.codes[order], sheet.present[order], sheet.readings, sheet.format)
    assert other.digest == release.digest
    assert score(turned, other).report == score(sheet, release).report


def test_other_rules_are_another_release() -> None:
    release, _sheet = answered(definition())
    others = [
        definition("subtask"),
        replace(definition(), lower_is_better=True),
        replace(definition(), present_minimum=0.5),
    ]
    assert len({release.digest, *(replace(release, definition=other).digest for other in others)}) == 4
    assert replace(release, definition=replace(definition(), name="Other words")).digest == release.digest


def test_subtasks_of_two_metrics_are_not_pooled() -> None:
    mixed = replace(
        definition("source_dataset"),
        subtasks=(
            Subtask("a", "a", "a", "accuracy", ("a",)),
            Subtask("b", "b", "b", "balanced_accuracy", ("b",)),
        ),
    )
    with pytest.raises(ReleaseError, match="different metrics"):
        Definition.from_dict(mixed.to_dict())

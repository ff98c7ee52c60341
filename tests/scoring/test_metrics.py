import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.metrics import REGISTRY
from scoring.metrics.accuracy import accuracy
from scoring.metrics.balanced_accuracy import balanced_accuracy
from scoring.metrics.detection import detection

flags = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40)


def test_balanced_accuracy_is_the_mean_over_both_classes() -> None:
    correct = np.array([True, False, True, True])
    abnormal = np.array([True, True, True, False])
    assert balanced_accuracy(correct, abnormal) == pytest.approx(50 * (2 / 3 + 1))
    assert accuracy(correct, abnormal) == 75


@pytest.mark.parametrize("metric", REGISTRY.values())
def test_an_empty_cell_has_no_score(metric) -> None:  # type: ignore[no-untyped-def]
    assert metric(np.array([], dtype=bool), np.array([], dtype=bool)) is None


def test_one_class_alone_is_its_own_accuracy() -> None:
    correct = np.array([True, False])
    assert balanced_accuracy(correct, np.array([True, True])) == 50
    assert balanced_accuracy(correct, np.array([False, False])) == 50


def test_detection_by_hand() -> None:
    figures = detection(right_normal=6, normal=10, right_abnormal=15, abnormal=20)
    assert figures.recall == 75
    assert figures.precision == pytest.approx(100 * 15 / 19)
    assert figures.f1 == pytest.approx(100 * 30 / 39)
    assert figures.overkill == 40
    assert figures.miss == 25


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0, 0, 0), (None, None, None, None, None)),
        ((5, 5, 0, 0), (None, None, None, 0, None)),
        ((0, 0, 3, 3), (100, 100, 100, None, 0)),
        ((5, 5, 0, 4), (0, None, 0, 0, 100)),
    ],
)
def test_what_cannot_be_divided_does_not_exist(
    counts: tuple[int, int, int, int], expected: tuple[float | None, ...]
) -> None:
    right_normal, normal, right_abnormal, abnormal = counts
    figures = detection(
        right_normal=right_normal, normal=normal, right_abnormal=right_abnormal, abnormal=abnormal
    )
    assert tuple(figures) == expected


@given(flags)
def test_scores_are_percentages_and_more_right_answers_never_hurt(pairs: list[tuple[bool, bool]]) -> None:
    correct = np.array([right for right, _ in pairs], dtype=bool)
    abnormal = np.array([is_abnormal for _, is_abnormal in pairs], dtype=bool)
    for metric in REGISTRY.values():
        score = metric(correct, abnormal)
        assert (score is None) == (not pairs)
        for position in np.flatnonzero(~correct):
            better = correct.copy()
            better[position] = True
            assert score is not None
            assert 0 <= score < (metric(better, abnormal) or 0) <= 100

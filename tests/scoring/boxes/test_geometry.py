from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.boxes.evaluate import evaluate
from scoring.boxes.geometry import FRAMES, canvas_of, count_right, in_order, iou
from scoring.boxes.report import BoxReport
from scoring.boxes.sheet import starts_of
from tests.scoring.boxes.shapes import Box, Image, as_json, record, release_of

coordinates = st.integers(0, 40)
pairs = st.tuples(coordinates, coordinates).filter(lambda ends: ends[0] != ends[1]).map(sorted)
boxes = st.tuples(pairs, pairs).map(lambda box: (box[0][0], box[1][0], box[0][1], box[1][1]))
some_boxes = st.lists(boxes, min_size=1, max_size=6)


def array(found: list[Box]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(found, dtype=np.float64).reshape(-1, 4)


def right(predicted: list[Box], true: list[Box]) -> list[int]:
    ours, theirs = starts_of(np.array([len(predicted)])), starts_of(np.array([len(true)]))
    found = count_right(in_order(array(predicted), ours), ours, in_order(array(true), theirs), theirs)
    return [int(each[0]) for each in found]


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1),
        ((0, 0, 10, 10), (0, 0, 10, 1), 0.1),
        ((0, 0, 10, 10), (5, 5, 15, 15), 25 / 175),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0),  # they touch
        ((0, 0, 10, 10), (30, 30, 40, 40), 0),
    ],
)
def test_overlaps(first: Box, second: Box, overlap: float) -> None:
    assert iou(array([first]), array([second])).tolist() == [overlap]


@given(boxes, boxes)
def test_overlap_is_the_same_both_ways(first: Box, second: Box) -> None:
    assert iou(array([first]), array([second])) == iou(array([second]), array([first]))


def test_each_box_is_used_once_and_the_best_pair_first() -> None:
    true: list[Box] = [(0, 0, 10, 10), (0, 0, 10, 8)]
    assert right([(0, 0, 10, 9)], true) == [1, 1]
    assert right([(0, 0, 10, 9), (0, 0, 10, 9)], true) == [2, 2]
    assert right([(0, 0, 10, 9)] * 3, true) == [2, 2]
    # The middle one overlaps both by more than the outer ones do, and is taken by the one that it fits better.
    assert right([(0, 0, 10, 20), (0, 0, 10, 12)], [(0, 0, 10, 14), (0, 0, 10, 11)]) == [2, 2]


@given(some_boxes, some_boxes, st.randoms())
def test_the_order_of_boxes_is_irrelevant(predicted: list[Box], true: list[Box], chance: Random) -> None:
    expected = right(predicted, true)
    for each in (predicted, true):
        chance.shuffle(each)
    assert right(predicted, true) == expected


@given(some_boxes, some_boxes, boxes)
def test_one_more_box_never_finds_less(predicted: list[Box], true: list[Box], more: Box) -> None:
    for before, after in zip(right(predicted, true), right([*predicted, more], true), strict=True):
        assert before <= after <= before + 1


@given(some_boxes, some_boxes, st.data())
def test_a_true_box_added_never_lowers_recall(
    predicted: list[Box], true: list[Box], data: st.DataObject
) -> None:
    images = [Image("a/nut/1", true), Image("a/nut/2"), Image("a/nut/3", [(0, 0, 9, 9)])]
    release = release_of(images)
    others = [record("a/nut/2", []), record("a/nut/3", [(1, 1, 9, 9)])]
    more = data.draw(st.sampled_from(true))
    before, after = (
        evaluate(as_json([record("a/nut/1", its), *others]), release).report
        for its in (predicted, [*predicted, more])
    )
    for name in ("localization/recall", "localization/recall-50"):
        ours, theirs = before.further[name], after.further[name]
        assert ours is not None
        assert theirs is not None
        assert ours <= theirs + 1e-9


SIZES = ((1024, 1024), (700, 525), (640, 480), (1000, 1999))


@given(st.lists(st.tuples(some_boxes, some_boxes), min_size=4, max_size=4), st.randoms())
def test_frames_and_the_order_of_records_make_no_difference(
    found: list[tuple[list[Box], list[Box]]], chance: Random
) -> None:
    """The same boxes, as parts of the image's width and height, in each frame."""
    reports: list[BoxReport] = []
    canvases = [canvas_of(*size) for size in SIZES]
    images = [
        Image(f"a/nut/{at}", scaled(true, canvases[at]), size=SIZES[at]) for at, (true, _) in enumerate(found)
    ]
    release = release_of(images)
    for frame in FRAMES:
        extents = {"pixels": SIZES, "0-1000": [(1000, 1000)] * 4}.get(frame, canvases)
        records = [
            record(f"a/nut/{at}", scaled(predicted, extents[at])) for at, (_, predicted) in enumerate(found)
        ]
        chance.shuffle(records)
        reports.append(evaluate(as_json(records), release, frame=frame).report)
    assert not any(report.invalid for report in reports)
    assert reports[0].figures() == reports[1].figures() == reports[2].figures()
    assert reports[0].intervals == reports[1].intervals == reports[2].intervals
    assert [report.frame for report in reports] == list(FRAMES)


def scaled(found: list[Box], extent: tuple[float, float]) -> list[Box]:
    width, height = extent
    return [
        (x1 * width / 40, y1 * height / 40, x2 * width / 40, y2 * height / 40) for x1, y1, x2, y2 in found
    ]


def test_many_pairs_are_matched_some_images_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(1)
    starts = starts_of(chance.integers(0, 5, 50))
    other_starts = starts_of(chance.integers(0, 5, 50))

    def drawn(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        corners = chance.integers(0, 5, (count, 2))
        return np.hstack([corners, corners + chance.integers(2, 12, (count, 2))]).astype(np.float64)

    predicted, true = (
        in_order(drawn(int(starts[-1])), starts),
        in_order(drawn(int(other_starts[-1])), other_starts),
    )
    at_once = count_right(predicted, starts, true, other_starts)
    monkeypatch.setattr("scoring.boxes.geometry._PAIRS_AT_ONCE", 7)
    for whole, piecewise in zip(at_once, count_right(predicted, starts, true, other_starts), strict=True):
        assert whole.sum() > 5
        assert (whole == piecewise).all()

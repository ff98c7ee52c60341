"""A report on boxes as it is drawn."""

from typing import Any

import pytest

from scoring.boxes import geometry, replies
from submissions.ui.box_report import CAUSES, FRAMES, WORST, box_figures


def category(name: str, localization: float | None, detection: float = 50.0) -> dict[str, Any]:
    boxes = {"right": 1, "false": 2, "missed": 3}
    return {
        "dataset": "mvtec",
        "category": name,
        "images": 4,
        "right": 2,
        "boxes": boxes,
        "detection": detection,
        "localization": localization,
    }


def body(**other: Any) -> dict[str, Any]:
    """What the smallest disclosure leaves, and more."""
    nothing = {"share": 0.0, "mean": 0.0, "median": 0.0, "longest": 0}
    told = {"invalid": {}, "reasoning": nothing, "frame": "0-1000", "partial": [], "intervals": {}}
    return told | other


FURTHER = {
    "further": {"localization/accuracy-50": 12.5},
    "subtasks": {"detection": 80.0, "localization": 40.0},
}


def test_every_cause_is_explained() -> None:
    assert set(CAUSES) == replies.INVALID
    assert all(words.text and words.remedy for words in CAUSES.values())


def test_the_frames_are_those_of_scoring() -> None:
    assert set(FRAMES) == set(geometry.FRAMES)


def test_the_worst_in_localization_come_first_and_those_without_it_last() -> None:
    found = [category("b", 20.0, 90.0), category("none", None), category("a", 5.0), category("c", 20.0, 30.0)]
    drawn = box_figures(body(categories=found), records=0)
    assert [row.name for row in drawn.worst] == ["a", "c", "b", "none"]
    assert not drawn.others


def test_ten_categories_stand_in_the_open() -> None:
    found = [category(f"{number:03}", float(number)) for number in range(188)]
    drawn = box_figures(body(categories=found), records=0)
    assert (len(drawn.worst), len(drawn.others)) == (WORST, 178)


def test_causes_stand_by_frequency_with_their_share_of_the_file() -> None:
    drawn = box_figures(body(invalid={"turned-box": 1, "no-answer-tag": 3, "no-with-box": 0}), records=20)
    assert [(cause.code, cause.count) for cause in drawn.causes] == [
        ("no-answer-tag", "3"),
        ("turned-box", "1"),
    ]
    assert drawn.causes[0].share.startswith("15.0")
    assert drawn.invalid_share.startswith("20.0")


def test_without_counts_of_boxes_both_overlaps_are_drawn() -> None:
    drawn = box_figures(body(**FURTHER), records=0)
    assert [(overlap.least, str(overlap.figures[0].score)) for overlap in drawn.overlaps] == [
        ("0.1", "40.00"),
        ("0.5", "12.50"),
    ]
    assert not drawn.overlaps[0].right


@pytest.mark.parametrize(("partial", "left"), [("detection", "overlaps"), ("localization", "detection")])
def test_what_a_partial_file_leaves_out_is_not_drawn(partial: str, left: str) -> None:
    drawn = box_figures(body(**FURTHER, partial=[partial]), records=0)
    assert not getattr(drawn, left)
    assert drawn.overlaps or drawn.detection


def test_where_the_overall_score_alone_is_disclosed_causes_are_left() -> None:
    drawn = box_figures(body(invalid={"turned-box": 1}), records=2)
    assert (drawn.detection, drawn.overlaps, drawn.worst, drawn.read) == ((), (), (), ())
    assert drawn.causes
    assert drawn.reasoning is None

from typing import Any

import pytest

from submissions.ui.report import READINGS, ReportView, reading_lines, report_view

SUBTASKS = [("detection", "Detection"), ("analysis", "Analysis")]
CELLS = [
    {"dataset": "VisA", "subtask": "detection", "score": 60.0},
    {"dataset": "VisA", "subtask": "analysis", "score": 90.0},
]
BODY = {
    "score": 75.0,
    "present": 1.0,
    "coverage": 0.998,
    "cells": CELLS,
    "subtasks": {"detection": 60.0, "analysis": 90.0},
    "datasets": {"VisA": 75.0},
    "detection": {"recall": 70.0, "precision": 80.0, "f1": 74.6, "overkill": 40.0, "miss": 20.0},
    "detection_by_dataset": {"VisA": {"overkill": 40.0, "miss": 20.0}},
    "micro": 74.0,
    "official_compatible": None,
    "readings": {"letter": 30, "marked": 9, "none": 1},
    "format": "native",
    "scorer_version": "1.0",
    "partial": [],
}


def test_a_report_becomes_dots_heat_and_bars() -> None:
    view = report_view(
        BODY, subtasks=SUBTASKS, datasets=["VisA", "GoodsAD"], leader={"detection": 100.0, "analysis": None}
    )
    assert [dot.x for dot in view.dots] == ["60.00%", "90.00%"]
    assert [dot.leader_x for dot in view.dots] == ["100.00%", ""]
    assert view.heat
    assert [cell.heat for cell in view.heat.rows[0].cells] == [4, 7]
    assert view.detection is not None
    assert [row.left_width for row in view.detection.rows] == ["20.00%", "20.00%"]
    assert not view.complete


def test_unreadable_replies_come_last() -> None:
    lines = reading_lines({"none": 50, "letter": 1, "marked": 2})
    assert [line.text for line in lines] == [READINGS[rule] for rule in ("marked", "letter", "none")]
    assert lines[-1].unread


def test_a_partial_report_has_dashes_where_nothing_was_asked() -> None:
    body = {
        **BODY,
        "score": None,
        "partial": ["detection"],
        "cells": CELLS[:1],
        "subtasks": {"detection": 60.0},
    }
    view = report_view(body, subtasks=SUBTASKS, datasets=["VisA", "GoodsAD"])
    assert not view.has_score
    assert view.partial == ("Detection",)
    assert view.dots[1].x == ""
    assert view.heat
    assert view.heat.rows[0].cells[1].heat == 0


def view_of(*, tries: int = 1, unread: int = 0, **changes: Any) -> ReportView:
    return report_view(
        {**BODY, **changes}, subtasks=SUBTASKS, datasets=["VisA", "GoodsAD"], tries=tries, unread=unread
    )


def commonest(share: float) -> dict[str, Any]:
    return {"letter": "C", "share": share, "replies": 40}


def test_one_letter_in_the_whole_file_is_said_once() -> None:
    view = view_of(commonest=commonest(0.96), commonest_by_subtask={"detection": commonest(1.0)})
    (said,) = view.constant
    assert "96.0" in said
    assert "letter C" in said


def test_one_letter_in_a_subtask_is_said_of_it() -> None:
    of_each = {"detection": commonest(1.0), "analysis": commonest(0.95)}
    (said,) = view_of(commonest=commonest(0.6), commonest_by_subtask=of_each).constant
    assert said.startswith("Detection: ")
    assert view_of(commonest=commonest(0.95), commonest_by_subtask={"detection": None}).constant == ()
    assert view_of().constant == ()  # an earlier scorer's report


@pytest.mark.parametrize(
    ("overkill", "miss", "said"),
    [
        (99.9, 0.2, "nearly every image defective"),
        (1.0, 97.0, "nearly every image normal"),
        (90.0, 0.0, ""),
        (40.0, 20.0, ""),
        (100.0, 100.0, ""),  # nothing could be read: coverage says so
    ],
)
def test_a_detector_that_says_the_same_of_every_image_has_its_sentence(
    overkill: float, miss: float, said: str
) -> None:
    rates = {"recall": 100 - miss, "precision": 60.0, "f1": 75.0, "overkill": overkill, "miss": miss}
    view = view_of(detection=rates)
    assert view.detection is not None
    assert said in view.detection.warning
    assert bool(view.detection.warning) == bool(said)


def test_a_cell_and_a_mean_have_their_intervals_under_them() -> None:
    cells = [{**CELLS[0], "interval": [58.0, 62.0]}, CELLS[1]]
    view = view_of(
        cells=cells,
        interval=[74.0, 76.0],
        intervals={"subtasks": {"detection": [58.5, 61.5]}, "datasets": {"VisA": [73.5, 76.5]}},
    )
    assert view.heat
    row = view.heat.rows[0]
    assert [cell.interval for cell in row.cells] == ["58.0–62.0", ""]
    assert row.mean.interval == "73.5–76.5"
    assert [mean.interval for mean in view.heat.means] == ["58.5–61.5", ""]
    assert view.heat.overall.interval == "74.0–76.0"


def test_the_score_is_drawn_with_what_picking_may_have_gained() -> None:
    once, thrice = view_of(interval=[74.0, 76.0]), view_of(interval=[74.0, 76.0], tries=3)
    assert (once.gain, thrice.gain) == ("", "0.43")
    assert once.drawing is not None
    assert once.drawing.gain_x == ""
    assert thrice.drawing is not None
    low, without, score = (
        float(x.rstrip("%")) for x in (thrice.drawing.low_x, thrice.drawing.gain_x, thrice.drawing.x)
    )
    assert low < without < score
    assert view_of(tries=3).drawing is None  # an earlier scorer's report has no interval


def test_the_score_without_unread_replies_stands_beside_the_ranked_one() -> None:
    unread = view_of(official_compatible=80.125, unread=1_234).unread
    assert unread is not None
    assert (unread.ranked, unread.official, unread.count_text) == ("75.00", "80.12", "1,234")
    assert view_of(official_compatible=None).unread is None

from submissions.ui.report import READINGS, reading_lines, report_view

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
        BODY, subtasks=SUBTASKS, datasets=["VisA"], leader={"detection": 100.0, "analysis": None}
    )
    assert [dot.x for dot in view.dots] == ["60.00%", "90.00%"]
    assert [dot.leader_x for dot in view.dots] == ["100.00%", ""]
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
    view = report_view(body, subtasks=SUBTASKS, datasets=["VisA"])
    assert not view.has_score
    assert view.partial == ("Detection",)
    assert view.dots[1].x == ""
    assert view.heat.rows[0].cells[1].heat == 0

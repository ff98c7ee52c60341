from datetime import UTC, datetime

from submissions.ui import rows

NOW = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
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


def test_a_row_escapes_what_people_wrote() -> None:
    row = rows.board_row(
        kind="scored",
        name="<b>&",
        score=1.0,
        further=[],
        url='/e/"',
        team="<i>",
        settings=("<u>",),
        coverage=1.0,
        tries=1,
    )
    for written in ("<b>", "<i>", "<u>", '/e/""'):
        assert written not in row


def test_the_first_is_marked_and_a_quoted_row_has_its_source() -> None:
    first = rows.board_row(kind="scored", name="a", score=2.0, further=[1.0], rank=1, coverage=1.0, tries=2)
    quoted = rows.board_row(
        kind="quoted", name="b", score=3.0, further=[None], team="quoted", source="a paper"
    )
    assert first.startswith('<tr class="first">')
    assert quoted.startswith('<tr class="quoted">')
    assert "<details><summary>quoted</summary><p>a paper</p></details>" in quoted
    assert "no rank" in quoted


def test_what_was_not_declared_stands_under_the_name() -> None:
    row = rows.board_row(
        kind="scored", name="a", score=None, further=[], settings=("1-shot",), undeclared=3, partial=True
    )
    assert "1-shot" in row
    assert "partial" in row
    assert "3 not declared" in row


def test_a_row_has_as_many_cells_as_the_head() -> None:
    row = rows.board_row(kind="scored", name="a", score=1.0, further=[1.0] * 7, coverage=1.0, tries=1)
    assert row.count("<td") + row.count("<th") == 3 + 1 + 7 + 2


def test_a_queued_submission_stands_at_its_second_tick() -> None:
    ticks = rows.life("queued", received_at=NOW, started_at=None, finished_at=None, position=3)
    assert [tick.state for tick in ticks] == ["done", "now", "todo", "todo"]
    assert "3" in str(ticks[1].note)


def test_a_rejected_submission_ends_at_a_bad_tick() -> None:
    ticks = rows.life("rejected", received_at=NOW, started_at=NOW, finished_at=NOW)
    assert [tick.state for tick in ticks] == ["done", "done", "done", "bad"]


def test_a_report_becomes_dots_heat_and_bars() -> None:
    view = rows.report_view(
        BODY, subtasks=SUBTASKS, datasets=["VisA"], leader={"detection": 100.0, "analysis": None}
    )
    assert [dot.x for dot in view.dots] == ["60.00%", "90.00%"]
    assert [dot.leader_x for dot in view.dots] == ["100.00%", ""]
    assert [cell.heat for cell in view.heat.rows[0].cells] == [4, 7]
    assert view.detection is not None
    assert [row.left_width for row in view.detection.rows] == ["20.00%", "20.00%"]
    assert not view.complete


def test_unreadable_replies_come_last() -> None:
    lines = rows.reading_lines({"none": 50, "letter": 1, "marked": 2})
    assert [line.text for line in lines] == [rows.READINGS[rule] for rule in ("marked", "letter", "none")]
    assert lines[-1].unread


def test_a_partial_report_has_dashes_where_nothing_was_asked() -> None:
    body = {
        **BODY,
        "score": None,
        "partial": ["detection"],
        "cells": CELLS[:1],
        "subtasks": {"detection": 60.0},
    }
    view = rows.report_view(body, subtasks=SUBTASKS, datasets=["VisA"])
    assert not view.has_score
    assert view.partial == ("Detection",)
    assert view.dots[1].x == ""
    assert view.heat.rows[0].cells[1].heat == 0

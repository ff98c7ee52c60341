from datetime import UTC, datetime

from submissions.ui.life import ticks

NOW = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)


def test_a_queued_submission_stands_at_its_second_tick() -> None:
    shown = ticks("queued", received_at=NOW, started_at=None, finished_at=None, position=3)
    assert [tick.state for tick in shown] == ["done", "now", "todo", "todo"]
    assert "3" in str(shown[1].note)


def test_a_rejected_submission_ends_at_a_bad_tick() -> None:
    shown = ticks("rejected", received_at=NOW, started_at=NOW, finished_at=NOW)
    assert [tick.state for tick in shown] == ["done", "done", "done", "bad"]

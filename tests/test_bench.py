"""The benchmarks' own databases keep up with the schema."""

import pytest
from django.db import connection

from bench import board
from leaderboard.board import Board, page
from leaderboard.filters import Columns, Wanted
from submissions.models import Benchmark

pytestmark = pytest.mark.django_db


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the benchmark measures on SQLite")
def test_the_board_that_is_measured_is_a_whole_one() -> None:
    board.build(3)
    benchmark = Benchmark.objects.with_release().get()
    rows = page(Board(benchmark), Columns.of(benchmark), Wanted()).rows
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert len(rows[0]["subtasks"]) == 7
    assert all(
        row["tries"] == board.SUBMISSIONS_AN_ENTRY and None not in row["subtasks"].values() for row in rows
    )

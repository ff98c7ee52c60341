from datetime import UTC, datetime

import pytest
from django.utils import translation

from submissions.ui import format as written


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(78.65, 1, "78.7"), (100.0, 1, "100.0"), (0.0, 2, "0.00"), (66.666, 2, "66.67")],
)
def test_a_score_has_the_decimals_of_its_place(value: float, decimals: int, text: str) -> None:
    assert written.score(value, decimals) == text


def test_a_missing_score_is_a_dash_that_is_spoken() -> None:
    assert "–" in written.score(None)
    assert "no figure" in written.score(None)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (1.0, "100\u202f%"),
        (0.99999, "99.9\u202f%"),
        (0.5, "50.0\u202f%"),
        (0.00001, "0.1\u202f%"),
        (0.0, "0\u202f%"),
    ],
)
def test_only_the_whole_reads_as_a_hundred_percent(fraction: float, text: str) -> None:
    assert written.share(fraction) == text


def test_figures_follow_the_language() -> None:
    with translation.override("de"):
        assert written.score(78.6) == "78,6"
        assert written.count(39672) == "39.672"
    assert written.count(39672) == "39,672"


def test_a_rank_may_be_a_range_or_none() -> None:
    assert written.rank(1, 1, 2) == "1–2"
    assert written.rank(3, 3, 3) == "3"
    assert "no rank" in written.rank(None)


@pytest.mark.parametrize(
    ("octets", "text"),
    [(812, "812\xa0B"), (1400, "1.4\xa0kB"), (999_960, "1.0\xa0MB"), (12_345_678, "12.3\xa0MB")],
)
def test_a_size_has_the_unit_that_fits(octets: int, text: str) -> None:
    assert written.size(octets) == text


def test_a_moment_carries_its_exact_value_and_zone() -> None:
    assert ", 03:30:15\xa0UTC" in written.when(datetime(2026, 11, 22, 3, 30, 15, tzinfo=UTC), seconds=True)
    text = written.when(datetime(2026, 11, 22, 3, 30, 15, tzinfo=UTC))
    assert 'datetime="2026-11-22T03:30:15+00:00"' in text
    assert "22 Nov 2026, 03:30\xa0UTC" in text


@pytest.mark.parametrize(
    ("score", "step"), [(None, 0), (0.0, 1), (39.9, 1), (40.0, 2), (89.9, 6), (90.0, 7), (100.0, 7)]
)
def test_heat_has_seven_steps_and_none_for_nothing(score: float | None, step: int) -> None:
    assert written.heat(score) == step

import pytest

from submissions.ui.scale import Drawing, Scale


@pytest.mark.parametrize(
    ("intervals", "start", "end", "step"),
    [
        ([(73.6, 74.8)], 73.6, 74.8, 0.2),
        ([(73.6, 74.8), (28.1, 29.0)], 25, 75, 5),
        ([(0.0, 100.0)], 0, 100, 10),
        ([(99.97, 100.0)], 99.9, 100, 0.1),
        ([(50.0, 50.0)], 50.0, 50.1, 0.1),
        ([(100.0, 100.0)], 99.9, 100, 0.1),
    ],
)
def test_a_scale_ends_on_round_figures_around_all_intervals(
    intervals: list[tuple[float, float]], start: float, end: float, step: float
) -> None:
    scale = Scale.around(intervals)
    assert scale is not None
    assert (scale.start, scale.end, scale.step) == pytest.approx((start, end, step))
    assert scale.ticks[0].x == "0.0%"
    assert scale.ticks[-1].x == "100.0%"
    assert len(scale.ticks) <= 11


def test_without_an_interval_there_is_no_scale() -> None:
    assert Scale.around([]) is None
    assert Drawing.of(70.0, None) is None
    assert Drawing.of(None, (69.0, 71.0)) is None


def test_what_lies_beyond_the_scale_is_drawn_at_its_end() -> None:
    scale = Scale(50, 60, 1)
    assert (scale.across(40), scale.across(55), scale.across(70)) == ("0.0%", "50.0%", "100.0%")
    assert [scale.holds(value) for value in (49.9, 50, 60, 60.1)] == [False, True, True, False]


def test_a_drawing_of_its_own_has_room_on_both_sides() -> None:
    drawing = Drawing.of(74.2, (73.6, 74.8))
    assert drawing is not None
    low, score, high = (float(x.rstrip("%")) for x in (drawing.low_x, drawing.x, drawing.high_x))
    assert 10 < low < score < high < 90
    assert drawing.gain_x == ""

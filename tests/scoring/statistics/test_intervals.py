import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from scoring.statistics.intervals import error_of, wilson
from scoring.statistics.student import NORMAL, quantile


def test_independent_questions_have_wilson_s_interval() -> None:
    error = math.sqrt(0.8 * 0.2 / 50_000)
    low, high = wilson(0.8, error, 50_000, 50_000)
    factor = (quantile(49_999) / NORMAL) ** 2
    expected = proportion_confint(0.8 * 50_000 / factor, 50_000 / factor, method="wilson")
    assert (float(low), float(high)) == pytest.approx(expected, abs=1e-12)


def test_without_an_error_the_images_count() -> None:
    low, high = wilson(1.0, 0.0, 900, 100)
    effective = 100 / (quantile(99) / NORMAL) ** 2
    assert float(low) == pytest.approx(effective / (effective + NORMAL**2))
    assert high == 1


def test_nothing_right_is_the_mirror_of_everything_right() -> None:
    (low, high), (other_low, other_high) = wilson(0.0, 0.0, 90, 10), wilson(1.0, 0.0, 90, 10)
    assert low == 0
    assert float(high) == pytest.approx(1 - float(other_low))
    assert other_high == 1


def test_one_image_has_no_interval() -> None:
    lows, highs = wilson([0.5, 0.5], [0.1, 0.1], [9, 9], [1, 2])
    assert np.isnan(lows).tolist() == np.isnan(highs).tolist() == [True, False]


def test_an_interval_is_never_narrower_than_for_independent_questions() -> None:
    width = np.ptp(wilson(0.5, 1e-6, 100, 90), axis=0)
    assert width == pytest.approx(np.ptp(wilson(0.5, 0.05, 100, 90), axis=0))


@pytest.mark.parametrize("share", [0.001, 0.03, 0.5, 0.7, 0.97, 0.9999])
def test_an_interval_gives_back_the_error_that_it_was_made_from(share: float) -> None:
    error = 1.4 * math.sqrt(share * (1 - share) / 9_000)
    ends = wilson(share, error, 9_000, 3_000)
    widened = error * quantile(2_999) / NORMAL
    assert error_of(share, *map(float, ends)) == pytest.approx(widened, rel=1e-9)


def test_what_an_interval_gives_back_is_never_less() -> None:
    ends = wilson(0.5, 1e-6, 100, 90)
    assert error_of(0.5, *map(float, ends)) == pytest.approx(0.05 * quantile(89) / NORMAL)
    assert error_of(1.0, 0.9, 1.0) == error_of(0.0, 0.0, 0.1) == 0

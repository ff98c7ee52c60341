import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from scoring.statistics.intervals import wilson
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

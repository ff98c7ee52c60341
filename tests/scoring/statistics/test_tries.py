import math

import numpy as np
import pytest

from scoring.statistics.intervals import wilson
from scoring.statistics.tries import expected_gain, expected_maximum

# Tables of normal order statistics, as in Harter 1961, Biometrika 48; those of 2 and 3 have closed forms.
KNOWN = {4: 1.02938, 5: 1.16296, 6: 1.26721, 10: 1.53875, 20: 1.86748, 100: 2.50759, 1000: 3.24144}


def test_the_expected_largest_draw_is_the_one_in_the_tables() -> None:
    assert expected_maximum(1) == 0
    assert expected_maximum(2) == pytest.approx(1 / math.sqrt(math.pi), abs=1e-13)
    assert expected_maximum(3) == pytest.approx(1.5 / math.sqrt(math.pi), abs=1e-13)
    assert {count: round(expected_maximum(count), 5) for count in KNOWN} == KNOWN


def test_the_best_of_equal_tries_exceeds_one_by_the_gain() -> None:
    """Drawn: five thousand times the best of seven tries, each with images of its own."""
    score, error = 0.7, 0.01
    ends = wilson(score, error, 40_000, 8_000)
    drawn = np.random.default_rng(1).normal(score, error, (5_000, 7)).max(axis=1).mean() - score
    interval = [100 * float(end) for end in ends]
    assert expected_gain(7, 70.0, interval) == pytest.approx(100 * drawn, rel=0.02)


def test_one_try_gains_nothing_and_the_ends_of_the_scale_tell_no_error() -> None:
    assert expected_gain(1, 70.0, (69.0, 71.0)) == 0
    assert expected_gain(9, 100.0, (99.0, 100.0)) == expected_gain(9, 0.0, (0.0, 1.0)) == 0

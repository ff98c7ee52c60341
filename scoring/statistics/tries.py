"""How much better the best of several tries looks than it is."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from scoring.statistics.intervals import error_of

# Beyond these, and between these steps, nothing is left that a double could hold.
FIRST, LAST, STEP = -10.0, 14.0, 0.02
_Z = np.arange(FIRST, LAST, STEP)
_DENSITY = np.exp(-(_Z**2) / 2) / math.sqrt(2 * math.pi)
_BELOW = np.array([math.erfc(-z / math.sqrt(2)) / 2 for z in _Z.tolist()])


@lru_cache(maxsize=1024)
def expected_maximum(count: int) -> float:
    """The expected largest of that many independent draws from the standard normal distribution; 0 for one.

    The integral of n z density(z) below(z)^(n - 1) by the trapezoidal rule, which for so smooth an integrand is exact
    to rounding.
    """
    if count < 2:
        return 0.0
    return float(count * STEP * np.sum(_Z * _DENSITY * _BELOW ** (count - 1)))


def expected_gain(tries: int, score: float, interval: Sequence[float]) -> float:
    """By how many points, at most, the best of an entry's tries is expected to look better than one of them would.

    That is the expected largest of so many normal draws, times the score's standard error, which its interval was made
    from. It is a bound: it takes the tries for equally good and for as independent as if each had met images of its
    own. They meet the same images and so vary less, and where one is truly better less of its lead is luck. 0 for one
    try, and at 0 and 100 percent, where no error can be told.
    """
    low, high = interval
    return 100 * expected_maximum(tries) * error_of(score / 100, low / 100, high / 100)


def gain(tries: int | None, score: float | None, interval: Sequence[float] | None) -> float | None:
    """By how many points at most a score picked from several tries is expected to look better than one try would.

    None for one try, and where there is no interval.
    """
    if tries is None or tries < 2 or score is None or interval is None:
        return None
    return expected_gain(tries, score, interval)

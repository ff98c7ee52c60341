"""Which entries of a column cannot be told apart: the critical value, and verdicts on pairs."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from scoring.statistics.intervals import ROUNDING
from scoring.statistics.strata import Flags, Floats

Counts = NDArray[np.int64]


def critical(entries: int) -> float:
    """The z beyond which one of two entries is significantly better, on a board of so many.

    Bonferroni's correction for an entry's comparisons with all others, with K rounded up to a power of two: so one more
    entry seldom changes other pairs' verdicts. They stand as long as this value does.
    """
    rounded = 1 << max(entries - 1, 1).bit_length()
    return NormalDist().inv_cdf(1 - 0.025 / (rounded - 1))


def is_better(differences: Floats, squared_errors: Floats, beyond: float) -> Flags:
    """Where a difference, as a share, is significantly above zero. Equal scores never are."""
    found: Flags = (differences > ROUNDING) & (differences**2 > beyond**2 * np.maximum(squared_errors, 0))
    return found


def are_in_doubt(differences: Floats, least: Floats, most: Floats, beyond: Floats) -> Flags:
    """Where the standard error has to be known for a verdict, when only bounds of its square are.

    That is so unless the difference is significant by the most it may be and by the largest of these critical values,
    or is not even by the least and the smallest.
    """
    squared = differences**2
    found: Flags = (squared <= beyond.max() ** 2 * most) & (squared > beyond.min() ** 2 * least)
    return found

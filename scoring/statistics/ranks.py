"""Which entries of a column cannot be told apart: the critical value, and verdicts on pairs."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from scoring.statistics.intervals import ROUNDING
from scoring.statistics.strata import Flags, Floats
from scoring.statistics.student import quantile

Counts = NDArray[np.int64]


def critical(entries: int, images: int) -> float:
    """The z beyond which one of two entries is significantly better, on a board of so many that rests on these images.

    Bonferroni's correction for an entry's comparisons with all others, with K rounded up to a power of two: so one more
    entry seldom changes other pairs' verdicts. They stand as long as this value does. Where images are few it is what
    two entries compared alone need, so that a board tells nobody apart whom a comparison does not; infinite where no
    difference could be enough.
    """
    if images < 2:
        return math.inf
    rounded = 1 << max(entries - 1, 1).bit_length()
    beyond = max(NormalDist().inv_cdf(1 - 0.025 / (rounded - 1)), quantile(images - 1))
    return beyond if beyond * least_error(1, images) < 1 else math.inf


def least_error(difference: float, images: int) -> float:
    """The least standard error that a difference on so many images, two or more, is taken to have.

    Where all images agree their residuals show none. It is the error that one image more would make that says the
    opposite; so six that agree are enough to tell two entries apart, and five are not, as in a sign test.
    """
    return 2 * abs(difference) / math.sqrt(images**2 - 1)


def is_better(differences: Floats, squared_errors: Floats, beyond: float) -> Flags:
    """Where a difference, as a share, is significantly above zero. Equal scores never are."""
    if math.isinf(beyond):
        return np.zeros(np.broadcast(differences, squared_errors).shape, dtype=np.bool_)
    found: Flags = (differences > ROUNDING) & (differences**2 > beyond**2 * np.maximum(squared_errors, 0))
    return found


def are_in_doubt(differences: Floats, least: Floats, most: Floats, beyond: Floats) -> Flags:
    """Where the standard error has to be known for a verdict, when only bounds of its square are.

    That is so unless the difference is significant by the most it may be and by the largest of these critical values,
    or is not even by the least and the smallest.
    """
    beyond = beyond[np.isfinite(beyond)]
    if not len(beyond):
        return np.zeros(len(differences), dtype=np.bool_)
    squared = differences**2
    found: Flags = (squared <= beyond.max() ** 2 * most) & (squared > beyond.min() ** 2 * least)
    return found

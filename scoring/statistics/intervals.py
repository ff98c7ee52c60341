"""The interval of a share whose standard error is known: Wilson's, on the effective number of questions."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scoring.statistics.student import NORMAL, quantile

Floats = NDArray[np.float64]

# Standard errors below this are rounding: the true one is zero.
ROUNDING = 1e-12


def wilson(
    share: ArrayLike, error: ArrayLike, questions: ArrayLike, images: ArrayLike
) -> tuple[Floats, Floats]:
    """Both ends of the 95 % interval of each share, from 0 to 1; NaN where there are fewer than two images.

    The effective number of questions is the one at which independent questions would have the same standard error,
    never more than there are, and less where few images say little of the error itself. Where the error is zero it
    is the number of images.
    """
    share, error = np.asarray(share, dtype=np.float64), np.asarray(error, dtype=np.float64)
    images = np.asarray(images, dtype=np.int64)
    counts, which = np.unique(images, return_inverse=True)
    factors = np.array(
        [(quantile(count - 1) / NORMAL) ** 2 if count > 1 else np.nan for count in counts.tolist()]
    )
    naive = share * (1 - share) / questions
    is_known = error > ROUNDING
    ratio = np.divide(naive, error**2, out=np.ones(np.broadcast(naive, error).shape), where=is_known)
    effective = np.where(is_known, questions * np.minimum(1, ratio), images) / factors[which].reshape(
        images.shape
    )
    squared = NORMAL**2
    centre = share * effective + squared / 2
    half = NORMAL * np.sqrt(share * (1 - share) * effective + squared / 4)
    whole = effective + squared
    # At the ends of the scale rounding would leave a trace.
    low = np.where(share <= 0, 0 * whole, (centre - half) / whole)
    high = np.where(share >= 1, whole / whole, (centre + half) / whole)
    return low, high


def error_of(share: float, low: float, high: float) -> float:
    """The standard error that an interval of `wilson` was made from, never less; 0 for shares of 0 and 1.

    The ends are where (share - end)^2 = 1.96^2 end (1 - end) / n holds, n being the effective number of questions, and
    the error is sqrt(share (1 - share) / n). It is more than what `wilson` was given by the factor for few images, and
    where that was less than questions of one image each would have.
    """
    if not 0 < share < 1:
        return 0.0
    # The end that is further from the scale's own: the other may have lost its digits there.
    end = low if share > 0.5 else high
    return abs(share - end) / NORMAL * math.sqrt(share * (1 - share) / (end * (1 - end)))

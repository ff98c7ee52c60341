"""Ranges of ranks: which entries of a column cannot be told apart."""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.statistics.intervals import ROUNDING
from scoring.statistics.strata import Flags, Floats

Counts = NDArray[np.int64]


class Ranges(NamedTuple):
    """By entry: 1 + how many are significantly better, and K less how many are significantly worse."""

    low: Counts
    high: Counts


class Verdicts(NamedTuple):
    """What one entry and each of the others are to each other; both are False where they cannot be told apart."""

    better: Flags  # this other is significantly better than the one
    worse: Flags


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


def ranges(scores: Floats, residuals: Floats, beyond: float | None = None) -> Ranges:
    """Of entries with these scores, as shares, and these residuals: entries x images.

    `beyond` is the critical value where these are not all entries of the board.
    """
    judged = Judged(scores, beyond if beyond is not None else critical(len(scores)))
    judged.add(slice(0, len(scores)), residuals, slice(0, len(scores)), residuals)
    return judged.ranges()


class Judged:
    """Verdicts on all pairs, counted as blocks of residuals come in."""

    def __init__(self, scores: Floats, beyond: float) -> None:
        self._scores = scores
        self._beyond = beyond
        self._better = np.zeros(len(scores), dtype=np.int64)
        self._worse = np.zeros(len(scores), dtype=np.int64)

    def add(self, rows: slice, ours: Floats, columns: slice, theirs: Floats) -> None:
        """The pairs of two blocks: the same one twice, or two that come together only once."""
        images = ours.shape[1]
        if images < 2:
            return
        products = ours @ theirs.T
        squares = np.einsum("ij,ij->i", ours, ours)[:, None] + np.einsum("ij,ij->i", theirs, theirs)
        squared_errors = (squares - 2 * products) * (images / (images - 1))
        differences = self._scores[rows, None] - self._scores[columns]
        above = is_better(differences, squared_errors, self._beyond)
        self._worse[rows] += above.sum(axis=1)
        self._better[columns] += above.sum(axis=0)
        if rows != columns:
            below = is_better(-differences, squared_errors, self._beyond)
            self._better[rows] += below.sum(axis=1)
            self._worse[columns] += below.sum(axis=0)

    def ranges(self) -> Ranges:
        return Ranges(1 + self._better, len(self._scores) - self._worse)

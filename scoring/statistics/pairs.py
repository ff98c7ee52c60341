"""Two submissions that answered the same questions: their difference, and whether it is more than chance."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scoring.definition import Definition
from scoring.statistics.clusters import Spread
from scoring.statistics.intervals import ROUNDING
from scoring.statistics.ranks import least_error
from scoring.statistics.strata import Flags, Linear
from scoring.statistics.student import quantile

if TYPE_CHECKING:
    from scoring.release import Release


class Difference(NamedTuple):
    """The first one's figure less the second's, in percent points, with its standard error and 95 % interval.

    z is their ratio. Verdict 1: the first is better;
    -1: the second is; 0: they cannot be told apart. The interval excludes 0 exactly when the verdict is not 0.
    """

    difference: float
    error: float
    z: float
    interval: tuple[float, float]
    verdict: int


class Table(NamedTuple):
    """How many questions both got right, only the first, only the second, neither."""

    both: int
    first: int
    second: int
    neither: int


@dataclass(frozen=True, slots=True)
class Pair:
    """`differences` holds, by name, each figure that both have and that rests on two images or more, or None.

    `shared` is that of the mean of the subtasks that both answered, where these are not all: there is no overall one.
    """

    differences: Mapping[str, Difference | None]
    table: Table
    mid_p: float
    shared: Difference | None = None


def compare(first: Flags, second: Flags, release: "Release", scored: Collection[int]) -> Pair:
    """Two submissions' right answers, a flag per question; `scored` holds the subtasks that both answered.

    Overkill and miss are left out: they are what is missing to another accuracy. With the two the other way round all
    signs turn, and nothing else changes.
    """
    strata, definition = release.strata, release.definition
    spread = Spread.of(strata, strata.count(first) - strata.count(second))
    differences = _differences(spread, strata.linear(scored), definition)
    shared = None
    if len(scored) < len(definition.subtasks):
        shared = _differences(spread, strata.mean_of(scored), definition).get("mean")
    counts = table(first, second, release, scored)
    return Pair(differences, counts, mcnemar_mid_p(counts.first, counts.second), shared)


def _differences(spread: Spread, figures: Linear, definition: Definition) -> dict[str, Difference | None]:
    found = zip(
        figures.names,
        spread.values(figures).tolist(),
        spread.errors(figures).tolist(),
        figures.images.tolist(),
        figures.turned.tolist(),
        strict=True,
    )
    return {
        name: difference(value, error, images, lower_is_better=definition.lower_is_better)
        for name, value, error, images, is_turned in found
        if not is_turned
    }


def difference(
    value: float, error: float, images: int, *, lower_is_better: bool = False
) -> Difference | None:
    """From the difference and its standard error as shares; None where it rests on one image."""
    if images < 2:
        return None
    value = 0.0 if abs(value) < ROUNDING else value
    error = max(0.0 if error < ROUNDING else error, least_error(value, images))
    width = quantile(images - 1) * error
    verdict = 0 if abs(value) <= width else int(math.copysign(1, -value if lower_is_better else value))
    interval = (100 * max(value - width, -1), 100 * min(value + width, 1))
    z = value / error if error else 0.0
    return Difference(100 * value, 100 * error, z, interval, verdict)


def table(first: Flags, second: Flags, release: "Release", scored: Collection[int]) -> Table:
    """Over the questions that count, of the subtasks that both answered."""
    asked = release.counted & np.isin(release.subtasks, list(scored))
    a, b = first & asked, second & asked
    both, either = int(np.count_nonzero(a & b)), int(np.count_nonzero(a | b))
    only_first = int(np.count_nonzero(a)) - both
    return Table(both, only_first, either - both - only_first, int(np.count_nonzero(asked)) - either)


def mcnemar_mid_p(first: int, second: int) -> float:
    """Two-sided mid-p of the exact test that of two submissions each is as often the only right one.

    It takes questions for independent, and so stands beside the verdict, which does not. Fagerland, Lydersen and Laake
    2013, BMC Medical Research Methodology 13:91.
    """
    total, fewer = first + second, min(first, second)
    ratios = (total - np.arange(fewer)) / np.arange(1, fewer + 1)
    logarithms = np.concatenate(([0.0], np.cumsum(np.log(ratios)))) - total * math.log(2)
    probabilities = np.exp(logarithms)
    return min(1.0, float(2 * probabilities.sum() - probabilities[-1]))

"""Of 10,000 drawn submissions, how many intervals hold the share that they were drawn with."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.release import Release
from scoring.statistics.clusters import Spread
from scoring.statistics.estimates import intervals
from scoring.statistics.intervals import wilson
from tests.scoring.statistics.shapes import Flags, flat

Floats = NDArray[np.float64]

DRAWS = 10_000
CORRELATION = 0.08  # of two answers on one image
LOW, HIGH = 0.935, 0.965


@dataclass(frozen=True)
class Kind:
    """Images with the same questions: how many each column asks, and how such an image can be answered."""

    dataset: int
    asked: tuple[int, ...]
    images: list[int]
    patterns: Floats  # right answers by column
    probabilities: Floats


def kinds(release: Release, share: float) -> list[Kind]:
    strata = release.strata
    images: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for dataset, at in enumerate(strata.slices):
        for image in range(at.start, at.stop):
            key = (dataset, tuple(strata.asked[image].astype(int).tolist()))
            images.setdefault(key, []).append(image)
    found = []
    for (dataset, asked), numbers in images.items():
        patterns = list(product(*(range(count + 1) for count in asked)))
        probabilities = [chance(pattern, asked, share) for pattern in patterns]
        found.append(Kind(dataset, asked, numbers, np.array(patterns, dtype=float), np.array(probabilities)))
    return found


def chance(pattern: tuple[int, ...], asked: tuple[int, ...], share: float) -> float:
    """Beta-binomial: the image's own share of right answers is drawn first, then its answers."""
    right, questions = sum(pattern), sum(asked)
    a, b = (part * (1 - CORRELATION) / CORRELATION for part in (share, 1 - share))
    ways = math.prod(math.comb(count, it) for count, it in zip(asked, pattern, strict=True))
    return ways * math.exp(_log_beta(a + right, b + questions - right) - _log_beta(a, b))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def simulate(release: Release, share: float, seed: int) -> tuple[Floats, Floats, list[NDArray[np.int64]]]:
    """The overall share and its standard error in each draw, and how many images of each kind had which pattern.

    Images of a kind that were answered alike have the same residual, so it is enough to draw how many there are.
    """
    random = np.random.default_rng(seed)
    strata = release.strata
    figures = strata.linear(range(len(release.definition.subtasks)))
    at = figures.at("overall")
    weights = figures.weights[at] / np.maximum(strata.sizes, 1)
    every = kinds(release, share)
    drawn = [random.multinomial(len(kind.images), kind.probabilities, size=DRAWS) for kind in every]
    totals = np.zeros((DRAWS, *strata.sizes.shape))
    for kind, counts in zip(every, drawn, strict=True):
        totals[:, kind.dataset] += counts @ kind.patterns
    means = totals / np.maximum(strata.sizes, 1)
    squares = np.zeros(DRAWS)
    for kind, counts in zip(every, drawn, strict=True):
        values = kind.patterns @ weights[kind.dataset]
        expected = means[:, kind.dataset] @ (weights[kind.dataset] * kind.asked)
        squares += counts @ values**2 - 2 * expected * (counts @ values) + len(kind.images) * expected**2
    images = int(figures.images[at])
    shares = (means * figures.weights[at]).sum(axis=(1, 2))
    return shares, np.sqrt(np.maximum(squares, 0) * images / (images - 1)), drawn


def answers(release: Release, share: float, drawn: list[NDArray[np.int64]], draw: int) -> Flags:
    """One of the draws as right answers, a flag per question."""
    strata = release.strata
    width = len(strata.columns)
    wanted = np.zeros(strata.asked.shape, dtype=int)
    for kind, counts in zip(kinds(release, share), drawn, strict=True):
        wanted[kind.images] = np.repeat(kind.patterns, counts[draw], axis=0)
    correct = np.zeros(release.size, dtype=bool)
    given: Counter[int] = Counter()
    for position, cell in zip(strata.positions.tolist(), strata.cells.tolist(), strict=True):
        correct[position] = given[cell] < wanted[cell // width, cell % width]
        given[cell] += 1
    return correct


def coverage(ends: tuple[Floats, Floats], share: float) -> float:
    return float(np.mean((ends[0] <= share) & (share <= ends[1])))


def check(release: Release, share: float, seed: int) -> None:
    strata = release.strata
    figures = strata.linear(range(len(release.definition.subtasks)))
    at = figures.at("overall")
    questions, images = int(figures.questions[at]), int(figures.images[at])
    shares, errors, drawn = simulate(release, share, seed)
    low, high = wilson(shares, errors, questions, images)
    # What the simulation adds up is what scoring computes.
    for draw in range(2):
        correct = answers(release, share, drawn, draw)
        assert Spread.of(strata, strata.count(correct)).errors(figures)[at] == pytest.approx(
            errors[draw], rel=1e-6
        )
        found = intervals(correct, release, range(len(release.definition.subtasks)))["overall"]
        assert found == pytest.approx((100 * low[draw], 100 * high[draw]), rel=1e-6)
    assert LOW <= coverage((low, high), share) <= HIGH
    # As if all questions were independent.
    naive = wilson(shares, np.sqrt(shares * (1 - shares) / questions), questions, 100_000)
    assert coverage(naive, share) < LOW


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("shape", "share"),
    [
        (lambda: flat(1500, 9), 0.75),
        (lambda: flat(200, 9), 0.99),
        (lambda: flat(40, 9), 0.96),
        (lambda: flat(15, 9), 0.93),
    ],
    ids=["1500 images", "200 images at 99 %", "40 images at 96 %", "15 images at 93 %"],
)
def test_19_of_20_intervals_hold_the_truth(shape: Callable[[], Release], share: float, seed: int) -> None:
    check(shape(), share, seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_19_of_20_intervals_hold_the_truth_at_mmad_s_size(standin_release: Release, seed: int) -> None:
    check(standin_release, 0.75, seed)

"""The small numbers on the page about statistics, made by the functions that make the large ones."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from scoring.metrics.detection import detection
from scoring.statistics import pairs, ranks
from scoring.statistics.intervals import wilson
from scoring.statistics.strata import Floats
from scoring.statistics.tries import expected_gain, expected_maximum
from scoring.tabulate import mean
from submissions.ui import format as figures
from submissions.ui.scale import Drawing, Scale, Tick

QUESTIONS = 3
"""On each image."""
RIGHT: Mapping[str, tuple[int, ...]] = {
    "A": (3, 3, 2, 3, 1, 2, 3, 1),
    "B": (2, 2, 2, 2, 1, 1, 2, 1),
    "C": (3, 2, 3, 2, 2, 2, 2, 1),
}
"""How many of each image's questions each of three models answers rightly."""
TRIES = 3
SEVERAL = (2, 3, 5, 10, 20)
NORMAL = (9, 10)
"""Right and asked, of a detector on normal images ..."""
ABNORMAL = (2, 5)
"""... and on abnormal ones."""
BOXED: Mapping[str, tuple[tuple[int, int], ...]] = {
    "cable": ((1, 1), (1, 2), (0, 1)),
    "bottle": ((2, 2), (1, 2)),
}
"""Right boxes and all of them (right, false and missed ones) on each image of two categories."""
SUBTASK, DATASET = 75.0, 80.0
"""The scores of its other subtask and of the other source dataset."""


@dataclass(frozen=True, slots=True)
class Model:
    """One of the three; all but its counts as shares."""

    right: tuple[int, ...]
    score: float
    residuals: Floats
    error: float
    interval: tuple[float, float]

    @classmethod
    def of(cls, right: tuple[int, ...]) -> "Model":
        images, questions = len(right), len(right) * QUESTIONS
        score = sum(right) / questions
        residuals = (np.array(right) - QUESTIONS * score) / questions
        error = clustered(residuals)
        low, high = wilson(score, error, questions, images)
        return cls(right, score, residuals, error, (float(low), float(high)))


def clustered(residuals: Floats) -> float:
    """The standard error of a mean from its images' residuals, as scoring.statistics.clusters has it."""
    images = len(residuals)
    return math.sqrt(images / (images - 1) * float((residuals**2).sum()))


@dataclass(frozen=True, slots=True)
class Boxed:
    """A category of boxes; shares. `squares` is the sum of its squared residuals, n / (n - 1) times."""

    share: float
    residuals: Floats
    squares: float

    @classmethod
    def of(cls, images: Sequence[tuple[int, int]]) -> "Boxed":
        right, every = np.array(images, dtype=np.float64).T
        share = right.sum() / every.sum()
        residuals = (right - share * every) / every.sum()
        return cls(share, residuals, len(images) / (len(images) - 1) * float((residuals**2).sum()))


def boxed() -> tuple[float, float, tuple[float, float]]:
    """Localization in both categories, its standard error and its interval, as scoring.boxes.layout has them."""
    known = [Boxed.of(images) for images in BOXED.values()]
    score = sum(category.share for category in known) / len(known)
    images = sum(map(len, BOXED.values())) - (len(known) - 1)
    error = math.sqrt(images / (images - 1) * sum(category.squares for category in known)) / len(known)
    low, high = wilson(score, error, sum(every for its in BOXED.values() for _right, every in its), images)
    return score, error, (float(low), float(high))


def models() -> dict[str, Model]:
    return {name: Model.of(right) for name, right in RIGHT.items()}


def difference(first: Model, second: Model) -> pairs.Difference:
    """The first less the second."""
    found = pairs.difference(
        first.score - second.score, clustered(first.residuals - second.residuals), len(first.right)
    )
    if found is None:
        raise ValueError("one image alone")
    return found


def _range(name: str, between: Mapping[str, pairs.Difference]) -> tuple[int, int, int]:
    """The first possible rank, which stands for the rank as well, and both ends."""
    beyond = ranks.critical(len(RIGHT), len(next(iter(RIGHT.values()))))
    better, worse = (
        sum(found.z > beyond for pair, found in between.items() if pair[place] == name) for place in (1, 0)
    )
    return 1 + better, 1 + better, len(RIGHT) - worse


def context() -> dict[str, Any]:
    """What leaderboard/statistics.html shows, in finished text."""
    known = models()
    first = known["A"]
    images = len(first.right)
    scale = Scale.around([_percent(model.interval) for model in known.values()])
    between = {a + b: difference(known[a], known[b]) for a, b in permutations(known, 2)}
    better, tied = between["AB"], between["AC"]
    apart = [a - b for a, b in zip(first.right, known["B"].right, strict=True)]
    # As the dots are drawn: of an image's questions both have as many as the weaker right.
    only = (sum(n for n in apart if n > 0), -sum(n for n in apart if n < 0))
    naive = math.sqrt(first.score * (1 - first.score) / (images * QUESTIONS))
    interval = _percent(first.interval)
    gain = expected_gain(TRIES, 100 * first.score, interval)
    rows = [
        {
            "name": name,
            "marks": [[number < right for number in range(QUESTIONS)] for right in model.right],
            "total": sum(model.right),
            "score": figures.score(100 * model.score),
            "interval": figures.interval(_percent(model.interval)),
            "drawing": Drawing.of(100 * model.score, _percent(model.interval), scale=scale),
            "rank": figures.rank(*_range(name, between)),
        }
        for name, model in known.items()
    ]
    return {
        "score": _score(),
        "questions": QUESTIONS,
        "images": images,
        "all": images * QUESTIONS,
        "numbers": range(1, images + 1),
        "models": rows,
        "ranked": sorted(rows, key=lambda row: -row["total"]),
        "residuals": [_signed(100 * residual, 3) for residual in first.residuals],
        "squares": figures.score(10_000 * float((first.residuals**2).sum()), 1),
        "error": figures.score(100 * first.error, 1),
        "naive": figures.score(100 * naive, 1),
        "better": _said(better),
        "tied": _said(tied),
        "second": _said(between["CB"]),
        "difference_drawing": _around_zero(better),
        "critical": figures.score(ranks.critical(len(known), images), 2),
        "mid_p": figures.score(pairs.mcnemar_mid_p(*only), 3),
        "only": only,
        "tries": TRIES,
        "several": [(number, figures.score(expected_maximum(number), 2)) for number in SEVERAL],
        "expected": figures.score(expected_maximum(TRIES), 2),
        "spread": figures.score(gain / expected_maximum(TRIES), 1),
        "gain": figures.score(gain),
        "without": figures.score(100 * first.score - gain),
        "boxed": _boxed(),
        "tries_drawing": Drawing.of(100 * first.score, interval, gain),
    }


def _score() -> dict[str, Any]:
    (right_normal, normal), (right_abnormal, abnormal) = NORMAL, ABNORMAL
    rates = detection(
        right_normal=right_normal, normal=normal, right_abnormal=right_abnormal, abnormal=abnormal
    )
    on_normal, on_abnormal = 100 * right_normal / normal, 100 * right_abnormal / abnormal
    balanced = mean([on_normal, on_abnormal])
    dataset = mean([balanced, SUBTASK])
    return {
        "right_normal": right_normal,
        "normal": normal,
        "right_abnormal": right_abnormal,
        "abnormal": abnormal,
        "on_normal": figures.score(on_normal),
        "on_abnormal": figures.score(on_abnormal),
        "balanced": figures.score(balanced),
        "pooled": figures.score(100 * (right_normal + right_abnormal) / (normal + abnormal)),
        "overkill": figures.score(rates.overkill),
        "miss": figures.score(rates.miss),
        "subtask": figures.score(SUBTASK),
        "dataset": figures.score(dataset),
        "other": figures.score(DATASET),
        "overall": figures.score(mean([dataset, DATASET])),
    }


def _boxed() -> dict[str, Any]:
    score, error, interval = boxed()
    images, most = sum(map(len, BOXED.values())), max(map(len, BOXED.values()))
    known = {name: Boxed.of(its) for name, its in BOXED.items()}
    return {
        "numbers": range(1, most + 1),
        "categories": [
            {
                "name": name,
                "images": [f"{right}/{every}" for right, every in BOXED[name]]
                + [""] * (most - len(BOXED[name])),
                "count": len(BOXED[name]),
                "less": len(BOXED[name]) - 1,
                "right": sum(right for right, _every in BOXED[name]),
                "all": sum(every for _right, every in BOXED[name]),
                "score": figures.score(100 * category.share),
                "residuals": [_signed(100 * residual, 1) for residual in category.residuals],
                "squares": figures.score(10_000 * float((category.residuals**2).sum()), 1),
                "widened": figures.score(10_000 * category.squares, 1),
            }
            for name, category in known.items()
        ],
        "images": images,
        "clusters": images - (len(known) - 1),
        "less": images - len(known),
        "sum": figures.score(10_000 * sum(category.squares for category in known.values()), 1),
        "score": figures.score(100 * score),
        "error": figures.score(100 * error, 1),
        "interval": figures.interval(_percent(interval)),
    }


def _percent(shares: tuple[float, float]) -> tuple[float, float]:
    return 100 * shares[0], 100 * shares[1]


def _signed(value: float, decimals: int) -> str:
    said = figures.score(abs(value), decimals)
    return f"−{said}" if value < 0 else f"+{said}" if value else said


def _said(found: pairs.Difference) -> dict[str, str]:
    low, high = found.interval
    return {
        "points": figures.score(found.difference),
        "error": figures.score(found.error),
        "z": figures.score(found.z, 2),
        "low": _plain(low),
        "high": _plain(high),
    }


def _plain(value: float) -> str:
    return f"−{figures.score(-value)}" if value < 0 else figures.score(value)


def _around_zero(found: pairs.Difference) -> dict[str, Any]:
    """A difference and its interval on a scale from -10 to 40 points."""
    start, end = -10, 40

    def across(value: float) -> str:
        return f"{100 * (value - start) / (end - start):.1f}%"

    return {
        "zero_x": across(0),
        "x": across(found.difference),
        "low_x": across(found.interval[0]),
        "high_x": across(found.interval[1]),
        "ticks": [Tick(across(value), figures.count(value)) for value in range(0, end + 1, 10)],
    }

"""The intervals of every figure of one submission."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from scoring.statistics.bootstrap import Interval
from scoring.statistics.clusters import Spread
from scoring.statistics.intervals import wilson
from scoring.statistics.strata import Flags, Floats, Linear

if TYPE_CHECKING:
    from scoring.release import Release


def intervals(correct: Flags, release: "Release", scored: Collection[int]) -> dict[str, Interval | None]:
    """Each figure's 95 % interval in percent, by the names of `Report.figures`; None where one image is all there is.

    Besides: `micro`, and under `<dataset>/detection/recall` and so on the detection figures of a source dataset.
    `correct` flags the right answers, `scored` holds the subtasks' positions.
    """
    strata = release.strata
    counts = strata.count(correct)
    figures = strata.linear(scored)
    spread = Spread.of(strata, counts)
    found = of_linear(figures, spread.values(figures), spread.errors(figures))
    for subtask, is_abnormal in strata.columns:
        if is_abnormal and subtask in scored:
            for name, interval in release.replicates.intervals(counts, subtask).items():
                dataset, _, figure = name.rpartition("/")
                found[f"{dataset}/detection/{figure}" if dataset else f"detection/{figure}"] = interval
    return found


def of_linear(figures: Linear, shares: Floats, errors: Floats) -> dict[str, Interval | None]:
    """Their intervals in percent, by name."""
    lows, highs = wilson(np.clip(shares, 0, 1), errors, figures.questions, figures.images)
    lows, highs = np.where(figures.turned, 1 - highs, lows), np.where(figures.turned, 1 - lows, highs)
    return {
        name: (100 * low, 100 * high) if images > 1 else None
        for name, low, high, images in zip(
            figures.names, lows.tolist(), highs.tolist(), figures.images.tolist(), strict=True
        )
    }

"""The intervals of every figure of a submission."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scoring.statistics.bootstrap import Interval
from scoring.statistics.clusters import Spread
from scoring.statistics.intervals import wilson
from scoring.statistics.strata import Flags, Floats, Linear

if TYPE_CHECKING:
    from scoring.release import Release


Intervals = dict[str, Interval | None]
# Which answers of a submission are right, a flag per question, and the positions of the subtasks that it is scored on.
Marked = tuple[Flags, Collection[int]]


def intervals(correct: Flags, release: "Release", scored: Collection[int]) -> Intervals:
    """Each figure's 95 % interval in percent, by the names of `Report.figures`; None where one image is all there is.

    Besides: `micro`, and under `<dataset>/detection/recall` and so on the detection figures of a source dataset.
    `correct` flags the right answers, `scored` holds the subtasks' positions.
    """
    return intervals_of([(correct, scored)], release)[0]


def intervals_of(marked: Sequence[Marked], release: "Release") -> list[Intervals]:
    """The same of several submissions, which is faster than one after the other."""
    strata = release.strata
    counts = [strata.count(correct) for correct, _scored in marked]
    found = []
    for its_counts, (_correct, scored) in zip(counts, marked, strict=True):
        figures = strata.linear(scored)
        spread = Spread.of(strata, its_counts)
        found.append(of_linear(figures, spread.values(figures), spread.errors(figures)))
    detecting = release.definition.detecting
    having = [at for at, (_correct, scored) in enumerate(marked) if detecting in scored]
    if having and detecting is not None:
        drawn = release.replicates.intervals(np.stack([counts[at] for at in having]), detecting)
        for at, its_intervals in zip(having, drawn, strict=True):
            found[at] |= {_under_detection(name): its for name, its in its_intervals.items()}
    return found


def _under_detection(name: str) -> str:
    dataset, _, figure = name.rpartition("/")
    return f"{dataset}/detection/{figure}" if dataset else f"detection/{figure}"


def of_linear(figures: Linear, shares: Floats, errors: Floats) -> Intervals:
    """Their intervals in percent, by name."""
    lows, highs = wilson(np.clip(shares, 0, 1), errors, figures.questions, figures.images)
    lows, highs = np.where(figures.turned, 1 - highs, lows), np.where(figures.turned, 1 - lows, highs)
    return {
        name: (100 * low, 100 * high) if images > 1 else None
        for name, low, high, images in zip(
            figures.names, lows.tolist(), highs.tolist(), figures.images.tolist(), strict=True
        )
    }

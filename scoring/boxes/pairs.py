"""Two submissions that answered the same images: their differences, and whether these are more than chance."""

from collections.abc import Collection

import numpy as np

from scoring.boxes.marks import Marks
from scoring.boxes.outcomes import BoxOutcomes
from scoring.boxes.release import BoxRelease
from scoring.statistics.pairs import Pair, Table, difference, mcnemar_mid_p


def compare(first: Marks, second: Marks, release: BoxRelease, scored: Collection[int]) -> Pair:
    """Two submissions' marks; `scored` holds the subtasks that both answered.

    The differences are of the figures that entries are ranked by. The table counts images that were rightly told to be
    anomalous or not. With the two the other way round all signs turn, and nothing else changes.
    """
    kept: BoxOutcomes[int] = BoxOutcomes(release.layout)
    for key, marks in enumerate((first, second)):
        kept.add(key, marks.encode(), scored)
    scores = kept.scores[[kept.row_of[0], kept.row_of[1]]]
    differences = {}
    for at, (name, images) in enumerate(zip(kept.figures.names, kept.figures.images.tolist(), strict=True)):
        value = float(scores[0, at] - scores[1, at])
        if np.isnan(value):
            continue
        ours, theirs = kept.residuals(at, np.array([kept.row_of[0], kept.row_of[1]]))
        squares = float(((ours - theirs) ** 2).sum())
        error = float(np.sqrt(squares * images / (images - 1))) if images > 1 else 0.0
        differences[name] = difference(value, error, images)
    counts = _table(first, second, release)
    # Of the two subtasks, one alone is its own mean.
    shared = (
        differences.get(release.definition.subtask_slugs[min(scored)])
        if len(scored) == 1 < len(release.definition.subtasks)
        else None
    )
    return Pair(differences, counts, mcnemar_mid_p(counts.first, counts.second), shared)


def _table(first: Marks, second: Marks, release: BoxRelease) -> Table:
    a, b, asked = first.right & release.counted, second.right & release.counted, release.counted
    both, either = int(np.count_nonzero(a & b)), int(np.count_nonzero(a | b))
    only_first = int(np.count_nonzero(a)) - both
    return Table(both, only_first, either - both - only_first, int(np.count_nonzero(asked)) - either)

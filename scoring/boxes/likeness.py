"""How alike two sheets of answers are: whether one may be a copy of the other."""

import numpy as np
from numpy.typing import NDArray

from scoring.boxes.release import BoxRelease
from scoring.boxes.sheet import YES, BoxSheet
from scoring.likeness import Likeness


def likeness(one: BoxSheet, other: BoxSheet, release: BoxRelease) -> Likeness:
    """Compare two sheets of the release's images: answers are the same with the same boxes, to a hundredth of a pixel.

    Where a question has options, two models agree on a wrong one by chance; on a box to the hundredth they hardly do.
    So `both_wrong` counts the images that both call anomalous, and `same_wrong` is the share of these with the same
    boxes: hardly any such answer is exactly the truth.
    """
    compared = (one.valid | other.valid) & release.counted
    same = (one.rules == other.rules) & _alike(one, other)
    both_boxed = (one.rules == YES) & (other.rules == YES) & release.counted
    return Likeness(
        same=_share(same & compared, compared),
        same_wrong=_share(same & both_boxed, both_boxed),
        both_wrong=int(np.count_nonzero(both_boxed)),
    )


def _alike(one: BoxSheet, other: BoxSheet) -> NDArray[np.bool_]:
    """By image, whether both have the same boxes."""
    counts = np.diff(one.starts)
    same: NDArray[np.bool_] = counts == np.diff(other.starts)
    within = np.repeat(same, counts)
    theirs = other.boxes[np.repeat(same, np.diff(other.starts))]
    differ = (np.round(one.boxes[within], 2) != np.round(theirs, 2)).any(axis=1)
    image_of = np.repeat(np.arange(len(counts)), counts)[within]
    same[image_of[differ]] = False
    return same


def _share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
    size = int(np.count_nonzero(whole))
    return int(np.count_nonzero(part)) / size if size else 0.0

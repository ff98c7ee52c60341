"""How alike two sheets of answers are: whether one may be a copy of the other."""

from dataclasses import dataclass

import numpy as np

from scoring.answers.sheet import UNREAD, Sheet
from scoring.release import Release

SAME_WRONG = 0.95
SAME = 0.97
FEWEST_WRONG = 30
"""Fewer questions that both get wrong say nothing: two good models make the same few mistakes by chance."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two sheets agree.

    `same` is the share of the questions that both answer the same, of those that either has read. `same_wrong` is
    the share answered with the same wrong option, of the `both_wrong` questions with three options and more that
    both get wrong: with two options, two wrong answers are always the same.
    """

    same: float
    same_wrong: float
    both_wrong: int

    @property
    def is_alarming(self) -> bool:
        """Beyond chance, so that an organizer should look; of itself it proves nothing."""
        return self.same >= SAME and self.both_wrong >= FEWEST_WRONG and self.same_wrong >= SAME_WRONG


def likeness(one: Sheet, other: Sheet, release: Release) -> Likeness:
    """Compare two sheets of the release's questions."""
    read = ((one.codes != UNREAD) | (other.codes != UNREAD)) & release.counted
    equal = one.codes == other.codes
    wrong = (one.codes != release.truth) & (other.codes != release.truth) & release.counted
    # What neither has read is no answer, and no wrong one.
    wrong &= (one.codes != UNREAD) & (other.codes != UNREAD) & (release.option_counts > 2)
    both_wrong = int(np.count_nonzero(wrong))
    return Likeness(
        same=_share(int(np.count_nonzero(equal & read)), int(np.count_nonzero(read))),
        same_wrong=_share(int(np.count_nonzero(equal & wrong)), both_wrong),
        both_wrong=both_wrong,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0

"""The share of questions answered correctly."""

import numpy as np
from numpy.typing import NDArray


def accuracy(correct: NDArray[np.bool_], abnormal: NDArray[np.bool_]) -> float | None:
    """In percent; None for an empty cell. `abnormal` plays no part."""
    return 100 * int(np.count_nonzero(correct)) / len(correct) if len(correct) else None

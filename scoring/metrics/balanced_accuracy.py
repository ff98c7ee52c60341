"""The mean of the accuracies on normal and on abnormal images."""

import numpy as np
from numpy.typing import NDArray


def balanced_accuracy(correct: NDArray[np.bool_], abnormal: NDArray[np.bool_]) -> float | None:
    """Mean of the accuracies on normal and on abnormal images, in percent; None for an empty cell.

    Where only one of the two classes occurs, its accuracy alone. Source: arXiv 2410.09453, section 4.1.
    """
    abnormal_count = int(np.count_nonzero(abnormal))
    normal_count = len(abnormal) - abnormal_count
    right_abnormal = int(np.count_nonzero(correct & abnormal))
    right_normal = int(np.count_nonzero(correct)) - right_abnormal
    shares = [
        right / count
        for right, count in ((right_normal, normal_count), (right_abnormal, abnormal_count))
        if count
    ]
    return 100 * sum(shares) / len(shares) if shares else None

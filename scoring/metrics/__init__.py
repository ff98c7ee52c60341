"""Metrics by the names that a benchmark's definition uses."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scoring.metrics.accuracy import accuracy
from scoring.metrics.balanced_accuracy import balanced_accuracy

# A metric takes one cell: which questions were answered correctly, and which show an abnormal image.
Metric = Callable[[NDArray[np.bool_], NDArray[np.bool_]], float | None]

REGISTRY: dict[str, Metric] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
}

# Those whose score is the mean of the accuracies on normal and on abnormal images: they say something about detection.
MEANS_OF_CLASSES = frozenset({"balanced_accuracy"})

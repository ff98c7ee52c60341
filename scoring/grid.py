"""A release's questions laid out by cell (source dataset x subtask), for counting."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scoring import metrics

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells in the order of the definition, source dataset by source dataset; empty ones are left out.

    `order` sorts the questions that count by cell, so that each cell is a slice; `abnormal` is in that order.
    """

    order: NDArray[np.int64]
    abnormal: Flags
    places: Sequence[tuple[int, int]]  # (source dataset, subtask) of each cell
    slices: Sequence[slice]

    @classmethod
    def lay_out(
        cls, source_datasets: NDArray[np.uint8], subtasks: NDArray[np.uint8], abnormal: Flags, counted: Flags
    ) -> "Grid":
        width = int(subtasks.max(initial=0)) + 1
        cell_of = source_datasets.astype(np.int64) * width + subtasks
        order = np.argsort(cell_of, kind="stable")
        order = order[counted[order]]
        cells, starts = np.unique(cell_of[order], return_index=True)
        bounds = [*starts.tolist(), len(order)]
        return cls(
            order=order,
            abnormal=abnormal[order],
            places=[divmod(cell, width) for cell in cells.tolist()],
            slices=[slice(start, end) for start, end in pairwise(bounds)],
        )

    def sort(self, flags: Flags) -> list[Flags]:
        """A flag per question, of those that count, cut into cells."""
        ordered = np.take(flags, self.order)
        return [ordered[cell] for cell in self.slices]

    def abnormal_in(self, cell: int) -> Flags:
        return self.abnormal[self.slices[cell]]

    def score(self, cell: int, metric: str, correct: Flags, answered: Flags | None = None) -> float | None:
        """One cell's score, over its answered questions alone if `answered` is given."""
        abnormal = self.abnormal_in(cell)
        if answered is not None:
            correct, abnormal = correct[answered], abnormal[answered]
        return metrics.REGISTRY[metric](correct, abnormal)

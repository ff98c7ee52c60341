"""A release's questions laid out by source dataset, subtask and category, for counting."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scoring import averages, metrics
from scoring.averages import Place, Pool, Tree
from scoring.definition import Definition

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Grid:
    """`order` sorts the questions that count by place, so that each place is a slice; `abnormal` is in that order.

    Places come in the order of the definition, source dataset by source dataset; those without questions are left out.
    """

    order: NDArray[np.int64]
    abnormal: Flags
    places: Sequence[Place]
    slices: Sequence[slice]
    _pools: dict[Pool, slice | NDArray[np.int64]] = field(default_factory=dict)
    _trees: dict[frozenset[int], dict[str, Tree | None]] = field(default_factory=dict)
    _detection: dict[int, Tree | None] = field(default_factory=dict)

    @classmethod
    def lay_out(
        cls,
        source_datasets: NDArray[np.uint8],
        subtasks: NDArray[np.uint8],
        categories: NDArray[np.uint16],
        abnormal: Flags,
        counted: Flags,
    ) -> "Grid":
        width, depth = int(subtasks.max(initial=0)) + 1, int(categories.max(initial=0)) + 1
        place_of = (source_datasets.astype(np.int64) * width + subtasks) * depth + categories
        order = np.argsort(place_of, kind="stable")
        order = order[counted[order]]
        found, starts = np.unique(place_of[order], return_index=True)
        bounds = [*starts.tolist(), len(order)]
        return cls(
            order=order,
            abnormal=abnormal[order],
            places=[Place(at // depth // width, at // depth % width, at % depth) for at in found.tolist()],
            slices=[slice(start, end) for start, end in pairwise(bounds)],
        )

    def trees(self, definition: Definition, scored: Collection[int]) -> dict[str, Tree | None]:
        """`averages.trees` of its questions, kept for the next submission of these subtasks."""
        key = frozenset(scored)
        if key not in self._trees:
            self._trees[key] = dict(averages.trees(definition, self.places, key))
        return self._trees[key]

    def detection(self, definition: Definition, subtask: int) -> Tree | None:
        """`averages.detection` of its questions, kept."""
        if subtask not in self._detection:
            self._detection[subtask] = averages.detection(definition, self.places, subtask)
        return self._detection[subtask]

    def sort(self, flags: Flags) -> Flags:
        """A flag per question, of those that count, in the grid's order."""
        return np.take(flags, self.order)

    def within(self, pool: Pool) -> slice | NDArray[np.int64]:
        """Where the pool's questions stand in that order."""
        if pool not in self._pools:
            its = [at for place, at in zip(self.places, self.slices, strict=True) if pool.holds(place)]
            is_run = all(before.stop == after.start for before, after in pairwise(its))
            self._pools[pool] = (
                slice(its[0].start, its[-1].stop)
                if its and is_run
                else np.concatenate([np.arange(0), *(np.arange(at.start, at.stop) for at in its)])
            )
        return self._pools[pool]

    def score(self, pool: Pool, metric: str, correct: Flags, answered: Flags | None = None) -> float | None:
        """A pool's score, over its answered questions alone if `answered` is given; both in the grid's order."""
        at = self.within(pool)
        correct, abnormal = correct[at], self.abnormal[at]
        if answered is not None:
            correct, abnormal = correct[answered[at]], abnormal[answered[at]]
        return metrics.REGISTRY[metric](correct, abnormal)

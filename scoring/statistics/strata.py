"""A release's questions laid out by image and stratum, for everything that needs to know how sure a figure is."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scoring import metrics
from scoring.definition import Definition

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Linear:
    """Figures that are weighted means over strata: figure f is the sum of weights[f] x the strata's means.

    `weights` has the shape (figures, source datasets, columns), `questions` and `images` say on how many of them a
    figure rests. Where `turned` is set the figure is what is missing to 1, as overkill and miss are.
    """

    names: Sequence[str]
    weights: Floats
    turned: Flags
    questions: Integers
    images: Integers

    def at(self, name: str) -> int:
        """A figure's position; ValueError when these questions have none of that name."""
        return self.names.index(name)


@dataclass(frozen=True, eq=False)
class Strata:
    """The questions that count, by image and stratum.

    A stratum is what has a mean of its own: a source dataset x subtask and, where a subtask is scored as the mean of
    its classes, normal and abnormal images apart. It stands at (source dataset, column); `columns` says which subtask
    and which class, None where classes are not told apart. Images are numbered by source dataset, normal ones
    first, then by name, so that the order of the organizer's file plays no part.
    """

    definition: Definition
    columns: Sequence[tuple[int, bool | None]]
    positions: Integers  # in the release, sorted by image
    cells: Integers  # image x columns + column of each of these
    slices: Sequence[slice]  # the images of each source dataset
    asked: Floats  # questions, by image and column
    sizes: Floats  # questions, by source dataset and column
    _linear: dict[frozenset[int], Linear] = field(default_factory=dict)

    @classmethod
    def lay_out(
        cls,
        definition: Definition,
        images: Sequence[str],
        source_datasets: NDArray[np.uint8],
        subtasks: NDArray[np.uint8],
        abnormal: Flags,
        counted: Flags,
    ) -> "Strata":
        columns: list[tuple[int, bool | None]] = []
        first = []
        for position, subtask in enumerate(definition.subtasks):
            first.append(len(columns))
            classes = (False, True) if subtask.metric in metrics.MEANS_OF_CLASSES else (None,)
            columns += [(position, each) for each in classes]
        by_class = np.array([columns[at][1] is not None for at in first], dtype=np.bool_)

        positions = np.flatnonzero(counted)
        datasets = source_datasets[positions].tolist()
        named = list(zip(datasets, (images[at] for at in positions.tolist()), strict=True))
        ordered = sorted(set(named), key=lambda at: (at[0], definition.is_abnormal(at[1]), at[1]))
        numbers = {image: number for number, image in enumerate(ordered)}
        image_of = np.array([numbers[image] for image in named], dtype=np.int64)
        order = np.argsort(image_of, kind="stable")
        positions, image_of = positions[order], image_of[order]
        column_of = np.array(first, dtype=np.int64)[subtasks[positions]]
        column_of += abnormal[positions] & by_class[subtasks[positions]]

        cells = image_of * len(columns) + column_of
        asked = np.bincount(cells, minlength=len(numbers) * len(columns)).reshape(-1, len(columns))
        of_image = np.array([dataset for dataset, _ in numbers], dtype=np.int64)
        bounds = np.searchsorted(of_image, np.arange(len(definition.source_datasets) + 1)).tolist()
        slices = [slice(start, end) for start, end in pairwise(bounds)]
        return cls(
            definition=definition,
            columns=columns,
            positions=positions,
            cells=cells,
            slices=slices,
            asked=asked.astype(np.float64),
            sizes=np.stack([asked[at].sum(axis=0) for at in slices]).astype(np.float64),
        )

    def count(self, correct: Flags) -> Floats:
        """The right answers by image and column; `correct` has a flag per question of the release."""
        right = np.bincount(self.cells[correct[self.positions]], minlength=self.asked.size)
        return right.reshape(self.asked.shape).astype(np.float64)

    def linear(self, scored: Collection[int]) -> Linear:
        """The figures of a submission of these subtasks, by their positions; kept for the next one."""
        key = frozenset(scored)
        if key not in self._linear:
            self._linear[key] = self._weigh(key)
        return self._linear[key]

    def _weigh(self, scored: frozenset[int]) -> Linear:
        named = [(name, weights) for name, weights in self._weights(scored) if weights is not None]
        weights = np.stack([each for _, each in named]) if named else np.zeros((0, *self.sizes.shape))
        used = weights != 0
        touched = np.stack(
            [
                np.count_nonzero(self.asked[images] @ used[:, dataset].T > 0, axis=0)
                for dataset, images in enumerate(self.slices)
            ]
        )
        return Linear(
            names=[name for name, _ in named],
            weights=weights,
            turned=np.array([name.endswith(("/overkill", "/miss")) for name, _ in named], dtype=np.bool_),
            questions=np.sum(used * self.sizes, axis=(1, 2)).astype(np.int64),
            images=touched.sum(axis=0),
        )

    def _weights(self, scored: frozenset[int]) -> Iterator[tuple[str, Floats | None]]:
        """Every figure's weights, None where it has no questions."""
        definition = self.definition
        cells = {
            (dataset, subtask): self._share(dataset, subtask)
            for dataset in range(len(self.slices))
            for subtask in sorted(scored)
        }
        by_dataset = {
            dataset: mean([weights for at, weights in cells.items() if at[0] == dataset])
            for dataset in range(len(self.slices))
        }
        if len(scored) == len(definition.subtasks):
            yield "overall", mean(list(by_dataset.values()))
            for dataset, weights in by_dataset.items():
                yield definition.source_datasets[dataset], weights
        for subtask in sorted(scored):
            name = definition.subtask_slugs[subtask]
            yield name, mean([weights for at, weights in cells.items() if at[1] == subtask])
        for (dataset, subtask), weights in cells.items():
            yield f"{definition.source_datasets[dataset]}/{definition.subtask_slugs[subtask]}", weights
        pooled = self.sizes * [subtask in scored for subtask, _ in self.columns]
        yield "micro", pooled / pooled.sum() if pooled.any() else None
        yield from self._detection(scored)

    def _detection(self, scored: frozenset[int]) -> Iterator[tuple[str, Floats | None]]:
        for name, is_abnormal in (("recall", True), ("overkill", False), ("miss", True)):
            found = {
                dataset: self._share(dataset, subtask, is_abnormal)
                for dataset in range(len(self.slices))
                for subtask, abnormal in self.columns
                if subtask in scored and abnormal is is_abnormal
            }
            yield f"detection/{name}", mean(list(found.values()))
            for dataset, weights in found.items():
                yield f"{self.definition.source_datasets[dataset]}/detection/{name}", weights

    def _share(self, dataset: int, subtask: int, is_abnormal: bool | None = None) -> Floats | None:
        """A cell as the mean of its strata that have questions; of one class alone where that is named."""
        weights = np.zeros(self.sizes.shape)
        for column, (its_subtask, its_class) in enumerate(self.columns):
            if its_subtask == subtask and (is_abnormal is None or its_class is is_abnormal):
                weights[dataset, column] = self.sizes[dataset, column] > 0
        total = weights.sum()
        return weights / total if total else None


def mean(weights: Sequence[Floats | None]) -> Floats | None:
    existing = [each for each in weights if each is not None]
    found: Floats | None = np.mean(existing, axis=0) if existing else None
    return found

"""A release's questions laid out by image and stratum, for everything that needs to know how sure a figure is."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scoring import averages, metrics
from scoring.definition import Definition

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Linear:
    """Figures that are weighted means over strata: figure f is the sum of weights[f] x the strata's means.

    `weights` has the shape (figures, groups, columns), `questions` and `images` say on how many of them a
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
    its classes, normal and abnormal images apart, and where means are taken over categories, these apart as well. It
    stands at (group, column): `groups` says which source dataset and category, `columns` which subtask and class, None
    where classes are not told apart. Images are numbered by group, normal ones first, then by name, so that the order
    of the organizer's file plays no part.
    """

    definition: Definition
    groups: Sequence[tuple[int, int]]
    columns: Sequence[tuple[int, bool | None]]
    positions: Integers  # in the release, sorted by image
    cells: Integers  # image x columns + column of each of these
    slices: Sequence[slice]  # the images of each group
    asked: Floats  # questions, by image and column
    sizes: Floats  # questions, by group and column
    _linear: dict[frozenset[int], Linear] = field(default_factory=dict)

    @classmethod
    def lay_out(
        cls,
        definition: Definition,
        images: Sequence[str],
        source_datasets: NDArray[np.uint8],
        subtasks: NDArray[np.uint8],
        categories: NDArray[np.uint16],
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
        its_groups = list(
            zip(source_datasets[positions].tolist(), categories[positions].tolist(), strict=True)
        )
        named = list(zip(its_groups, (images[at] for at in positions.tolist()), strict=True))
        is_abnormal = dict(zip(named, abnormal[positions].tolist(), strict=True))
        ordered = sorted(is_abnormal, key=lambda at: (at[0], is_abnormal[at], at[1]))
        numbers = {image: number for number, image in enumerate(ordered)}
        image_of = np.array([numbers[image] for image in named], dtype=np.int64)
        order = np.argsort(image_of, kind="stable")
        positions, image_of = positions[order], image_of[order]
        column_of = np.array(first, dtype=np.int64)[subtasks[positions]]
        column_of += abnormal[positions] & by_class[subtasks[positions]]

        cells = image_of * len(columns) + column_of
        asked = np.bincount(cells, minlength=len(numbers) * len(columns)).reshape(-1, len(columns))
        # A source dataset without questions is a group as well.
        datasets = range(len(definition.source_datasets))
        groups = sorted(
            {*its_groups, *((at, 0) for at in datasets if at not in {of for of, _ in its_groups})}
        )
        place = {group: at for at, group in enumerate(groups)}
        bounds = np.searchsorted([place[group] for group, _ in ordered], np.arange(len(groups) + 1)).tolist()
        slices = [slice(start, end) for start, end in pairwise(bounds)]
        return cls(
            definition=definition,
            groups=groups,
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

    def images_of(self, dataset: int) -> slice:
        """The images of a source dataset, whose groups stand together."""
        its = [at for (of, _category), at in zip(self.groups, self.slices, strict=True) if of == dataset]
        return slice(its[0].start, its[-1].stop)

    def linear(self, scored: Collection[int]) -> Linear:
        """The figures of a submission of these subtasks, by their positions; kept for the next one."""
        key = frozenset(scored)
        if key not in self._linear:
            self._linear[key] = self._weigh(key)
        return self._linear[key]

    def mean_of(self, scored: Collection[int]) -> Linear:
        """One figure: the plain mean of these subtasks'. None at all where none of them has a question."""
        figures, slugs = self.linear(scored), self.definition.subtask_slugs
        its = [figures.weights[figures.at(slugs[at])] for at in sorted(scored) if slugs[at] in figures.names]
        weights = mean(its)
        return self._built([] if weights is None else [("mean", weights)])

    def _weigh(self, scored: frozenset[int]) -> Linear:
        return self._built(
            [(name, weights) for name, weights in self._weights(scored) if weights is not None]
        )

    def _built(self, named: Sequence[tuple[str, Floats]]) -> Linear:
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
        definition, places = self.definition, self._places
        for name, tree in averages.trees(definition, places, scored):
            yield name, averages.evaluate(tree, self._share, mean)
        pooled = self.sizes * [subtask in scored for subtask, _ in self.columns]
        yield "micro", pooled / pooled.sum() if pooled.any() else None
        if definition.detecting in scored and definition.detecting is not None:
            yield from self._detection(definition.detecting)

    @cached_property
    def _places(self) -> list[averages.Place]:
        found = {
            averages.Place(dataset, subtask, category)
            for (dataset, category), sizes in zip(self.groups, self.sizes.tolist(), strict=True)
            for (subtask, _class), size in zip(self.columns, sizes, strict=True)
            if size
        }
        return sorted(found)

    def _detection(self, subtask: int) -> Iterator[tuple[str, Floats | None]]:
        tree = averages.detection(self.definition, self._places, subtask)
        for name, is_abnormal in (("recall", True), ("overkill", False), ("miss", True)):
            share = partial(self._share, is_abnormal=is_abnormal)
            yield f"detection/{name}", averages.evaluate(tree, share, mean)
            for dataset, its_name in enumerate(self.definition.source_datasets):
                yield f"{its_name}/detection/{name}", share(averages.Pool(dataset, subtask))

    def _share(self, pool: averages.Pool, is_abnormal: bool | None = None) -> Floats | None:
        """A pool's metric as a weighted mean of its strata; of one class alone where that is named."""
        of_group = [
            pool.holds(averages.Place(of, pool.subtask or 0, category)) for of, category in self.groups
        ]
        weights = []
        for each in (None, False, True):
            of_column = [
                (pool.subtask is None or subtask == pool.subtask)
                and its_class is each
                and (is_abnormal is None or its_class is is_abnormal)
                for subtask, its_class in self.columns
            ]
            sizes = self.sizes * np.outer(of_group, of_column)
            if total := sizes.sum():
                weights.append(sizes / total)
        # Classes weigh the same; where none are told apart there is but one.
        return mean(weights)


def mean(weights: Sequence[Floats | None]) -> Floats | None:
    existing = [each for each in weights if each is not None]
    found: Floats | None = np.mean(existing, axis=0) if existing else None
    return found

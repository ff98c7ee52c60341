"""How figures are averaged: means over source datasets, subtasks and categories, of questions that are pooled.

A figure is a tree. Its leaves are pools, each scored by a metric; what stands above is the plain mean of what stands
below, as far as that exists.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from scoring.definition import LEVELS, SOURCE_DATASET, Definition

Value = TypeVar("Value")


class Place(NamedTuple):
    """Where questions stand: the positions of their source dataset, subtask and category."""

    source_dataset: int
    subtask: int
    category: int


class Pool(NamedTuple):
    """All questions at these positions; None is any."""

    source_dataset: int | None = None
    subtask: int | None = None
    category: int | None = None

    def holds(self, place: Place) -> bool:
        return all(mine is None or mine == its for mine, its in zip(self, place, strict=True))


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of these."""

    parts: "tuple[Tree, ...]"


Tree = Pool | Mean


def mean_over(levels: Sequence[int], places: Iterable[Place], within: Pool) -> Tree | None:
    """The mean over these levels, the outermost first, of what is within; None where no question is."""
    there = [place for place in places if within.holds(place)]
    if not there:
        return None
    if not levels:
        return within
    level, *rest = levels
    if within[level] is not None:
        return mean_over(rest, there, within)
    parts = (
        mean_over(rest, there, within._replace(**{LEVELS[level]: position}))
        for position in sorted({place[level] for place in there})
    )
    return Mean(tuple(part for part in parts if part is not None))


def evaluate(
    tree: Tree | None,
    value: Callable[[Pool], Value | None],
    mean: Callable[[Sequence[Value | None]], Value | None],
) -> Value | None:
    """What the tree comes to, from the value of each pool."""
    if tree is None:
        return None
    if isinstance(tree, Pool):
        return value(tree)
    return mean([evaluate(part, value, mean) for part in tree.parts])


def trees(
    definition: Definition, places: Collection[Place], scored: Collection[int]
) -> Iterator[tuple[str, Tree | None]]:
    """Each figure of a submission of these subtasks under its column's name; None where it asks nothing.

    "overall" and the source datasets' names, of a whole submission alone; the subtasks' slugs; "<dataset>/<subtask>".
    """
    datasets = list(enumerate(definition.source_datasets))
    if len(scored) == len(definition.subtasks):
        yield "overall", mean_over(definition.levels, places, Pool())
        for dataset, name in datasets:
            yield name, mean_over(definition.levels, places, Pool(dataset))
    for subtask in sorted(scored):
        yield definition.subtask_slugs[subtask], mean_over(definition.levels, places, Pool(None, subtask))
    for dataset, name in datasets:
        for subtask in sorted(scored):
            slug = definition.subtask_slugs[subtask]
            yield f"{name}/{slug}", mean_over(definition.levels, places, Pool(dataset, subtask))


def detection(definition: Definition, places: Collection[Place], subtask: int) -> Tree | None:
    """The detection figures: means over source datasets where scores are, pooled where they are not."""
    levels = [level for level in definition.levels if level == SOURCE_DATASET]
    return mean_over(levels, places, Pool(None, subtask))

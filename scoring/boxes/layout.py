"""A release's images laid out by category: every figure as means over categories of ratios of counts.

A ratio is of two counts, summed over a category's images: right boxes of all boxes, say. A figure is the mean over
categories of one ratio, or of the mean of several. How sure it is follows from linearising: with N / D = R in a
category of n images, an image's residual is (its part of N - R its part of D) / D, the same as (x - mean) / n where
the ratio is a share of the images. Squares of residuals count n / (n - 1) times: R was estimated from these images.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.boxes.geometry import Floats, Integers
from scoring.boxes.marks import Marks
from scoring.definition import Definition

Flags = NDArray[np.bool_]

# The ratios, in their order.
RATIOS = (
    *("detection", "detection/recall", "detection/specificity", "detection/precision"),
    *("localization", "localization/recall", "localization/precision"),
    *("localization/accuracy-50", "localization/recall-50", "localization/precision-50"),
)
DETECTION, RECALL, SPECIFICITY, PRECISION, LOCALIZATION = range(5)
# What is shown beside the ranked figures; each is the mean of these ratios.
FURTHER: dict[str, tuple[int, ...]] = {
    "detection/recall": (RECALL,),
    "detection/precision": (PRECISION,),
    "detection/balanced-accuracy": (RECALL, SPECIFICITY),
    **{name: (at,) for at, name in enumerate(RATIOS) if at > LOCALIZATION},
}
SUBTASKS = ((DETECTION,), (LOCALIZATION,))


class Figure(NamedTuple):
    """The mean over these categories of what `parts` says: of each part, the mean of its ratios.

    Parts are averaged after categories, where each has any.
    """

    name: str
    categories: Sequence[int]
    parts: tuple[tuple[int, ...], ...]


class Sums(NamedTuple):
    """A submission's ratios by category: their values, NaN where the second count is 0, and that count.

    `products` are the sums over a category's images of the products of residuals in two ratios, and `used` says how
    many of its images are in the second count.
    """

    values: Floats
    denominators: Floats
    used: Integers
    products: Floats


class Values(NamedTuple):
    """By figure: value and standard error as shares, NaN where there is none; units counted, and images less the
    categories beyond the first, of which each has a mean of its own."""

    values: Floats
    errors: Floats
    units: Integers
    images: Integers


@dataclass(frozen=True, eq=False)
class Ranked:
    """The figures that entries are ranked by. They are fixed weights of ratios that every submission has.

    `weights` has the shape (figures, categories, 2): of detection and of localization.
    """

    names: Sequence[str]
    weights: Floats
    images: Integers

    def at(self, name: str) -> int:
        """A figure's position; ValueError when there is none of that name."""
        return self.names.index(name)


@dataclass(frozen=True, eq=False)
class Layout:
    """The images that count, by category and then by name; `positions` are theirs in the release.

    `slices` are those of each category, `datasets` its source dataset. `true` counts true boxes, `located` flags the
    images that localization counts: those of which it is known where they are anomalous, in categories with any box.
    """

    definition: Definition
    datasets: Sequence[int]
    size: int
    positions: Integers
    slices: Sequence[slice]
    anomalous: Flags
    true: Integers
    located: Flags

    @classmethod
    def lay_out(
        cls,
        *,
        definition: Definition,
        datasets: Sequence[int],
        categories: Integers,
        ids: Sequence[str],
        anomalous: Flags,
        true_counts: Integers,
        located: Flags,
        counted: Flags,
    ) -> "Layout":
        among = np.flatnonzero(counted).tolist()
        numbers = categories.tolist()
        positions = np.array(sorted(among, key=lambda at: (numbers[at], ids[at])), dtype=np.int64)
        ordered = categories[positions]
        bounds = np.searchsorted(ordered, np.arange(len(datasets) + 1)).tolist()
        has_boxes = np.bincount(ordered, true_counts[positions], minlength=len(datasets)) > 0
        return cls(
            definition=definition,
            datasets=datasets,
            size=len(ids),
            positions=positions,
            slices=[slice(start, end) for start, end in pairwise(bounds)],
            anomalous=anomalous[positions],
            true=true_counts[positions],
            located=located[positions] & has_boxes[ordered],
        )

    @cached_property
    def category_of(self) -> Integers:
        return np.repeat(np.arange(len(self.slices)), [at.stop - at.start for at in self.slices])

    @cached_property
    def image_counts(self) -> Integers:
        """The images of each category."""
        return np.bincount(self.category_of, minlength=len(self.slices))

    @cached_property
    def located_counts(self) -> Integers:
        return np.bincount(self.category_of[self.located], minlength=len(self.slices))

    @cached_property
    def corrections(self) -> Floats:
        """n / (n - 1); a category of one image has no residual anyway."""
        counts = np.maximum(self.image_counts, 2).astype(np.float64)
        found: Floats = counts / (counts - 1)
        return found

    def counts(self, marks: Marks) -> tuple[Floats, Floats]:
        """Both counts of every ratio, by image and ratio."""
        right = marks.right[self.positions].astype(np.float64)
        anomalous, located = self.anomalous.astype(np.float64), self.located.astype(np.float64)
        predicted = marks.predicted[self.positions] * located
        true = self.true * located
        found, every = (
            [right, right * anomalous, right * (1 - anomalous), right * anomalous],
            [
                np.ones(len(right)),
                anomalous,
                1 - anomalous,
                # What is wrong on a normal image was taken for anomalous.
                np.where(self.anomalous, right, 1 - right),
            ],
        )
        for matched in (marks.right_10, marks.right_50):
            its = matched[self.positions] * located
            found += [its, its, its]
            every += [predicted + true - its, true, predicted]
        return np.stack(found, axis=1), np.stack(every, axis=1)

    def sums(self, marks: Marks) -> Sums:
        found, every = self.counts(marks)
        values = np.full((len(self.slices), len(RATIOS)), np.nan)
        denominators, products, used = np.zeros(values.shape), [], np.zeros(values.shape, dtype=np.int64)
        for category, images in enumerate(self.slices):
            its_found, its_every = found[images], every[images]
            numerator, denominator = its_found.sum(axis=0), its_every.sum(axis=0)
            # Whole numbers until the division, so that what is zero comes out as zero.
            residuals = its_found * denominator - its_every * numerator
            residuals /= np.maximum(denominator, 1) ** 2
            products.append(residuals.T @ residuals * self.corrections[category])
            denominators[category] = denominator
            used[category] = np.count_nonzero(its_every, axis=0)
            np.divide(numerator, denominator, out=values[category], where=denominator > 0)
        return Sums(values, denominators, used, np.stack(products))

    def figures(self, scored: Collection[int]) -> Iterator[Figure]:
        """Every figure of a submission of these subtasks."""
        everywhere = range(len(self.datasets))
        names = self.definition.source_datasets
        its_own = [[at for at in everywhere if self.datasets[at] == dataset] for dataset in range(len(names))]
        both = tuple(SUBTASKS)
        if len(scored) == len(SUBTASKS):
            yield Figure("overall", everywhere, both)
            for name, categories in zip(names, its_own, strict=True):
                yield Figure(name, categories, both)
        for at in sorted(scored):
            slug = self.definition.subtask_slugs[at]
            yield Figure(slug, everywhere, (SUBTASKS[at],))
            for name, categories in zip(names, its_own, strict=True):
                yield Figure(f"{name}/{slug}", categories, (SUBTASKS[at],))
            for further, ratios in FURTHER.items():
                if further.startswith(slug):
                    yield Figure(further, everywhere, (ratios,))
                    for name, categories in zip(names, its_own, strict=True):
                        yield Figure(f"{name}/{further}", categories, (ratios,))

    def weights(self, figure: Figure, exists: Flags) -> Floats:
        """What the figure weighs each category's ratios, of those that exist; all 0 where it has none."""
        found = np.zeros(exists.shape)
        parts = 0
        for ratios in figure.parts:
            its = np.zeros(exists.shape)
            its[np.ix_(list(figure.categories), list(ratios))] = 1
            its *= exists
            # Ratios within a category weigh the same, and then categories do.
            by_category = its.sum(axis=1, keepdims=True)
            categories = np.count_nonzero(by_category)
            if categories:
                parts += 1
                found += np.divide(its, by_category, out=its, where=by_category > 0) / categories
        return found / parts if parts else found

    def values(self, sums: Sums, figures: Sequence[Figure]) -> Values:
        exists = ~np.isnan(sums.values)
        weights = np.stack([self.weights(figure, exists) for figure in figures])
        uses = weights != 0
        is_there = uses.any(axis=(1, 2))
        values = (weights * np.nan_to_num(sums.values)).sum(axis=(1, 2))
        by_category = weights.transpose(1, 0, 2)
        squares = np.maximum(((by_category @ sums.products) * by_category).sum(axis=(0, 2)), 0)
        images, categories = self._images(uses, sums.used)
        freedom = np.maximum(images - np.maximum(categories - 1, 0), 0)
        factor = np.divide(freedom, freedom - 1.0, out=np.full(len(freedom), np.nan), where=freedom > 1)
        return Values(
            values=np.where(is_there, values, np.nan),
            errors=np.sqrt(squares * factor),
            units=(uses * sums.denominators).sum(axis=(1, 2)).astype(np.int64),
            images=freedom,
        )

    def _images(self, uses: Flags, used: Integers) -> tuple[Integers, Integers]:
        """How many images a figure rests on, and how many categories."""
        resting = used.copy()
        # A normal image without any box could have had one.
        resting[:, LOCALIZATION] = self.located_counts
        resting[:, DETECTION] = self.image_counts
        by_category = np.where(uses, resting, 0).max(axis=2)
        # The classes of balanced accuracy are of different images.
        both = uses[:, :, RECALL] & uses[:, :, SPECIFICITY]
        by_category = np.where(both, resting[:, RECALL] + resting[:, SPECIFICITY], by_category)
        return by_category.sum(axis=1), np.count_nonzero(by_category, axis=1)

    @cached_property
    def ranked(self) -> Ranked:
        exists = np.zeros((len(self.slices), len(RATIOS)), dtype=np.bool_)
        exists[:, DETECTION] = self.image_counts > 0
        exists[:, LOCALIZATION] = self.located_counts > 0
        every = [figure for figure in self.figures(range(len(SUBTASKS))) if figure.name not in FURTHER]
        every = [figure for figure in every if figure.name.split("/", 1)[-1] not in FURTHER]
        weights = np.stack([self.weights(figure, exists) for figure in every])
        keep = np.atleast_1d(weights.any(axis=(1, 2)))
        weights, names = (
            weights[keep],
            [figure.name for figure, is_kept in zip(every, keep, strict=True) if is_kept],
        )
        images, categories = self._images(weights != 0, np.zeros(exists.shape, dtype=np.int64))
        return Ranked(names, weights[:, :, [DETECTION, LOCALIZATION]], images - np.maximum(categories - 1, 0))

"""Intervals of precision and F1, which are no weighted means: by drawing the images again."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from scoring.definition import SOURCE_DATASET
from scoring.statistics.intervals import wilson
from scoring.statistics.strata import Floats, Strata

REPLICATES = 1000
ENDS = (0.025, 0.975)

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Replicates:
    """How often each image was drawn in each replicate, by source dataset, of as many images as it has.

    The draws follow from the release's digest, on every machine: of the generator only its raw numbers are used, which
    numpy promises never to change. Kept as the product takes them: 33 MB for MMAD's 8,366 images. `asked` are the
    questions of each replicate, by column.
    """

    strata: Strata
    slices: list[slice]  # the images of each source dataset
    drawn: list[NDArray[np.float32]]
    asked: list[Floats]

    @classmethod
    def of(cls, strata: Strata, digest: str) -> Self:
        raw = np.random.PCG64(int(digest, 16))
        slices = [strata.images_of(dataset) for dataset in range(len(strata.definition.source_datasets))]
        drawn = [_draw(raw, images.stop - images.start) for images in slices]
        asked = [
            (its @ strata.asked[images].astype(np.float32)).astype(np.float64)
            for its, images in zip(drawn, slices, strict=True)
        ]
        return cls(strata, slices, drawn, asked)

    def intervals(self, counts: Floats, subtask: int) -> list[dict[str, Interval | None]]:
        """`precision` and `f1` of a subtask that tells normal from abnormal images, in percent, for each submission.

        Under `<dataset>/precision` those of a source dataset. None where no replicate has the figure, or there is but
        one image. `counts` are the right answers by submission, image and column. Many submissions at once take a
        tenth of the time: most of it goes into reading the draws.
        """
        strata = self.strata
        normal, abnormal = (strata.columns.index((subtask, each)) for each in (False, True))
        names: list[str] = []
        replicated: list[Floats] = []
        clusters: list[int] = []
        counted: list[_Counts] = []
        for dataset, images in enumerate(self.slices):
            counted.append(self._replicate(dataset, counts[:, images], normal, abnormal))
            name = strata.definition.source_datasets[dataset]
            names += [f"{name}/precision", f"{name}/f1"]
            replicated += counted[-1].rates()
            clusters += 2 * [int(np.count_nonzero(strata.asked[images][:, [normal, abnormal]].any(axis=1)))]
        names += ["precision", "f1"]
        # As the figures themselves: a mean over source datasets, or of all their questions.
        if SOURCE_DATASET in strata.definition.levels:
            replicated += [_mean(replicated[0::2]), _mean(replicated[1::2])]
        else:
            replicated += _Counts(*(sum(each) for each in zip(*counted, strict=True))).rates()
        clusters += 2 * [sum(clusters[0::2])]
        found = [_intervals(figures, its) for figures, its in zip(replicated, clusters, strict=True)]
        return [dict(zip(names, its, strict=True)) for its in zip(*found, strict=True)]

    def _replicate(self, dataset: int, right: Floats, normal: int, abnormal: int) -> "_Counts":
        """By submission and replicate, from the right answers by submission, image and column."""
        asked = self.asked[dataset]
        found = self._count(dataset, right, abnormal)
        flagged = found + (asked[:, normal] - self._count(dataset, right, normal))
        return _Counts(found, flagged, asked[:, abnormal])

    def _count(self, dataset: int, right: Floats, column: int) -> Floats:
        """The right answers of a column by submission and replicate. Exact: whole numbers far below 2^24.

        A column's images stand together, and to read the draws of the others would take most of the time.
        """
        images = np.flatnonzero(self.strata.asked[self.slices[dataset], column])
        if not len(images):
            return np.zeros((len(right), REPLICATES))
        span = slice(images[0], images[-1] + 1)
        found = self.drawn[dataset][:, span] @ right[:, span, column].astype(np.float32).T
        return np.ascontiguousarray(found.T, dtype=np.float64)


class _Counts(NamedTuple):
    """How many abnormal images were flagged, how many images at all, and how many are abnormal."""

    found: Floats
    flagged: Floats
    abnormal: Floats

    def rates(self) -> tuple[Floats, Floats]:
        """Precision and F1."""
        return _divide(self.found, self.flagged), _divide(2 * self.found, self.flagged + self.abnormal)


def _draw(raw: np.random.PCG64, images: int) -> NDArray[np.float32]:
    drawn = np.zeros((REPLICATES, images), dtype=np.float32)
    for replicate in drawn:
        numbers = np.atleast_1d(raw.random_raw(images)) >> np.uint64(32)
        which = (numbers * np.uint64(images)) >> np.uint64(32)
        replicate[:] = np.bincount(which.astype(np.int64), minlength=images)
    return drawn


def _divide(part: Floats, whole: Floats) -> Floats:
    found: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return found


def _mean(by_dataset: list[Floats]) -> Floats:
    """The mean over the source datasets that have the figure."""
    figures = np.stack(by_dataset)
    return _divide(
        np.nansum(figures, axis=0), np.count_nonzero(~np.isnan(figures), axis=0).astype(np.float64)
    )


def _intervals(figures: Floats, images: int) -> list[Interval | None]:
    """Of a figure of submissions x replicates, NaN where a replicate has none; it rests on so many images."""
    ends = np.full((len(ENDS), len(figures)), np.nan)
    gaps = np.isnan(figures)
    some = ~gaps.all(axis=1)
    # Both are the same where there are no gaps, and one of them is far faster.
    ends[:, some] = (np.nanquantile if gaps[some].any() else np.quantile)(figures[some], ENDS, axis=1)
    return [
        _interval(figure, images, (float(low), float(high)))
        for figure, low, high in zip(figures, *ends, strict=True)
    ]


def _interval(figure: Floats, images: int, ends: tuple[float, float]) -> Interval | None:
    low, high = ends
    if images < 2 or math.isnan(low):
        return None
    if low == high and np.nanmin(figure) == np.nanmax(figure):
        # All replicates agree: what says how sure that is are the images, as with any figure without an error.
        low, high = map(float, wilson(low, 0.0, images, images))
    return 100 * low, 100 * high

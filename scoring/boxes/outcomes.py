"""The marks of a release's submissions, as a worker keeps them to judge who is better than whom.

A submission takes three bytes an image, and a few numbers a figure. The standard error of a difference comes from the
residuals of each, with its own ratios: the first one's less the second's.
"""

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

import numpy as np

from scoring.boxes.geometry import Floats, Integers
from scoring.boxes.layout import DETECTION, LOCALIZATION, Layout
from scoring.boxes.marks import Marks

Key = TypeVar("Key", bound=Hashable)
_ROWS_AT_ONCE = 64


class BoxOutcomes(Generic[Key]):
    """Of one release, under keys of the caller's, each in a row of its own for as long as it stays.

    Has what `scoring.statistics.boards.Board` asks of a store. Not for two threads at once.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.figures = layout.ranked
        self.row_of: dict[Key, int] = {}
        self._free: list[int] = []
        images, categories, figures = len(layout.positions), len(layout.slices), len(self.figures.names)
        self._right = np.zeros((0, images), dtype=np.uint8)
        self._matched = np.zeros((0, images), dtype=np.uint8)
        self._boxes = np.zeros((0, images), dtype=np.uint16)  # true and predicted ones, those that match once
        self._ratios = np.zeros((0, 2, categories))
        self._denominators = np.ones((0, 2, categories))
        self.scores = np.zeros((0, figures))  # by row and figure; NaN where it has none
        self.squares = np.zeros((0, figures))  # of the residuals, summed

    def __len__(self) -> int:
        return len(self.row_of)

    def __contains__(self, key: Key) -> bool:
        return key in self.row_of

    @property
    def rows(self) -> int:
        """How many rows there are, the free ones among them."""
        return len(self.scores)

    @property
    def size(self) -> int:
        """Bytes that all this takes."""
        return sum(
            each.nbytes
            for each in (
                *(self._right, self._matched, self._boxes, self._ratios, self._denominators),
                *(self.scores, self.squares),
            )
        )

    def add(self, key: Key, outcomes: bytes, scored: Collection[int] | None = None) -> int:
        """Take in `BoxEvaluation.outcomes`, in the row returned; `scored` holds the subtasks' positions, None is all.

        Again: it replaces the first. Raises ValueError for outcomes of another release.
        """
        layout = self._layout
        marks = Marks.decode(outcomes, layout.size)
        self.remove(key)
        row = self._free_row()
        sums = layout.sums(marks)
        found, every = layout.counts(marks)
        self._right[row] = found[:, DETECTION]
        self._matched[row] = found[:, LOCALIZATION]
        self._boxes[row] = every[:, LOCALIZATION]
        both = [DETECTION, LOCALIZATION]
        self._ratios[row] = np.nan_to_num(sums.values[:, both]).T
        self._denominators[row] = np.maximum(sums.denominators[:, both], 1).T
        weights = self.figures.weights
        values = (weights * self._ratios[row].T).sum(axis=(1, 2))
        its_own = {figure.name for figure in layout.figures(range(2) if scored is None else scored)}
        has = np.array([name in its_own for name in self.figures.names], dtype=np.bool_)
        self.scores[row] = np.where(has, values, np.nan)
        products = sums.products[:, both][:, :, both]
        by_category = weights.transpose(1, 0, 2)
        self.squares[row] = np.maximum(((by_category @ products) * by_category).sum(axis=(0, 2)), 0)
        self.row_of[key] = row
        return row

    def remove(self, key: Key) -> None:
        """Let go of it; nothing happens when there is no such key."""
        row = self.row_of.pop(key, None)
        if row is not None:
            self._free.append(row)

    def _free_row(self) -> int:
        if not self._free:
            have = self.rows
            more = max(have // 2, 16)
            for name in ("_right", "_matched", "_boxes", "_ratios", "_denominators", "scores", "squares"):
                kept = getattr(self, name)
                setattr(
                    self, name, np.concatenate([kept, np.zeros((more, *kept.shape[1:]), dtype=kept.dtype)])
                )
            self._free = list(range(have + more - 1, have - 1, -1))
        return self._free.pop()

    def residuals(self, at: int, rows: Integers) -> Floats:
        """Of the figure at this position: these rows x the images that it rests on."""
        layout = self._layout
        weights = self.figures.weights[at] * np.sqrt(layout.corrections)[:, None]
        categories = np.flatnonzero(weights.any(axis=1))
        images = np.flatnonzero(np.isin(layout.category_of, categories))
        category_of = layout.category_of[images]
        found = np.zeros((len(rows), len(images)))
        if weights[:, 0].any():
            scale = weights[:, 0] / self._denominators[rows, 0]
            found += (self._right[np.ix_(rows, images)] - self._ratios[rows, 0][:, category_of]) * scale[
                :, category_of
            ]
        if weights[:, 1].any():
            scale = weights[:, 1] / self._denominators[rows, 1]
            expected = self._boxes[np.ix_(rows, images)] * self._ratios[rows, 1][:, category_of]
            found += (self._matched[np.ix_(rows, images)] - expected) * scale[:, category_of]
        return found

    def products(self, at: int, row: int, rows: Integers) -> Floats:
        """The sums over images of one row's residuals times those of each of the others."""
        (residuals,) = self.residuals(at, np.array([row]))
        found = np.zeros(len(rows))
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            found[start : start + _ROWS_AT_ONCE] = (
                self.residuals(at, rows[start : start + _ROWS_AT_ONCE]) @ residuals
            )
        return found

"""The right answers of a release's submissions, packed, as a worker keeps them to judge who is better than whom.

A submission takes an eighth of a byte a question, and a few numbers a figure. Residuals are made from the bits when
they are needed; that one entry's residuals times those of all others need none: an entry's right answers times what
the other's residuals weigh each of them are looked up eight questions at a time.
"""

from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from scoring.statistics.clusters import Spread
from scoring.statistics.strata import Flags, Floats, Integers

if TYPE_CHECKING:
    from scoring.release import Release

Key = TypeVar("Key", bound=Hashable)

LOOKUPS = 1 << 14  # at a time
FEW = 32  # so few rows' residuals are made faster than the tables to look their products up in
# The eight bits of every byte, as numpy packs them.
BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).T.astype(np.float64)


class Outcomes(Generic[Key]):
    """Of one release, under keys of the caller's, each in a row of its own for as long as it stays.

    Not for two threads at once.
    """

    def __init__(self, release: "Release") -> None:
        strata = release.strata
        self._release = release
        self._strata = strata
        self.figures = strata.linear(range(len(release.definition.subtasks)))
        self.row_of: dict[Key, int] = {}
        self._free: list[int] = []
        self._questions: dict[int, _Questions] = {}
        # The bits stand stratum by stratum, each beginning with a byte: a figure reads only the bytes of its own.
        width = len(strata.columns)
        groups = np.repeat(np.arange(len(strata.slices)), [s.stop - s.start for s in strata.slices])
        self._stratum_of = groups[strata.cells // width] * width + strata.cells % width
        self._order = np.argsort(self._stratum_of, kind="stable")
        sizes = strata.sizes.ravel().astype(np.int64)
        self._starts = np.concatenate(([0], np.cumsum(-(-sizes // 8))))  # in bytes
        within = np.arange(len(self._order)) - (np.cumsum(sizes) - sizes)[self._stratum_of[self._order]]
        bits = np.empty(len(self._order), dtype=np.int64)
        bits[self._order] = 8 * self._starts[self._stratum_of[self._order]] + within
        self._bit_of = bits  # of each question, in the order of the strata's positions
        self._packed = np.zeros((int(self._starts[-1]), 0), dtype=np.uint8)
        self._means = np.zeros((0, strata.sizes.size))
        self.scores = np.zeros((0, len(self.figures.names)))  # by row and figure; NaN where it has none
        self.squares = np.zeros((0, len(self.figures.names)))  # of the residuals, summed

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
        return sum(each.nbytes for each in (self._packed, self._means, self.scores, self.squares))

    def add(self, key: Key, outcomes: bytes, scored: Collection[int] | None = None) -> int:
        """Take in `Evaluation.outcomes`, in the row returned; `scored` holds the subtasks' positions, None is all.

        Again: it replaces the first.
        """
        every = range(len(self._release.definition.subtasks))
        self.remove(key)
        row = self._free_row()
        correct = unpack(outcomes, self._release)
        bits = np.zeros(8 * len(self._packed), dtype=np.bool_)
        bits[self._bit_of] = correct[self._strata.positions]
        self._packed[:, row] = np.packbits(bits)
        spread = Spread.of(self._strata, self._strata.count(correct))
        its_own = set(self._strata.linear(every if scored is None else scored).names)
        has = np.array([name in its_own for name in self.figures.names], dtype=np.bool_)
        self._means[row] = spread.means.ravel()
        self.scores[row] = np.where(has, spread.values(self.figures), np.nan)
        self.squares[row] = spread.sums(self.figures)
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
            more = max(have, 16)
            self._packed = np.pad(self._packed, ((0, 0), (0, more)))
            self._means = np.pad(self._means, ((0, more), (0, 0)))
            self.scores = np.pad(self.scores, ((0, more), (0, 0)))
            self.squares = np.pad(self.squares, ((0, more), (0, 0)))
            self._free = list(range(have + more - 1, have - 1, -1))
        return self._free.pop()

    def residuals(self, at: int, rows: Integers) -> Floats:
        """Of the figure at this position: these rows x the figure's images."""
        its = self._its(at)
        packed = np.ascontiguousarray(self._packed[:, rows].T)
        expected = self._means[rows] @ its.by_image
        found = np.empty_like(expected)
        for place, bits in enumerate(packed):
            found[place] = np.bincount(its.images, its.weights * np.unpackbits(bits)[its.bits])
        found -= expected
        return found

    def products(self, at: int, row: int, rows: Integers) -> Floats:
        """The sums over images of one row's residuals times those of each of the others."""
        (residuals,) = self.residuals(at, np.array([row]))
        if len(rows) <= FEW:
            found: Floats = self.residuals(at, rows) @ residuals
            return found
        its = self._its(at)
        weighed = its.weights * residuals[its.images]
        by_bit = np.zeros(8 * len(self._packed))
        by_bit[its.bits] = weighed
        tables = by_bit.reshape(-1, 8)[its.bytes] @ BITS
        by_stratum = np.bincount(its.strata, weights=weighed, minlength=self._strata.sizes.size)
        found = -(self._means[rows] @ by_stratum)
        packed = self._packed[np.ix_(its.bytes, rows)]
        # As many bytes at a time as the processor's cache has room for.
        together = max(1, LOOKUPS // max(1, len(rows)))
        offsets = 256 * np.arange(together, dtype=np.intp)[:, None]
        for start in range(0, len(packed), together):
            block = packed[start : start + together]
            index = block + offsets[: len(block)]
            found += tables[start : start + together].ravel()[index].sum(axis=0)
        return found

    def _its(self, at: int) -> "_Questions":
        """The figure's questions, laid out once."""
        if at not in self._questions:
            by_stratum = self.figures.weights[at].ravel() / np.maximum(self._strata.sizes.ravel(), 1)
            weights = by_stratum[self._stratum_of]
            questions = np.flatnonzero(weights)
            _, images = np.unique(
                self._strata.cells[questions] // len(self._strata.columns), return_inverse=True
            )
            bits, strata = self._bit_of[questions], self._stratum_of[questions]
            by_image = np.zeros((len(by_stratum), int(self.figures.images[at])))
            np.add.at(by_image, (strata, images), weights[questions])
            self._questions[at] = _Questions(
                weights=weights[questions],
                strata=strata,
                images=images,
                bits=bits,
                bytes=np.unique(bits // 8),
                by_image=by_image,
            )
        return self._questions[at]


class _Questions(NamedTuple):
    """Of a figure: each question's weight, stratum, image (counted from 0) and bit; the bytes of these bits.

    `by_image` has the weight of each stratum in each image.
    """

    weights: Floats
    strata: Integers
    images: Integers
    bits: Integers
    bytes: Integers
    by_image: Floats


def unpack(outcomes: bytes, release: "Release") -> Flags:
    """A flag per question, from `Evaluation.outcomes`."""
    bits: NDArray[np.uint8] = np.unpackbits(np.frombuffer(outcomes, np.uint8), count=release.size)
    return bits.astype(np.bool_)

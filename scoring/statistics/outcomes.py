"""The right answers of a release's submissions, packed, as a worker keeps them to judge who is better than whom.

A submission takes an eighth of a byte a question, and a few numbers a figure. Residuals are made from the bits when
they are needed; that one entry's residuals times those of all others need none: an entry's right answers times what
the other's residuals weigh each of them are looked up eight questions at a time.
"""

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from scoring.statistics.clusters import Spread
from scoring.statistics.ranks import Judged, Ranges, Verdicts, critical, is_better
from scoring.statistics.strata import Flags, Floats, Integers

if TYPE_CHECKING:
    from scoring.release import Release

Key = TypeVar("Key", bound=Hashable)

BLOCK = 1024
# The eight bits of every byte, as numpy packs them.
BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).T.astype(np.float64)


class Outcomes(Generic[Key]):
    """Of one release, under keys of the caller's: submissions or entries. Not for two threads at once."""

    def __init__(self, release: "Release") -> None:
        strata = release.strata
        self._release = release
        self._strata = strata
        self._figures = strata.linear(range(len(release.definition.subtasks)))
        self._keys: list[Key] = []
        self._row_of: dict[Key, int] = {}
        # The bits stand stratum by stratum, each beginning with a byte: a figure reads only the bytes of its own.
        width = len(strata.columns)
        datasets = np.repeat(np.arange(len(strata.slices)), [s.stop - s.start for s in strata.slices])
        self._stratum_of = datasets[strata.cells // width] * width + strata.cells % width
        self._order = np.argsort(self._stratum_of, kind="stable")
        sizes = strata.sizes.ravel().astype(np.int64)
        self._starts = np.concatenate(([0], np.cumsum(-(-sizes // 8))))  # in bytes
        within = np.arange(len(self._order)) - (np.cumsum(sizes) - sizes)[self._stratum_of[self._order]]
        bits = np.empty(len(self._order), dtype=np.int64)
        bits[self._order] = 8 * self._starts[self._stratum_of[self._order]] + within
        self._bit_of = bits  # of each question, in the order of the strata's positions
        self._packed = np.zeros((int(self._starts[-1]), 0), dtype=np.uint8)
        self._means = np.zeros((0, strata.sizes.size))
        self._scores = np.zeros((0, len(self._figures.names)))
        self._squares = np.zeros((0, len(self._figures.names)))

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: Key) -> bool:
        return key in self._row_of

    @property
    def size(self) -> int:
        """Bytes that all this takes."""
        return sum(each.nbytes for each in (self._packed, self._means, self._scores, self._squares))

    def add(self, key: Key, outcomes: bytes, scored: Collection[int] | None = None) -> None:
        """Take in `Evaluation.outcomes`; `scored` holds the subtasks' positions, None is all. Again: it replaces."""
        every = range(len(self._release.definition.subtasks))
        self.remove(key)
        row = len(self._keys)
        self._grow(row + 1)
        correct = unpack(outcomes, self._release)
        bits = np.zeros(8 * len(self._packed), dtype=np.bool_)
        bits[self._bit_of] = correct[self._strata.positions]
        self._packed[:, row] = np.packbits(bits)
        spread = Spread.of(self._strata, self._strata.count(correct))
        its_own = set(self._strata.linear(every if scored is None else scored).names)
        has = np.array([name in its_own for name in self._figures.names], dtype=np.bool_)
        self._means[row] = spread.means.ravel()
        self._scores[row] = np.where(has, spread.values(self._figures), np.nan)
        self._squares[row] = spread.sums(self._figures)
        self._keys.append(key)
        self._row_of[key] = row

    def remove(self, key: Key) -> None:
        """Let go of it; nothing happens when there is no such key."""
        row = self._row_of.pop(key, None)
        if row is None:
            return
        last = len(self._keys) - 1
        moved = self._keys.pop()
        if row != last:
            self._packed[:, row] = self._packed[:, last]
            for table in (self._means, self._scores, self._squares):
                table[row] = table[last]
            self._keys[row] = moved
            self._row_of[moved] = row

    def having(self, figure: str, keys: Iterable[Key] | None = None) -> list[Key]:
        """Those of them that have the figure; partial ones may lack it."""
        at = self._figures.at(figure)
        wanted = self._keys if keys is None else keys
        return [key for key in wanted if not np.isnan(self._scores[self._row_of[key], at])]

    def ranges(self, figure: str, keys: Sequence[Key]) -> Ranges:
        """The ranges of ranks of these in a column that they all have, judged anew, in the order of the keys."""
        at = self._figures.at(figure)
        rows = self._rows(keys)
        judged = Judged(self._scores[rows, at], critical(len(rows)))
        blocks = [slice(start, start + BLOCK) for start in range(0, len(rows), BLOCK)]
        for number, block in enumerate(blocks):
            ours = self._residuals(at, rows[block])
            judged.add(block, ours, block, ours)
            for other in blocks[number + 1 :]:
                judged.add(block, ours, other, self._residuals(at, rows[other]))
        return judged.ranges()

    def against(self, figure: str, key: Key, others: Sequence[Key], entries: int | None = None) -> Verdicts:
        """One that comes to, or goes from, a board beside the others, which all have the figure as it does.

        `entries` is how many stand on the board with it, where that is more than these.
        """
        at = self._figures.at(figure)
        row, rows = self._row_of[key], self._rows(others)
        images = int(self._figures.images[at])
        if images < 2 or not len(rows):
            return Verdicts(np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_))
        (residuals,) = self._residuals(at, np.array([row]))
        products = self._products(at, residuals, rows)
        squares = self._squares[rows, at] + self._squares[row, at]
        squared_errors = (squares - 2 * products) * (images / (images - 1))
        differences = self._scores[rows, at] - self._scores[row, at]
        beyond = critical(len(rows) + 1 if entries is None else entries)
        return Verdicts(
            is_better(differences, squared_errors, beyond), is_better(-differences, squared_errors, beyond)
        )

    def _rows(self, keys: Sequence[Key]) -> Integers:
        return np.array([self._row_of[key] for key in keys], dtype=np.int64)

    def _grow(self, rows: int) -> None:
        have = self._packed.shape[1]
        if rows > have:
            more = max(rows, 2 * have, 16) - have
            self._packed = np.pad(self._packed, ((0, 0), (0, more)))
            self._means = np.pad(self._means, ((0, more), (0, 0)))
            self._scores = np.pad(self._scores, ((0, more), (0, 0)))
            self._squares = np.pad(self._squares, ((0, more), (0, 0)))

    def _questions(self, at: int) -> tuple[Integers, Floats, Integers]:
        """The figure's questions, by image, what each weighs, and the number of its image among the figure's."""
        strata = self._figures.weights[at].ravel() / np.maximum(self._strata.sizes.ravel(), 1)
        weights = strata[self._stratum_of]
        questions = np.flatnonzero(weights)
        images = self._strata.cells[questions] // len(self._strata.columns)
        return questions, weights[questions], np.cumsum(np.diff(images, prepend=-1) != 0) - 1

    def _residuals(self, at: int, rows: Integers) -> Floats:
        """Rows x the figure's images."""
        questions, weights, number = self._questions(at)
        bits, strata = self._bit_of[questions], self._stratum_of[questions]
        found = np.empty((len(rows), int(self._figures.images[at])))
        for place, row in enumerate(rows.tolist()):
            right = np.unpackbits(np.ascontiguousarray(self._packed[:, row]))[bits]
            found[place] = np.bincount(number, (right - self._means[row][strata]) * weights)
        return found

    def _products(self, at: int, residuals: Floats, rows: Integers) -> Floats:
        """The sums over images of these residuals times those of each row."""
        questions, weights, number = self._questions(at)
        weighed = weights * residuals[number]
        by_bit = np.zeros(8 * len(self._packed))
        by_bit[self._bit_of[questions]] = weighed
        tables = by_bit.reshape(-1, 8) @ BITS
        by_stratum = np.bincount(
            self._stratum_of[questions], weights=weighed, minlength=self._strata.sizes.size
        )
        count = len(self._keys)
        found = -(self._means[:count] @ by_stratum)
        # Into an array of numpy's own index type: to make one for every byte would take as long as to look it up.
        index = np.empty(count, dtype=np.intp)
        for byte in np.flatnonzero(tables.any(axis=1)).tolist():
            np.copyto(index, self._packed[byte, :count])
            found += tables[byte][index]
        return found[rows]


def unpack(outcomes: bytes, release: "Release") -> Flags:
    """A flag per question, from `Evaluation.outcomes`."""
    bits: NDArray[np.uint8] = np.unpackbits(np.frombuffer(outcomes, np.uint8), count=release.size)
    return bits.astype(np.bool_)

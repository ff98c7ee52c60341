"""Ranges of ranks on a board, kept up as entries come and go."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol

import numpy as np

from scoring.definition import Definition
from scoring.statistics.outcomes import Key
from scoring.statistics.ranks import Counts, are_in_doubt, critical, is_better
from scoring.statistics.strata import Flags, Floats, Integers

BLOCK = 1024
RESIDUALS_AT_ONCE = 16_000_000  # rows of a block x images: 128 MB


class Ranked(Protocol):
    """The figures that a store has, and on how many images each rests."""

    @property
    def images(self) -> Integers: ...

    def at(self, name: str) -> int:
        """A figure's position; ValueError when there is none of that name."""


class Store(Protocol[Key]):
    """Submissions' outcomes in rows, see `scoring.statistics.outcomes.Outcomes`."""

    row_of: dict[Key, int]
    scores: Floats
    squares: Floats

    @property
    def figures(self) -> Ranked: ...

    @property
    def rows(self) -> int: ...

    @property
    def size(self) -> int: ...

    def __contains__(self, key: Key) -> bool: ...

    def add(self, key: Key, outcomes: bytes, scored: Collection[int] | None = None) -> int: ...

    def remove(self, key: Key) -> None: ...

    def residuals(self, at: int, rows: Integers) -> Floats: ...

    def products(self, at: int, row: int, rows: Integers) -> Floats: ...


class Judgeable(Protocol):
    """A release that says how outcomes of its submissions are kept."""

    @property
    def definition(self) -> Definition: ...

    def new_outcomes(self) -> Store[Any]: ...


class Judged(NamedTuple):
    """By division: how many are significantly better, and how many worse."""

    better: Sequence[int]
    worse: Sequence[int]


class Board(Generic[Key]):
    """For each entry, column and division: how many others are significantly better, and how many worse.

    The range of its ranks goes from 1 + the better ones to K less the worse ones, of K that have the figure there.
    Every pair is judged by `critical` of its own column and division. One entry that comes or goes is judged beside
    the others; where the critical value moves, and where many come, all pairs are judged anew. What comes out depends
    on who is there alone, not on how they came.
    """

    def __init__(self, release: Judgeable, columns: Sequence[str], divisions: int) -> None:
        self.columns = columns
        self._outcomes: Store[Key] = release.new_outcomes()
        self._at = [self._outcomes.figures.at(column) for column in columns]
        self._divisions = divisions
        self._lower_is_better = release.definition.lower_is_better
        self._members = np.zeros((0, divisions), dtype=np.bool_)
        self._better: Counts = np.zeros((0, len(columns), divisions), dtype=np.int64)
        self._worse = self._better.copy()
        self._beyond = np.zeros((len(columns), divisions))

    def __contains__(self, key: Key) -> bool:
        return key in self._outcomes

    @property
    def size(self) -> int:
        """Bytes that all this takes."""
        return self._outcomes.size + self._better.nbytes + self._worse.nbytes

    def add(self, key: Key, outcomes: bytes, scored: Iterable[int] | None = None) -> None:
        """Make known what `Evaluation.outcomes` says of a submission; `settle` puts it on the board. Again: no change.

        `scored` holds the positions of the subtasks that it answers, None is all.
        """
        if key in self:
            return
        self._outcomes.add(key, outcomes, None if scored is None else list(scored))
        more = self._outcomes.rows - len(self._members)
        if more:
            self._members = np.pad(self._members, ((0, more), (0, 0)))
            self._better = np.pad(self._better, ((0, more), (0, 0), (0, 0)))
            self._worse = np.pad(self._worse, ((0, more), (0, 0), (0, 0)))

    def moves(self, members: Mapping[Key, Sequence[bool]]) -> int:
        """How many would come or go, to make it the board of these; twice as many as stand there for a new judgement.

        Members as in `settle`.
        """
        wanted = self._wanted(members)
        moves = int(np.count_nonzero((wanted != self._members).any(axis=1)))
        anew = any(
            (self._criticals(wanted, column) != self._beyond[column]).any()
            for column in range(len(self.columns))
        )
        return 2 * len(members) if anew else moves

    def settle(self, members: Mapping[Key, Sequence[bool]]) -> None:
        """Make it the board of these, each with a flag a division; those that were not added are left out.

        What was added and stands in no division is forgotten.
        """
        wanted = self._wanted(members)
        moving = np.flatnonzero((wanted != self._members).any(axis=1))
        for column in range(len(self.columns)):
            beyond = self._criticals(wanted, column)
            # To judge all pairs anew takes as long as some dozens of them one by one.
            if (beyond != self._beyond[column]).any() or 8 * len(moving) > len(members):
                self._beyond[column] = beyond
                self._judge(column, wanted)
            else:
                self._move(column, moving, wanted)
        self._members = wanted
        for key in [key for key in self._outcomes.row_of if key not in members]:
            self._outcomes.remove(key)

    def judged(self, column: str) -> dict[Key, Judged]:
        """What all pairs say of each that was added, lower scores being better where the benchmark says so.

        Nothing of a column that the board does not have.
        """
        if column not in self.columns:
            return {}
        at = self.columns.index(column)
        better, worse = self._better[:, at].tolist(), self._worse[:, at].tolist()
        if self._lower_is_better:
            better, worse = worse, better
        return {key: Judged(better[row], worse[row]) for key, row in self._outcomes.row_of.items()}

    def _wanted(self, members: Mapping[Key, Sequence[bool]]) -> Flags:
        wanted = np.zeros_like(self._members)
        for key, divisions in members.items():
            row = self._outcomes.row_of.get(key)
            if row is not None:
                wanted[row] = divisions
        return wanted

    def _there(self, members: Flags, column: int) -> Flags:
        """Of these members, those that have the column's figure."""
        has: Flags = ~np.isnan(self._outcomes.scores[:, self._at[column]])
        return members & has[:, None]

    def _criticals(self, members: Flags, column: int) -> Floats:
        counts = np.count_nonzero(self._there(members, column), axis=0).tolist()
        images = int(self._outcomes.figures.images[self._at[column]])
        return np.array([critical(count, images) for count in counts])

    def _judge(self, column: int, members: Flags) -> None:
        """All pairs, a block of rows beside another at a time."""
        there = self._there(members, column)
        rows = np.flatnonzero(there.any(axis=1))
        self._better[:, column] = self._worse[:, column] = 0
        at = self._at[column]
        if np.isinf(self._beyond[column]).all():
            return
        images = int(self._outcomes.figures.images[at])
        together = max(1, min(BLOCK, RESIDUALS_AT_ONCE // images))
        blocks = [rows[start : start + together] for start in range(0, len(rows), together)]
        for number, block in enumerate(blocks):
            ours = self._outcomes.residuals(at, block)
            for other in blocks[number:]:
                theirs = ours if other is block else self._outcomes.residuals(at, other)
                squared_errors = self._squared_errors(at, block[:, None], other, ours @ theirs.T)
                differences = self._outcomes.scores[block, at][:, None] - self._outcomes.scores[other, at]
                for division, beyond in enumerate(self._beyond[column].tolist()):
                    both = there[block, division][:, None] & there[other, division]
                    above = is_better(differences, squared_errors, beyond) & both
                    self._worse[block, column, division] += above.sum(axis=1)
                    self._better[other, column, division] += above.sum(axis=0)
                    if other is not block:
                        below = is_better(-differences, squared_errors, beyond) & both
                        self._better[block, column, division] += below.sum(axis=1)
                        self._worse[other, column, division] += below.sum(axis=0)

    def _move(self, column: int, moving: Integers, members: Flags) -> None:
        """Those that move, one after the other, beside all that are there."""
        there = self._there(self._members, column)
        then = self._there(members, column)
        for row in moving.tolist():
            changed = np.flatnonzero(there[row] != then[row])
            others = np.flatnonzero(there[:, changed].any(axis=1))
            others = others[others != row]
            differences, squared_errors = self._beside(column, row, others)
            for division in changed.tolist():
                beyond = self._beyond[column, division]
                with_it = there[others, division]
                better = is_better(differences, squared_errors, beyond) & with_it
                worse = is_better(-differences, squared_errors, beyond) & with_it
                comes = bool(then[row, division])
                self._worse[others, column, division] += better if comes else -better.astype(np.int64)
                self._better[others, column, division] += worse if comes else -worse.astype(np.int64)
                self._better[row, column, division] = better.sum() if comes else 0
                self._worse[row, column, division] = worse.sum() if comes else 0
            there[row] = then[row]

    def _beside(self, column: int, row: int, others: Integers) -> tuple[Floats, Floats]:
        """What the others' scores are more than the row's, and squared standard errors that give the right verdicts.

        Where the bounds of an error give the verdict, the bound stands for it: by Cauchy and Schwarz, the error of a
        difference is at most the sum and at least the difference of the two errors.
        """
        at = self._at[column]
        scores, squares = self._outcomes.scores[:, at], self._outcomes.squares[:, at]
        differences = scores[others] - scores[row]
        finite = self._beyond[column][np.isfinite(self._beyond[column])]
        if not len(finite):
            return differences, np.full(len(others), np.inf)
        images = int(self._outcomes.figures.images[at])
        root, roots = np.sqrt(squares[row]), np.sqrt(squares[others])
        scale = images / (images - 1)
        least, most = scale * (roots - root) ** 2, scale * (roots + root) ** 2
        errors = np.where(differences**2 > finite.max() ** 2 * most, most, least)
        doubt = np.flatnonzero(are_in_doubt(differences, least, most, self._beyond[column]))
        errors[doubt] = self._squared_errors(
            at, np.int64(row), others[doubt], self._outcomes.products(at, row, others[doubt])
        )
        return differences, errors

    def _squared_errors(
        self, at: int, ours: Integers | np.int64, theirs: Integers, products: Floats
    ) -> Floats:
        images = int(self._outcomes.figures.images[at])
        squares = self._outcomes.squares[:, at]
        found: Floats = (squares[ours] + squares[theirs] - 2 * products) * (images / (images - 1))
        return found

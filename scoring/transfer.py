"""From one release to another: what became of its questions, and what answers to them are worth."""

from collections import Counter
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from scoring.answers.sheet import UNREAD, Sheet
from scoring.lookup import fold_space
from scoring.release import Release


@dataclass(frozen=True, eq=False)
class Transfer:
    """Which question of a release another release's answers belong to.

    A question is the same when it has the same id, the same wording (white space and case apart) and the same
    options, in whatever order. What was said of a question with another wording answers nothing here.
    """

    # For each question its position in the other release; -1 where that has no such question.
    positions: NDArray[np.int64]
    # The orders that options stand in: a row each, the code here for each code there. The first row keeps all.
    orders: NDArray[np.uint8]
    # For each question its row in `orders`.
    order_of: NDArray[np.int64]

    @classmethod
    def between(cls, of: Release, to: Release) -> Self:
        known = of.lookup.by_id
        positions = np.full(to.size, -1, dtype=np.int64)
        orders = [np.arange(256, dtype=np.uint8)]
        order_of = np.zeros(to.size, dtype=np.int64)
        for position, question_id in enumerate(to.ids):
            before = known.get(question_id)
            if before is None or _wording(of, before) != _wording(to, position):
                continue
            positions[position] = before
            if of.options[before] != to.options[position]:
                order_of[position] = len(orders)
                orders.append(_reordered(of.options[before], to.options[position]))
        return cls(positions, np.stack(orders), order_of)

    @cached_property
    def _turned(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.order_of)

    @cached_property
    def _unknown(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.positions < 0)

    def carry(self, sheet: Sheet) -> Sheet:
        """The sheet as it answers this release's questions; `readings` stay those of the file."""
        codes, present = sheet.codes[self.positions], sheet.present[self.positions]
        codes[self._turned] = self.orders[self.order_of[self._turned], codes[self._turned]]
        codes[self._unknown], present[self._unknown] = UNREAD, False
        return Sheet(codes, present, sheet.readings, sheet.format)


def _wording(release: Release, position: int) -> tuple[object, ...]:
    options = sorted(map(fold, release.options[position]))
    return (fold(release.texts[position]), options)


def fold(text: str) -> str:
    return fold_space(text).casefold()


def _reordered(before: tuple[str, ...], after: tuple[str, ...]) -> NDArray[np.uint8]:
    codes = np.full(256, UNREAD, dtype=np.uint8)
    places = [fold(option) for option in after]
    for code, option in enumerate(before):
        codes[code] = places.index(fold(option))
    return codes


@dataclass(frozen=True)
class Changes:
    """What a release changes of the one before it, counted by subtask."""

    added: Counter[str]
    removed: Counter[str]
    reworded: Counter[str]
    answers_changed: Counter[str]
    excluded: Counter[str]
    readmitted: Counter[str]

    @classmethod
    def between(cls, of: Release, to: Release) -> Self:
        """Counts alone: which questions' answers changed would say something about them."""
        found = cls(*(Counter() for _field in fields(cls)))
        kept = set(to.ids)
        for position, question_id in enumerate(of.ids):
            if question_id not in kept:
                found.removed[_subtask(of, position)] += 1
        for position, question_id in enumerate(to.ids):
            before = of.lookup.by_id.get(question_id)
            counted = _counted(found, of, before, to, position)
            if counted is not None:
                counted[_subtask(to, position)] += 1
        return found

    def to_dict(self) -> dict[str, dict[str, int]]:
        """JSON-ready: kind of change -> subtask -> how many."""
        return {field.name: dict(getattr(self, field.name)) for field in fields(self)}


def _counted(
    found: Changes, of: Release, before: int | None, to: Release, position: int
) -> Counter[str] | None:
    """Where this question counts; None where it is as it was."""
    if before is None:
        return found.added
    was_excluded, is_excluded = of.ids[before] in of.excluded, to.ids[position] in to.excluded
    if was_excluded != is_excluded:
        return found.excluded if is_excluded else found.readmitted
    if _wording(of, before) != _wording(to, position):
        return found.reworded
    if fold(of.options[before][of.truth[before]]) != fold(to.options[position][to.truth[position]]):
        return found.answers_changed
    return None


def _subtask(release: Release, position: int) -> str:
    return release.definition.subtask_slugs[int(release.subtasks[position])]

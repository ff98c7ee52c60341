"""From one release to another: what became of its images, and what answers to them are worth."""

from collections import Counter
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from scoring.boxes.geometry import Integers
from scoring.boxes.release import BoxRelease
from scoring.boxes.sheet import ABSENT, BoxSheet, starts_of


@dataclass(frozen=True, eq=False)
class BoxTransfer:
    """For each image its position in the other release; -1 where that has none of that name and size."""

    positions: Integers

    @classmethod
    def between(cls, of: BoxRelease, to: BoxRelease) -> Self:
        known = of.lookup.by_id
        found = [
            before if (before := known.get(image, -1)) >= 0 and _is_alike(of, before, to, at) else -1
            for at, image in enumerate(to.ids)
        ]
        return cls(np.array(found, dtype=np.int64))

    def carry(self, sheet: BoxSheet) -> BoxSheet:
        """The sheet as it answers this release's images; `readings` stay those of the file."""
        is_known = self.positions >= 0
        rules = np.where(is_known, sheet.rules[self.positions], ABSENT).astype(np.uint8)
        counts = np.where(is_known, np.diff(sheet.starts)[self.positions], 0)
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        boxes = sheet.boxes[np.repeat(sheet.starts[self.positions], counts) + within]
        reasoning: NDArray[np.uint32] = np.where(is_known, sheet.reasoning[self.positions], 0).astype(
            np.uint32
        )
        return BoxSheet(rules, starts_of(counts), boxes, reasoning, sheet.readings, sheet.format, sheet.frame)


def _is_alike(of: BoxRelease, before: int, to: BoxRelease, at: int) -> bool:
    """Whether it has the same size: boxes would stand elsewhere otherwise."""
    return bool((of.canvases[before] == to.canvases[at]).all())


@dataclass(frozen=True)
class BoxChanges:
    """What a release changes of the one before it, in images by subtask; `reworded` are those of another size."""

    added: Counter[str]
    removed: Counter[str]
    reworded: Counter[str]
    answers_changed: Counter[str]
    excluded: Counter[str]
    readmitted: Counter[str]

    @classmethod
    def between(cls, of: BoxRelease, to: BoxRelease) -> Self:
        """Counts alone: which images' truth changed would say something about them."""
        found = cls(*(Counter() for _field in fields(cls)))
        slugs = to.definition.subtask_slugs
        kept = set(to.ids)
        found.removed.update(slug for image in of.ids if image not in kept for slug in slugs)
        for at, image in enumerate(to.ids):
            before = of.lookup.by_id.get(image)
            if before is None:
                found.added.update(slugs)
            elif (image in of.excluded) != (image in to.excluded):
                (found.excluded if image in to.excluded else found.readmitted).update(slugs)
            elif not _is_alike(of, before, to, at):
                found.reworded.update(slugs)
            else:
                found.answers_changed.update(_changed(of, before, to, at))
        return found

    def to_dict(self) -> dict[str, dict[str, int]]:
        """JSON-ready: kind of change -> subtask -> how many."""
        return {field.name: dict(getattr(self, field.name)) for field in fields(self)}


def _changed(of: BoxRelease, before: int, to: BoxRelease, at: int) -> list[str]:
    """The subtasks of which an image has another truth."""
    boxes, others = _boxes(of, before), _boxes(to, at)
    changed = (
        of.anomalous[before] != to.anomalous[at],
        boxes.shape != others.shape or bool((boxes != others).any()),
    )
    return [slug for slug, is_so in zip(to.definition.subtask_slugs, changed, strict=True) if is_so]


def _boxes(release: BoxRelease, at: int) -> NDArray[np.float64]:
    return release.ordered_boxes[release.starts[at] : release.starts[at + 1]]

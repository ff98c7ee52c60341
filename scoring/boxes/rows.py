"""From an organizer's rows, an image each, to a release; and reading the true boxes in them."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from scoring.boxes.release import MOST_BOXES, BoxRelease
from scoring.boxes.sheet import starts_of
from scoring.definition import Definition
from scoring.errors import NO_TEXT

LONGEST_LABEL = 10_000

Size = tuple[float, float]


class Boxes(NamedTuple):
    """The true boxes of an image, each with its label, which may be empty."""

    boxes: Sequence[tuple[float, float, float, float]] = ()
    labels: Sequence[str] = ()


class WrongBoxesError(Exception):
    """What is wrong with the boxes, in words that quote none of them."""


class ImageRow(NamedTuple):
    """One image; its boxes stand in its canvas."""

    path: str
    dataset: str
    category: str
    size: Size | None
    canvas: Size
    anomalous: bool
    true: Boxes = Boxes()


def release_of(definition: Definition, rows: Sequence[ImageRow]) -> BoxRelease:
    """The release of these images; the definition has their source datasets."""
    number_of = {name: number for number, name in enumerate(definition.source_datasets)}
    boxes = [box for row in rows for box in row.true.boxes]
    return BoxRelease(
        definition=definition,
        ids=[row.path for row in rows],
        source_datasets=np.array([number_of[row.dataset] for row in rows], dtype=np.uint8),
        categories=[row.category for row in rows],
        sizes=np.array([row.size or (0, 0) for row in rows], dtype=np.float64),
        canvases=np.array([row.canvas for row in rows], dtype=np.float64),
        anomalous=np.array([row.anomalous for row in rows], dtype=np.bool_),
        starts=starts_of(np.array([len(row.true.boxes) for row in rows])),
        boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        labels=[label for row in rows for label in row.true.labels],
    )


def read_boxes(found: Sequence[Any]) -> Boxes:
    """A list of [x1, y1, x2, y2], or of objects with these as `bbox_2d` and perhaps a `label`.

    Raises WrongBoxesError.
    """
    if len(found) > MOST_BOXES:
        raise WrongBoxesError(f"there are more than {MOST_BOXES} boxes")
    read = [_box(each, number) for number, each in enumerate(found, start=1)]
    return Boxes([box for box, _label in read], [label for _box, label in read])


def _box(found: Any, number: int) -> tuple[tuple[float, float, float, float], str]:
    box, label = (found.get("bbox_2d"), found.get("label")) if isinstance(found, dict) else (found, None)
    if not isinstance(box, list) or len(box) != 4 or not all(map(is_number, box)):
        raise WrongBoxesError(f"box {number} has not four numbers")
    x1, y1, x2, y2 = map(float, box)
    if not (x1 < x2 and y1 < y2):
        raise WrongBoxesError(f"box {number} ends before it begins")
    label = "" if label is None else label
    if not isinstance(label, str) or len(label) > LONGEST_LABEL or NO_TEXT.search(label):
        raise WrongBoxesError(f"the label of box {number} is no text, a very long one, or cannot be shown")
    return (x1, y1, x2, y2), label


def check_within(boxes: Boxes, extent: Size, tolerance: float = 0) -> None:
    """Raises WrongBoxesError for one that reaches over an image of this extent."""
    low, high = -tolerance, tolerance
    for number, (x1, y1, x2, y2) in enumerate(boxes.boxes, start=1):
        if x1 < low or y1 < low or x2 > extent[0] + high or y2 > extent[1] + high:
            raise WrongBoxesError(
                f"box {number} reaches over the image’s edge: it is {extent[0]:g} wide and {extent[1]:g} high here"
            )


def is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e9 and not math.isnan(value)

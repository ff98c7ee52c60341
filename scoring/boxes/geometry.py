"""Boxes: their frames, how much two of them overlap, and which predicted one is which true one.

A box is x1, y1, x2, y2. All boxes of a release stand in its images' canvases: the image with its short edge 448 pixels
long, as the published boxes are drawn. Overlap does not change with the scale of an axis: every frame gives the same.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SHORT_EDGE = 448
FRAMES = ("short-edge-448", "pixels", "0-1000")
DEFAULT_FRAME = FRAMES[0]
THRESHOLDS = (0.1, 0.5)

# Overlaps are compared to this many digits, so that the frame they were written in makes no difference.
_DIGITS = 9
_PAIRS_AT_ONCE = 1_000_000


def canvas_of(width: int, height: int) -> tuple[float, float]:
    """Width and height of an image whose short edge is made 448 pixels long."""
    short = min(width, height)
    return SHORT_EDGE * width / short, SHORT_EDGE * height / short


def extents(frame: str, sizes: Floats, canvases: Floats) -> Floats:
    """How wide and high each image is in a frame; 0 where its size in pixels would be needed and is not known.

    A canvas counts whole pixels: 597.3 wide, it reaches to 598.
    """
    if frame == "pixels":
        return sizes
    if frame == "0-1000":
        return np.full(sizes.shape, 1000.0)
    found: Floats = np.ceil(canvases)
    return found


def scales(frame: str, sizes: Floats, canvases: Floats) -> Floats:
    """What x and y are multiplied with to stand in each image's canvas; sizes are known."""
    if frame == DEFAULT_FRAME:
        return np.ones(canvases.shape)
    found: Floats = canvases / (sizes if frame == "pixels" else 1000.0)
    return found


def iou(first: Floats, second: Floats) -> Floats:
    """Intersection over union, box by box, of two arrays of as many."""
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    intersection = np.clip(high - low, 0, None).prod(axis=1)
    areas = [(each[:, 2:] - each[:, :2]).prod(axis=1) for each in (first, second)]
    found: Floats = intersection / (areas[0] + areas[1] - intersection)
    return found


def in_order(boxes: Floats, starts: Integers) -> Floats:
    """The same boxes, those of each image sorted by x1, y1, x2, y2: so the order they were written in plays no part."""
    image_of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    order = np.lexsort((*boxes.T[::-1], image_of))
    return boxes[order]


def count_right(
    predicted: Floats, predicted_starts: Integers, true: Floats, true_starts: Integers
) -> tuple[Integers, ...]:
    """By threshold: how many of each image's predicted boxes are right.

    A predicted box and a true one of the same image make a pair where they overlap by the threshold at least. Pairs
    are taken by falling overlap, each box once. Of equal overlaps the pair with the true box that comes first, by x1,
    then y1, x2, y2, and then with the predicted one that does: both are to be `in_order`.
    """
    images = len(true_starts) - 1
    found = tuple(np.zeros(images, dtype=np.int64) for _threshold in THRESHOLDS)
    for ours, theirs in _pairs(predicted_starts, true_starts):
        overlaps = np.round(iou(predicted[ours], true[theirs]), _DIGITS)
        close = np.flatnonzero(overlaps >= THRESHOLDS[0])
        ours, theirs, overlaps = ours[close], theirs[close], overlaps[close]
        order = np.lexsort((ours, theirs, -overlaps))
        image_of = np.searchsorted(true_starts, theirs[order], side="right") - 1
        taken = _take(ours[order].tolist(), theirs[order].tolist())
        # The best pairs come first, so those of a higher threshold are taken alike.
        for threshold, counts in zip(THRESHOLDS, found, strict=True):
            counts += np.bincount(image_of[taken][overlaps[order][taken] >= threshold], minlength=images)
    return found


def _take(ours: list[int], theirs: list[int]) -> list[int]:
    """Which pairs, the best first, have both boxes free when their turn comes."""
    used_ours: set[int] = set()
    used_theirs: set[int] = set()
    taken = []
    for at, (mine, its) in enumerate(zip(ours, theirs, strict=True)):
        if mine not in used_ours and its not in used_theirs:
            used_ours.add(mine)
            used_theirs.add(its)
            taken.append(at)
    return taken


def _pairs(ours: Integers, theirs: Integers) -> Iterator[tuple[Integers, Integers]]:
    """All pairs of boxes of the same image, some images at a time."""
    counts = np.diff(ours) * np.diff(theirs)
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _PAIRS_AT_ONCE, side="right")))
        images = start + np.flatnonzero(counts[start:stop])
        image_of = np.repeat(images, counts[images])
        within = np.arange(len(image_of)) - np.repeat(
            np.cumsum(counts[images]) - counts[images], counts[images]
        )
        width = np.diff(theirs)[image_of]
        yield ours[image_of] + within // width, theirs[image_of] + within % width
        start = stop

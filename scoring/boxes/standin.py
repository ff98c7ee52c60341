"""A seeded stand-in for MMR-AD's published annotations, and answer files of made-up models.

The numbers are the real ones: 14 source datasets, 188 categories, 395 kinds of anomaly, and boxes in proportion to the
112,875 of 127,137 images. How these spread over source datasets and categories is not published in figures that can be
had here, nor is which images are for testing: they are drawn, as are names (but of the source datasets that MMAD
shares), sizes, boxes and answers. All is for trying out.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from scoring.boxes.geometry import canvas_of

SEED = 2604_10971
IMAGES, BOXES, CATEGORIES, ANOMALIES = 127_137, 112_875, 188, 395
# Those that MMAD has too, by their folders' names as far as these are known; the others' are made up.
SHARED = ("mvtec", "visa", "mvtec-loco", "goodsad")
SOURCES = (*SHARED, *(f"source-{number:02}" for number in range(5, 15)))
_SIZES = ((1024, 1024), (700, 700), (1280, 960), (1600, 1200), (960, 1440))
_PLACES = ("left", "right", "upper", "lower", "middle")

Box = tuple[float, float, float, float]


class Picture(NamedTuple):
    """A test image: its path, what it shows and how large it is; without boxes it is normal."""

    source: str
    category: str
    folder: str
    number: int
    size: tuple[int, int]
    boxes: tuple[Box, ...]

    @property
    def path(self) -> str:
        return f"{self.source}/{self.category}/test/{self.folder}/{self.number:04}.png"

    @property
    def name(self) -> str:
        """As the annotations call it."""
        return f"{self.folder}-{self.number:04}.png"


def pictures(images: int = 6_000, seed: int = SEED) -> Iterator[Picture]:
    """About so many images: a category has two at least."""
    chance = Random(seed)  # noqa: S311 - made-up data, no secret
    # Some categories have dozens of images for one of another's, as in public data sets.
    weights = [chance.lognormvariate(0, 0.8) for _category in range(CATEGORIES)]
    kinds = _kinds(chance)
    for at, weight in enumerate(weights):
        category = f"product-{at + 1:03}"
        source = SOURCES[at] if at < len(SOURCES) else chance.choice(SOURCES)
        size = chance.choice(_SIZES)
        count = max(2, round(images * weight / sum(weights)))
        for number in range(count):
            is_normal = number % 2 == 0
            boxes = () if is_normal else tuple(_drawn(chance, size) for _ in range(_how_many(chance)))
            yield Picture(
                source, category, "good" if is_normal else chance.choice(kinds[at]), number, size, boxes
            )


def _kinds(chance: Random) -> list[list[str]]:
    """The kinds of anomaly of each category, each kind in one of them."""
    found: list[list[str]] = [[f"anomaly-{at + 1:03}"] for at in range(CATEGORIES)]
    for number in range(CATEGORIES, ANOMALIES):
        found[chance.randrange(CATEGORIES)].append(f"anomaly-{number + 1:03}")
    return found


def _how_many(chance: Random) -> int:
    """Boxes of an anomalous image: half the images are, and there are 0.89 boxes an image."""
    mean = 2 * BOXES / IMAGES
    return 1 + sum(chance.random() < (mean - 1) / 4 for _ in range(4))


def _drawn(chance: Random, size: tuple[int, int]) -> Box:
    """A box in the canvas, in whole pixels."""
    width, height = canvas_of(*size)
    wide, high = (chance.randint(12, 160) for _axis in range(2))
    x, y = chance.randint(0, int(width) - wide), chance.randint(0, int(height) - high)
    return (x, y, x + wide, y + high)


def write(folder: Path, images: int = 6_000, seed: int = SEED) -> None:
    """Write the annotations as they are published, and images.csv with the sizes."""
    by_category: dict[tuple[str, str], list[Picture]] = {}
    for picture in pictures(images, seed):
        by_category.setdefault((picture.source, picture.category), []).append(picture)
    lines = ["image,width,height\n"]
    for (source, category), its in by_category.items():
        place = folder / source / category
        place.mkdir(parents=True)
        for name, body in _files(category, its).items():
            (place / name).write_text(json.dumps(body))
        lines += [f"{each.path},{each.size[0]},{each.size[1]}\n" for each in its]
    (folder / "images.csv").write_text("".join(lines))


def _files(category: str, its: list[Picture]) -> Mapping[str, Any]:
    return {
        "bbox_annos.json": [
            {
                "name": each.name,
                "resized_width": round(canvas_of(*each.size)[0]),
                "resized_height": round(canvas_of(*each.size)[1]),
                "bboxes": [{"bbox_2d": list(box), "label": each.folder} for box in each.boxes],
            }
            for each in its
            if each.boxes
        ],
        "reference.json": {
            each.path.split("/", 1)[1]: [f"{category}/train/good/{each.number % 7:04}.png"] for each in its
        },
    }


class Model(NamedTuple):
    """A made-up model: how often it says whether an image is anomalous rightly, and finds a box; in shares.

    `spread` is how far its boxes lie from the true ones, as a part of their size, and `invalid` how often its answer
    cannot be read. A model that reasons says why.
    """

    name: str
    right: float
    found: float
    spread: float
    false: float
    invalid: float
    reasons: bool


MODELS = (
    Model("Stand-in A (reasons)", 0.88, 0.78, 0.12, 0.10, 0.005, True),
    Model("Stand-in B (reasons)", 0.84, 0.74, 0.22, 0.20, 0.01, True),
    Model("Stand-in C", 0.80, 0.55, 0.30, 0.35, 0.02, False),
    Model("Stand-in D", 0.75, 0.15, 0.60, 0.60, 0.05, False),
    Model("Stand-in E", 0.62, 0.05, 1.20, 1.10, 0.15, False),
)


def answers(model: Model, images: int = 6_000, seed: int = SEED) -> bytes:
    """The model's answer file: JSON Lines of its own words, as Anomaly-R1 writes them."""
    chance = Random(f"{seed} {model.name}")  # noqa: S311 - made-up data, no secret
    lines = (
        json.dumps({"image": picture.path, "reply": _reply(model, picture, chance)})
        for picture in pictures(images, seed)
    )
    return "\n".join([*lines, ""]).encode()


def _reply(model: Model, picture: Picture, chance: Random) -> str:
    if chance.random() < model.invalid:
        return chance.choice(("I cannot tell.", "<answer>Yes.</answer>", "<answer>Perhaps.</answer>"))
    says_yes = bool(picture.boxes) == (chance.random() < model.right)
    words = ""
    if model.reasons:
        words = "<think> " + " ".join(_sentences(chance, says_yes)) + " </think>"
    if not says_yes:
        return f"{words}<answer>No.</answer>"
    boxes = [_moved(box, model, picture, chance) for box in picture.boxes if chance.random() < model.found]
    boxes += [_drawn(chance, picture.size) for _ in range(int(chance.random() < model.false))]
    boxes = boxes or [_drawn(chance, picture.size)]
    found = ", ".join(repr({"bbox_2d": list(box), "label": "stand-in flaw"}) for box in boxes)
    return f"{words}<answer>Yes. {found}</answer>"


def _sentences(chance: Random, says_yes: bool) -> Iterator[str]:
    yield "Stand-in: I compare the product with the normal one."
    for place in chance.sample(_PLACES, chance.randint(1, 4)):
        yield f"On its {place} side I look at shape, surface and colour, one after the other."
    yield "Something is out of order." if says_yes else "All is as it should be."


def _moved(box: Box, model: Model, picture: Picture, chance: Random) -> Box:
    """The box, its edges off by some of its size, within the canvas."""
    width, height = canvas_of(*picture.size)
    wide, high = box[2] - box[0], box[3] - box[1]
    left, top, right, bottom = (chance.gauss(0, model.spread) for _edge in range(4))
    x1 = min(max(0, round(box[0] + left * wide)), int(width) - 1)
    y1 = min(max(0, round(box[1] + top * high)), int(height) - 1)
    x2 = min(max(x1 + 1, round(box[2] + right * wide)), int(width))
    y2 = min(max(y1 + 1, round(box[3] + bottom * high)), int(height))
    return (x1, y1, x2, y2)

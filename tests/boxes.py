"""A benchmark of boxes for tests: images whose names say nothing, and answers to them."""

from collections.abc import Iterable
from random import Random

from submissions import releases
from submissions.models import Benchmark
from tests.scoring.boxes.shapes import Box, Image, as_json, record, release_of

SLUG = "flaws"
SIZE = (448, 4480)  # so high that a true box's coordinates are like no other numbers
DATASETS, CATEGORIES, EACH = ("mvtec", "visa"), ("nut", "bolt"), 16


def images(seed: int = 5, changed: int = 0) -> list[Image]:
    """Half of them anomalous, in a random order; of so many, the boxes are others."""
    chance = Random(seed)
    found = []
    for dataset in DATASETS:
        for category in CATEGORIES:
            flawed = [True, False] * (EACH // 2)
            chance.shuffle(flawed)
            for number, is_flawed in enumerate(flawed):
                boxes = [_box(chance) for _ in range(chance.randint(1, 2))] if is_flawed else []
                found.append(Image(f"{dataset}/{category}/{number:03}.png", boxes, size=SIZE))
    at = [place for place, image in enumerate(found) if image.boxes][:changed]
    for place in at:
        found[place] = found[place]._replace(boxes=[_box(chance)])
    return found


def _box(chance: Random) -> Box:
    x, y = chance.randint(0, 200), chance.randint(1000, 4000)
    return (x, y, x + chance.randint(40, 200), y + chance.randint(40, 400))


def benchmark(disclosure: str = "cells") -> Benchmark:
    """An open benchmark with a current release."""
    releases.publish(
        release_of(images()), slug=SLUG, name="Flaws", daily_limit=50, total_limit=200, disclosure=disclosure
    )
    return Benchmark.objects.with_release().get(slug=SLUG)


def answers(right: float, seed: int = 1, asked: Iterable[Image] = ()) -> bytes:
    """Answers of which about that share is right: a box a little off the true one, or none."""
    chance = Random(seed)
    records = []
    for image in asked or images():
        if chance.random() < right:
            boxes = [(x1 + 3, y1 + 7, x2 + 3, y2 + 7) for x1, y1, x2, y2 in image.boxes]
        else:
            boxes = [] if image.boxes else [(chance.randint(0, 99), 11, 100 + chance.randint(0, 99), 22)]
        records.append(record(image.path, boxes, reasoning="It looks as it does."))
    return as_json(records)

"""A small benchmark of boxes for tests: two source datasets with two categories each, half of the images anomalous."""

from collections.abc import Sequence
from typing import Any

from submissions import releases
from submissions.models import Benchmark
from tests.scoring.boxes import shapes

TRUE = (131.0, 57.0, 217.0, 263.0)
NEAR = (140.0, 60.0, 217.0, 263.0)
FAR = (300.0, 300.0, 400.0, 400.0)
DATASETS = ("mvtec", "visa")
IMAGES = [
    shapes.Image(f"{dataset}/{category}/test/{number}.png", [TRUE] if number % 2 else ())
    for dataset in DATASETS
    for category in (f"{dataset}-first", f"{dataset}-second")
    for number in range(6)
]


def benchmark(disclosure: str = "cells", slug: str = "mmr-ad") -> Benchmark:
    """Open, with a current release of `IMAGES`."""
    content = shapes.release_of(IMAGES)
    releases.publish(content, slug=slug, daily_limit=50, total_limit=200, disclosure=disclosure)
    return Benchmark.objects.with_release().get(slug=slug)


def records(wrong: Sequence[int] = (), found: Sequence[float] = NEAR) -> list[dict[str, Any]]:
    """Every image as the model itself writes it, its box here; those at `wrong` have no answer tag."""
    return [
        {
            "image": image.path,
            "reply": "I cannot tell."
            if at in wrong
            else shapes.reply([found] if image.boxes else [], "So it is."),
        }
        for at, image in enumerate(IMAGES)
    ]


def answers(wrong: Sequence[int] = (), found: Sequence[float] = NEAR) -> bytes:
    return shapes.as_json(records(wrong, found))

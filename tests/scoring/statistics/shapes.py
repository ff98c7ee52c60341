"""Small releases of a given shape, and right answers to them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.definition import Definition, Subtask
from scoring.release import Release

Flags = NDArray[np.bool_]


def definition_of(metrics: Sequence[str], datasets: int = 1) -> Definition:
    """A benchmark with one subtask a metric."""
    names = [f"subtask-{number}" for number in range(len(metrics))]
    return Definition(
        slug="shape",
        name="Shape",
        summary="",
        subtasks=tuple(
            Subtask(name, name, name, metric, (name,)) for name, metric in zip(names, metrics, strict=True)
        ),
        source_datasets=tuple(f"set-{number}" for number in range(datasets)),
        folds={},
        normal_component="good",
        options_minimum=2,
        options_maximum=4,
        present_minimum=0.95,
        answers_public=False,
        notice="",
        obtain="",
        citation="",
        links={},
    )


def release_of(asked: Sequence[tuple[str, int]], metrics: Sequence[str] = ("accuracy",)) -> Release:
    """One question for each (image, subtask's position); an image's path begins with its source dataset."""
    datasets = sorted({image.split("/")[0] for image, _ in asked})
    definition = definition_of(metrics, len(datasets))
    return Release(
        definition=definition,
        ids=[f"{image}#{number}" for number, (image, _) in enumerate(asked)],
        images=[image for image, _ in asked],
        source_datasets=np.array([datasets.index(image.split("/")[0]) for image, _ in asked], dtype=np.uint8),
        subtasks=np.array([subtask for _, subtask in asked], dtype=np.uint8),
        kinds=[definition.subtask_slugs[subtask] for _, subtask in asked],
        texts=["?" for _ in asked],
        options=[("yes", "no") for _ in asked],
        abnormal=np.array([definition.is_abnormal(image) for image, _ in asked]),
        truth=np.zeros(len(asked), dtype=np.uint8),
    )


def flat(images: int, questions: int = 1) -> Release:
    """One source dataset, one subtask, so many questions an image."""
    return release_of([(f"set-0/{number:05}", 0) for number in range(images) for _ in range(questions)])


def some_right(release: Release, share: float = 0.75, seed: int = 1) -> Flags:
    """Right answers that come by the image: on some images more than on others."""
    chance = np.random.default_rng(seed)
    easy = {image: chance.beta(8 * share, 8 * (1 - share)) for image in dict.fromkeys(release.images)}
    return chance.random(release.size) < [easy[image] for image in release.images]


def packed(correct: Flags) -> bytes:
    return np.packbits(correct).tobytes()

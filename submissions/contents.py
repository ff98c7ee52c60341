"""What a release asks about, counted from its questions: what pages and the API may claim of a benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import caches

from scoring.definition import ONLY_DATASET, Subtask
from submissions.models import Benchmark, Question, Release


@dataclass(frozen=True, slots=True)
class Contents:
    """The subtasks and source datasets that occur, in the definition's order, and the first question's id.

    `source_datasets` is empty where questions name none. `numbers_images` says whether its id is its image's path, then
    # and a number: ids from elsewhere are made otherwise.
    """

    subtasks: tuple[Subtask, ...]
    source_datasets: tuple[str, ...]
    example_id: str
    numbers_images: bool


def of(benchmark: Benchmark, release: Release | None = None) -> Contents:
    """What its current release asks about, or this one; without one, what its definition allows, and a made-up id.

    A release never changes, so each process counts it once.
    """
    rules = (release or benchmark).rules
    release_id = benchmark.current_release_id if release is None else release.pk
    of_boxes = rules.asks_for_boxes
    if release_id is None:
        datasets = _named(rules.source_datasets)
        image = f"{rules.source_datasets[0]}/image.png"
        return Contents(rules.subtasks, datasets, image if of_boxes else f"{image}#0", not of_boxes)
    subtasks, source_datasets, example_id, numbers_images = _occurring(release_id)
    return Contents(
        # An image with boxes is one question, to which every subtask is asked.
        tuple(subtask for subtask in rules.subtasks if of_boxes or subtask.slug in subtasks),
        _named([name for name in rules.source_datasets if name in source_datasets]),
        example_id,
        numbers_images,
    )


def _named(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name != ONLY_DATASET)


_Occurring = tuple[frozenset[str], frozenset[str], str, bool]


def _occurring(release_id: int) -> _Occurring:
    local, key = caches["local"], f"contents-{release_id}"
    known: _Occurring | None = local.get(key)
    if known is None:
        asked = Question.objects.filter(release=release_id, is_excluded=False)
        cells = list(asked.values_list("subtask", "source_dataset").distinct())
        first = asked.order_by("position").values_list("question_id", "image").first()
        example_id, image = first or ("", "")
        path, _hash, number = example_id.rpartition("#")
        known = (
            frozenset(subtask for subtask, _dataset in cells),
            frozenset(dataset for _subtask, dataset in cells),
            example_id,
            path == image and number.isdecimal(),
        )
        local.set(key, known, None)
    return known

"""What a release asks about, counted from its questions: what pages and the API may claim of a benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import caches

from scoring.definition import ONLY_DATASET, Subtask
from submissions.models import Benchmark, Question, Release


@dataclass(frozen=True, slots=True)
class Contents:
    """The subtasks and source datasets that occur, in the definition's order, and the first question's id.

    `source_datasets` is empty where questions name none.
    """

    subtasks: tuple[Subtask, ...]
    source_datasets: tuple[str, ...]
    example_id: str


def of(benchmark: Benchmark, release: Release | None = None) -> Contents:
    """What its current release asks about, or this one; without one, what its definition allows, and a made-up id.

    A release never changes, so each process counts it once.
    """
    rules = (release or benchmark).rules
    release_id = benchmark.current_release_id if release is None else release.pk
    if release_id is None:
        datasets = _named(rules.source_datasets)
        return Contents(rules.subtasks, datasets, f"{rules.source_datasets[0]}/image.png#0")
    subtasks, source_datasets, example_id = _occurring(release_id)
    # An image with boxes is one question, to which every subtask is asked.
    is_asked = rules.kind == "boxes"
    return Contents(
        tuple(subtask for subtask in rules.subtasks if is_asked or subtask.slug in subtasks),
        _named([name for name in rules.source_datasets if name in source_datasets]),
        example_id,
    )


def _named(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name != ONLY_DATASET)


def _occurring(release_id: int) -> tuple[frozenset[str], frozenset[str], str]:
    local, key = caches["local"], f"contents-{release_id}"
    known: tuple[frozenset[str], frozenset[str], str] | None = local.get(key)
    if known is None:
        asked = Question.objects.filter(release=release_id, is_excluded=False)
        cells = list(asked.values_list("subtask", "source_dataset").distinct())
        first = asked.order_by("position").values_list("question_id", flat=True).first()
        known = (
            frozenset(subtask for subtask, _dataset in cells),
            frozenset(dataset for _subtask, dataset in cells),
            first or "",
        )
        local.set(key, known, None)
    return known

"""Publish a release: questions for everyone, truth for workers."""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import islice

from django.db import transaction
from django.utils import timezone

import scoring.release
from scoring.definition import Definition
from submissions import storage
from submissions.models import Benchmark, Question, Release

QUESTIONS_A_BATCH = 2000


def truth_key(digest: str) -> str:
    return f"releases/{digest}"


def publish(
    content: scoring.release.Release,
    *,
    slug: str,
    name: str = "",
    daily_limit: int,
    total_limit: int,
    is_standin: bool = False,
    is_open: bool = True,
) -> tuple[Release, bool]:
    """Make the release current on the benchmark, which is made if new. Again with the same content: no change.

    Answers with the release and whether it is new. Raises StorageUnavailableError with nothing written.
    """
    definition: Definition = content.definition
    known = Release.objects.filter(benchmark__slug=slug, digest=content.digest).first()
    if known is not None and known.benchmark.current_release_id == known.pk:
        return known, False
    # Truth first: a release that a worker cannot read must never be current.
    with suppress(storage.ObjectExistsError):  # then it is the same content, by its digest
        storage.truth().put(truth_key(content.digest), content.encode())
    with transaction.atomic():
        benchmark, _made = Benchmark.objects.get_or_create(
            slug=slug, defaults={"name": definition.name, "definition": definition.to_dict()}
        )
        benchmark = Benchmark.objects.select_for_update().get(pk=benchmark.pk)
        release, is_new = Release.objects.get_or_create(
            benchmark=benchmark,
            digest=content.digest,
            defaults={"question_count": content.size, "image_count": len(set(content.images))},
        )
        if is_new:
            for batch in _batches(content, release):
                Question.objects.bulk_create(batch)
        benchmark.current_release = release
        benchmark.name = name or benchmark.name
        benchmark.definition = definition.to_dict()
        benchmark.disclosure = Benchmark.Disclosure.CELLS
        benchmark.daily_limit = daily_limit
        benchmark.total_limit = total_limit
        benchmark.is_standin = is_standin
        benchmark.is_open = is_open
        benchmark.changed_at = timezone.now()
        benchmark.save()
    return release, is_new


def _batches(content: scoring.release.Release, release: Release) -> Iterator[list[Question]]:
    questions = (
        Question(release=release, position=position, **question)
        for position, question in enumerate(content.public_questions())
    )
    while batch := list(islice(questions, QUESTIONS_A_BATCH)):
        yield batch


@lru_cache(maxsize=4)
def decoded(digest: str) -> scoring.release.Release:
    """A release with its truth, kept decoded in the worker's memory by digest.

    Raises TruthForbiddenError in the web process, StorageUnavailableError, MissingObjectError.
    """
    return scoring.release.Release.decode(storage.truth().get(truth_key(digest)))

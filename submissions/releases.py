"""Publish a release: questions for everyone, truth for workers."""

from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from functools import lru_cache
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import transaction

import scoring.release
from scoring.definition import Definition
from submissions import names, standings, storage
from submissions.models import Benchmark, Question, Release
from submissions.refusals import Refusal

QUESTIONS_A_BATCH = 2000


def truth_key(digest: str) -> str:
    return f"releases/{digest}"


class Outcome(StrEnum):
    """What publishing a release has changed."""

    NEW = "new"
    AGAIN = "current again"  # known from before, and now the current one once more
    SAME = "known already, nothing changed"


def publish(
    content: scoring.release.Release,
    *,
    slug: str,
    name: str = "",
    summary: str | None = None,
    daily_limit: int | None = None,
    total_limit: int | None = None,
    is_standin: bool = False,
) -> tuple[Release, Outcome]:
    """Make the release current on the benchmark, which is made if new. Again with the same content: no change.

    A benchmark's first release opens it, with every cell disclosed; a later one leaves what the organizer has set.
    A summary and limits that are given are set in any case. Raises Refusal for a slug, name or summary that cannot be
    or a slug that belongs to the stand-in, and StorageUnavailableError; then nothing is written.
    """
    _check_slug(slug, is_standin=is_standin)
    name = _text("name", name, Benchmark.LONGEST_NAME)
    if summary is not None:
        summary = _text("summary", summary, Benchmark.LONGEST_SUMMARY)
    # Truth first: a release that a worker cannot read must never be current.
    with suppress(storage.ObjectExistsError):  # then it is the same content, by its digest
        storage.truth().put(truth_key(content.digest), content.encode())
    with transaction.atomic():
        benchmark = _locked(slug, name or _name(content.definition, slug), content.definition)
        given = {"summary": summary, "daily_limit": daily_limit, "total_limit": total_limit}
        for field, value in given.items():
            setattr(benchmark, field, getattr(benchmark, field) if value is None else value)
        release, is_new = _recorded(content, benchmark)
        outcome = Outcome.NEW if is_new else Outcome.AGAIN
        if benchmark.current_release_id == release.pk:
            outcome = Outcome.SAME
        else:
            _make_current(benchmark, release, content.definition, is_standin=is_standin)
        benchmark.save()
        if outcome != Outcome.SAME:
            standings.place_all(benchmark)
    return release, outcome


def _check_slug(slug: str, *, is_standin: bool) -> None:
    try:
        Benchmark._meta.get_field("slug").clean(slug, None)
    except ValidationError as error:
        raise Refusal("benchmark-slug", slug=slug[:100]) from error
    # Made-up and real data never share a board.
    if (
        Benchmark.objects.filter(slug=slug, current_release__isnull=False)
        .exclude(is_standin=is_standin)
        .exists()
    ):
        raise Refusal("stand-in-stays", slug=slug)


def _text(field: str, value: str, most: int) -> str:
    """A name or summary as it stands on pages. Raises Refusal when there is no room for it, or it cannot be shown."""
    try:
        text = names.shown(value)
    except ValidationError as error:
        raise Refusal(f"benchmark-{field}", found=len(value), most=most) from error
    if len(text) > most:
        raise Refusal(f"benchmark-{field}", found=len(text), most=most)
    return text


def _name(definition: Definition, slug: str) -> str:
    return definition.name if slug == definition.slug else f"{definition.name} ({slug})"


def _locked(slug: str, name: str, definition: Definition) -> Benchmark:
    defaults = {"name": name, "definition": definition.to_dict()}
    made, _is_new = Benchmark.objects.get_or_create(slug=slug, defaults=defaults)
    return Benchmark.objects.select_for_update(no_key=True).get(pk=made.pk)


def _recorded(content: scoring.release.Release, benchmark: Benchmark) -> tuple[Release, bool]:
    """The release's row and its questions, written if new."""
    release, is_new = Release.objects.get_or_create(
        benchmark=benchmark,
        digest=content.digest,
        defaults={"question_count": content.size, "image_count": len(set(content.images))},
    )
    if is_new:
        for batch in _batches(content, release):
            Question.objects.bulk_create(batch)
    return release, is_new


def _make_current(
    benchmark: Benchmark, release: Release, definition: Definition, *, is_standin: bool
) -> None:
    if benchmark.current_release_id is None:
        benchmark.is_open = True
        benchmark.disclosure = Benchmark.Disclosure.CELLS
        benchmark.is_standin = is_standin
    benchmark.current_release = release
    benchmark.definition = definition.to_dict()


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

"""Releases of a benchmark: questions for everyone, truth for workers; the first at once, later ones as drafts first."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import islice
from types import MappingProxyType

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from scoring import kinds
from scoring.definition import Definition
from scoring.kinds import AnyRelease
from scoring.prompts import Templates
from submissions import audit, disputes, names, notices, outlines, ranges, ringing, scores, standings, truths
from submissions.models import Benchmark, ImageTemplates, Question, Release
from submissions.refusals import Refusal

QUESTIONS_A_BATCH = 2000
NO_TEMPLATES: Mapping[str, Templates] = MappingProxyType({})


class Outcome(StrEnum):
    """What publishing a release has changed."""

    NEW = "new"
    DRAFT = "a draft: look at what it moves, then make it current"
    TEMPLATES = "known already, its templates are new"
    TEXTS = "known already, its texts are new"
    SAME = "known already, nothing changed"


def publish(
    content: AnyRelease,
    *,
    slug: str,
    templates: Mapping[str, Templates] = NO_TEMPLATES,
    name: str = "",
    summary: str | None = None,
    daily_limit: int | None = None,
    total_limit: int | None = None,
    public_entries_limit: int | None = None,
    disclosure: str | None = None,
    is_standin: bool = False,
) -> tuple[Release, Outcome]:
    """Take in a release of the benchmark, which is made if new. Again with the same content: no change.

    A benchmark's first release is current at once and opens it, see `usual_disclosure`. A later one is a
    draft, scored in the background and seen by organizers alone, until `make_current`; it takes the place of
    another draft. Of its questions, those that organizers ruled out are not counted. Name, summary, limits
    and disclosure are those of a first release: later the organizer's word counts (`benchmarks.load` sets
    them then). The texts of the definition are taken over in any case, and templates where the release has
    none. Raises Refusal for a slug, name or summary that cannot be, a slug that belongs to the stand-in or to
    a benchmark of another kind, and StorageUnavailableError; then nothing is written.
    """
    _check_slug(slug, is_standin=is_standin)
    texts = {"name": name, **({} if summary is None else {"summary": summary})}
    texts = shown_texts(texts)
    content = content.excluding(disputes.excluded(slug))
    # Truth first: a release that a worker cannot read must never be current.
    truths.keep(content)
    with transaction.atomic():
        benchmark = _locked(slug, texts["name"] or _name(content.definition, slug), content.definition)
        refuse_another_kind(benchmark, content.definition)
        release = _recorded(content, benchmark)
        are_new = _keep_templates(release, templates)
        is_reworded = _reword(benchmark, release, content.definition)
        if release.pk in (benchmark.current_release_id, benchmark.draft_release_id):
            outcome = Outcome.TEMPLATES if are_new else Outcome.TEXTS if is_reworded else Outcome.SAME
        elif benchmark.current_release is None:
            outcome = Outcome.NEW
            benchmark.is_open = True
            benchmark.disclosure = disclosure or usual_disclosure(
                content.definition, slug, is_standin=is_standin
            )
            benchmark.is_standin = is_standin
            given = {
                "summary": texts.get("summary"),
                "daily_limit": daily_limit,
                "total_limit": total_limit,
                "public_entries_limit": public_entries_limit,
            }
            for field, value in given.items():
                setattr(benchmark, field, getattr(benchmark, field) if value is None else value)
        else:
            outcome = Outcome.DRAFT
            _draft(benchmark, release, content, previous=benchmark.current_release)
        benchmark.save()
        if outcome == Outcome.NEW:
            _switch(benchmark, release, now=timezone.now())
            _record_opening(benchmark, release)
    if outcome == Outcome.DRAFT:
        ringing.rescore(release.pk, release.rescoring_turn)
    return release, outcome


def _record_opening(benchmark: Benchmark, release: Release) -> None:
    told = {
        field: getattr(benchmark, field) for field in ("name", "disclosure", "daily_limit", "total_limit")
    }
    audit.record(audit.COMMAND, "benchmark-opened", benchmark, is_public=True, **told)
    audit.record(audit.COMMAND, "release-made-current", release, is_public=True)


def _draft(benchmark: Benchmark, release: Release, content: AnyRelease, *, previous: Release) -> None:
    release.previous = previous
    release.changes = kinds.changes(truths.decoded(previous.digest), content)
    release.rescoring = True
    release.save()
    benchmark.draft_release = release
    audit.record(audit.COMMAND, "release-drafted", release)


def ask_current(release: Release, *, by: audit.Actor) -> None:
    """Let a worker make the draft current. Raises Refusal when it is not its benchmark's draft."""
    with transaction.atomic():
        _held_with_draft(release)
        Release.objects.filter(pk=release.pk).update(switch_due=True)
        audit.record(by, "release-made-current", release, is_public=True)
        # The mark is the truth and the ring only hurries.
        transaction.on_commit(partial(ringing.switch, release.pk), robust=True)


def discard(release: Release, *, by: audit.Actor) -> None:
    """Let a wrong draft be one no more; imported again it becomes one anew. Raises Refusal when it is none."""
    with transaction.atomic():
        benchmark = _held_with_draft(release)
        Benchmark.objects.filter(pk=benchmark.pk).update(draft_release=None)
        # What a worker has in hand of it ends with its turn.
        Release.objects.filter(pk=release.pk).update(switch_due=False)
        audit.record(by, "release-discarded", release)


def switch_if_due(release_id: int, *, now: datetime) -> None:
    """The worker's half of `ask_current`. Again: no change."""
    release = Release.objects.filter(pk=release_id, switch_due=True).first()
    if release is not None:
        with suppress(Refusal):  # another draft took its place
            make_current(release, now=now)


def make_current(release: Release, *, now: datetime) -> None:
    """Let the draft take the current release's place, in one step: the ranks follow, the old board is kept.

    What was scored against the draft counts at once; the rest of the history follows in the background. Raises
    Refusal when it is not its benchmark's draft.
    """

    def work() -> None:
        benchmark = _held_with_draft(release)
        benchmark.draft_release = None
        _switch(benchmark, release, now=now)

    ranges.up_to_date(work)
    ringing.rescore(release.pk, release.rescoring_turn)


def _held_with_draft(release: Release) -> Benchmark:
    """Its benchmark, whose row is held. Raises Refusal when it is not its benchmark's draft."""
    benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=release.benchmark_id)
    if benchmark.draft_release_id != release.pk:
        raise Refusal("not-the-draft", release=release.short_digest)
    return benchmark


def _switch(benchmark: Benchmark, release: Release, *, now: datetime) -> None:
    replaced = benchmark.current_release
    stood = notices.ranks(benchmark)
    if replaced is not None:
        standings.archive(benchmark)
        Release.objects.filter(pk=replaced.pk).update(replaced_at=now)
    Release.objects.filter(pk=release.pk).update(
        became_current_at=now, replaced_at=None, switch_due=False, rescoring=replaced is not None
    )
    benchmark.current_release = release
    benchmark.definition = release.definition
    benchmark.save()
    disputes.settle(release)
    standings.unarchive(benchmark)
    scores.adopt(benchmark)
    standings.place_some(benchmark)
    if replaced is not None:
        notices.tell_moves(release, stood)


def usual_disclosure(rules: Definition, slug: str, *, is_standin: bool) -> Benchmark.Disclosure:
    """Of a new benchmark every cell, unless that would tell a hidden truth: a category may have few images.

    That the answers are public is said of the definition's own benchmark, not of other images under its rules.
    """
    is_public = is_standin or (rules.answers_public and slug == rules.slug)
    if rules.asks_for_boxes and not is_public:
        return Benchmark.Disclosure.SUBTASKS
    return Benchmark.Disclosure.CELLS


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


def refuse_another_kind(benchmark: Benchmark, rules: Definition) -> None:
    """Raises Refusal: answers that are letters are none to a release that asks for boxes."""
    if benchmark.rules.kind != rules.kind:
        raise Refusal("another-kind", slug=benchmark.slug, known=benchmark.rules.kind, found=rules.kind)


def shown_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """A name and a summary as they stand on pages. Raises Refusal, see `_text`."""
    most = {"name": Benchmark.LONGEST_NAME, "summary": Benchmark.LONGEST_SUMMARY}
    return {field: _text(field, value, most[field]) for field, value in texts.items()}


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


def _reword(benchmark: Benchmark, release: Release, definition: Definition) -> bool:
    """Take over the texts of a definition by which the same release, known by its digest, scores as before.

    Whether there are any that are new.
    """
    if release.rules == definition or release.rules.scoring_rules != definition.scoring_rules:
        return False
    release.definition = definition.to_dict()
    release.save(update_fields=["definition"])
    if release.pk == benchmark.current_release_id:
        benchmark.definition = release.definition
    # Of a draft nobody but organizers knows.
    is_public = release.became_current_at is not None
    audit.record(audit.COMMAND, "release-reworded", release, is_public=is_public)
    return True


def _recorded(content: AnyRelease, benchmark: Benchmark) -> Release:
    """The release's row and its questions, written if new."""
    release, is_new = Release.objects.get_or_create(
        benchmark=benchmark,
        digest=content.digest,
        defaults={
            "question_count": content.size,
            "excluded_count": len(content.excluded),
            "image_count": len(set(filter(None, content.images))),
            "definition": content.definition.to_dict(),
        },
    )
    if is_new:
        outlines.keep(release, content)
        for batch in _batches(content, release):
            Question.objects.bulk_create(batch)
    return release


def _keep_templates(release: Release, templates: Mapping[str, Templates]) -> bool:
    """Whether they were taken: those that the release has stay, because somebody's score names the release."""
    are_new = bool(templates) and not release.templates.exists()
    if are_new:
        made = (
            ImageTemplates(release=release, image=image, **each._asdict())
            for image, each in templates.items()
        )
        ImageTemplates.objects.bulk_create(made, batch_size=QUESTIONS_A_BATCH)
    return are_new


def has_templates(release: Release, templates: Mapping[str, Templates]) -> bool:
    """Whether these are the templates of the release."""
    kept = release.templates.values_list("image", *Templates._fields)
    return {image: Templates(*map(tuple, paths)) for image, *paths in kept.iterator()} == dict(templates)


def _batches(content: AnyRelease, release: Release) -> Iterator[list[Question]]:
    questions = (
        Question(release=release, position=position, **question)
        for position, question in enumerate(content.public_questions())
    )
    while batch := list(islice(questions, QUESTIONS_A_BATCH)):
        yield batch

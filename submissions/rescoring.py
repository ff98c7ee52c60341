"""Score a benchmark's history against another release, from the answers that are kept.

Done in turns of a few seconds, so that uploads go on in between. A turn can be broken off anywhere and taken again:
what a submission came out at is written at once or not at all, and what is written is not done twice. Who takes a
turn says which, so that of two only one gets it and a bell that rings twice starts nothing twice.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from scoring import kinds
from scoring.errors import PredictionError
from scoring.kinds import AnyAnswered, AnyRelease, carry, score_all
from submissions import (
    audit,
    log_lines,
    outcomes,
    ranges,
    ringing,
    scores,
    sealing,
    sheets,
    standings,
    storage,
    truths,
)
from submissions.models import Benchmark, Release, Report, Submission
from submissions.models.submission import SubmissionQuerySet

logger = logging.getLogger(__name__)

BATCH = 50  # scored at once: of forty thousand questions each takes a megabyte
TURN_SECONDS = 3.0
# Longer than a turn and its wait in the queue; after it, the sweeper takes the turn for lost.
CLAIM = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a benchmark's scored submissions have been scored against a release."""

    done: int
    total: int
    faults: int


def progress(release: Release) -> Progress:
    """How far it has come."""
    total = Submission.objects.filter(benchmark=release.benchmark_id).scored().count()
    found = _told(release).filter(submission__status="scored")
    return Progress(total - waiting(release).count(), total, found.exclude(fault="").count())


def waiting(release: Release) -> SubmissionQuerySet:
    """The scored submissions that nothing is said of against this release, the oldest first."""
    told = _told(release).filter(submission=OuterRef("pk"))
    scored = Submission.objects.filter(benchmark=release.benchmark_id).scored()
    return scored.filter(~Exists(told)).order_by("received_at", "id")


def _told(release: Release) -> QuerySet[Report]:
    return Report.objects.filter(release=release, scorer_version=kinds.of(release.rules).scorer_version)


def target(benchmark: Benchmark) -> Release | None:
    """The release that history is scored against: the draft if there is one, else the current one."""
    return benchmark.draft_release or benchmark.current_release


def ask(release: Release, *, by: audit.Actor) -> None:
    """Have history scored against it in the background; what could not be scored before is tried again."""
    with transaction.atomic():
        Report.objects.filter(release=release).exclude(fault="").delete()
        Release.objects.filter(pk=release.pk).update(rescoring=True)
        audit.record(by, "rescoring-asked", release)
    release.refresh_from_db()
    ringing.rescore(release.pk, release.rescoring_turn)


def take_turn(release_id: int, turn: int) -> bool:
    """Do this turn, for a few seconds, and ring for the next; whether it was ours to take.

    Raises SealedError for a fault of ours, since its own message may quote the truth.
    """
    now = timezone.now()
    mine = Release.objects.with_a_free_turn(at=now).filter(pk=release_id, rescoring_turn=turn)
    if not mine.update(rescoring_turn=turn + 1, rescoring_until=now + CLAIM):
        return False
    release = Release.objects.select_related("benchmark").get(pk=release_id)
    work = partial(_work, release, until=time.monotonic() + TURN_SECONDS)
    match sealing.outcome(work, storage.StorageUnavailableError):
        case bool(is_done):
            Release.objects.filter(pk=release_id, rescoring_turn=turn + 1).update(rescoring_until=None)
            if not is_done:
                ringing.rescore(release_id, turn + 1)
        case storage.StorageUnavailableError() as error:
            # The sweeper rings again when the claim has run out.
            logger.warning("storage does not answer, the history of %s waits: %s", release.benchmark, error)
        case fault:
            raise fault
    return True


def _work(release: Release, *, until: float) -> bool:
    """Score batches until time is up; whether everything is done."""
    while True:
        with transaction.atomic():
            benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=release.benchmark_id)
            is_wanted = release.pk in (benchmark.draft_release_id, benchmark.current_release_id)
            if not is_wanted or not waiting(release).exists():
                # With the row held: nothing can come to be scored between the look and the mark.
                Release.objects.filter(pk=release.pk).update(rescoring=False, rescoring_until=None)
                return True
        if time.monotonic() > until:
            return False
        batch = list(waiting(release).select_related("benchmark")[:BATCH])
        found = list(_scores(batch, release))
        ranges.up_to_date(partial(_keep, found, release))


def _keep(found: Sequence[scores.Score], release: Release) -> None:
    """To be called in a transaction. Raises NotJudgedError."""
    benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=release.benchmark_id)
    # Somebody who took this turn for lost may have written some of them.
    still = set(
        waiting(release).filter(pk__in=[each.submission.pk for each in found]).values_list("pk", flat=True)
    )
    found = [each for each in found if each.submission.pk in still]
    if not found:
        return
    scores.write(found, release)
    if benchmark.current_release_id == release.pk:
        submissions = [each.submission for each in found]
        scores.adopt(benchmark, submissions)
        standings.place_some(benchmark, list({submission.entry_id for submission in submissions}))


def _scores(batch: Sequence[Submission], release: Release) -> Iterator[scores.Score]:
    content = truths.decoded(release.digest)
    if release.benchmark.current_release_id == release.pk:
        content = content.under(release.benchmark.rules)
    origins = sheets.origins(batch)
    answered: list[tuple[Submission, AnyAnswered]] = []
    for submission in batch:
        with log_lines.about(submission=submission.pk):
            found = _answers(submission, origins[submission.pk], content)
        if isinstance(found, str):
            yield scores.Score(submission, None, found)
        else:
            answered.append((submission, found))
    evaluations = score_all([each for _submission, each in answered], content)
    for (submission, _answered), evaluation in zip(answered, evaluations, strict=True):
        outcomes.keep(submission, release, evaluation.outcomes)
        yield scores.Score(submission, evaluation.report)


def _answers(submission: Submission, origin: str, content: AnyRelease) -> AnyAnswered | str:
    """What it says of these questions, or why that cannot be scored."""
    before = truths.decoded(origin)
    try:
        return carry(sheets.of(submission, before), before, content, partial=submission.partial)
    except PredictionError as error:
        return error.problems[0].code
    except storage.MissingObjectError:
        logger.error("the answers of %s are gone", submission.pk)
        return "answers-missing"

"""Score a submission: claim it, read its file, write what became of it. Running it twice does no harm."""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from scoring.errors import PredictionError, Problem
from scoring.kinds import AnyEvaluation, AnyRelease, evaluate
from submissions import (
    alarms,
    deliveries,
    fence,
    leases,
    log_lines,
    notices,
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
from submissions.models import Benchmark, Release, Submission

logger = logging.getLogger(__name__)

PROBLEMS_ON_THE_ROW = 20
STORAGE_PAUSE = timedelta(seconds=10)

Status = Submission.Status


class ReleaseReplacedError(Exception):
    """While the file was scored another release became current: it has to be scored again."""


class LeaseLostError(Exception):
    """Another worker took the submission over; what this one found changes nothing."""


def run(submission_id: UUID) -> None:
    """Score the submission if it can be claimed, and write its final state.

    A file at fault ends `rejected`. Storage that does not answer puts it back without using an attempt. Any other
    error is ours: it is put back, after three attempts ends `failed`, and is raised for the log as a SealedError,
    since its own message may quote the truth.
    """
    with log_lines.about(submission=submission_id):
        submission = claim(submission_id, now=timezone.now())
        if submission is not None:
            _score_claimed(submission)


def _score_claimed(submission: Submission) -> None:
    match _attempt(submission):
        case None:
            pass
        case LeaseLostError():
            logger.warning("lost the lease on %s", submission.pk)
        case ReleaseReplacedError():
            _put_back(submission, attempts=F("attempts") - 1)
            ringing.score(submission.pk)
        case storage.StorageUnavailableError() as error:
            logger.warning("storage does not answer, %s waits: %s", submission.pk, error)
            _put_back(submission, attempts=F("attempts") - 1, not_before=timezone.now() + STORAGE_PAUSE)
        case fault:
            # Ours, not the file's: the record first, then the log sees it, even when there is no record.
            logger.error("attempt %d to score %s broke off", submission.attempts, submission.pk)
            try:
                _record_fault(submission)
            except Exception as unrecorded:
                raise fault from unrecorded
            raise fault


def _attempt(submission: Submission) -> Exception | None:
    """Score; returns what went wrong, fit for a log."""

    def work() -> None:
        with leases.renewed(submission):
            _score(submission)

    return sealing.outcome(work, LeaseLostError, ReleaseReplacedError, storage.StorageUnavailableError)


def claim(submission_id: UUID, *, now: datetime) -> Submission | None:
    """Take the submission for this worker, or None when it is taken, finished or not yet due."""
    lease = uuid4()
    claimable = Submission.objects.filter(pk=submission_id).claimable(at=now)
    # The update is the lock: of two workers, only one sees a row change.
    taken = claimable.update(
        status=Status.SCORING,
        lease=lease,
        lease_until=leases.until(now),
        started_at=now,
        not_before=None,
        attempts=F("attempts") + 1,
    )
    if not taken:
        return None
    return Submission.objects.select_related("benchmark__current_release", "entry", "team").get(
        pk=submission_id, lease=lease
    )


def _score(submission: Submission) -> None:
    release = submission.benchmark.current_release
    if release is None:
        raise RuntimeError(f"{submission.benchmark} has no release to score {submission.pk} against")
    content, data = _read(submission, release)
    try:
        with fence.limited_processor_time(settings.READ_SECONDS):
            evaluation = evaluate(
                data,
                content,
                partial=submission.partial,
                definition=submission.benchmark.rules,
                frame=submission.frame,
            )
    except PredictionError as error:
        _reject(submission, error)
        return
    except (MemoryError, fence.OutOfProcessorTimeError) as error:
        # The worker's fence held: no honest answer file needs a fraction of what it allows.
        code = "too-much-memory" if isinstance(error, MemoryError) else "too-much-time"
        _reject(submission, PredictionError.single(Problem(code)))
        return
    sheets.keep(submission, release.digest, evaluation.sheet)
    outcomes.keep(submission, release, evaluation.outcomes)
    comparison = alarms.Comparison(submission, evaluation.sheet)
    if submission.is_public and submission.benchmark.holds_alike:
        comparison.catch_up(release)
    while True:
        try:
            _record(submission, release, evaluation, comparison)
        except alarms.NotComparedError:
            comparison.catch_up(release)
        except ranges.NotJudgedError as behind:
            behind.catch_up()
        else:
            return


def _read(submission: Submission, release: Release) -> tuple[AnyRelease, bytes]:
    """The release with its truth, and the answer file."""
    try:
        return truths.decoded(release.digest), storage.answers().get(submission.answers_key)
    except storage.MissingObjectError:
        # Gone, not away: trying again cannot help, so this attempt is the last.
        submission.attempts = Submission.MOST_ATTEMPTS
        raise


def _record(
    submission: Submission, release: Release, evaluation: AnyEvaluation, comparison: alarms.Comparison
) -> None:
    """Figures, ranks and the final state, in one transaction: `scored` means that the ranks stand.

    Raises NotComparedError when it is public by now, or something else was put up, that the comparison lacks, and
    NotJudgedError when the board moved by much.
    """
    report = evaluation.report
    low, high = report.ends("overall")
    with transaction.atomic():
        benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=submission.benchmark_id)
        if benchmark.current_release_id != release.pk:
            raise ReleaseReplacedError
        _finish(
            submission,
            status=Status.SCORED,
            release=release,
            score=report.score,
            low=low,
            high=high,
            present=report.present,
            coverage=report.coverage,
            commonest=report.commonest and report.commonest.share,
        )
        comparison.settle(benchmark, now=timezone.now())
        scores.write([scores.Score(submission, report)], release)
        standings.place(submission.entry)
        deliveries.tell_end(submission)
        if benchmark.draft_release_id is not None:
            Release.objects.filter(pk=benchmark.draft_release_id).update(rescoring=True)


def _reject(submission: Submission, error: PredictionError) -> None:
    _check_lease(submission)
    everything = msgspec.json.encode([problem.to_dict() for problem in error.problems])
    storage.answers().delete(submission.problems_key)
    storage.answers().put(submission.problems_key, everything)
    with transaction.atomic():
        _finish(
            submission,
            status=Status.REJECTED,
            errors=[problem.to_dict() for problem in error.problems[:PROBLEMS_ON_THE_ROW]],
            errors_total=error.total,
            error_counts=dict(error.counts),
        )
        deliveries.tell_end(submission)


def _check_lease(submission: Submission) -> None:
    """Raises LeaseLostError when another worker has taken over."""
    if not Submission.objects.filter(pk=submission.pk, lease=submission.lease).exists():
        raise LeaseLostError(submission.pk)


def _finish(submission: Submission, **changes: Any) -> None:
    """Write the final state and tell the team, if the lease is still ours. Raises LeaseLostError otherwise.

    To be called in a transaction, in which the team's webhooks are told when all of the state stands.
    """
    held = Submission.objects.filter(pk=submission.pk, lease=submission.lease)
    if not held.update(lease=None, lease_until=None, finished_at=timezone.now(), **changes):
        raise LeaseLostError(submission.pk)
    notices.tell_end(submission, **changes)


def _record_fault(submission: Submission) -> None:
    if submission.attempts >= Submission.MOST_ATTEMPTS:
        with transaction.atomic():
            _finish(submission, status=Status.FAILED)
            deliveries.tell_end(submission)
    else:
        _put_back(submission)


def _put_back(submission: Submission, **changes: object) -> None:
    held = Submission.objects.filter(pk=submission.pk, lease=submission.lease)
    held.update(status=Status.QUEUED, lease=None, lease_until=None, **changes)

"""From a queued submission to its final state."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from scoring.errors import PredictionError, Problem
from scoring.kinds import AnyEvaluation, evaluate
from submissions import evaluation, reports, storage, sweeper, truths
from submissions.models import Benchmark, Entry, Figure, Report, Submission
from submissions.sealing import SealedError
from tests import material

pytestmark = pytest.mark.django_db
Status = Submission.Status
WRONG = material.answers() + b"no/such/image.png#0,A\n"


def test_a_good_file_is_scored_with_figures_report_and_outcomes() -> None:
    submission = material.scored(material.benchmark(), material.team("a"), public=True)
    assert submission.status == Status.SCORED
    assert submission.score is not None
    assert submission.coverage == 1
    report = reports.current(submission)
    assert report is not None
    assert report.body["score"] == submission.score
    assert Figure.objects.get(submission=submission, column="overall").rank == 1
    assert len(list(storage.truth().keys("outcomes/"))) == 1


def test_a_private_submission_is_scored_but_stands_nowhere() -> None:
    submission = material.scored(material.benchmark(), material.team("a"))
    assert submission.status == Status.SCORED
    assert not Figure.objects.filter(shown=True).exists()


def everything() -> list[Any]:
    """Every row that scoring may write, and every object."""
    models = (Submission, Report, Figure, Entry, Benchmark)
    rows = [list(model.objects.order_by("pk").values()) for model in models]
    return [*rows, sorted(storage.answers().keys()), sorted(storage.truth().keys())]


@pytest.mark.parametrize("file", [None, WRONG], ids=["scored", "rejected"])
def test_a_message_that_comes_twice_changes_nothing(file: bytes | None) -> None:
    submission = material.scored(material.benchmark(), material.team("a"), file=file, public=True)
    before = everything()
    evaluation.run(submission.pk)
    assert everything() == before


def test_an_attempt_that_died_before_its_last_step_is_made_good(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*args: object) -> None:
        raise KeyboardInterrupt

    submission = material.submitted(material.benchmark(), material.team("a"), public=True)
    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "_record", die)
        with pytest.raises(KeyboardInterrupt):
            evaluation.run(submission.pk)
    kept = list(storage.truth().keys("outcomes/"))
    Submission.objects.update(lease_until=material.NOON)
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert (submission.status, submission.attempts) == (Status.SCORED, 2)
    assert list(storage.truth().keys("outcomes/")) == kept
    assert Report.objects.count() == 1


def test_only_one_worker_gets_the_claim() -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    assert evaluation.claim(submission.pk, now=timezone.now()) is not None
    assert evaluation.claim(submission.pk, now=timezone.now()) is None


@pytest.mark.parametrize(
    "found",
    [
        None,
        PredictionError.single(Problem("empty")),
        MemoryError(),
        storage.StorageUnavailableError("away"),
        RuntimeError("a fault of ours"),
    ],
    ids=["a score", "a fault in the file", "too much memory", "no storage", "a fault of ours"],
)
def test_a_late_twin_changes_nothing(monkeypatch: pytest.MonkeyPatch, found: Exception | None) -> None:
    """Whatever it finds: its lease ran out while it was reading, and another worker has scored the file."""
    submission = material.submitted(material.benchmark(), material.team("a"), public=True)
    as_scored: list[Any] = []

    def overtaken(*args: Any, **kwargs: Any) -> AnyEvaluation:
        monkeypatch.setattr(evaluation, "evaluate", evaluate)
        Submission.objects.update(lease_until=material.NOON)
        evaluation.run(submission.pk)
        as_scored.extend(everything())
        if found is not None:
            raise found
        return evaluate(*args, **kwargs)

    monkeypatch.setattr(evaluation, "evaluate", overtaken)
    with suppress(SealedError):
        evaluation.run(submission.pk)
    assert everything() == as_scored
    submission.refresh_from_db()
    assert submission.status == Status.SCORED
    assert submission.attempts == 2


def test_a_file_at_fault_is_rejected_with_its_problems_kept() -> None:
    file = material.answers() + b"no/such/image.png#0,A\n"
    submission = material.scored(material.benchmark(), material.team("a"), file=file)
    assert submission.status == Status.REJECTED
    assert submission.errors_total == 1
    assert submission.errors[0]["line"] == file.count(b"\n")
    assert storage.answers().exists(submission.problems_key)


def test_a_fault_of_ours_is_tried_three_times_and_then_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(evaluation, "evaluate", broken)
    submission = material.submitted(material.benchmark(), material.team("a"))
    for status in (Status.QUEUED, Status.QUEUED, Status.FAILED):
        with pytest.raises(SealedError, match=r"builtins\.RuntimeError"):
            evaluation.run(submission.pk)
        submission.refresh_from_db()
        assert submission.status == status
    assert not Submission.objects.counting().exists()


def test_a_file_that_is_gone_from_storage_fails_at_once(rings: list[tuple[str, str]]) -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    storage.answers().delete(submission.answers_key)
    with pytest.raises(SealedError, match="MissingObjectError"):
        evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert (submission.status, submission.attempts) == (Status.FAILED, 1)
    assert not Submission.objects.counting().exists()
    assert sweeper.sweep(now=timezone.now() + timedelta(hours=1)).rung == 0
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert (submission.status, submission.attempts) == (Status.FAILED, 1)


def test_a_release_that_is_gone_from_storage_fails_at_once() -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    (key,) = storage.truth().keys("releases/")
    storage.truth().delete(key)
    truths.decoded.cache_clear()
    with pytest.raises(SealedError, match="MissingObjectError"):
        evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert submission.status == Status.FAILED


def test_a_file_that_asks_for_too_much_memory_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(evaluation, "evaluate", greedy)
    submission = material.scored(material.benchmark(), material.team("a"))
    assert submission.status == Status.REJECTED
    assert submission.error_counts == {"too-much-memory": 1}


def test_storage_that_does_not_answer_uses_up_no_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(digest: str) -> None:
        raise storage.StorageUnavailableError("away")

    monkeypatch.setattr(truths, "decoded", away)
    submission = material.submitted(material.benchmark(), material.team("a"))
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert submission.status == Status.QUEUED
    assert submission.attempts == 0
    assert submission.not_before is not None
    assert evaluation.claim(submission.pk, now=timezone.now()) is None


def test_the_sweeper_rings_for_what_nobody_heard(rings: list[tuple[str | int, ...]]) -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    assert sweeper.sweep(now=material.NOON + timedelta(seconds=10)).rung == 0
    assert sweeper.sweep(now=material.NOON + timedelta(seconds=30)).rung == 1
    assert rings == [("submissions.tasks.score", str(submission.pk))]


def test_the_sweeper_finds_a_worker_that_died(rings: list[tuple[str | int, ...]]) -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    evaluation.claim(submission.pk, now=material.NOON)
    assert sweeper.sweep(now=material.NOON + timedelta(seconds=15)).rung == 0
    assert sweeper.sweep(now=material.NOON + timedelta(seconds=25)).rung == 1
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert submission.status == Status.SCORED


def test_the_sweeper_ends_what_has_used_its_attempts() -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    Submission.objects.update(attempts=2)
    evaluation.claim(submission.pk, now=material.NOON)
    assert sweeper.sweep(now=material.NOON + timedelta(hours=1)).failed == 1
    submission.refresh_from_db()
    assert submission.status == Status.FAILED


def test_the_web_role_cannot_read_truth(settings: Settings) -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    settings.VERNIER_ROLE = "web"
    with pytest.raises(SealedError, match="TruthForbiddenError"):
        evaluation.run(submission.pk)

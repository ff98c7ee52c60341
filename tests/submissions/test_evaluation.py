"""From a queued submission to its final state."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from submissions import evaluation, releases, reports, storage, sweeper
from submissions.models import Figure, Report, Submission
from submissions.sealing import SealedError
from tests import material

pytestmark = pytest.mark.django_db
Status = Submission.Status


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


def test_scoring_twice_changes_nothing() -> None:
    submission = material.scored(material.benchmark(), material.team("a"), public=True)
    before = list(Figure.objects.order_by("id").values())
    evaluation.run(submission.pk)
    assert list(Figure.objects.order_by("id").values()) == before
    assert Report.objects.count() == 1


def test_only_one_worker_gets_the_claim() -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    assert evaluation.claim(submission.pk, now=timezone.now()) is not None
    assert evaluation.claim(submission.pk, now=timezone.now()) is None


def test_a_late_twin_changes_nothing() -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    late = evaluation.claim(submission.pk, now=timezone.now() - timedelta(hours=1))
    assert late is not None
    evaluation.run(submission.pk)
    with pytest.raises(evaluation.LeaseLostError):
        evaluation._finish(late, status=Status.FAILED)
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

    monkeypatch.setattr(releases, "decoded", away)
    submission = material.submitted(material.benchmark(), material.team("a"))
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert submission.status == Status.QUEUED
    assert submission.attempts == 0
    assert submission.not_before is not None
    assert evaluation.claim(submission.pk, now=timezone.now()) is None


def test_the_sweeper_rings_for_what_nobody_heard(rings: list[tuple[str, str]]) -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    assert sweeper.sweep(now=material.NOON + timedelta(seconds=10)).rung == 0
    assert sweeper.sweep(now=material.NOON + timedelta(seconds=30)).rung == 1
    assert rings == [("submissions.tasks.score", str(submission.pk))]


def test_the_sweeper_finds_a_worker_that_died(rings: list[tuple[str, str]]) -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    evaluation.claim(submission.pk, now=material.NOON)
    assert sweeper.sweep(now=material.NOON + timedelta(seconds=60)).rung == 0
    assert sweeper.sweep(now=material.NOON + timedelta(hours=1)).rung == 1
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

"""What happens to a file at the door."""

import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from submissions import intake, storage
from submissions.models import Benchmark, Entry, Submission, Team
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db


def refusal(code: str) -> pytest.RaisesExc[Refusal]:
    return pytest.raises(Refusal, check=lambda error: error.code == code)


def test_a_file_is_stored_as_sent_and_queued(
    rings: list[tuple[str | int, ...]], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    benchmark, team = material.benchmark(), material.team("a")
    with django_capture_on_commit_callbacks(execute=True):
        submission = material.submitted(benchmark, team, file=material.answers())
    assert submission.status == Submission.Status.QUEUED
    assert storage.answers().get(submission.answers_key) == material.answers()
    assert rings == [("submissions.tasks.score", str(submission.pk))]


def test_the_same_file_for_the_same_entry_is_one_submission() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    first = material.submitted(benchmark, team)
    again = material.submitted(benchmark, team)
    assert again == first
    assert Submission.objects.count() == 1
    assert list(storage.answers().keys("answers/")) == [first.answers_key]


def test_the_same_file_for_another_entry_is_another_submission() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    material.submitted(benchmark, team, "one")
    material.submitted(benchmark, team, "two")
    assert Submission.objects.count() == 2


def test_a_closed_benchmark_takes_nothing_and_keeps_nothing() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    benchmark.is_open = False
    with refusal("benchmark-closed"):
        material.submitted(benchmark, team)
    assert not list(storage.answers().keys())
    assert not Entry.objects.exists()


def test_a_team_cannot_send_more_than_its_day_allows() -> None:
    benchmark, team = material.benchmark(daily_limit=2), material.team("a")
    for seed in range(2):
        material.submitted(benchmark, team, file=material.answers(seed=seed))
    with refusal("quota-daily"):
        material.submitted(benchmark, team, file=material.answers(seed=3))
    assert len(list(storage.answers().keys("answers/"))) == 2


def test_quota_renews_at_midnight_utc() -> None:
    benchmark, team = material.benchmark(daily_limit=1), material.team("a")
    material.submitted(benchmark, team, file=material.answers(seed=1))
    material.submitted(
        benchmark, team, file=material.answers(seed=2), now=material.NOON + timedelta(hours=12)
    )
    assert Submission.objects.count() == 2


@pytest.mark.parametrize("status", ["rejected", "failed", "cancelled"])
def test_what_did_not_score_is_free(status: str) -> None:
    benchmark, team = material.benchmark(daily_limit=1), material.team("a")
    material.brought(material.submitted(benchmark, team, file=material.answers(seed=1)), status)
    material.submitted(benchmark, team, file=material.answers(seed=2))


def test_settings_of_an_entry_stay_as_they_are() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    material.submitted(benchmark, team, shots=1, file=material.answers(seed=1))
    with refusal("entry-settings"):
        material.submitted(benchmark, team, shots=2, file=material.answers(seed=2))
    material.submitted(benchmark, team, file=material.answers(seed=3))
    assert Entry.objects.get().shots == 1


def test_division_follows_from_what_is_declared() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    material.submitted(benchmark, team, "closed", training="none-known", tools="none")
    material.submitted(benchmark, team, "undeclared", tools="none")
    assert dict(Entry.objects.values_list("name", "division")) == {"closed": "closed", "undeclared": "open"}


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"", "file-empty"),
        (b"\x80\x04\x95\x10\x00\x00\x00", "file-pickle"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "file-image"),
        ("question_id,answer\n".encode("utf-16"), "file-utf-16"),
    ],
)
def test_files_that_cannot_be_answers_are_refused_at_the_door(head: bytes, code: str) -> None:
    with refusal(code):
        material.submitted(material.benchmark(), material.team("a"), file=head)
    assert not list(storage.answers().keys())


def test_an_unknown_partial_subtask_is_named() -> None:
    with refusal("unknown-subtask"):
        material.submitted(material.benchmark(), material.team("a"), partial=["colour"])


def test_without_storage_nothing_is_taken(stores: Path, settings: Settings) -> None:
    benchmark, team = material.benchmark(), material.team("a")
    (stores / "file").write_text("not a folder")
    settings.VERNIER_ANSWERS_URL = (stores / "file").as_uri()
    with pytest.raises(storage.StorageUnavailableError):
        material.submitted(benchmark, team)
    assert not Submission.objects.exists()


@pytest.mark.usefixtures("commits")
def test_of_two_uploads_at_once_only_one_takes_the_last_slot_a_hundred_times() -> None:
    benchmark = material.benchmark(daily_limit=1)
    for number in range(100):
        team = material.team(f"team-{number}")
        assert sorted(sent_at_once(benchmark, team)) == ["accepted", "quota-daily"]
        assert Submission.objects.filter(team=team).count() == 1


def sent_at_once(benchmark: Benchmark, team: Team) -> list[str]:
    """What became of two uploads of the team at the same moment."""
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def send(seed: int) -> None:
        file = io.BytesIO(material.answers(seed=seed))
        offer = intake.Offer(benchmark=benchmark, team=team, entry_name="m", answers=file)
        start.wait()
        try:
            intake.accept(offer, now=material.NOON)
            outcomes.append("accepted")
        except Refusal as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    senders = [threading.Thread(target=send, args=[seed]) for seed in (1, 2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return outcomes

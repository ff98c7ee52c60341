"""A submission that is withdrawn while a worker scores it: whatever comes first, the public sees nothing of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from submissions import audit, evaluation, outcomes, publication, storage
from submissions.models import Benchmark, Figure, Submission, Team
from tests import material

pytestmark = pytest.mark.django_db


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def team() -> Team:
    return material.team("a")


def withdraw(submission: Submission) -> None:
    publication.withdraw(submission, reason="the wrong file", by=audit.SITE, now=material.NOON)


def withdrawn_at(
    step: str, submission: Submission, then: Callable[[], None] = lambda: None, *, of: Any = evaluation
) -> None:
    """Run the worker; the team withdraws at this step of it, and then something else happens."""
    real = getattr(of, step)

    def meanwhile(*args: Any, **names: Any) -> Any:
        withdraw(submission)
        then()
        return real(*args, **names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of, step, meanwhile)
        evaluation.run(submission.pk)


def before_it_is_read(submission: Submission) -> None:
    withdrawn_at("evaluate", submission)


def before_it_is_recorded(submission: Submission) -> None:
    withdrawn_at("_record", submission)


def before_storage_goes_away(submission: Submission) -> None:
    def away() -> None:
        raise storage.StorageUnavailableError("away")

    withdrawn_at("keep", submission, away, of=outcomes)
    Submission.objects.filter(pk=submission.pk).update(not_before=None)
    evaluation.run(submission.pk)


def while_its_worker_lies_dead(submission: Submission) -> None:
    evaluation.claim(submission.pk, now=timezone.now() - timedelta(hours=1))
    withdraw(submission)
    evaluation.run(submission.pk)


Moment = Callable[[Submission], None]
MOMENTS = [
    before_it_is_read,
    before_it_is_recorded,
    before_storage_goes_away,
    while_its_worker_lies_dead,
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_was_withdrawn_before_it_had_a_score_is_never_public(
    client: Client, benchmark: Benchmark, team: Team, moment: Moment
) -> None:
    known = material.scored(benchmark, team, "model", public=True)
    submission = material.submitted(
        benchmark, team, "model", public=True, file=material.answers(0.9), now=timezone.now()
    )
    moment(submission)
    publication.place(submission.entry_id)
    submission.refresh_from_db()
    assert (submission.status, submission.visibility) == ("scored", "withdrawn")
    assert submission.published_at is None
    said = client.get(f"/api/v1/entries/{submission.entry_id}/").json()
    assert [line["submission"] for line in said["history"]] == [str(known.pk)]
    assert said["submission"] == str(known.pk)
    assert "the wrong file" not in client.get(f"/entries/{submission.entry_id}/").content.decode()
    (row,) = client.get("/api/v1/benchmarks/mmad/leaderboard/").json()["results"]
    assert row["submission"] == str(known.pk)
    assert client.get(f"/api/v1/submissions/{submission.pk}/").status_code == 404
    assert client.get(f"/api/v1/submissions/{submission.pk}/report/").status_code == 404


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_entry_of_nothing_else_is_not_there_for_the_public(
    client: Client, benchmark: Benchmark, team: Team, moment: Moment
) -> None:
    submission = material.submitted(benchmark, team, "model", public=True)
    moment(submission)
    assert client.get(f"/entries/{submission.entry_id}/").status_code == 404
    assert not Figure.objects.filter(shown=True).exists()


def test_what_was_withdrawn_after_it_had_a_score_keeps_its_line(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.scored(benchmark, team, "model", public=True)
    withdraw(submission)
    publication.place(submission.entry_id)
    (line,) = client.get(f"/api/v1/entries/{submission.entry_id}/").json()["history"]
    assert (line["visibility"], line["withdrawn_reason"]) == ("withdrawn", "the wrong file")
    assert not Figure.objects.filter(shown=True).exists()

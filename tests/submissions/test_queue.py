"""The queue at the desk, and scoring again what failed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from submissions import audit, evaluation, queue
from submissions.admin.queue_view import age
from submissions.models import Event, Submission, User
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db
QUEUE = "/admin/submissions/submission/queue/"


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org", "correct horse battery"))
    return client


@pytest.fixture
def sent() -> Submission:
    return material.submitted(material.benchmark(), material.team("home"))


def failed(submission: Submission, ago: timedelta = timedelta(minutes=1)) -> Submission:
    return material.brought(submission, "failed", attempts=3, finished_at=timezone.now() - ago)


def sections(desk: Client) -> list[list[dict[str, Any]]]:
    return [section["rows"] for section in desk.get(QUEUE).context["sections"]]


def test_it_says_how_long_something_waits(sent: Submission, desk: Client) -> None:
    Submission.objects.update(received_at=timezone.now() - timedelta(hours=2, seconds=30))
    (row,), scoring, failures = sections(desk)
    assert (row["id"], row["attempts"], row["moment"]) == (str(sent.pk), 0, None)
    assert row["age"].startswith("02:00:3")
    assert not scoring + failures
    assert "Nothing failed." in desk.get(QUEUE).content.decode()


def test_it_says_until_when_a_worker_has_something_in_hand(sent: Submission, desk: Client) -> None:
    until = timezone.now() + timedelta(minutes=2)
    material.brought(sent, "scoring", lease_until=until, attempts=2)
    queued, (row,), _failures = sections(desk)
    assert not queued
    assert (row["attempts"], row["moment"][-12:]) == (2, f"{until:%H:%M:%S} UTC")


def test_it_forgets_what_failed_long_ago(sent: Submission, desk: Client) -> None:
    failed(sent)
    assert [row["id"] for row in sections(desk)[2]] == [str(sent.pk)]
    Submission.objects.update(finished_at=timezone.now() - timedelta(days=8))
    assert sections(desk) == [[], [], []]


def test_what_failed_is_scored_again(
    sent: Submission, desk: Client, rings: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    failed(sent)
    rings.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.post(sections(desk)[2][0]["retry_url"]).status_code == 302
    sent.refresh_from_db()
    assert (sent.status, sent.attempts, sent.finished_at) == ("queued", 0, None)
    assert rings == [("submissions.tasks.score", str(sent.pk))]
    assert Event.objects.of("submission", sent.pk).get().action == "retried"
    evaluation.run(sent.pk)
    sent.refresh_from_db()
    assert sent.status == "scored"


def test_what_did_not_fail_is_not_scored_again(sent: Submission) -> None:
    with pytest.raises(Refusal, match="not-failed"):
        queue.retry(sent, by=audit.COMMAND)
    evaluation.run(sent.pk)
    with pytest.raises(Refusal, match="not-failed"):
        queue.retry(sent, by=audit.COMMAND)
    assert not Event.objects.filter(action="retried").exists()


def test_of_two_who_retry_at_once_one_does_it(sent: Submission) -> None:
    failed(sent)
    queue.retry(sent, by=audit.COMMAND)
    with pytest.raises(Refusal, match="not-failed"):
        queue.retry(sent, by=audit.COMMAND)
    assert Event.objects.filter(action="retried").count() == 1


def test_who_may_only_look_finds_no_retry(sent: Submission, desk: Client) -> None:
    failed(sent)
    User.objects.update(is_superuser=False)
    assert desk.get(QUEUE).status_code == 403
    deed = reverse("admin:submissions_submission_deed", args=[sent.pk, "retry"])
    assert desk.post(deed).status_code == 403


def test_an_age_is_read_at_a_glance() -> None:
    assert age(timedelta(seconds=7)) == "00:00:07"
    assert age(timedelta(days=2, hours=3, minutes=4, seconds=5)) == "2 d 03:04:05"

"""The life of a submission: which steps the database lets anybody take, and that it writes each down."""

from itertools import pairwise
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from submissions import evaluation, legal_steps, publication, queue
from submissions.audit import SITE
from submissions.models import Submission, Transition
from tests import material

pytestmark = pytest.mark.django_db
STATUSES = [str(status) for status in Submission.Status]
# How to get there from queued.
WAY = {
    "queued": (),
    "scoring": ("scoring",),
    "scored": ("scoring", "scored"),
    "rejected": ("scoring", "rejected"),
    "failed": ("scoring", "failed"),
    "cancelled": ("cancelled",),
}


@pytest.fixture
def sent() -> Submission:
    return material.submitted(material.benchmark(), material.team("home"))


def step(submission: Submission, status: str) -> None:
    Submission.objects.filter(pk=submission.pk).update(
        status=status, lease=uuid4(), lease_until=material.NOON, finished_at=material.NOON
    )


def steps(submission: Submission) -> list[str]:
    return [str(taken.status) for taken in Transition.objects.filter(submission=submission)]


@pytest.mark.parametrize("after", STATUSES)
@pytest.mark.parametrize("before", STATUSES)
def test_only_legal_steps_are_taken(sent: Submission, before: str, after: str) -> None:
    for status in WAY[before]:
        step(sent, status)
    taken = steps(sent)
    legal = after == before or after in legal_steps.LEGAL.get(before, ())
    if legal:
        step(sent, after)
    else:
        with pytest.raises(DatabaseError, match="not a step in the life"), transaction.atomic():
            step(sent, after)
    sent.refresh_from_db()
    assert sent.status == (after if legal else before)
    # A worker that takes over from another is a step as well.
    assert steps(sent)[len(taken) :] == ([after] if legal and (before != after or after == "scoring") else [])


def test_what_is_scored_went_through_all_its_steps(sent: Submission) -> None:
    evaluation.run(sent.pk)
    assert steps(sent) == ["queued", "scoring", "scored"]
    times = Transition.objects.filter(submission=sent).values_list("at", flat=True)[1:]
    assert all(earlier <= later for earlier, later in pairwise(times))


def test_a_submission_that_is_retried_keeps_its_past(sent: Submission) -> None:
    material.brought(sent, "failed", attempts=3)
    queue.retry(sent, by=SITE)
    evaluation.run(sent.pk)
    found = Transition.objects.filter(submission=sent).values_list("status", "attempts")
    assert list(found) == [
        ("queued", 0),
        ("scoring", 1),
        ("failed", 3),
        ("queued", 0),
        ("scoring", 1),
        ("scored", 1),
    ]


def test_its_team_reads_what_happened_and_nobody_else(sent: Submission) -> None:
    material.brought(sent, "failed", attempts=3)
    queue.retry(sent, by=SITE)
    evaluation.run(sent.pk)
    publication.publish(sent, by=SITE, now=material.NOON)
    owner = material.person("owner@example.org")
    sent.team.memberships.create(user=owner, role="owner")
    client = Client()
    client.force_login(owner)
    found = client.get(sent.get_absolute_url()).context["steps"]
    assert [step.text for step in found] == [
        "received and queued",
        "a worker took it, attempt 1",
        "failed",
        "queued again by the organizers",
        "a worker took it, attempt 1",
        "scored",
    ]
    assert Client().get(sent.get_absolute_url()).context["steps"] == []


def test_to_install_the_triggers_again_changes_nothing(sent: Submission) -> None:
    legal_steps.install(connection)
    step(sent, "scoring")
    assert steps(sent) == ["queued", "scoring"]

"""A worker's hold on a submission while it works, and when it no longer does."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from submissions import evaluation, leases
from submissions.models import Submission
from tests import material

pytestmark = pytest.mark.usefixtures("commits")


@pytest.fixture
def claimed(monkeypatch: pytest.MonkeyPatch) -> Submission:
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.02)
    sent = material.submitted(material.benchmark(), material.team("home"))
    found = evaluation.claim(sent.pk, now=timezone.now() - timedelta(minutes=1))
    assert found
    return found


def lease_until(submission: Submission) -> Any:
    return Submission.objects.values_list("lease_until", flat=True).get(pk=submission.pk)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_is_renewed_while_the_work_goes_on(claimed: Submission) -> None:
    assert lease_until(claimed) < timezone.now()
    with leases.renewed(claimed):
        wait_for(lambda: lease_until(claimed) > timezone.now())


def test_it_is_renewed_no_more_when_the_work_is_over(claimed: Submission) -> None:
    with leases.renewed(claimed):
        pass
    assert "lease" not in [thread.name for thread in threading.enumerate()]


def test_what_another_worker_has_is_left_to_it(claimed: Submission) -> None:
    taken = evaluation.claim(claimed.pk, now=timezone.now() - timedelta(seconds=30))
    assert taken
    until = lease_until(taken)
    with leases.renewed(claimed):
        wait_for(lambda: "lease" not in [thread.name for thread in threading.enumerate()])
    assert lease_until(taken) == until


def test_a_database_that_is_away_for_a_moment_does_not_end_it(
    claimed: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = leases.until, []

    def away_at_first(now: Any) -> Any:
        calls.append(now)
        if len(calls) == 1:
            raise DatabaseError("away")
        return real(now)

    monkeypatch.setattr(leases, "until", away_at_first)
    with leases.renewed(claimed):
        wait_for(lambda: lease_until(claimed) > timezone.now())
    connection.close()


def test_a_worker_that_died_is_missed_within_half_a_minute(claimed: Submission) -> None:
    now = timezone.now()
    assert evaluation.claim(claimed.pk, now=now)
    assert evaluation.claim(claimed.pk, now=now + timedelta(seconds=10)) is None
    assert evaluation.claim(claimed.pk, now=now + timedelta(seconds=20))

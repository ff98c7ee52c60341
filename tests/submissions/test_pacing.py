"""When somebody who waits is told to ask again: soon near the front, seldom at the back, and never held."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from submissions import pacing
from submissions.models import Benchmark, Submission, Team
from tests import material

pytestmark = pytest.mark.django_db


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def team() -> Team:
    return material.team("home")


def queue(like: Submission, number: int, *, finished: int = 0) -> list[Submission]:
    """So many that wait behind it, a millisecond apart, and so many finished just now."""
    now = like.received_at
    made = [copy(like, received_at=now + timedelta(milliseconds=each + 1)) for each in range(number)]
    for _ in range(finished):
        copy(like, received_at=now - timedelta(hours=1), status="rejected", finished_at=now)
    return made


def copy(like: Submission, **changes: Any) -> Submission:
    made = Submission.objects.get(pk=like.pk)
    made.pk = uuid4()
    for name, value in changes.items():
        setattr(made, name, value)
    made.save(force_insert=True)
    return made


def told(submission: Submission, now: datetime | None = None, wait: int | None = None) -> int:
    return pacing.seconds(submission, now=now or submission.received_at, wait=wait)


def test_a_lone_one_on_an_idle_site_is_told_a_second(benchmark: Benchmark, team: Team) -> None:
    assert told(material.submitted(benchmark, team)) == 1


def test_the_more_are_ahead_the_later_and_never_after_thirty_seconds(
    benchmark: Benchmark, team: Team
) -> None:
    first = material.submitted(benchmark, team)
    waiting = [first, *queue(first, 500)]
    assert told(first) == 1
    assert told(waiting[1]) <= 2
    assert 7 <= told(waiting[10]) <= 10
    assert all(21 <= told(waiting[each]) <= 30 for each in (30, 100, 500))


def test_five_hundred_who_wait_are_a_trickle(benchmark: Benchmark, team: Team) -> None:
    first = material.submitted(benchmark, team)
    asked_a_second = sum(1 / told(each) for each in [first, *queue(first, 499)])
    assert asked_a_second < 25


def test_where_work_goes_fast_they_are_told_sooner(benchmark: Benchmark, team: Team) -> None:
    first = material.submitted(benchmark, team)
    last = queue(first, 100, finished=50)[-1]  # five a second
    assert 14 <= told(last) <= 21


def test_it_is_never_later_than_asked_for_and_never_less_than_a_second(
    benchmark: Benchmark, team: Team
) -> None:
    first = material.submitted(benchmark, team)
    last = queue(first, 100)[-1]
    assert [told(last, wait=wait) for wait in (0, 1)] == [1, 1]
    assert 4 <= told(last, wait=5) <= 5
    assert told(last, wait=60) <= 30


def test_who_has_waited_for_long_can_spare_more(benchmark: Benchmark, team: Team) -> None:
    submission = material.submitted(benchmark, team)
    waited = [told(submission, submission.received_at + timedelta(seconds=each)) for each in (10, 300, 3600)]
    assert waited[0] == 1
    assert 7 <= waited[1] <= 10
    assert 21 <= waited[2] <= 30


def test_not_all_are_told_the_same(benchmark: Benchmark, team: Team) -> None:
    first = material.submitted(benchmark, team)
    middle = queue(first, 20)[-1]
    assert len({told(middle) for _ in range(50)}) > 3


def test_the_answer_comes_at_once_and_says_when_to_ask_again(
    benchmark: Benchmark, team: Team, client: Client
) -> None:
    token = material.token(team)
    submission = material.submitted(benchmark, team, now=timezone.now())
    url, headers = f"/api/v1/submissions/{submission.pk}/", {"Authorization": f"Bearer {token}"}
    for query in ("", "?wait=0", "?wait=30", "?wait=60", "?wait=3600"):
        answer = client.get(url + query, headers=headers)
        assert (answer.status_code, answer["Retry-After"]) == (200, "1"), query
    Submission.objects.update(status="cancelled", finished_at=timezone.now())
    assert "Retry-After" not in client.get(f"{url}?wait=30", headers=headers)


@pytest.mark.parametrize("wait", ["-1", "soon", "1.5", "", "%C2%B2", "1" * 400])
def test_a_wait_that_is_no_number_is_said_to_be_none(
    benchmark: Benchmark, team: Team, client: Client, wait: str
) -> None:
    token = material.token(team)
    submission = material.submitted(benchmark, team)
    url = f"/api/v1/submissions/{submission.pk}/?wait={wait}"
    answer = client.get(url, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "unreadable-wait"


def test_to_ask_costs_five_small_queries_at_most_each_by_an_index(
    benchmark: Benchmark, team: Team, client: Client
) -> None:
    headers = {"Authorization": f"Bearer {material.token(team)}"}
    first = material.submitted(benchmark, team, now=timezone.now())
    last = queue(first, 200, finished=50)[-1]
    url = f"/api/v1/submissions/{last.pk}/?wait=30"
    client.get(url, headers=headers)  # the first use of a token is noted
    with CaptureQueriesContext(connection) as asked:
        client.get(url, headers=headers)
    assert len(asked) <= 5, [query["sql"] for query in asked]
    unfinished = Submission.objects.unfinished().filter(received_at__lt=last.received_at)
    finished = Submission.objects.filter(finished_at__gt=timezone.now())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are read quicker as they lie
    assert "submissions_by_their_end" in unfinished.values("pk").explain()
    assert "submissions_by_their_end" in finished.values("pk").explain()


def test_whoever_asks_when_told_learns_of_the_end_in_time(benchmark: Benchmark, team: Team) -> None:
    """A queue of a hundred, two finished a second: everybody asks seldom and knows within what they were told."""
    first = material.submitted(benchmark, team)
    waiting = [first, *queue(first, 99)]
    asks = dict.fromkeys((each.pk for each in waiting), 0)
    next_ask = dict.fromkeys(asks, 0.0)
    late: list[float] = []
    for tick in range(80):
        now = first.received_at + timedelta(seconds=tick)
        for each in waiting[2 * tick : 2 * tick + 2]:
            Submission.objects.filter(pk=each.pk).update(status="cancelled", finished_at=now)
        for place, each in enumerate(waiting):
            if next_ask.get(each.pk, 1e9) > tick:
                continue
            asks[each.pk] += 1
            if place < 2 * tick + 2:
                late.append(tick - place // 2)
                del next_ask[each.pk]
            else:
                next_ask[each.pk] = tick + told(each, now, wait=30)
    assert not next_ask
    assert max(late) <= 30
    assert max(asks.values()) <= 15

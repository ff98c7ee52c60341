"""How many of a team's entries may be public at a time."""

import threading

import pytest
from django.db import connection
from django.test import Client

from submissions import audit, publication, quota
from submissions.models import Benchmark, Entry, Submission, Team
from submissions.pages import dashboard
from submissions.refusals import Refusal
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def benchmark() -> Benchmark:
    Benchmark.objects.filter(pk=material.benchmark().pk).update(public_entries_limit=1)
    return Benchmark.objects.with_release().get()


@pytest.fixture
def team() -> Team:
    return material.team("a", material.person("o@example.org"))


def publish(submission: Submission) -> None:
    publication.publish(submission, by=audit.SITE, now=NOON)


def withdraw(submission: Submission) -> None:
    publication.withdraw(submission, reason="a slip", by=audit.SITE, now=NOON)


def test_a_new_benchmark_lets_a_team_have_twenty() -> None:
    assert material.benchmark().public_entries_limit == 20


def test_a_further_public_entry_is_refused_and_a_private_one_taken(benchmark: Benchmark, team: Team) -> None:
    material.submitted(benchmark, team, "one", public=True)
    with pytest.raises(Refusal, match="public-entries"):
        material.submitted(benchmark, team, "two", public=True)
    assert not Entry.objects.filter(name="two").exists()
    private = material.scored(benchmark, team, "two")
    with pytest.raises(Refusal, match="public-entries"):
        publish(private)
    assert Submission.objects.get(pk=private.pk).visibility == "private"


def test_the_same_file_again_publishes_no_further_entry(benchmark: Benchmark, team: Team) -> None:
    material.scored(benchmark, team, "one", public=True)
    material.scored(benchmark, team, "two")
    with pytest.raises(Refusal, match="public-entries"):
        material.submitted(benchmark, team, "two", public=True)


def test_a_public_entry_takes_as_many_submissions_as_its_team_has(benchmark: Benchmark, team: Team) -> None:
    material.scored(benchmark, team, "one", public=True)
    publish(material.scored(benchmark, team, "one", file=material.answers(seed=2)))
    material.submitted(benchmark, team, "one", public=True, file=material.answers(seed=3))
    assert quota.public_entries(team, benchmark) == 1


def test_withdrawing_frees_the_place(benchmark: Benchmark, team: Team) -> None:
    first = material.scored(benchmark, team, "one", public=True)
    withdraw(first)
    material.submitted(benchmark, team, "two", public=True)


@pytest.mark.parametrize("status", ["rejected", "failed", "cancelled"])
def test_what_did_not_score_takes_no_place(benchmark: Benchmark, team: Team, status: str) -> None:
    material.brought(material.submitted(benchmark, team, "one", public=True), status)
    material.submitted(benchmark, team, "two", public=True)


def test_another_team_has_places_of_its_own(benchmark: Benchmark, team: Team) -> None:
    material.submitted(benchmark, team, public=True)
    material.submitted(benchmark, material.team("b"), public=True)


def test_a_lower_limit_leaves_what_is_public(benchmark: Benchmark, team: Team) -> None:
    sent = material.scored(benchmark, team, "one", public=True)
    Benchmark.objects.update(public_entries_limit=0)
    material.scored(Benchmark.objects.get(), team, "one", public=True, file=material.answers(seed=2))
    withdraw(sent)
    assert quota.public_entries(team, benchmark) == 1


def test_the_api_says_how_many_and_what_to_do(benchmark: Benchmark, team: Team) -> None:
    material.scored(benchmark, team, "one", public=True)
    private = material.scored(benchmark, team, "two")
    client = Client(headers={"Authorization": f"Bearer {material.token(team)}"})
    answer = client.post(f"/api/v1/submissions/{private.pk}/publish/")
    assert (answer.status_code, answer.json()["code"]) == (403, "public-entries")
    assert "Withdraw what is public of one of them" in answer.json()["detail"]
    assert client.get("/api/v1/benchmarks/mmad/").json()["limits"]["public_entries"] == 1


def test_the_pages_tell_the_limit(benchmark: Benchmark, team: Team) -> None:
    material.submitted(benchmark, team, public=True)
    assert "At most 1 of its entries are public" in Client().get("/benchmarks/mmad/about/").content.decode()
    assert [account.public for account in dashboard.context(team, page=None, now=NOON)["accounts"]] == [
        "1 of 1"
    ]
    Benchmark.objects.update(public_entries_limit=None)
    assert [account.public for account in dashboard.context(team, page=None, now=NOON)["accounts"]] == [
        "1, without limit"
    ]


@pytest.mark.usefixtures("commits")
def test_of_two_published_at_once_only_one_takes_the_last_place() -> None:
    material.benchmark()
    Benchmark.objects.update(public_entries_limit=1)
    benchmark, team = Benchmark.objects.with_release().get(), material.team("a")
    sent = [material.scored(benchmark, team, name) for name in ("one", "two")]
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def make_public(submission: Submission) -> None:
        start.wait()
        try:
            publish(submission)
            outcomes.append("public")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=make_public, args=[submission]) for submission in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["public", "public-entries"]
    assert quota.public_entries(team, benchmark) == 1

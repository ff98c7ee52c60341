"""Two submissions compared, such as two tries of one entry: who may, on whose account, and who learns of it."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.test import Client

from submissions import pairs
from submissions.models import Benchmark, Pair, Submission, Team
from tests import material
from tests.leaderboard.test_compare import API, problem, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def benchmark() -> Benchmark:
    made = material.benchmark()
    Benchmark.objects.update(holds_alike=False)
    return made


@pytest.fixture
def home() -> Team:
    return material.team("home", material.person("owner@example.org"))


@pytest.fixture
def tries(benchmark: Benchmark, home: Team) -> list[Submission]:
    """Three private ones of one entry, the newest first."""
    made = [
        material.scored(benchmark, home, "model", file=material.answers(share, seed=seed))
        for seed, share in enumerate((0.9, 0.5, 0.85))
    ]
    return made[::-1]


def ask(client: Client, submissions: Iterable[object], token: str | None = None) -> Any:
    ids = ",".join(str(getattr(each, "pk", each)) for each in submissions)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.get(API, {"submissions": ids}, headers=headers)


def test_two_tries_of_one_entry_are_compared_for_their_team(
    client: Client, tries: list[Submission], home: Team
) -> None:
    new, old = tries[:2]
    token = material.token(home)
    first = ask(client, [new, old], token)
    assert (first.status_code, first["Retry-After"]) == (202, "1")
    work()
    answer = ask(client, [new, old], token)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    body = answer.json()
    assert [side["submission"] for side in body["entries"]] == [str(new.pk), str(old.pk)]
    assert [side["rank"] for side in body["entries"]] == [None, None]
    assert [side["score"] for side in body["entries"]] == [new.score, old.score]
    [pair] = body["pairs"]
    assert pair["verdict"] == "first-better"
    assert pair["overall"]["difference"] == pytest.approx((new.score or 0) - (old.score or 0))
    [turned] = ask(client, [old, new], token).json()["pairs"]
    assert turned["verdict"] == "second-better"
    assert turned["overall"]["difference"] == -pair["overall"]["difference"]


def test_others_are_told_no_more_of_private_ones_than_of_none(
    client: Client, tries: list[Submission], home: Team
) -> None:
    ask(client, tries[:2], material.token(home))
    work()
    unknown = "00000000-0000-4000-8000-000000000000"
    stranger = material.token(material.team("stranger"))
    for token in (None, stranger):
        code, detail = problem(ask(client, tries[:2], token), 404)
        nobody = problem(ask(client, [unknown, tries[0]], token), 404)[1]
        assert code == "compare-unknown-submission"
        assert detail.replace(str(tries[0].pk), unknown) == nobody
    assert problem(ask(client, tries[:2], "vrn_wrong"), 401)[0] == "token-malformed"


def test_a_token_for_other_benchmarks_compares_no_private_ones(
    client: Client, tries: list[Submission], home: Team
) -> None:
    token = material.token(home)
    home.tokens.update(benchmarks=["other"])
    assert problem(ask(client, tries[:2], token), 403)[0] == "token-for-others"


def test_an_own_one_is_compared_with_anybody_s_public_one(
    client: Client, tries: list[Submission], home: Team, benchmark: Benchmark
) -> None:
    rival = material.scored(
        benchmark, material.team("rival"), "rival", file=material.answers(0.3, seed=9), public=True
    )
    token = material.token(home)
    ask(client, [tries[0], rival], token)
    work()
    body = ask(client, [tries[0], rival], token).json()
    assert body["pairs"][0]["verdict"] == "first-better"
    assert [side["rank"] for side in body["entries"]] == [None, 1]
    assert problem(ask(client, [rival, tries[0]]), 404)[0] == "compare-unknown-submission"


def test_what_stands_on_the_board_is_compared_for_everybody(
    client: Client, benchmark: Benchmark, home: Team
) -> None:
    two = [
        material.scored(benchmark, home, name, file=material.answers(share), public=True)
        for name, share in (("good", 0.9), ("poor", 0.3))
    ]
    assert ask(client, two).status_code == 202
    work()
    assert ask(client, two).json()["pairs"][0]["verdict"] == "first-better"
    assert Pair.objects.get().begun_by is None


def test_public_tries_beside_the_board_need_an_account_until_they_are_known(
    client: Client, benchmark: Benchmark, home: Team
) -> None:
    two = [
        material.scored(benchmark, home, "model", file=material.answers(share), public=True)
        for share in (0.9, 0.3)
    ]
    assert problem(ask(client, two), 403)[0] == "compare-on-no-account"
    assert not Pair.objects.exists()
    ask(client, two, material.token(material.team("curious")))
    work()
    assert ask(client, two).status_code == 200
    assert Pair.objects.get().begun_by == Team.objects.get(slug="curious")


def test_a_team_begins_four_a_day_for_each_try_it_may_send(
    client: Client, tries: list[Submission], home: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    Benchmark.objects.update(daily_limit=2)
    monkeypatch.setattr(pairs, "COMPARED_A_TRY", 1)
    token = material.token(home)
    assert ask(client, tries[:2], token).status_code == 202
    assert ask(client, tries[1:], token).status_code == 202
    answer = ask(client, [tries[0], tries[2]], token)
    assert problem(answer, 429)[0] == "too-many-own-comparisons"
    assert 0 < int(answer["Retry-After"]) <= 86_401
    work()
    assert ask(client, tries[:2], token).status_code == 200  # what is known is read as ever
    assert Pair.objects.count() == 2


def test_organizers_compare_whatever_they_see(client: Client, tries: list[Submission]) -> None:
    client.force_login(material.person("staff@example.org", is_staff=True))
    assert ask(client, tries[:2]).status_code == 202
    assert Pair.objects.get().begun_by is None


def test_what_has_no_score_on_the_current_release_cannot_be_compared(
    client: Client, tries: list[Submission], home: Team, benchmark: Benchmark
) -> None:
    token = material.token(home)
    queued = material.submitted(benchmark, home, "other", file=material.answers(0.4, seed=30))
    assert problem(ask(client, [queued, tries[0]], token), 409)[0] == "compare-not-scored"
    material.next_release()
    assert problem(ask(client, tries[:2], token), 409)[0] == "compare-not-scored"


@pytest.mark.parametrize("number", [0, 1, 3])
def test_they_are_two(client: Client, tries: list[Submission], home: Team, number: int) -> None:
    token = material.token(home)
    assert problem(ask(client, tries[:number], token), 422)[0] == "compare-how-many-submissions"
    assert problem(ask(client, [tries[0]] * 2, token), 422)[0] == "compare-how-many-submissions"
    assert problem(ask(client, ["x", tries[0]], token), 422)[0] == "compare-unreadable"

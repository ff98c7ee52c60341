"""Entries compared: the address, the page, and who learns what through them."""

import json
import re
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leaderboard import verdicts
from submissions import audit, moderation, pairs, publication, rescoring
from submissions.models import Benchmark, Entry, Figure, Pair, Release, Submission, Team
from submissions.pairs import Told
from tests import material
from tests.leaderboard import rows

pytestmark = pytest.mark.django_db

API = "/api/v1/benchmarks/mmad/compare/"
PAGE = "/benchmarks/mmad/compare/"
TOKEN = re.compile(r'csrfmiddlewaretoken" value="\w+"')


@pytest.fixture
def benchmark() -> Benchmark:
    made = material.benchmark()
    Benchmark.objects.update(holds_alike=False)
    return made


@pytest.fixture
def home() -> Team:
    return material.team("home", material.person("owner@example.org"))


@pytest.fixture
def three(benchmark: Benchmark, home: Team) -> list[Entry]:
    """The best first."""
    return [
        material.scored(
            benchmark, home, name, file=material.answers(share, seed=seed), public=True, shots=seed
        ).entry
        for seed, (name, share) in enumerate({"good": 0.95, "fair": 0.6, "poor": 0.3}.items())
    ]


def ask(client: Client, entries: Iterable[object], at: str = API) -> Any:
    ids = ",".join(str(getattr(entry, "pk", entry)) for entry in entries)
    return client.get(at, {"entries": ids})


def work() -> None:
    for pair_id in Pair.objects.due().values_list("pk", flat=True):
        pairs.compute(pair_id)


def done(client: Client, entries: Iterable[object]) -> Any:
    entries = list(entries)
    ask(client, entries)
    work()
    answer = ask(client, entries)
    assert answer.status_code == 200, answer.content
    return answer.json()


def problem(answer: Any, status: int) -> tuple[str, str]:
    assert answer.status_code == status, answer.content
    said = json.loads(answer.content)
    return said["code"], said["detail"]


def page(client: Client, entries: Iterable[object], status: int = 200) -> str:
    answer = ask(client, entries, PAGE)
    assert answer.status_code == status
    return str(answer.content.decode())


def test_two_entries_are_computed_once_and_then_known(client: Client, three: list[Entry]) -> None:
    first = ask(client, three[:2])
    assert first.status_code == 202
    assert first.headers["Retry-After"] == "1"
    assert first.json()["status"] == "computing"
    assert first.json()["pairs"] == []
    assert [entry["name"] for entry in first.json()["entries"]] == ["good", "fair"]
    work()
    said = ask(client, three[:2])
    assert said.status_code == 200
    assert "Retry-After" not in said.headers
    body = said.json()
    assert body["status"] == "done"
    good, fair = body["entries"]
    assert (good["rank"], fair["rank"]) == (1, 2)
    assert good["interval"][0] < good["score"] < good["interval"][1]
    (pair,) = body["pairs"]
    assert (pair["first"], pair["second"]) == (good["id"], fair["id"])
    assert pair["verdict"] == "first-better"
    assert pair["overall"]["difference"] == pytest.approx(good["score"] - fair["score"])
    assert pair["overall"]["interval"][0] > 0
    assert set(pair["subtasks"]) == set(rows.SUBTASKS)
    assert set(pair["datasets"]) == set(rows.DATASETS)
    assert sum(pair["table"].values()) == 96
    assert pair["mcnemar_mid_p"] < 0.01
    assert re.fullmatch(
        r"good is better than fair by \d+\.\d points \(95 % interval \d+\.\d to \d+\.\d\)\.",
        pair["sentence"],
    )
    assert Pair.objects.count() == 1


def test_the_other_way_round_the_signs_turn_and_the_sentence_stays(
    client: Client, three: list[Entry]
) -> None:
    (there,), (back,) = (done(client, two)["pairs"] for two in (three[:2], three[1::-1]))
    assert Pair.objects.count() == 1
    assert (back["first"], back["second"]) == (there["second"], there["first"])
    assert back["verdict"] == "second-better"
    assert back["overall"]["difference"] == -there["overall"]["difference"]
    assert back["overall"]["z"] == -there["overall"]["z"]
    assert back["overall"]["interval"] == [-end for end in there["overall"]["interval"][::-1]]
    assert back["table"]["first"] == there["table"]["second"]
    assert back["sentence"] == there["sentence"]


def test_what_is_known_is_there_while_the_rest_is_computed(client: Client, three: list[Entry]) -> None:
    done(client, three[:2])
    answer = ask(client, three)
    assert answer.status_code == 202
    assert len(answer.json()["pairs"]) == 1
    assert len(done(client, three)["pairs"]) == 3


def test_the_parameter_may_be_repeated_as_a_form_sends_it(client: Client, three: list[Entry]) -> None:
    ids = [str(entry.pk) for entry in three[:2]]
    for at in (API, PAGE):
        assert client.get(at, {"entries": ids}).status_code in (200, 202)
    assert Pair.objects.count() == 1


def test_what_cannot_be_asked_is_said(client: Client, three: list[Entry]) -> None:
    many = "Name two to six different entries, each once; {} came."
    assert problem(client.get(API), 422) == ("compare-how-many", many.format(0))
    assert problem(ask(client, three[:1]), 422) == ("compare-how-many", many.format(1))
    assert problem(ask(client, [three[0], three[0]]), 422) == ("compare-how-many", many.format(2))
    assert problem(ask(client, [uuid4() for _ in range(7)]), 422) == ("compare-how-many", many.format(7))
    assert problem(ask(client, ["nonsense", three[0]]), 422)[0] == "compare-unreadable"
    unknown = uuid4()
    code, said = problem(ask(client, [three[0], unknown]), 404)
    assert (code, str(unknown) in said) == ("compare-unknown", True)
    assert problem(client.get("/api/v1/benchmarks/nothing/compare/"), 404)[0] == "not-found"
    assert not Pair.objects.exists()


def askers(benchmark: Benchmark) -> list[Client]:
    """Nobody, a stranger, a member of the team, an organizer."""
    member, stranger = material.person("member@example.org"), material.person("stranger@example.org")
    Team.objects.get(slug="home").memberships.create(user=member)
    staff = material.person("staff@example.org", is_staff=True)
    clients = [Client() for _ in range(4)]
    for client, person in zip(clients[1:], (stranger, member, staff), strict=True):
        client.force_login(person)
    return clients


def test_of_a_private_entry_nobody_learns_more_than_of_one_that_there_is_not(
    benchmark: Benchmark, home: Team, three: list[Entry]
) -> None:
    private = material.scored(benchmark, home, "secret", file=material.answers(0.8, seed=9)).entry
    for client in askers(benchmark):
        for at in (API, PAGE):
            nothing, hidden = (
                TOKEN.sub("", ask(client, [three[0], entry_id], at).content.decode()).replace(
                    str(entry_id), "…"
                )
                for entry_id in (uuid4(), private.pk)
            )
            assert nothing == hidden
            assert "secret" not in hidden
        assert problem(ask(client, [three[0], private]), 404)[0] == "compare-unknown"


def test_everybody_gets_the_same(benchmark: Benchmark, three: list[Entry]) -> None:
    said = [done(client, three) for client in askers(benchmark)]
    assert said[0] == said[1] == said[2] == said[3]


def test_what_is_withdrawn_or_hidden_is_compared_with_nothing_from_that_moment(
    client: Client, three: list[Entry]
) -> None:
    done(client, three)
    good, fair, poor = three
    submission = Submission.objects.get(entry=fair)
    publication.withdraw(submission, reason="by mistake", by=audit.SITE, now=material.NOON)
    # Before any worker has ranked the board without it.
    assert problem(ask(client, [good, fair]), 422) == (
        "compare-not-shown",
        "“fair” is not on the board at present, and only what is on it is compared.",
    )
    moderation.hide(poor, reason="looked at", by=audit.SITE, now=material.NOON)
    assert problem(ask(client, [good, poor]), 422)[0] == "compare-not-shown"
    assert "fair" in page(client, [good, fair], 422)


def test_entries_of_two_benchmarks_are_not_compared(client: Client, three: list[Entry]) -> None:
    other = material.benchmark("other")
    team = material.team("elsewhere")
    entry = material.scored(other, team, "there", public=True).entry
    code, said = problem(ask(client, [three[0], entry]), 422)
    assert (code, "there" in said) == ("compare-elsewhere", True)


def test_another_release_has_pairs_of_its_own(client: Client, three: list[Entry]) -> None:
    before = done(client, three[:2])
    current = material.next_release().current_release
    assert current is not None
    # Nothing is scored against it yet.
    assert problem(ask(client, three[:2]), 422)[0] == "compare-not-shown"
    while (release := Release.objects.get(pk=current.pk)).rescoring:
        rescoring.take_turn(release.pk, release.rescoring_turn)
    assert ask(client, three[:2]).status_code == 202
    after = done(client, three[:2])
    assert before["release"] != after["release"] == current.digest
    assert Pair.objects.count() == 2


def test_more_than_can_wait_are_refused_with_a_time(
    client: Client, three: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "MOST_WAITING", 2)
    answer = ask(client, three)
    assert problem(answer, 503)[0] == "too-many-comparisons"
    assert answer.headers["Retry-After"] == "5"
    assert "Too many comparisons wait" in page(client, three, 503)
    assert ask(client, three[:2]).status_code == 202


def test_a_pair_that_cannot_be_compared_says_why(client: Client, three: list[Entry]) -> None:
    ask(client, three[:2])
    Pair.objects.update(due=False, fault="outcomes-missing", computed_at=material.NOON, attempts=0)
    Pair.objects.update(computed_at=Pair.objects.get().asked_at)
    (pair,) = ask(client, three[:2]).json()["pairs"]
    assert pair["fault"] == "outcomes-missing"
    assert pair["verdict"] is None
    assert pair["sentence"].startswith("good and fair cannot be compared: ")
    assert "cannot be compared" in page(client, three[:2])


@pytest.mark.parametrize("disclosure", ["overall", "subtasks"])
def test_only_what_is_disclosed_is_told(client: Client, three: list[Entry], disclosure: str) -> None:
    Benchmark.objects.update(disclosure=disclosure)
    (pair,) = done(client, three[:2])["pairs"]
    assert pair["verdict"] == "first-better"
    assert bool(pair["subtasks"]) == bool(pair["datasets"]) == (disclosure == "subtasks")
    assert (pair["table"], pair["mcnemar_mid_p"]) == (None, None)
    assert (pair["overall"]["z"], pair["overall"]["error"]) == (None, None)
    drawn = page(client, three[:2])
    assert "McNemar" not in drawn
    assert ("Defect Analysis" in drawn) == (disclosure == "subtasks")


def test_a_stored_comparison_is_six_queries(
    client: Client, three: list[Entry], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    done(client, three)
    with django_assert_max_num_queries(6):
        ask(client, three)


def test_the_page_says_the_verdict_and_draws_every_figure(client: Client, three: list[Entry]) -> None:
    (pair,) = done(client, three[:2])["pairs"]
    drawn = page(client, three[:2])
    assert pair["sentence"] in drawn
    assert "hx-get" not in drawn
    assert drawn.count('class="dot"') == 1 + len(rows.SUBTASKS) + len(rows.DATASETS)
    assert "McNemar’s mid-p is" in drawn
    assert f'href="{API}?entries={three[0].pk},{three[1].pk}"' in drawn
    assert re.search(r'class="differs">\s*<th scope="row">\s*shots', drawn)


def test_told_apart_here_and_not_by_their_ranks_is_explained(client: Client, three: list[Entry]) -> None:
    (pair,) = done(client, three[:2])["pairs"]
    assert pair["overall"]["verdict"] == "first-better"
    figures = Figure.objects.filter(submission__entry__in=three[:2], column="overall")
    figures.update(rank_low=1, rank_high=1)
    figures.filter(submission__entry=three[1]).update(rank_low=2, rank_high=2)
    assert "overlap all the same" not in page(client, three[:2])
    figures.update(rank_low=1, rank_high=2)
    assert "Their ranks on the board, 1–2 and 1–2, overlap all the same" in page(client, three[:2])


def test_while_it_is_computed_the_page_asks_again_by_itself(client: Client, three: list[Entry]) -> None:
    drawn = page(client, three[:2])
    assert f'hx-get="{PAGE}?entries={three[0].pk},{three[1].pk}"' in drawn
    assert "A worker compares the two." in drawn
    assert "Look again" in drawn
    drawn = page(client, three)
    assert "3 pairs are left" in drawn
    work()
    assert "hx-get" not in page(client, three)


def test_three_stand_in_a_matrix(client: Client, three: list[Entry]) -> None:
    done(client, three)
    drawn = page(client, three)
    assert drawn.count("is-self") == 3
    assert drawn.count('class="n is-better"') == drawn.count('class="n is-worse"')
    assert (
        drawn.count('class="n is-better"')
        + drawn.count('class="n is-worse"')
        + drawn.count('class="n is-tied"')
        == 6
    )
    assert drawn.count("<summary>") >= 3
    assert f"{PAGE}?entries={three[1].pk},{three[2].pk}" in drawn


def test_partial_ones_are_compared_where_both_have_figures(
    client: Client, benchmark: Benchmark, home: Team, three: list[Entry]
) -> None:
    part = material.scored(
        benchmark, home, "part", file=material.answers(0.7, seed=5), public=True, partial=["defect-analysis"]
    ).entry
    (pair,) = done(client, [three[0], part])["pairs"]
    assert (pair["verdict"], pair["overall"], pair["datasets"]) == (None, None, {})
    assert list(pair["subtasks"]) == ["defect-analysis"]
    # Of one subtask, the mean is its own figure.
    assert pair["shared"] == pair["subtasks"]["defect-analysis"]
    assert "On average over those that both answered: good is better than part by " in pair["sentence"]
    drawn = page(client, [three[0], part])
    assert "good and part have no overall difference" in drawn
    assert "what both have is Defect Analysis" in " ".join(drawn.split())


@pytest.mark.parametrize("disclosure", ["overall", "subtasks", "cells"])
def test_the_mean_of_the_subtasks_that_both_answered(
    client: Client, benchmark: Benchmark, home: Team, disclosure: str
) -> None:
    """It is that of the differences by subtask, and told where these are."""
    Benchmark.objects.update(disclosure=disclosure)
    some = [
        ["defect-analysis", "anomaly-detection"],
        ["object-analysis", "anomaly-detection", "defect-analysis"],
    ]
    entries = [
        material.scored(
            benchmark, home, f"part {at}", file=material.answers(share, seed=at), public=True, partial=partial
        ).entry
        for at, (share, partial) in enumerate(zip((0.9, 0.3), some, strict=True))
    ]
    (pair,) = done(client, entries)["pairs"]
    (turned,) = done(client, entries[::-1])["pairs"]
    assert pair["overall"] is None
    if disclosure == "overall":
        assert (pair["shared"], turned["shared"]) == (None, None)
        assert pair["sentence"].endswith("not both answered every subtask.")
        return
    by_subtask = [found["difference"] for found in pair["subtasks"].values()]
    assert len(by_subtask) == 2
    assert pair["shared"]["difference"] == pytest.approx(sum(by_subtask) / 2, abs=1e-9)
    assert (pair["shared"]["verdict"], turned["shared"]["verdict"]) == ("first-better", "second-better")
    assert turned["shared"]["difference"] == -pair["shared"]["difference"]
    assert (pair["shared"]["error"] is None) == (disclosure == "subtasks")


def test_without_two_entries_the_page_says_how_to_choose_them(client: Client, three: list[Entry]) -> None:
    assert "tick them on the board" in page(client, [])
    alone = page(client, [three[1]])
    assert "fair may be compared with" in alone
    for other in (three[0], three[2]):
        assert f"{PAGE}?entries={three[1].pk},{other.pk}" in alone
    assert "tick them on the board" in page(client, [three[0], three[0]])


def test_names_are_text_and_nothing_else(client: Client, three: list[Entry]) -> None:
    Entry.objects.filter(pk=three[0].pk).update(name="<b>{bold}</b>")
    done(client, three)
    for entries in (three[:1], three[:2], three):
        assert "<b>{bold}" not in page(client, entries)
        assert "&lt;b&gt;{bold}&lt;/b&gt;" in page(client, entries)


def test_the_board_and_an_entry_lead_to_it(client: Client, three: list[Entry]) -> None:
    board = client.get("/benchmarks/mmad/").content.decode()
    assert f'action="{PAGE}"' in board
    for entry in three:
        assert f'name="entries" value="{entry.pk}" form="compare"' in board
    entry_page = client.get(f"/entries/{three[1].pk}/").content.decode()
    assert f"{PAGE}?entries={three[1].pk},{three[0].pk}" in entry_page
    assert f"{PAGE}?entries={three[1].pk},{three[2].pk}" in entry_page


def test_of_an_earlier_board_nothing_is_ticked(
    client: Client, benchmark: Benchmark, three: list[Entry]
) -> None:
    release = benchmark.current_release
    assert release is not None
    material.next_release()
    board = client.get("/benchmarks/mmad/", {"release": release.short_digest}).content.decode()
    assert three[0].name in board
    assert 'name="entries"' not in board
    assert 'id="compare"' not in board


def told(difference: float, low: float, high: float) -> Told:
    verdict = 1 if low > 0 else -1 if high < 0 else 0
    return Told(difference, (low, high), verdict, None, None)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (told(1.91, 1.22, 2.6), "A is better than B by 1.9 points (95 % interval 1.2 to 2.6)."),
        (told(-1.91, -2.6, -1.22), "B is better than A by 1.9 points (95 % interval 1.2 to 2.6)."),
        (
            told(0.3, -0.4, 1.0),
            "A and B cannot be told apart: the difference is 0.3 points (95 % interval −0.4 to 1.0).",
        ),
        (
            told(-0.04, -0.4, 0.3),
            "A and B cannot be told apart: the difference is 0.0 points (95 % interval −0.4 to 0.3).",
        ),
        (told(0.5, 0.01, 1.0), "A is better than B by 0.5 points (95 % interval just above 0 to 1.0)."),
        (told(-0.5, -1.0, -0.01), "B is better than A by 0.5 points (95 % interval just above 0 to 1.0)."),
        (
            told(0.0, 0.0, 0.0),
            "A and B cannot be told apart: the difference is 0.0 points (95 % interval 0.0 to 0.0).",
        ),
    ],
)
def test_a_verdict_in_words(found: Told, said: str) -> None:
    assert verdicts.sentence("A", "B", found) == said
    assert verdicts.interval(told(-0.5, -1.0, -0.01)) == "−1.0 to just below 0"

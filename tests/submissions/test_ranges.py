"""Ranges of ranks: what the worker keeps in mind, and what it writes on the board."""

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client

from scoring.release import Release as Content
from scoring.statistics.boards import Board
from scoring.statistics.pairs import compare
from scoring.statistics.ranks import critical
from submissions import (
    audit,
    evaluation,
    outcomes,
    places,
    publication,
    ranges,
    releases,
    rescoring,
    storage,
    truths,
)
from submissions.models import Benchmark, Entry, Figure, Release, Submission, Team
from tests import material

pytestmark = pytest.mark.django_db
CLOSED = {"training": "none-known", "tools": "none"}
# Shares of right answers, from clear to close.
SHARES = (0.95, 0.9, 0.72, 0.7, 0.7, 0.68, 0.4, 0.1)


QUESTIONS = material.questions(6)


def answers(right: float, seed: int = 1) -> bytes:
    return material.answers(right, material=QUESTIONS, seed=seed)


@pytest.fixture(autouse=True)
def forget() -> Callable[[], None]:
    """Let the worker be one that has just begun, in the test once more when it is called."""

    def everything() -> None:
        ranges._boards.clear()
        ranges._missing.clear()

    everything()
    return everything


@pytest.fixture
def team() -> Team:
    return material.team("a")


@pytest.fixture
def mmad() -> Benchmark:
    return material.benchmark(images_a_class=6)


def sent(benchmark: Benchmark, team: Team, number: int, **more: Any) -> Submission:
    file = answers(SHARES[number % len(SHARES)], seed=number)
    offered: dict[str, Any] = {"file": file, "public": True} | more
    return material.scored(
        benchmark, team, f"model {number}", now=material.NOON + timedelta(minutes=number), **offered
    )


def written(column: str = "overall") -> dict[str, tuple[int | None, ...]]:
    shown = Figure.objects.filter(benchmark__slug="mmad", column=column, shown=True)
    return {name: tuple(rest) for name, *rest in shown.values_list("submission__entry__name", *places.FIELDS)}


def expected(column: str = "overall", *, closed: bool = False) -> dict[str, tuple[int, int]]:
    """From pairs, compared one by one."""
    shown = Submission.objects.filter(
        benchmark__slug="mmad", figures__shown=True, figures__column=column, figures__score__isnull=False
    )
    if closed:
        shown = shown.filter(entry__division="closed")
    release = Benchmark.objects.with_release().get(slug="mmad").current_release
    assert release is not None
    content = truths.decoded(release.digest)
    assert isinstance(content, Content)
    right = {
        each.entry.name: np.unpackbits(
            np.frombuffer(outcomes.of(each.pk, release, "2"), np.uint8), count=content.size
        ).astype(bool)
        for each in shown.select_related("entry")
    }
    figures = content.strata.linear(range(7))
    beyond = critical(len(right), int(figures.images[figures.at(column)]))
    found = {}
    for name, its in right.items():
        zs = []
        for other, theirs in right.items():
            pair = compare(theirs, its, content, range(7)).differences[column] if other != name else None
            zs.append(pair.z if pair else 0)
        found[name] = (1 + sum(z > beyond for z in zs), len(right) - sum(z < -beyond for z in zs))
    return found


@pytest.mark.parametrize("column", ["overall", "defect-analysis", "VisA"])
def test_ranges_stand_in_every_ranked_column_and_division(mmad: Benchmark, team: Team, column: str) -> None:
    for number in range(8):
        sent(mmad, team, number, **(CLOSED if number % 2 else {}))
    found = written(column)
    assert {name: place[1:3] for name, place in found.items()} == expected(column)
    closed = {name: place[4:] for name, place in found.items() if place[3] is not None}
    assert closed == expected(column, closed=True)
    assert len(closed) == 4
    assert {place[4:] for name, place in found.items() if name not in closed} == {(None, None)}
    assert all(low <= rank <= high for rank, low, high, *_ in found.values() if rank and low and high)
    if column == "overall":
        assert len(set(expected().values())) > 2, "some are told apart"


def test_cells_and_detection_have_none(mmad: Benchmark, team: Team) -> None:
    sent(mmad, team, 1)
    assert set(Figure.objects.filter(column__contains="/").values_list(*places.FIELDS)) == {(None,) * 6}


def test_a_worker_that_has_just_begun_writes_the_same(
    mmad: Benchmark, team: Team, forget: Callable[[], None]
) -> None:
    for number in range(6):
        sent(mmad, team, number)
    last = material.submitted(mmad, team, "model 6", file=answers(0.72, seed=6), public=True)
    forget()
    evaluation.run(last.pk)
    assert {name: place[1:3] for name, place in written().items()} == expected()


def test_who_goes_leaves_the_others_their_ranges(mmad: Benchmark, team: Team) -> None:
    gone = [sent(mmad, team, number) for number in range(8)][3]
    publication.withdraw(gone, reason="a mistake", by=audit.SITE, now=material.NOON)
    publication.place(gone.entry_id)
    assert {name: place[1:3] for name, place in written().items()} == expected()
    assert len(written()) == 7
    assert set(gone.figures.values_list(*places.FIELDS)) == {(None,) * 6}


def test_another_submission_of_an_entry_takes_its_place(mmad: Benchmark, team: Team) -> None:
    for number in range(8):
        sent(mmad, team, number)
    material.scored(mmad, team, "model 7", file=answers(0.99, seed=99), public=True)
    assert written()["model 7"][0] == 1
    assert {name: place[1:3] for name, place in written().items()} == expected()


def test_nothing_is_read_or_judged_at_length_with_the_row_locked(
    mmad: Benchmark, team: Team, forget: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        sent(mmad, team, number)
    forget()
    real_of, real_settle = outcomes.of, Board.settle
    told: list[tuple[str, bool]] = []

    def of(*args: Any) -> bytes:
        told.append(("read", _in_a_transaction()))
        return real_of(*args)

    def settle(board: Board[Any], members: Any) -> None:
        told.append(("judged", _in_a_transaction() and board.moves(members) > ranges.MOVES_AT_ONCE))
        real_settle(board, members)

    monkeypatch.setattr(outcomes, "of", of)
    monkeypatch.setattr(Board, "settle", settle)
    sent(mmad, team, 12)
    assert ("read", False) in told
    assert ("judged", False) in told
    assert not any(locked for _, locked in told)


def _in_a_transaction() -> bool:
    from django.db import connection

    # Each test runs in one of its own.
    return len(connection.savepoint_ids) > 0


def test_partial_entries_stand_in_their_own_columns_alone(mmad: Benchmark, team: Team) -> None:
    for number in range(4):
        sent(mmad, team, number)
    sent(mmad, team, 4, partial=["defect-analysis"])
    assert written()["model 4"] == (None,) * 6
    assert written("defect-analysis")["model 4"][0] is not None
    assert written()["model 0"][2] == expected()["model 0"][1]


def test_a_release_that_becomes_current_has_ranges_of_its_own(mmad: Benchmark, team: Team) -> None:
    for number in range(5):
        sent(mmad, team, number)
    old = written()
    questions = copy.deepcopy(QUESTIONS)
    for image in list(questions)[:40]:
        question = questions[image]["conversation"][0]
        question["Answer"] = "B" if question["Answer"] == "A" else "A"
    draft = releases.publish(material.content_of(questions), slug="mmad")[0]
    while rescoring.progress(draft).done < 5:
        rescoring.take_turn(draft.pk, Release.objects.get(pk=draft.pk).rescoring_turn)
    releases.make_current(draft, now=material.NOON)
    assert {name: place[1:3] for name, place in written().items()} == expected()
    archived = Figure.objects.filter(archived=True, column="overall")
    assert {
        name: tuple(rest) for name, *rest in archived.values_list("submission__entry__name", *places.FIELDS)
    } == old


def test_of_an_entry_whose_outcomes_are_gone_nothing_is_claimed(
    mmad: Benchmark, team: Team, forget: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    gone, *_others = [sent(mmad, team, number) for number in range(5)]
    store = storage.truth()
    (key,) = [each for each in store.keys("outcomes/") if str(gone.pk) in each]
    store.delete(key)
    forget()
    sent(mmad, team, 6)
    assert "are gone" in caplog.text
    found = written()
    assert found["model 0"][:3] == (1, 1, 6)
    assert all(place[1] <= place[0] <= place[2] for place in found.values() if place[0])  # type: ignore[operator]


def test_storage_that_is_away_lets_the_score_wait(
    mmad: Benchmark, team: Team, forget: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(mmad, team, 0)
    waits = material.submitted(mmad, team, "waits", file=answers(0.5), public=True)
    forget()

    def away(*_args: Any) -> bytes:
        raise storage.StorageUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "of", away)
        evaluation.run(waits.pk)
    waits.refresh_from_db()
    assert (waits.status, waits.attempts) == ("queued", 0)
    Submission.objects.filter(pk=waits.pk).update(not_before=None)
    evaluation.run(waits.pk)
    assert set(written()) == {"model 0", "waits"}


def test_two_benchmarks_do_not_mix(mmad: Benchmark, team: Team) -> None:
    other = material.benchmark("mmad-again", images_a_class=6)
    for number in range(4):
        sent(mmad, team, number)
    file = answers(0.7, seed=3)
    material.scored(other, team, "there", file=file, public=True)
    found = Figure.objects.get(benchmark=other, column="overall", shown=True)
    assert (found.rank, found.rank_low, found.rank_high) == (1, 1, 1)
    assert {name: written()[name][1:3] for name in expected()} == expected()
    assert Entry.objects.count() == 5


def test_the_page_of_a_submission_says_whom_it_cannot_be_told_apart_from(
    mmad: Benchmark, team: Team, client: Client
) -> None:
    first, second, *_others, last = [sent(mmad, team, number) for number in (0, 8, 2, 7)]
    assert written()["model 8"][:3] == (2, 1, 2)
    assert (
        b"Tied with the first: nobody is significantly better"
        in client.get(second.get_absolute_url()).content
    )
    assert b"any rank from 1 to 2" in client.get(first.get_absolute_url()).content
    assert b"may be its own" not in client.get(last.get_absolute_url()).content

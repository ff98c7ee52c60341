"""Two submissions compared by a worker, from what it kept of them."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from submissions import audit, pairs, polling, publication, releases, storage, sweeper, truths
from submissions.models import Benchmark, Pair, Release, Report, Submission
from submissions.refusals import Refusal
from submissions.sealing import SealedError
from tests import material

pytestmark = pytest.mark.django_db

TRUTH = material.truth(material.questions(3, 7))
NOW = material.NOON


def right(every: int) -> bytes:
    """A file with a wrong answer on each so-many-th question."""
    return wrong_at({place for place in range(len(TRUTH)) if place % every == 0})


def wrong_at(places: set[int]) -> bytes:
    lines = ["question_id,answer"]
    for place, (question_id, letter) in enumerate(TRUTH.items()):
        lines.append(f"{question_id},{('B' if letter == 'A' else 'A') if place in places else letter}")
    return "\n".join(lines).encode() + b"\n"


@pytest.fixture
def two() -> list[Submission]:
    return sent(material.benchmark())


def sent(benchmark: Benchmark) -> list[Submission]:
    """A good one and a worse one, on the board, in the order of their ids."""
    Benchmark.objects.update(holds_alike=False)
    team = material.team("home")
    files = {"good": right(10), "worse": right(2)}
    made = [material.scored(benchmark, team, name, file=file, public=True) for name, file in files.items()]
    return sorted(made, key=lambda submission: submission.pk)


def release_of(two: Sequence[Submission]) -> Release:
    release = two[0].release
    assert release is not None
    return release


def asked(two: Sequence[Submission], **more: Any) -> Pair:
    found = pairs.ask(release_of(two), [each.pk for each in two], now=more.pop("now", NOW))
    (pair,) = found.values()
    return pair


def computed(two: Sequence[Submission]) -> Pair:
    pair = asked(two)
    pairs.compute(pair.pk)
    pair.refresh_from_db()
    assert not pair.due
    return pair


def of(pair: Pair, first: UUID | None = None) -> pairs.Compared:
    return pairs.disclosed(pair, first or pair.first_id, pair.release.benchmark)


def all_disclosed(two: Sequence[Submission], disclosure: str = "cells") -> Benchmark:
    Benchmark.objects.update(disclosure=disclosure)
    return Benchmark.objects.get()


def test_a_pair_is_there_once_whoever_asks_first(
    two: list[Submission], rings: list[object], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        pair = asked(two)
        assert asked(two[::-1]) == pair
    assert pair.due
    assert rings.count(("submissions.tasks.compare", pair.pk)) == 1
    assert (pair.first_id, pair.second_id) == (two[0].pk, two[1].pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pair.objects.create(release=pair.release, first=two[1], second=two[0], asked_at=NOW)


def test_the_difference_is_that_of_the_scores(two: list[Submission]) -> None:
    found = of(computed(two))
    scores = [submission.score or 0 for submission in two]
    overall = found.columns["overall"]
    assert overall.difference == pytest.approx(scores[0] - scores[1])
    assert overall.verdict == (1 if scores[0] > scores[1] else -1)
    reports = [Report.objects.get(submission=submission).body for submission in two]
    for group in ("subtasks", "datasets"):
        for name, score in reports[0][group].items():
            assert found.columns[name].difference == pytest.approx(score - reports[1][group][name])
    assert found.table is not None
    assert sum(found.table) == len(TRUTH)
    assert found.mid_p is not None
    assert 0 <= found.mid_p < 0.001


def test_the_other_way_round_all_signs_turn(two: list[Submission]) -> None:
    pair = computed(two)
    there, back = of(pair, pair.first_id), of(pair, pair.second_id)
    assert there.columns.keys() == back.columns.keys()
    for name, one in there.columns.items():
        other = back.columns[name]
        assert other.difference == -one.difference
        assert other.interval == (-one.interval[1], -one.interval[0])
        assert other.verdict == -one.verdict
        assert other.error == one.error
    assert there.table is not None
    assert back.table is not None
    assert (there.table.first, there.table.second) == (back.table.second, back.table.first)
    assert back.turned() == there


def test_identical_answers_cannot_be_told_apart() -> None:
    benchmark, team = material.benchmark(), material.team("home")
    two = [material.scored(benchmark, team, name, file=right(3), public=True) for name in ("one", "other")]
    found = of(computed(two))
    assert {told.verdict for told in found.columns.values()} == {0}
    assert found.columns["overall"].difference == 0
    assert found.mid_p == 1


def test_of_partial_ones_only_what_both_have_is_compared() -> None:
    benchmark, team = material.benchmark(), material.team("home")
    whole = material.scored(benchmark, team, "whole", file=right(3), public=True)
    part = material.scored(
        benchmark, team, "part", file=right(5), public=True, partial=["defect-analysis", "object-analysis"]
    )
    other = material.scored(
        benchmark, team, "other", file=right(4), public=True, partial=["object-classification"]
    )
    assert {each.status for each in (whole, part, other)} == {"scored"}
    assert set(of(computed([whole, part])).columns) == {"defect-analysis", "object-analysis"}
    assert computed([part, other]).fault == "nothing-in-common"


@pytest.mark.parametrize("disclosure", ["overall", "subtasks"])
def test_what_a_benchmark_keeps_to_itself_a_pair_keeps_too(two: list[Submission], disclosure: str) -> None:
    pair = computed(two)
    whole = of(pair)
    benchmark = all_disclosed(two, disclosure)
    told = pairs.disclosed(pair, pair.first_id, benchmark)
    assert told.table is None
    assert told.mid_p is None
    assert (set(told.columns) == {"overall"}) == (disclosure == "overall")
    for name, found in told.columns.items():
        assert (found.error, found.z) == (None, None)
        assert found.interval == pytest.approx(whole.columns[name].interval, abs=0.0501)
        assert [round(end, 1) for end in found.interval] == list(found.interval)
        assert found.verdict == whole.columns[name].verdict
        assert found.turned().coarse() == whole.columns[name].turned().coarse()


def test_outcomes_of_an_earlier_scorer_are_found_under_its_version(two: list[Submission]) -> None:
    for key in list(storage.truth().keys("outcomes/")):
        found = storage.truth().get(key)
        storage.truth().delete(key)
        storage.truth().put(f"{key.rpartition('-')[0]}-earlier", found)
    assert computed(two).fault == "outcomes-missing"
    Pair.objects.all().delete()
    Report.objects.update(scorer_version="earlier")
    assert computed(two).fault == ""


def test_outcomes_that_are_gone_or_cut_short_end_in_words_and_not_in_a_loop(
    two: list[Submission], rings: list[tuple[str | int, ...]]
) -> None:
    key = next(key for key in storage.truth().keys("outcomes/") if str(two[0].pk) in key)
    kept = storage.truth().get(key)
    storage.truth().delete(key)
    assert computed(two).fault == "outcomes-missing"
    pairs.compute(asked(two).pk)
    sweeper.sweep(now=NOW + timedelta(minutes=1))
    assert not [rung for rung in rings if rung[0] == "submissions.tasks.compare"]
    storage.truth().put(key, kept[:-1])
    later = timezone.now() + timedelta(hours=2)
    assert asked(two, now=later).due
    assert computed(two).fault == "outcomes-missing"
    storage.truth().delete(key)
    storage.truth().put(key, kept)
    assert asked(two, now=later + timedelta(hours=2)).due
    assert computed(two).fault == ""


def test_storage_that_does_not_answer_costs_no_attempt(
    two: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object) -> bytes:
        raise storage.StorageUnavailableError("away")

    pair = asked(two)
    with monkeypatch.context() as patched:
        patched.setattr(storage.Folder, "get", away)
        truths.decoded.cache_clear()
        pairs.compute(pair.pk)
    pair.refresh_from_db()
    assert (pair.due, pair.attempts) == (True, 0)
    assert not Pair.objects.free(at=timezone.now()).exists()
    assert Pair.objects.free(at=timezone.now() + pairs.STORAGE_PAUSE).exists()
    Pair.objects.update(not_before=None)
    work = polling.next_piece(timezone.now())
    assert work is not None
    work()
    assert not Pair.objects.get().due


def test_a_fault_of_ours_is_sealed_and_given_up_on_after_three_attempts(
    two: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("the truth is BADCAB")

    pair = asked(two)
    monkeypatch.setattr(pairs, "compare", broken)
    for _attempt in range(pairs.MOST_ATTEMPTS):
        with pytest.raises(SealedError) as raised:
            pairs.compute(pair.pk)
        assert "BADCAB" not in str(raised.value)
    pairs.compute(pair.pk)
    pair.refresh_from_db()
    assert (pair.due, pair.fault, pair.body) == (False, "broke-off", {})


def test_a_worker_that_dies_loses_nothing(two: list[Submission], rings: list[tuple[str | int, ...]]) -> None:
    now = timezone.now()
    pair = asked(two, now=now)
    assert pairs._claim(pair.pk, now=now) is not None  # and it dies
    assert not Pair.objects.free(at=now).exists()
    sweeper.sweep(now=now)
    rung = ("submissions.tasks.compare", pair.pk)
    assert rung not in rings
    sweeper.sweep(now=now + pairs.HOLD)
    assert rung in rings
    Pair.objects.update(not_before=None)
    pairs.compute(pair.pk)
    assert Pair.objects.get().body


def test_a_pair_that_kills_its_workers_is_given_up(two: list[Submission]) -> None:
    pair = asked(two)
    for _death in range(pairs.MOST_ATTEMPTS):
        assert pairs._claim(pair.pk, now=timezone.now()) is not None
        Pair.objects.update(not_before=None)
    pairs.compute(pair.pk)
    pair.refresh_from_db()
    assert (pair.due, pair.fault) == (False, "broke-off")


def test_one_that_was_taken_for_dead_writes_over_nothing(
    two: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = asked(two)
    compare = pairs._compare

    def slowly(slow: Pair) -> dict[str, Any]:
        monkeypatch.setattr(pairs, "_compare", compare)
        Pair.objects.update(not_before=None)
        pairs.compute(slow.pk)
        raise RuntimeError("too late")

    monkeypatch.setattr(pairs, "_compare", slowly)
    with pytest.raises(SealedError):
        pairs.compute(pair.pk)
    pair.refresh_from_db()
    assert (pair.due, pair.fault, bool(pair.body)) == (False, "", True)


def test_what_is_not_due_is_not_computed_again(
    two: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = computed(two)
    monkeypatch.setattr(pairs, "_compare", lambda _pair: pytest.fail("computed twice"))
    pairs.compute(pair.pk)
    pairs.compute(0)


def test_a_release_switched_in_between_leaves_a_pair_of_its_own(two: list[Submission]) -> None:
    pair = asked(two)
    benchmark = material.next_release()
    pairs.compute(pair.pk)  # its own release is known as ever
    pair.refresh_from_db()
    assert (pair.due, pair.fault) == (False, "")
    assert pairs.forget(now=NOW) == 1
    assert benchmark.current_release_id != pair.release_id


def test_scored_anew_they_are_compared_anew(two: list[Submission]) -> None:
    computed(two)
    Report.objects.update(scorer_version="earlier")
    Release.objects.update(rescoring=True)
    while work := polling.next_piece(timezone.now()):
        work()
    assert not Pair.objects.exists()
    assert computed(two).fault == ""


def test_what_nobody_asks_for_is_removed_though_the_board_shows_others(two: list[Submission]) -> None:
    computed(two)
    sweeper.sweep(now=NOW + timedelta(days=29))
    assert Pair.objects.exists()
    asked(two, now=NOW + timedelta(days=29))
    sweeper.sweep(now=NOW + timedelta(days=31))
    assert Pair.objects.exists()
    sweeper.sweep(now=NOW + timedelta(days=60))
    assert not Pair.objects.exists()
    computed(two)
    publication.withdraw(two[0], reason="by mistake", by=audit.SITE, now=NOW)
    publication.place(two[0].entry_id)
    sweeper.sweep(now=NOW)
    assert Pair.objects.exists()
    sweeper.sweep(now=NOW + timedelta(days=31))
    assert not Pair.objects.exists()


def test_the_database_keeps_those_asked_for_last(
    two: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    third = material.scored(
        Benchmark.objects.get(), two[0].team, "third", file=right(4), public=True, now=NOW
    )
    asked(two)
    pairs.ask(release_of(two), [two[0].pk, third.pk], now=NOW + timedelta(minutes=1))
    monkeypatch.setattr(pairs, "MOST_KEPT", 1)
    assert pairs.forget(now=NOW) == 1
    assert third.pk in (Pair.objects.get().first_id, Pair.objects.get().second_id)


def test_more_than_can_wait_are_refused(two: list[Submission], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST_WAITING", 0)
    with pytest.raises(Refusal) as refused:
        asked(two)
    assert (refused.value.code, refused.value.params) == ("too-many-comparisons", {"seconds": 5})
    assert not Pair.objects.exists()


def test_with_a_submission_and_with_a_release_its_pairs_go(two: list[Submission]) -> None:
    pair = computed(two)
    draft, _outcome = releases.publish(material.content(seed=8), slug="mmad")
    Pair.objects.create(release=draft, first=pair.first, second=pair.second, asked_at=NOW)
    draft.delete()
    assert Pair.objects.get() == pair
    two[0].delete()
    assert not Pair.objects.exists()


@pytest.mark.usefixtures("commits")
def test_of_two_workers_at_once_one_computes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    two = sent(material.benchmark())
    pair = asked(two)
    times: list[int] = []
    compare = pairs._compare

    def counted(one: Pair) -> dict[str, Any]:
        times.append(one.pk)
        return compare(one)

    monkeypatch.setattr(pairs, "_compare", counted)
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        pairs.compute(pair.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pair.refresh_from_db()
    assert (len(times), pair.due, pair.fault) == (1, False, "")


@pytest.mark.usefixtures("commits")
def test_two_who_ask_at_once_get_the_same_pair() -> None:
    two = sent(material.benchmark())
    barrier, found = threading.Barrier(2), []

    def ask(order: Sequence[Submission]) -> None:
        barrier.wait()
        found.append(asked(order).pk)
        connection.close()

    threads = [threading.Thread(target=ask, args=(order,)) for order in (two, two[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == Pair.objects.count() == 1

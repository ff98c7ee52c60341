"""Answers that agree with another team's beyond chance wait for an organizer, who decides."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from submissions import (
    alarms,
    askers,
    audit,
    evaluation,
    outcomes,
    publication,
    releases,
    rescoring,
    sheets,
    standings,
    storage,
    tasks,
)
from submissions.alarms import Comparison
from submissions.askers import Asker
from submissions.models import Alarm, Benchmark, Entry, Event, Release, Submission, Team, User
from submissions.refusals import Refusal
from submissions.sealing import SealedError
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db
QUESTIONS = material.questions(20)
LATER = NOON + timedelta(hours=1)
BOARD = "/api/v1/benchmarks/mmad/leaderboard/"


def answers(seed: int = 1) -> bytes:
    return material.answers(material=QUESTIONS, seed=seed)


def copied(file: bytes, share: float = 0.03) -> bytes:
    """The file with that share of its letters exchanged."""
    header, *lines = file.decode().split()
    for place in random.Random(3).sample(range(len(lines)), int(share * len(lines))):
        question_id, letter = lines[place].split(",")
        letters = "AB" if question_id.endswith("#0") else "ABCD"
        lines[place] = f"{question_id},{letters[(letters.index(letter) + 1) % len(letters)]}"
    return "\n".join([header, *lines]).encode()


@pytest.fixture(autouse=True)
def _nothing_decoded() -> None:
    sheets.kept_letters.cache_clear()


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark(images_a_class=20)


@pytest.fixture
def original(benchmark: Benchmark) -> Submission:
    return material.scored(benchmark, material.team("original"), "original", file=answers(), public=True)


@pytest.fixture
def team() -> Team:
    return material.team("a", material.person("o@example.org"))


@pytest.fixture
def copy(benchmark: Benchmark, original: Submission, team: Team) -> Submission:
    return material.scored(benchmark, team, "copy", file=copied(answers()), public=True, now=LATER)


@pytest.fixture
def organizer() -> User:
    return User.objects.create_superuser("staff@example.org", "correct horse battery")


@pytest.fixture
def desk(organizer: User) -> Client:
    client = Client()
    client.force_login(organizer)
    return client


@pytest.fixture
def member(team: Team) -> Client:
    client = Client()
    client.force_login(team.memberships.get().user)
    return client


def on_board() -> list[str]:
    return [row["entry"]["name"] for row in Client().get(BOARD).json()["results"]]


def seen_by(client: Client, submission: Submission) -> list[int]:
    urls = (
        submission.get_absolute_url(),
        submission.entry.get_absolute_url(),
        reverse("api-submission", args=[submission.pk]),
        reverse("api-report", args=[submission.pk]),
        reverse("api-entry", args=[submission.entry_id]),
    )
    return [client.get(url).status_code for url in urls]


def publish(submission: Submission) -> None:
    publication.publish(submission, by=audit.SITE, now=LATER)


def fresh(submission: Submission) -> Submission:
    return Submission.objects.get(pk=submission.pk)


def deed(name: str) -> str:
    return reverse("admin:submissions_alarm_deed", args=[Alarm.objects.get().pk, name])


@pytest.mark.parametrize("share", [0, 0.01, 0.03])
def test_a_copy_is_scored_and_held(
    benchmark: Benchmark, original: Submission, team: Team, share: float
) -> None:
    sent = material.scored(benchmark, team, "copy", file=copied(answers(), share), public=True, now=LATER)
    assert (sent.status, sent.visibility, sent.is_held) == ("scored", "public", True)
    alarm = Alarm.objects.get()
    assert (alarm.submission, alarm.other, alarm.release) == (sent, original, benchmark.current_release)
    assert alarm.same == pytest.approx(1 - share, abs=0.002)
    assert alarm.both_wrong >= 30
    assert on_board() == ["original"]


def test_only_its_team_and_organizers_see_it(copy: Submission, member: Client, desk: Client) -> None:
    stranger = Client()
    stranger.force_login(material.person("s@example.org"))
    assert seen_by(Client(), copy) == seen_by(stranger, copy) == [404] * 5
    assert seen_by(member, copy) == seen_by(desk, copy) == [200] * 5


def test_its_team_is_told_why_and_of_whom_nothing(copy: Submission, member: Client) -> None:
    page = member.get(copy.get_absolute_url()).content.decode()
    assert "Held: an organizer looks at it first." in page
    assert "nothing is decided" in page
    assert "Show this one on the board" not in page
    entry = member.get(copy.entry.get_absolute_url()).content.decode()
    assert "Held until an organizer has looked at it" in entry
    said = member.get(reverse("api-submission", args=[copy.pk])).json()
    assert said["held_at"] is not None
    events = str(list(Event.objects.filter(team_id=copy.team_id).values()))
    for told in (str(said), events):
        assert str(Alarm.objects.get().other_id) not in told
        assert "original" not in told.lower()


def test_the_organizer_sees_both_and_how_alike_they_are(copy: Submission, desk: Client) -> None:
    page = desk.get(reverse("admin:submissions_alarm_changelist")).content.decode()
    alarm = Alarm.objects.get()
    for url in (copy.get_absolute_url(), alarm.other.get_absolute_url()):
        assert f'href="{url}"' in page
    row = desk.get(reverse("admin:submissions_alarm_change", args=[alarm.pk])).content.decode()
    assert "97.0" in row
    assert deed("stand") in row


def test_another_model_is_not_held(benchmark: Benchmark, original: Submission, team: Team) -> None:
    sent = material.scored(benchmark, team, "another", file=answers(seed=2), public=True)
    assert not sent.is_held
    assert set(on_board()) == {"original", "another"}


def test_a_teams_own_answers_are_never_held(benchmark: Benchmark, original: Submission) -> None:
    sent = material.scored(benchmark, original.team, "again", file=copied(answers()), public=True, now=LATER)
    assert not sent.is_held
    assert not Alarm.objects.exists()


def test_a_private_copy_is_nobodys_matter(benchmark: Benchmark, original: Submission, team: Team) -> None:
    assert not material.scored(benchmark, team, "copy", file=copied(answers()), now=LATER).is_held
    assert not Alarm.objects.exists()


def test_a_benchmark_that_holds_nothing_compares_nothing(
    benchmark: Benchmark, original: Submission, team: Team, desk: Client
) -> None:
    url = reverse("admin:submissions_benchmark_deed", args=[benchmark.pk, "hold-nothing"])
    assert desk.post(url).status_code == 302
    sent = material.scored(benchmark, team, "copy", file=copied(answers()), public=True, now=LATER)
    later = material.scored(benchmark, team, "later", file=copied(answers()), now=LATER)
    publish(later)
    assert not sent.is_held
    assert not fresh(later).is_held
    assert not Alarm.objects.exists()
    url = reverse("admin:submissions_benchmark_deed", args=[benchmark.pk, "hold"])
    assert desk.post(url).status_code == 302
    assert Benchmark.objects.get().holds_alike


def test_what_is_published_later_stands_on_the_board_once_it_was_compared(
    benchmark: Benchmark, original: Submission, team: Team
) -> None:
    honest = material.scored(benchmark, team, "honest", file=answers(seed=2))
    private = material.scored(benchmark, team, "copy", file=copied(answers()), now=LATER)
    for submission in (honest, private):
        publish(submission)
        assert seen_by(Client(), submission) == [200] * 5
        standings.place(submission.entry)
        assert not Entry.objects.filter(pk=submission.entry_id, shown=submission).exists()
        publication.place(submission.entry_id)
    assert seen_by(Client(), honest) == [200] * 5
    assert seen_by(Client(), private) == [404] * 5
    assert fresh(private).is_held
    assert set(on_board()) == {"original", "honest"}


def test_while_it_is_compared_its_team_reads_that_it_is(
    benchmark: Benchmark, original: Submission, team: Team, member: Client
) -> None:
    private = material.scored(benchmark, team, "model", file=answers(seed=2))
    publish(private)
    page = member.get(private.get_absolute_url()).content.decode()
    assert "once it was compared with what other teams show" in page
    assert "Held:" not in page


def test_who_came_first_is_not_held_and_the_later_one_stays_until_it_is_decided(
    benchmark: Benchmark, team: Team
) -> None:
    first = material.scored(benchmark, team, "first", file=answers())
    later = material.scored(
        benchmark, material.team("b"), "later", file=copied(answers()), public=True, now=LATER
    )
    publish(first)
    publication.place(first.entry_id)
    assert set(on_board()) == {"first", "later"}
    alarm = Alarm.objects.get()
    assert (alarm.submission, alarm.other) == (later, first)
    alarms.uphold(alarm, reason="a copy", by=audit.SITE, now=LATER)
    publication.place(later.entry_id)
    assert on_board() == ["first"]


def test_an_entry_shows_its_other_public_submission_meanwhile(
    benchmark: Benchmark, original: Submission, team: Team
) -> None:
    own = material.scored(
        benchmark, team, "model", file=material.answers(0.4, material=QUESTIONS), public=True
    )
    held = material.scored(benchmark, team, "model", file=copied(answers()), public=True, now=LATER)
    assert held.is_held
    assert Entry.objects.get(name="model").shown == own
    said = Client().get(reverse("api-entry", args=[own.entry_id])).json()
    assert [line["submission"] for line in said["history"]] == [str(own.pk)]
    publication.choose(held, by=audit.SITE)
    publication.place(held.entry_id)
    assert Entry.objects.get(name="model").shown == own


def test_let_stand_it_takes_its_place_and_its_team_reads_the_reply(
    benchmark: Benchmark, copy: Submission, team: Team, desk: Client, member: Client
) -> None:
    assert desk.post(deed("stand"), {"reply": " "}).status_code == 422
    assert desk.post(deed("stand"), {"reply": "two runs of one model"}).status_code == 302
    publication.place(copy.entry_id)
    assert set(on_board()) == {"original", "copy"}
    assert seen_by(Client(), copy) == [200] * 5
    assert "two runs of one model" in member.get(copy.entry.get_absolute_url()).content.decode()
    assert "two runs of one model" not in Client().get(copy.entry.get_absolute_url()).content.decode()
    assert desk.post(deed("uphold"), {"reason": "after all"}).status_code == 422
    assert not Entry.objects.get(pk=copy.entry_id).is_hidden


def test_what_was_decided_of_a_pair_is_not_asked_again(copy: Submission) -> None:
    alarms.let_stand(Alarm.objects.get(), reply="fine", by=audit.SITE, now=LATER)
    publication.place(copy.entry_id)
    Submission.objects.filter(pk=copy.pk).update(visibility="private", published_at=None)
    publish(copy)
    publication.place(copy.entry_id)
    assert not fresh(copy).is_held
    assert Alarm.objects.count() == 1


def test_a_copy_of_two_waits_for_both_decisions(benchmark: Benchmark, copy: Submission) -> None:
    alarms.let_stand(Alarm.objects.get(), reply="fine", by=audit.SITE, now=LATER)
    publication.place(copy.entry_id)
    after = LATER + timedelta(minutes=1)
    third = material.scored(
        benchmark, material.team("c"), "third", file=copied(answers()), public=True, now=after
    )
    first, second = Alarm.objects.filter(submission=third).order_by("pk")
    alarms.let_stand(first, reply="fine", by=audit.SITE, now=LATER)
    publication.place(third.entry_id)
    assert fresh(third).is_held
    alarms.let_stand(second, reply="fine", by=audit.SITE, now=LATER)
    publication.place(third.entry_id)
    assert set(on_board()) == {"original", "copy", "third"}


def test_upheld_it_is_hidden_and_everybody_reads_why(copy: Submission, desk: Client) -> None:
    assert desk.post(deed("uphold"), {"reason": ""}).status_code == 422
    assert desk.post(deed("uphold"), {"reason": "another’s answers"}).status_code == 302
    publication.place(copy.entry_id)
    assert on_board() == ["original"]
    assert "another’s answers" in Client().get(copy.entry.get_absolute_url()).content.decode()
    assert Alarm.objects.get().decision == "upheld"


def test_decisions_are_in_the_log(copy: Submission, desk: Client, organizer: User) -> None:
    desk.post(deed("stand"), {"reply": "fine"})
    held, decided = Event.objects.of("submission", copy.pk).filter(is_public=False).order_by("id")
    assert (held.action, held.actor_kind) == ("held", "site")
    assert (decided.action, decided.actor_key) == ("alarm-stands", str(organizer.pk))


def test_withdrawn_while_it_is_held_it_was_never_public(copy: Submission) -> None:
    publication.withdraw(copy, reason="the wrong file", by=audit.SITE, now=LATER)
    alarms.let_stand(Alarm.objects.get(), reply="fine", by=audit.SITE, now=LATER)
    publication.place(copy.entry_id)
    assert Client().get(copy.entry.get_absolute_url()).status_code == 404
    assert on_board() == ["original"]


def test_another_release_keeps_what_is_held(benchmark: Benchmark, copy: Submission) -> None:
    switch(seed=9)
    assert on_board() == ["original"]
    assert fresh(copy).is_held


def test_answers_to_an_earlier_release_are_compared_on_the_present_one(
    benchmark: Benchmark, original: Submission, team: Team
) -> None:
    switch(seed=9)
    assert on_board() == ["original"]
    benchmark = Benchmark.objects.with_release().get()
    sent = material.scored(benchmark, team, "copy", file=copied(answers()), public=True, now=LATER)
    assert sent.is_held
    assert Alarm.objects.get().release == benchmark.current_release


def switch(seed: int) -> Release:
    release, _outcome = releases.publish(material.content(20, seed), slug="mmad")
    while release.rescoring:
        rescoring.take_turn(release.pk, release.rescoring_turn)
        release.refresh_from_db()
    releases.make_current(release, now=NOON)
    return release


@pytest.mark.parametrize("kept", [None, b"damaged"], ids=["gone", "damaged"])
def test_letters_that_cannot_be_had_are_left_out_with_a_word_in_the_log(
    benchmark: Benchmark,
    original: Submission,
    team: Team,
    kept: bytes | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert benchmark.current_release is not None
    key = original.sheet_key(benchmark.current_release.digest)
    storage.answers().delete(key)
    if kept is not None:
        storage.answers().put(key, kept)
    sent = material.scored(benchmark, team, "copy", file=copied(answers()), public=True, now=LATER)
    assert not sent.is_held
    assert f"nothing is compared with {original.pk}" in caplog.text


def test_without_its_own_letters_the_file_is_read_again(
    benchmark: Benchmark, original: Submission, team: Team
) -> None:
    private = material.scored(benchmark, team, "copy", file=copied(answers()), now=LATER)
    assert benchmark.current_release is not None
    storage.answers().delete(private.sheet_key(benchmark.current_release.digest))
    publish(private)
    publication.place(private.entry_id)
    assert fresh(private).is_held


def test_storage_that_is_away_leaves_it_waiting(
    benchmark: Benchmark, original: Submission, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = material.scored(benchmark, team, "copy", file=copied(answers()), now=LATER)
    queued = material.submitted(
        benchmark, team, "queued", file=copied(answers(), 0.01), public=True, now=LATER
    )
    publish(private)

    def away(*_arguments: Any) -> None:
        raise storage.StorageUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(sheets, "kept", away)
        publication.place(private.entry_id)
        evaluation.run(queued.pk)
    assert Entry.objects.get(pk=private.entry_id).standing_due
    assert fresh(queued).status == "queued"
    assert fresh(queued).attempts == 0
    publication.place(private.entry_id)
    assert Alarm.objects.filter(submission=private).exists()


def test_a_fault_while_comparing_tells_types_and_places_alone(
    benchmark: Benchmark, original: Submission, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = material.scored(benchmark, team, "copy", file=answers(seed=2))
    publish(private)

    def quoting(*_arguments: Any) -> None:
        raise RuntimeError("ABCD")

    monkeypatch.setattr(alarms, "likeness", quoting)
    done = tasks.place.apply(args=(str(private.entry_id),))
    assert isinstance(done.result, SealedError)
    assert "quoting" in str(done.result)
    assert "ABCD" not in str(done.result) + str(done.traceback)
    assert done.result.__context__ is None


def meanwhile(monkeypatch: pytest.MonkeyPatch, of: UUID, then: Callable[[], object]) -> None:
    """After this submission was compared for the first time, and before that is written, let something happen."""
    real = Comparison.catch_up
    waiting = [then]

    def catch_up(comparison: Comparison, release: Release) -> None:
        real(comparison, release)
        if comparison.submission.pk == of and waiting:
            waiting.pop()()

    monkeypatch.setattr(Comparison, "catch_up", catch_up)


def test_of_two_copies_that_two_workers_score_at_once_the_later_is_held(
    benchmark: Benchmark, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = material.submitted(benchmark, material.team("b"), "first", file=answers(), public=True)
    second = material.submitted(benchmark, team, "second", file=copied(answers()), public=True, now=LATER)
    meanwhile(monkeypatch, second.pk, lambda: evaluation.run(first.pk))
    evaluation.run(second.pk)
    assert (fresh(first).is_held, fresh(second).is_held) == (False, True)
    assert on_board() == ["first"]


def test_of_two_copies_published_at_once_the_later_is_held(
    benchmark: Benchmark, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = material.scored(benchmark, material.team("b"), "first", file=answers())
    second = material.scored(benchmark, team, "second", file=copied(answers()), now=LATER)
    publish(first)
    publish(second)
    meanwhile(monkeypatch, second.pk, lambda: publication.place(first.entry_id))
    publication.place(second.entry_id)
    assert (fresh(first).is_held, fresh(second).is_held) == (False, True)
    assert on_board() == ["first"]


def test_what_becomes_public_while_it_is_scored_is_compared(
    benchmark: Benchmark, original: Submission, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = material.submitted(benchmark, team, "copy", file=copied(answers()), now=LATER)
    real = outcomes.keep

    def published(*arguments: Any) -> None:
        real(*arguments)
        publish(private)

    monkeypatch.setattr(outcomes, "keep", published)
    evaluation.run(private.pk)
    assert (fresh(private).status, fresh(private).is_held) == ("scored", True)
    assert on_board() == ["original"]


def test_a_pair_has_one_alarm_and_a_decision_its_words(copy: Submission) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Alarm.objects.update(decided_at=NOON, decision="stands")


@pytest.mark.usefixtures("commits")
def test_of_two_organizers_who_decide_at_once_one_does() -> None:
    benchmark = material.benchmark(images_a_class=20)
    for name, file in (("one", answers()), ("two", copied(answers()))):
        material.scored(benchmark, material.team(name), name, file=file, public=True, now=LATER)
    alarm = Alarm.objects.get()
    by = [askers.for_user(material.person(f"{n}@example.org", is_staff=True)) for n in range(2)]
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def decide(decision: Callable[[Asker], None], asker: Asker) -> None:
        start.wait()
        try:
            decision(asker)
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    decisions = (
        lambda asker: alarms.let_stand(alarm, reply="fine", by=asker, now=LATER),
        lambda asker: alarms.uphold(alarm, reason="a copy", by=asker, now=LATER),
    )
    threads = [threading.Thread(target=decide, args=each) for each in zip(decisions, by, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["alarm-decided", "done"]
    alarm.refresh_from_db()
    assert alarm.submission.entry.is_hidden == (alarm.decision == "upheld")
    actions = Event.objects.filter(action__startswith="alarm-").values_list("action", flat=True)
    assert list(actions) == ["alarm-stands" if alarm.decision == "stands" else "alarm-upheld"]

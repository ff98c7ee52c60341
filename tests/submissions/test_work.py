"""Work taken without the queue."""

import os
import signal
import threading
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from scoring import kinds
from submissions import audit, evaluation, fence, polling, publication, releases, rescoring, storage
from submissions.models import Benchmark, Entry, Release, Submission
from tests import material

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unfenced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command fences its own process in, which here is everybody's, and listens to its signals."""
    monkeypatch.setattr(fence, "limit_memory", lambda room: None)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def until_idle() -> str:
    said = StringIO()
    call_command("work", "--until-idle", stderr=said)
    return said.getvalue()


def test_it_scores_places_and_scores_history(rings: list[object]) -> None:
    benchmark, team = material.benchmark(), material.team("home")
    sent = [material.submitted(benchmark, team, file=material.answers(seed=seed)) for seed in (1, 2)]
    until_idle()
    assert {str(found.status) for found in Submission.objects.all()} == {"scored"}
    publication.publish(sent[0], by=audit.SITE, now=material.NOON)
    draft, _outcome = releases.publish(material.content(seed=8), slug="mmad")
    until_idle()
    assert Entry.objects.get().shown_id == sent[0].pk
    assert rescoring.progress(draft).done == 2
    releases.ask_current(draft, by=audit.SITE)
    until_idle()
    assert Benchmark.objects.get().current_release_id == draft.pk
    assert not Release.objects.filter(rescoring=True).exists()


def test_with_nothing_to_do_it_does_nothing() -> None:
    assert until_idle() == "did 0 pieces of work\n"
    assert polling.next_piece(timezone.now()) is None


def test_a_fault_does_not_keep_the_next_one_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark, team = material.benchmark(), material.team("home")
    first = material.submitted(benchmark, team, "first", now=material.NOON)
    second = material.submitted(benchmark, team, "second", file=material.answers(seed=5))
    real = kinds.evaluate
    faults: list[object] = []

    def faulty(data: bytes, *args: object, **names: object) -> object:
        if len(faults) < Submission.MOST_ATTEMPTS:
            faults.append(data)
            raise RuntimeError("ours")
        return real(data, *args, **names)  # type: ignore[arg-type]

    monkeypatch.setattr(evaluation, "evaluate", faulty)
    for _attempt in range(Submission.MOST_ATTEMPTS):
        until_idle()
    until_idle()
    found = dict(Submission.objects.values_list("pk", "status"))
    assert found == {first.pk: "failed", second.pk: "scored"}


def test_it_stops_when_asked_once_what_it_has_in_hand_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark, team = material.benchmark(), material.team("home")
    sent = [material.submitted(benchmark, team, file=material.answers(seed=seed)) for seed in (1, 2)]
    real = kinds.evaluate

    def asked_meanwhile(*args: object, **names: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return real(*args, **names)  # type: ignore[arg-type]

    monkeypatch.setattr(evaluation, "evaluate", asked_meanwhile)
    said = StringIO()
    call_command("work", stderr=said)
    assert said.getvalue() == "did 1 pieces of work\n"
    assert sorted(str(found.status) for found in Submission.objects.all()) == ["queued", "scored"]
    assert sent


def test_work_that_takes_too_long_is_broken_off() -> None:
    with pytest.raises(fence.OutOfTimeError), fence.limited_time(0.05):
        threading.Event().wait(5)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_work_that_computes_for_too_long_is_broken_off_and_waiting_does_not_count() -> None:
    with fence.limited_processor_time(0.05):
        threading.Event().wait(0.2)
    with pytest.raises(fence.OutOfProcessorTimeError), fence.limited_processor_time(0.05):
        compute_for_ever()
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0


def compute_for_ever() -> None:
    while True:
        pass


def test_where_no_signal_comes_nothing_is_limited() -> None:
    ran: list[bool] = []

    def work() -> None:
        with fence.limited_processor_time(0.001):
            ran.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran


def test_while_storage_is_away_it_pauses_instead_of_trying_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = material.scored(material.benchmark(), material.team("home"))
    publication.publish(sent, by=audit.SITE, now=material.NOON)
    tries: list[None] = []

    def away(*_args: object) -> None:
        tries.append(None)
        raise storage.StorageUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(publication, "_place", away)
        assert until_idle() == "did 0 pieces of work\n"
    assert len(tries) == 1
    until_idle()
    assert Entry.objects.get().shown_id == sent.pk

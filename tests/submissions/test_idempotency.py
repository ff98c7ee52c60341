"""An upload that is sent again under its key, whatever happened to the first."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from submissions import evaluation, idempotency, intake, storage, sweeper
from submissions.models import Benchmark, IdempotencyKey, Submission, Team
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db
URL = "/api/v1/benchmarks/mmad/submissions/"
OTHER = material.answers(seed=99)


@pytest.fixture
def team() -> Team:
    material.benchmark()
    return material.team("home")


@pytest.fixture
def token(team: Team) -> str:
    return material.token(team)


def send(token: str, key: str | None = "run-1", file: bytes | None = None, **fields: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key is not None else {})
    upload = SimpleUploadedFile("answers.csv", file or material.answers())
    return Client().post(URL, {"file": upload, "entry": "model", **fields}, headers=headers)


def test_sent_again_it_is_answered_as_at_first(token: str) -> None:
    first, again = send(token), send(token)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first["Location"] == again["Location"]
    assert first.json() == again.json()
    assert Submission.objects.count() == 1


def test_it_is_the_same_when_scored_meanwhile_and_when_withdrawn(token: str) -> None:
    first = send(token, visibility="public").json()
    evaluation.run(first["id"])
    assert send(token, visibility="public").json()["status"] == "scored"
    headers = {"Authorization": f"Bearer {token}"}
    Client().post(f"/api/v1/submissions/{first['id']}/withdraw/", {"reason": "no"}, headers=headers)
    # Without the key this file would be a new submission now.
    assert send(token, visibility="public").json()["id"] == first["id"]


def test_another_file_under_the_key_is_refused(token: str) -> None:
    first = send(token)
    again = send(token, file=OTHER)
    assert (again.status_code, again.json()["code"]) == (422, "idempotency-key-reused")
    assert "run-1" in again.json()["detail"]
    assert Submission.objects.get().pk.hex == first.json()["id"].replace("-", "")


@pytest.mark.parametrize("fields", [{"entry": "another"}, {"visibility": "public"}, {"shots": "1"}])
def test_other_fields_under_the_key_are_refused(token: str, fields: dict[str, Any]) -> None:
    send(token)
    assert send(token, **fields).status_code == 422


def test_another_key_with_the_same_file_finds_what_is_there(token: str) -> None:
    first, other = send(token), send(token, "run-2")
    assert (other.status_code, other.json()["id"]) == (200, first.json()["id"])
    assert send(token, "run-2").status_code == 200


def test_a_key_is_its_teams_own(token: str) -> None:
    send(token)
    elsewhere = send(material.token(material.team("away")))
    assert elsewhere.status_code == 202
    assert Submission.objects.count() == 2


def test_while_the_first_is_coming_in_the_second_is_told_to_wait(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = intake.accept
    meanwhile: list[Any] = []

    def slow(offer: intake.Offer, **names: Any) -> intake.Receipt:
        if not meanwhile:
            meanwhile.append(None)
            meanwhile.append(send(token))
        return real(offer, **names)

    monkeypatch.setattr(intake, "accept", slow)
    first = send(token)
    told = meanwhile[1]
    assert (told.status_code, told.json()["code"]) == (409, "idempotency-key-in-flight")
    assert 0 < int(told["Retry-After"]) <= 5
    assert (first.status_code, send(token).json()["id"]) == (202, first.json()["id"])


def test_what_was_refused_may_be_sent_again_under_its_key(token: str) -> None:
    Benchmark.objects.update(is_open=False)
    assert send(token).status_code == 403
    Benchmark.objects.update(is_open=True)
    assert send(token).status_code == 202


def test_what_storage_did_not_take_may_be_sent_again_under_its_key(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> storage.Store:
        raise storage.StorageUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "answers", away)
        assert send(token).status_code == 503
    assert send(token).status_code == 202


def test_a_process_that_was_killed_holds_its_key_for_a_minute(team: Team, token: str) -> None:
    now = timezone.now()
    said = {
        "benchmark": "mmad",
        "entry": "model",
        "visibility": "private",
        "partial": [],
        "settings": {},
    }
    fingerprint = idempotency.fingerprint(io.BytesIO(material.answers()), said)
    IdempotencyKey.objects.create(
        team=team, key="run-1", fingerprint=fingerprint, made_at=now, held_until=now + idempotency.HOLD
    )
    assert send(token).status_code == 409
    IdempotencyKey.objects.update(held_until=now)
    assert send(token).status_code == 202
    assert Submission.objects.count() == 1


def test_who_took_a_key_over_keeps_it(team: Team) -> None:
    now = timezone.now()
    benchmark = Benchmark.objects.get()
    with idempotency.claimed(team, "k", "f", now=now - timedelta(hours=1)) as first:
        with idempotency.claimed(team, "k", "f", now=now) as second:
            offer = intake.Offer(benchmark, team, "model", io.BytesIO(material.answers()), key=second)
            submission = intake.accept(offer, now=now).submission
        late = intake.Offer(benchmark, team, "model", io.BytesIO(OTHER), key=first)
        with pytest.raises(Refusal, match="in-flight"):
            intake.accept(late, now=now)
    assert Submission.objects.get() == submission
    assert len(list(storage.answers().keys("answers/"))) == 1
    assert IdempotencyKey.objects.get().submission == submission


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ä"])
def test_a_key_that_cannot_be_kept_is_told(token: str, key: str) -> None:
    answer = send(token, key.encode().decode("latin-1"))
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-unreadable")
    assert not Submission.objects.exists()


def test_keys_are_forgotten_after_a_week(token: str) -> None:
    send(token)
    sweeper.sweep(now=timezone.now() + timedelta(days=6))
    assert IdempotencyKey.objects.exists()
    sweeper.sweep(now=timezone.now() + timedelta(days=8))
    assert not IdempotencyKey.objects.exists()

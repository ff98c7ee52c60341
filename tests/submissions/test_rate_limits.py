"""Limits: what is left is said on every answer to somebody known, holds under races, and what is at fault is free."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from pytest_django import Settings

from submissions import checks, evaluation, impatient_redis, limits
from submissions.models import Benchmark, Submission, Team, Token
from submissions.refusals import Refusal
from tests import material
from tests.submissions.test_checks import send as check

UPLOADS = "/api/v1/benchmarks/mmad/submissions/"
MINUTE = r"t=(?:[1-9]|[1-5]\d|60)"


@pytest.fixture
def _redis(redis_url: str, settings: Settings) -> Iterator[None]:
    settings.VERNIER_REDIS_URL = redis_url
    impatient_redis.client.cache_clear()
    impatient_redis.client().flushdb()
    yield
    impatient_redis.client.cache_clear()


@pytest.fixture
def token(db: None) -> str:
    material.benchmark(daily_limit=5)
    return material.token(material.team("a"))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def send(
    client: Client, token: str, *, entry: str = "model", seed: int = 1, file: bytes | None = None
) -> Any:
    upload = SimpleUploadedFile("a.csv", material.answers(seed=seed) if file is None else file)
    return client.post(UPLOADS, {"file": upload, "entry": entry}, headers=bearer(token))


def left(answer: Any) -> dict[str, int]:
    return {name: int(number) for name, number in re.findall(r'"(\w+)";r=(\d+)', answer["RateLimit"])}


@pytest.mark.usefixtures("_redis")
def test_both_fields_are_said_as_the_draft_has_them(client: Client, token: str) -> None:
    answer = send(client, token)
    assert answer.status_code == 202
    policy = '"uploads";q=60;w=60, "checks";q=60;w=60, "daily";q=5;w=86400, "total";q=200'
    assert answer["RateLimit-Policy"] == policy
    assert re.fullmatch(
        rf'"uploads";r=59;{MINUTE}, "checks";r=60;{MINUTE}, "daily";r=4;t=\d+, "total";r=199',
        answer["RateLimit"],
    )
    assert left(check(client, token)) == {"uploads": 59, "checks": 59, "daily": 4, "total": 199}


@pytest.mark.usefixtures("_redis")
def test_beside_a_benchmark_only_bursts_are_said(client: Client, token: str) -> None:
    answer = client.get("/api/v1/token/", headers=bearer(token))
    assert left(answer) == {"uploads": 60, "checks": 60}


@pytest.mark.usefixtures("_redis")
def test_a_token_that_renews_itself_has_what_is_left_of_the_minute(client: Client, token: str) -> None:
    assert left(check(client, token))["checks"] == 59
    renewed = client.post("/api/v1/token/rotate/", headers=bearer(token)).json()["token"]
    again = client.post("/api/v1/token/rotate/", headers=bearer(renewed)).json()["token"]
    assert left(check(client, again))["checks"] == 58


@pytest.mark.usefixtures("_redis")
@pytest.mark.parametrize("code", ["check-busy", "check-not-ready"])
def test_a_file_that_nobody_has_looked_at_is_not_counted(
    code: str, client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert left(check(client, token))["checks"] == 59

    def away(*_args: object, **_said: object) -> None:
        raise Refusal(code, seconds=1)

    monkeypatch.setattr(checks, "check", away)
    answer = check(client, token)
    assert (answer.status_code, left(answer)["checks"]) == (503, 59)


@pytest.mark.usefixtures("_redis")
def test_twenty_rotations_an_hour_are_enough_for_a_team(client: Client, token: str) -> None:
    for _number in range(limits.ROTATIONS_AN_HOUR):
        answer = client.post("/api/v1/token/rotate/", headers=bearer(token))
        assert answer.status_code == 201
        token = answer.json()["token"]
    refused = client.post("/api/v1/token/rotate/", headers=bearer(token))
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-rotations")
    assert 0 < int(refused["Retry-After"]) <= 3600


@pytest.mark.usefixtures("_redis")
def test_refusals_and_faults_of_ours_say_them_too(
    client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = client.get("/api/v1/submissions/00000000-0000-4000-8000-000000000000/", headers=bearer(token))
    assert (unknown.status_code, set(left(unknown))) == (404, {"uploads", "checks"})
    refused = send(client, token, file=b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert (refused.status_code, left(refused)["daily"]) == (415, 5)
    unknown = client.get("/api/v1/benchmarks/none/submissions/", headers=bearer(token))
    assert (unknown.status_code, "daily" in left(unknown)) == (404, False)
    reading = material.token(Team.objects.get(), Token.Scope.READ)
    assert left(send(client, reading))["uploads"] == 59

    def break_off(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("submissions.intake.accept", break_off)
    client.raise_request_exception = False
    fault = send(client, token)
    assert (fault.status_code, left(fault)["daily"]) == (500, 5)


@pytest.mark.usefixtures("_redis")
def test_nobody_and_a_wrong_token_are_told_of_no_limits(client: Client, token: str) -> None:
    for answer in (
        client.get(UPLOADS),
        client.get(UPLOADS, headers=bearer("vrn_wrong")),
        client.get("/api/v1/benchmarks/", headers=bearer(token)),
        client.get("/api/v1/benchmarks/mmad/compare/?entries=x", headers=bearer(token)),
        client.get("/benchmarks/"),
    ):
        assert "RateLimit" not in answer
        assert "RateLimit-Policy" not in answer


@pytest.mark.usefixtures("_redis")
def test_a_session_of_several_teams_is_told_of_its_own_bursts(client: Client, token: str) -> None:
    person = material.person("p@example.org")
    client.force_login(person)
    material.team("one", person)
    assert left(client.get(UPLOADS)) == {"uploads": 60, "checks": 60, "daily": 5, "total": 200}
    material.team("two", person)
    assert left(client.get(UPLOADS)) == {"uploads": 60, "checks": 60}


def test_without_redis_bursts_are_left_out(client: Client, token: str) -> None:
    assert left(client.get(UPLOADS, headers=bearer(token))) == {"daily": 5, "total": 200}
    assert "RateLimit" not in client.get("/api/v1/token/", headers=bearer(token))


@pytest.mark.usefixtures("_redis")
def test_past_the_limits_an_answer_says_when_to_come_back(client: Client, token: str) -> None:
    Benchmark.objects.update(daily_limit=1)
    assert send(client, token).status_code == 202
    over = send(client, token, seed=2)
    assert (over.status_code, over.json()["code"], left(over)["daily"]) == (429, "quota-daily", 0)
    assert int(over["Retry-After"]) > 0
    who = f"token:{Token.objects.get().pk}"
    for _ in range(70):
        try:
            limits.count_upload(who)
            limits.count_check(who)
        except Refusal:
            break
    for answer, what in ((send(client, token), "uploads"), (check(client, token), "checks")):
        limits_left = left(answer)
        if limits_left[what] == 0:  # not where the minute has just changed
            assert answer.status_code == 429
            assert 0 < int(answer["Retry-After"]) <= 60


@pytest.mark.usefixtures("commits")
def test_of_eight_uploads_at_once_the_one_slot_left_is_taken_once() -> None:
    benchmark = material.benchmark(daily_limit=3)
    team = material.team("a")
    token = material.token(team)
    for seed in (1, 2):
        assert send(Client(), token, seed=seed).status_code == 202
    start = threading.Barrier(8)
    answers: list[Any] = []

    def upload(seed: int) -> None:
        try:
            start.wait()
            answers.append(send(Client(), token, entry=f"model {seed}", seed=seed))
        finally:
            connection.close()

    threads = [threading.Thread(target=upload, args=(seed,)) for seed in range(10, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answer.status_code for answer in answers) == {202: 1, 429: 7}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 429} == {"quota-daily"}
    assert Submission.objects.filter(benchmark=benchmark).count() == 3


def test_what_is_at_fault_or_known_or_dry_is_free(client: Client, token: str) -> None:
    def free() -> int:
        return left(client.get(UPLOADS, headers=bearer(token)))["daily"]

    def run(answer: Any, status: str) -> None:
        assert answer.status_code == 202, answer.content
        evaluation.run(answer.json()["id"])
        assert Submission.objects.get(pk=answer.json()["id"]).status == status

    run(send(client, token, file=b"question_id,answer\nnone#0,A\n"), "rejected")
    assert free() == 5
    run(send(client, token), "scored")
    assert free() == 4
    assert send(client, token).status_code == 200  # a duplicate
    assert check(client, token).status_code == 200
    assert check(client, token, b"question_id,answer\nnone#0,A\n").status_code == 422
    assert free() == 4
    sent = send(client, token, seed=3).json()
    assert free() == 3
    material.brought(Submission.objects.get(pk=sent["id"]), "failed")  # our fault
    assert free() == 4
    sent = send(client, token, seed=4).json()
    assert client.post(f"/api/v1/submissions/{sent['id']}/cancel/", headers=bearer(token)).status_code == 200
    assert free() == 4

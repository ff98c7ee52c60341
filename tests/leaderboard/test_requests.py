"""A request has an id, which goes wherever it goes, and leaves lines that tell nothing of who asked."""

import io
import json
import logging
import re

import pytest
from django.test import Client

from submissions import evaluation, leases, log_lines, storage
from submissions.sealing import SealedError
from tests import material

pytestmark = pytest.mark.django_db
SECRET = "Vw0pKq3-secret-of-a-link"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(log_lines.JsonLines())
    caplog.handler.addFilter(log_lines.NameRequests())
    return caplog


def parsed(lines: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.text.splitlines()]


def test_an_id_that_is_given_comes_back() -> None:
    answer = Client().get("/healthz", headers={"x-request-id": "from-the-proxy.7"})
    assert answer["X-Request-ID"] == "from-the-proxy.7"


@pytest.mark.parametrize("given", ["", "short", "with spaces in it", "x" * 65, "line\u2028break-in-it"])
def test_one_that_cannot_be_is_replaced(given: str) -> None:
    answer = Client().get("/healthz", headers={"x-request-id": given})
    assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-ID"])


def test_every_line_of_a_request_names_it_and_none_its_path(lines: pytest.LogCaptureFixture) -> None:
    for path in (f"/invitations/{SECRET}/", f"/invitations/{SECRET}", f"/nowhere/{SECRET}/"):
        Client().get(path, headers={"x-request-id": "the-request-1"})
    assert SECRET not in lines.text
    told = parsed(lines)
    assert {line["request_id"] for line in told} == {"the-request-1"}
    answered = [line for line in told if line["logger"] == "leaderboard.requests"]
    assert answered[-1] | {"time": "", "milliseconds": 0, "process": 0, "message": ""} == {
        "time": "",
        "level": "INFO",
        "logger": "leaderboard.requests",
        "message": "",
        "process": 0,
        "request_id": "the-request-1",
        "view": "none",
        "method": "GET",
        "status": 404,
        "milliseconds": 0,
    }


def test_a_fault_of_ours_says_under_what_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark, team = material.benchmark(), material.team("a")

    def away() -> None:
        raise storage.StorageUnavailableError("away")

    monkeypatch.setattr(storage, "answers", away)
    answer = Client().post(
        f"/api/v1/benchmarks/{benchmark.slug}/submissions/",
        {"entry": "model", "file": io.BytesIO(material.answers())},
        headers={"authorization": f"Bearer {material.token(team)}", "x-request-id": "the-request-2"},
    )
    assert answer.status_code == 503
    assert answer.json()["request_id"] == answer["X-Request-ID"] == "the-request-2"
    refused = Client().get("/api/v1/benchmarks/none/")
    assert "request_id" not in refused.json()


def test_every_line_of_a_scoring_names_the_submission(
    lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    lines.clear()
    evaluation.run(submission.pk)
    monkeypatch.setattr(evaluation, "evaluate", leases)  # cannot be called
    broken = material.submitted(submission.benchmark, submission.team, file=material.answers(0.2))
    with pytest.raises(SealedError):
        evaluation.run(broken.pk)
    told = parsed(lines)
    assert {line.get("submission_id") for line in told} <= {str(submission.pk), str(broken.pk)}
    assert any(line["level"] == "ERROR" and line["submission_id"] == str(broken.pk) for line in told)
    assert not log_lines.submission_id.get()


def test_tokens_and_addresses_of_people_are_taken_out_of_any_line() -> None:
    text = "to a.person+x@mail.example.org with vrn_abcDEF123, at 2026-03-02"
    assert log_lines.scrubbed(text) == "to (address) with (token), at 2026-03-02"

"""The write API, asked in-process; the journeys ask it over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from submissions import evaluation, publication
from submissions.models import Benchmark, Entry, Submission, Token
from tests import material

pytestmark = pytest.mark.django_db
URL = "/api/v1/benchmarks/mmad/submissions/"


def send(client: Client, token: str | None = None, *, file: bytes | None = None, **fields: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    upload = SimpleUploadedFile("answers.csv", material.answers() if file is None else file)
    return client.post(URL, {"file": upload, "entry": "my model", **fields}, headers=headers)


@pytest.fixture
def token() -> str:
    material.benchmark()
    return material.token(material.team("a"))


def test_an_upload_needs_a_file_and_a_name_only(client: Client, token: str) -> None:
    answer = send(client, token)
    assert answer.status_code == 202
    state = answer.json()
    assert answer["Location"] == state["links"]["self"]
    assert answer["Retry-After"] == "1"
    assert set(state) == {
        *(
            "id",
            "benchmark",
            "release",
            "entry",
            "team",
            "status",
            "visibility",
            "sha256",
            "received_at",
            "attempts",
        ),
        *(
            "finished_at",
            "errors",
            "errors_total",
            "error_counts",
            "score",
            "interval",
            "present",
            "coverage",
            "partial",
            "frame",
            "held_at",
            "provenance",
            "links",
        ),
    }
    assert (state["benchmark"], state["team"], state["status"]) == ("mmad", "a", "queued")
    assert state["visibility"] == "private"
    assert state["entry"]["name"] == "my model"
    assert state["entry"]["settings"]["shots"] is None


def test_settings_are_read_and_kept(client: Client, token: str) -> None:
    fields: dict[str, Any] = {
        "shots": "1",
        "tools": "none",
        "training": "none-known",
        "parameters": "7.5",
        "paper": "https://e.org/p",
    }
    settings = send(client, token, **fields).json()["entry"]["settings"]
    assert settings["shots"] == 1
    assert settings["parameters"] == 7.5
    assert settings["paper"] == "https://e.org/p"
    assert Entry.objects.get().division == "closed"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"shots": "65"}, "shots"),
        ({"shots": "many"}, "shots"),
        ({"template": "best"}, "template"),
        ({"paper": "javascript:alert(1)"}, "paper"),
        ({"visibility": "secret"}, "visibility"),
        ({"entry": ""}, "entry"),
        ({"entry": "a\x1bb"}, "entry"),
        ({"entry": "a\u202eb"}, "entry"),
        ({"entry": " \u2003 "}, "entry"),
        ({"entry": "x" * 81}, "entry"),
        ({"partial": "colour"}, "partial"),
    ],
)
def test_a_field_that_cannot_be_is_named(
    client: Client, token: str, fields: dict[str, Any], field: str
) -> None:
    answer = send(client, token, **fields)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("tools", "none, expert-agent, other"),
        ("template", "none, random, similar, retrieved"),
        ("open_weights", "yes, no"),
        ("visibility", "private, public"),
    ],
)
def test_a_value_that_is_not_taken_is_told_those_that_are(
    client: Client, token: str, field: str, known: str
) -> None:
    fields: dict[str, Any] = {field: "{banana}"}
    (error,) = send(client, token, **fields).json()["errors"]
    assert (error["code"], error["field"]) == ("invalid-choice", field)
    assert error["detail"] == f"“{{banana}}” is not taken here. Known are: {known}."


def test_a_name_stands_with_single_spaces(client: Client, token: str) -> None:
    assert send(client, token, entry=" my \u2003 model ").json()["entry"]["name"] == "my model"


@pytest.mark.parametrize("size", [10, 2_000_000])
@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("application/x-www-form-urlencoded", 415, "no-form"),
        ("text/csv", 415, "no-form"),
        ("application/json", 415, "no-form"),
        ("", 415, "no-form"),
        ("multipart/form-data", 400, "unreadable-form"),
    ],
)
def test_a_bare_file_is_told_to_come_as_a_form(
    token: str, caplog: pytest.LogCaptureFixture, content_type: str, status: int, code: str, size: int
) -> None:
    mine = Client(headers={"Authorization": f"Bearer {token}"})
    answer = mine.generic("POST", URL, b"a,B&c=d;" * (size // 8), content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "curl -F file=@" in answer.json()["detail"]
    assert not [record for record in caplog.records if record.exc_info]


def test_a_form_of_very_many_fields_is_no_fault_of_ours(
    client: Client, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    fields: dict[str, Any] = {f"field{number}": "x" for number in range(1100)}
    answer = send(client, token, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "too-many-fields")
    assert not [record for record in caplog.records if record.exc_info]


def test_other_settings_for_a_known_entry_are_refused(client: Client, token: str) -> None:
    send(client, token, shots="1")
    answer = send(client, token, file=material.answers(seed=9), shots="2")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "shots"


def test_the_same_file_again_answers_200_with_the_first(client: Client, token: str) -> None:
    first, again = send(client, token), send(client, token)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]


def test_no_file_is_a_clear_refusal(client: Client, token: str) -> None:
    answer = client.post(URL, {"entry": "m"}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "file-missing"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expires_at": timezone.now() - timedelta(minutes=1)}, "token-ended"),
        ({"revoked_at": timezone.now()}, "token-revoked"),
    ],
)
def test_an_ended_token_opens_nothing(client: Client, token: str, change: dict[str, Any], code: str) -> None:
    Token.objects.update(**change)
    answer = send(client, token)
    assert answer.status_code == 401
    assert answer.json()["code"] == code
    assert "Bearer" in answer["WWW-Authenticate"]
    assert not Submission.objects.exists()


@pytest.mark.parametrize("sent", ["Token {}", "{}", "token {}", "Bearer: {}"])
def test_a_token_without_its_word_is_told_how_to_come(client: Client, token: str, sent: str) -> None:
    answer = client.get(URL, headers={"Authorization": sent.format(token)})
    assert (answer.status_code, answer.json()["code"]) == (401, "token-scheme")
    assert "Authorization: Bearer vrn_" in answer.json()["detail"]
    assert token not in answer.content.decode()


def test_who_sends_nothing_is_told_what_to_send(client: Client, token: str) -> None:
    assert "Authorization: Bearer vrn_" in client.get(URL).json()["detail"]


@pytest.mark.parametrize("path", [URL, f"/api/v1/submissions/{UUID(int=0)}/publish/"])
def test_a_post_without_the_last_slash_is_told_of_it(client: Client, token: str, path: str) -> None:
    answer = client.post(path[:-1], {"entry": "m"}, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (404, "slash-missing")
    assert f"ends with a slash: send it to {path}" in answer.json()["detail"]
    assert client.get(path[:-1]).status_code == 301
    assert client.post("/api/v1/nothing").json()["code"] == "not-found"


def test_a_read_token_may_not_submit(client: Client) -> None:
    material.benchmark()
    answer = send(client, material.token(material.team("a"), Token.Scope.READ))
    assert answer.status_code == 403
    assert answer.json()["code"] == "token-may-not-submit"


def test_a_session_of_several_teams_must_say_which(client: Client) -> None:
    material.benchmark()
    person = material.person("p@example.org")
    material.team("a", person)
    material.team("b", person)
    client.force_login(person)
    assert send(client).json()["code"] == "which-team"
    assert send(client, team="b").json()["team"] == "b"
    assert send(client, team="other").status_code == 404


def test_a_session_needs_the_csrf_token() -> None:
    material.benchmark()
    person = material.person("p@example.org")
    material.team("a", person)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    assert send(strict).status_code == 403


def test_state_and_report_follow_the_submission(client: Client, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    links = send(client, token).json()["links"]
    waiting = client.get(links["self"], headers=headers)
    assert waiting["Retry-After"] == "1"
    assert client.get(links["report"], headers=headers).status_code == 409
    evaluation.run(Submission.objects.get().pk)
    state = client.get(links["self"], {"wait": 30}, headers=headers).json()
    assert state["status"] == "scored"
    report = client.get(links["report"], headers=headers).json()
    assert report["score"] == state["score"]
    assert len(report["cells"]) == 28
    assert set(report["cells"][0]) >= {"dataset", "subtask", "asked", "answered", "correct", "score"}
    assert {"subtasks", "datasets", "detection", "micro", "official_compatible", "readings"} <= set(report)


def test_the_list_is_the_teams_own_newest_first_by_cursor(client: Client, token: str) -> None:
    benchmark, other = Benchmark.objects.get(), material.team("other")
    material.submitted(benchmark, other)
    team = Token.objects.get().team
    for number in range(3):
        material.submitted(
            benchmark,
            team,
            f"m{number}",
            file=material.answers(seed=number),
            now=material.NOON + timedelta(hours=number),
        )
    body = client.get(URL, headers={"Authorization": f"Bearer {token}"}).json()
    assert [state["entry"]["name"] for state in body["results"]] == ["m2", "m1", "m0"]
    assert body["next"] is None
    assert client.get(URL).status_code == 401


@pytest.mark.parametrize("cursor", ["x", "é", "cD14", "bz14"])
def test_a_cursor_of_somebody_else_is_refused(client: Client, token: str, cursor: str) -> None:
    answer = client.get(URL, {"cursor": cursor}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["unreadable-cursor"]


def test_codes_are_written_in_one_style(client: Client, token: str) -> None:
    assert client.get(URL).json()["code"] == "not-authenticated"
    errors = send(client, token, template="best").json()["errors"]
    assert [error["code"] for error in errors] == ["invalid-choice"]


def test_a_private_submission_is_404_to_strangers_and_a_public_one_is_not(client: Client, token: str) -> None:
    address = send(client, token).json()["links"]["self"]
    stranger = {"Authorization": f"Bearer {material.token(material.team('stranger'))}"}
    submission = Submission.objects.get()
    evaluation.run(submission.pk)
    for headers in ({}, stranger):
        assert client.get(address, headers=headers).status_code == 404
    mine = {"Authorization": f"Bearer {token}"}
    assert client.post(f"{address}publish/", headers=stranger).status_code == 404
    assert client.post(f"{address}publish/").status_code == 401
    assert client.post(f"{address}publish/", headers=mine).json()["visibility"] == "public"
    publication.place(submission.entry_id)
    for headers in ({}, stranger):
        assert client.get(address, headers=headers).status_code == 200


def test_withdrawing_over_the_api_needs_a_reason(client: Client, token: str) -> None:
    address = send(client, token, visibility="public").json()["links"]["self"]
    evaluation.run(Submission.objects.get().pk)
    mine = {"Authorization": f"Bearer {token}"}
    assert client.post(f"{address}withdraw/", headers=mine).status_code == 422
    body = {"reason": "wrong prompt"}
    answer = client.post(f"{address}withdraw/", body, content_type="application/json", headers=mine)
    assert answer.json()["visibility"] == "withdrawn"
    assert client.get(address).status_code == 404


def test_errors_of_a_file_are_for_its_team_alone(client: Client, token: str) -> None:
    address = send(client, token, file=b"question_id,answer\nnone#0,A\n", visibility="public").json()[
        "links"
    ]["self"]
    evaluation.run(Submission.objects.get().pk)
    mine = client.get(address, headers={"Authorization": f"Bearer {token}"}).json()
    assert mine["status"] == "rejected"
    assert mine["errors"][0]["detail"]
    assert client.get(address).status_code == 404


def test_a_field_that_nobody_knows_is_a_typing_error(client: Client, token: str) -> None:
    answer = send(client, token, visibilty="public")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "visibilty"


def test_the_same_file_sent_again_as_public_is_published(client: Client, token: str) -> None:
    first = send(client, token).json()
    again = send(client, token, visibility="public")
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert again.json()["visibility"] == "public"


def test_links_follow_the_last_upload(client: Client, token: str) -> None:
    send(client, token, paper="https://example.org/draft")
    state = send(client, token, paper="https://example.org/final").json()
    assert state["entry"]["settings"]["paper"] == "https://example.org/final"

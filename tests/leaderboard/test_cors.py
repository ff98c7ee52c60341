"""What pages of other sites may read: what is everybody's, and nothing that is somebody's."""

from typing import Any

import pytest
from django.test import Client

from submissions.models import Benchmark
from tests import material

pytestmark = pytest.mark.django_db
API = "/api/v1/"
MMAD = f"{API}benchmarks/mmad/"
ORIGIN = {"Origin": "https://elsewhere.example"}
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture
def mmad() -> Benchmark:
    return material.benchmark()


def is_open(answer: Any) -> bool:
    """Whether every page may read it; nothing may be half open."""
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Origin" not in answer.get("Vary", "")
    assert (ALLOWED in answer) == ("Access-Control-Expose-Headers" in answer)
    return bool(answer.get(ALLOWED, "") == "*")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (API, 200),
        (f"{API}benchmarks/", 200),
        (MMAD, 200),
        (f"{MMAD}leaderboard/", 200),
        (f"{MMAD}leaderboard/?format=csv", 200),
        (f"{MMAD}leaderboard/?shots=many", 422),
        (f"{MMAD}questions/?format=jsonl", 200),
        (f"{MMAD}prompts/", 200),
        (f"{API}schema/", 200),
        (f"{API}benchmarks/nothing/", 404),
        (f"{API}nothing/", 404),
        (f"{API}benchmarks", 301),
        (f"{API}token/", 401),
    ],
)
def test_what_nobody_is_asked_for_is_everybodys_to_read(
    client: Client, mmad: Benchmark, path: str, status: int
) -> None:
    answer: Any = client.get(path, headers=ORIGIN)
    assert answer.status_code == status
    assert is_open(answer)
    assert "Retry-After" in answer["Access-Control-Expose-Headers"]


def test_an_answer_that_is_known_already_is_readable_too(client: Client, mmad: Benchmark) -> None:
    path = f"{MMAD}leaderboard/"
    known = client.get(path)["ETag"]
    answer: Any = client.get(path, headers={**ORIGIN, "If-None-Match": known})
    assert answer.status_code == 304
    assert is_open(answer)


def test_a_fault_of_ours_is_readable_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise KeyError

    monkeypatch.setattr("leaderboard.api.reverse", broken)
    client.raise_request_exception = False
    answer: Any = client.get(API)
    assert answer.status_code == 500
    assert is_open(answer)


def test_what_is_somebodys_is_not_readable_from_elsewhere(client: Client, mmad: Benchmark) -> None:
    submission = material.scored(mmad, material.team("team-a"), public=True)
    path = f"{API}submissions/{submission.pk}/"
    assert is_open(client.get(path))
    token = {"Authorization": f"Bearer {material.token(submission.team)}"}
    assert not is_open(client.get(path, headers=token))
    assert not is_open(client.get(f"{API}token/", headers=token))
    client.force_login(material.person("somebody@example.org"))
    assert not is_open(client.get(path))


def test_a_public_answer_is_the_same_whoever_asks(client: Client, mmad: Benchmark) -> None:
    """A cache between may hand the one that a session got to a page of another site."""
    client.force_login(material.person("somebody@example.org"))
    assert is_open(client.get(f"{MMAD}leaderboard/"))


@pytest.mark.parametrize("path", ["/", "/benchmarks/mmad/", f"{API}docs/", "/healthz"])
def test_pages_are_not_readable_from_elsewhere(client: Client, mmad: Benchmark, path: str) -> None:
    assert not is_open(client.get(path, headers=ORIGIN))


def test_no_deed_is_answered_to_a_page_of_another_site(client: Client, mmad: Benchmark) -> None:
    assert not is_open(client.post(f"{MMAD}submissions/", headers=ORIGIN))


@pytest.mark.parametrize("path", [f"{MMAD}leaderboard/", f"{MMAD}submissions/", f"{API}token/rotate/"])
def test_a_preflight_allows_reading_alone(client: Client, path: str) -> None:
    asked = {
        **ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer: Any = client.options(path, headers=asked)
    assert answer.status_code == 204
    assert answer[ALLOWED] == "*"
    assert answer["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert answer["Access-Control-Allow-Headers"] == "If-None-Match"


def test_pages_have_no_preflight(client: Client) -> None:
    answer: Any = client.options("/", headers={**ORIGIN, "Access-Control-Request-Method": "GET"})
    assert ALLOWED not in answer

"""What is answered while a part is away: 503 and what to do, wherever the site noticed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client

from leaderboard import health
from tests import material

pytestmark = pytest.mark.django_db

Break = Callable[[Exception], Any]
PAGES = ("/", "/benchmarks/mmad/", "/accounts/login/", "/no-such-page/")
CALLS = ("/api/v1/benchmarks/", "/api/v1/benchmarks/mmad/leaderboard/?format=csv")


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def broken() -> Iterator[Break]:
    """Let every query end so."""
    with ExitStack() as stack:

        def breaks(error: Exception) -> None:
            def raises(*_args: Any) -> Any:
                raise error

            stack.enter_context(connection.execute_wrapper(raises))

        yield breaks


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
def test_every_page_and_call_says_that_the_database_is_away(
    client: Client, broken: Break, fault: type[Exception]
) -> None:
    token = material.token(material.team("home"))
    material.benchmark()
    broken(fault("connection to server at 10.0.0.7 failed"))
    for path in PAGES:
        answer = client.get(path)
        html = answer.content.decode()
        assert (answer.status_code, answer["Retry-After"]) == (503, "60"), path
        assert "The database does not answer" in html, path
        assert "10.0.0.7" not in html
    for path in CALLS:
        answer = client.get(path, headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, answer["Retry-After"]) == (503, "60"), path
        assert answer["Content-Type"] == "application/problem+json"
        said = answer.json()
        assert said["code"] == "database-unavailable"
        assert said["request_id"] == answer["X-Request-ID"]
        assert "10.0.0.7" not in answer.content.decode()
    assert client.get("/healthz").status_code == 200


def test_a_fault_of_ours_is_none_of_the_databases(client: Client, broken: Break) -> None:
    broken(ProgrammingError("no such column"))
    assert client.get("/").status_code == 500
    assert client.get("/api/v1/benchmarks/").json()["code"] == "server-error"


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
def test_the_database_is_named_as_what_is_missing(
    client: Client, broken: Break, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    monkeypatch.setitem(health.PARTS, "queue", lambda: True)
    broken(fault("gone"))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    parts = {"database": False, "queue": True, "storage": True, "migrations": False, "first_data": False}
    assert answer.json()["parts"] == parts

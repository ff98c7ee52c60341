"""What a Sentry is told of a fault that quotes everything which may not leave the site: where it was, no more."""

import gzip
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import sentry_sdk
from django.test import Client

from leaderboard import faults
from submissions import tasks
from tests import material
from tests.truth_search import TruthSearch

pytestmark = pytest.mark.django_db
TRUTH = material.truth(material.questions())
LETTERS = "".join(TRUTH.values())
SEARCH = TruthSearch(TRUTH)
NOTHING_ELSE: Any = {"default_integrations": False, "auto_enabling_integrations": False}
SECRETS = ("vrn_0123456789abcdef0123456789abcdef0123", "somebody@example.org", "correct horse battery")


def quoting(*_arguments: Any, **_options: Any) -> None:
    """Quote the truth, a token, an address and a password in every way at once."""
    everything = [*TRUTH.values(), *SECRETS]
    try:
        raise KeyError(everything)
    except KeyError as error:
        error.add_note(LETTERS)
        raise ValueError(LETTERS, SECRETS, everything) from error


class Ingest(BaseHTTPRequestHandler):
    """A Sentry that keeps what it is sent, headers and all."""

    kept: ClassVar[list[bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.kept.append(str(self.headers).encode() + body)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What a Sentry on this machine has been sent."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Ingest.kept = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Ingest) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        faults.report_to(f"http://key@127.0.0.1:{server.server_port}/1")
        yield Ingest.kept
        sentry_sdk.get_client().close()
        sentry_sdk.init(**NOTHING_ELSE)
        server.shutdown()
        thread.join()


def events(sent: list[bytes]) -> list[dict[str, Any]]:
    sentry_sdk.flush(10)
    return [json.loads(line) for body in sent for line in body.splitlines() if b'"exception"' in line]


def holds_nothing(sent: list[bytes]) -> None:
    told = b"\n".join(sent)
    assert not SEARCH.in_bytes("sent", told)
    for secret in SECRETS:
        assert secret.encode() not in told
    for word in (b'"vars"', b'"request"', b'"user"', b'"context_line"', b'"breadcrumbs"', b'"extra"'):
        assert word not in told


def test_a_scoring_that_quotes_the_truth_tells_where_it_broke(
    sent: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = material.submitted(material.benchmark(), material.team("a"))
    monkeypatch.setattr("submissions.evaluation.evaluate", quoting)
    tasks.score.apply(args=(str(submission.pk),))
    found = events(sent)
    assert {event["logger"] for event in found} == {"submissions.evaluation", "celery.app.trace"}
    (sealed,) = [error for event in found for error in event["exception"]["values"]]
    assert sealed["type"] == "SealedError"
    assert "in quoting" in sealed["value"]
    assert found[0]["tags"] == {"submission_id": str(submission.pk)}
    holds_nothing(sent)


def test_a_page_that_breaks_tells_nothing_of_who_asked(
    sent: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leaderboard.pages.Benchmark.objects.with_release", quoting)
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {SECRETS[0]}"})
    answer = client.get(f"/?q={SECRETS[1]}", headers={"x-request-id": "request-77"})
    assert answer.status_code == 500
    (event,) = events(sent)
    assert event["tags"] == {"request_id": "request-77"}
    assert all(error["value"] == "" for error in event["exception"]["values"])
    assert any(
        frame["function"] == "home" for frame in event["exception"]["values"][-1]["stacktrace"]["frames"]
    )
    holds_nothing(sent)


def test_the_filled_in_message_of_a_line_stays_here(sent: list[bytes]) -> None:
    try:
        quoting()
    except ValueError:
        logging.getLogger("anybody").exception("it says %s of %s", LETTERS, SECRETS)
    (event,) = events(sent)
    assert event["logentry"] == {"message": "it says %s of %s"}
    assert [error["type"] for error in event["exception"]["values"]] == ["KeyError", "ValueError"]
    holds_nothing(sent)


def test_what_is_looked_for_would_be_found(sent: list[bytes]) -> None:
    sentry_sdk.init(sentry_sdk.get_client().dsn, **NOTHING_ELSE)
    try:
        quoting()
    except ValueError as error:
        sentry_sdk.capture_exception(error)
    sentry_sdk.flush(10)
    assert SEARCH.in_bytes("sent", b"\n".join(sent))

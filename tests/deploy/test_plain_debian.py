"""The plain Debian way, run for real: each unit's command as its user, with its environment, behind nginx with TLS."""

import gzip
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from scoring import definition, standin
from scoring.benchmarks.mmad import importer
from scoring.release import Release
from tests.servers.debian import Host
from tests.servers.process import descendants, is_alive
from tests.servers.units import Unit

MIB = 1024 * 1024
WORKERS = ("vernier-worker@1.service", "vernier-worker@2.service")


@cache
def release() -> Release:
    return importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))


def answers(seed: int) -> bytes:
    model = next(model for model in standin.published_models() if model.complete)
    return gzip.compress(standin.rebuild(model, release(), seed=seed), compresslevel=1)


@pytest.fixture(scope="module")
def client(host: Host) -> Iterator[httpx.Client]:
    """Somebody who trusts the host's certificate."""
    trusted = ssl.create_default_context(cafile=str(host.certificate))
    with httpx.Client(base_url=host.url, verify=trusted, trust_env=False, timeout=120) as opened:
        yield opened


@pytest.fixture(scope="module")
def token(host: Host) -> dict[str, str]:
    """The header of a team's pipeline."""
    host.manage("create_team", "debian")
    return {"Authorization": f"Bearer {host.manage('create_token', 'debian').splitlines()[-1]}"}


def upload(client: httpx.Client, token: dict[str, str], file: bytes, **fields: str) -> httpx.Response:
    return client.post(
        "/api/v1/benchmarks/mmad-standin/submissions/",
        headers=token,
        files={"file": ("answers.json.gz", file)},
        data={"entry": "through nginx", **fields},
    )


def finished(client: httpx.Client, token: dict[str, str], sent: httpx.Response) -> dict[str, Any]:
    assert sent.status_code == 202, sent.text
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        state: dict[str, Any] = client.get(
            sent.headers["Location"], headers=token, params={"wait": 20}
        ).json()
        if state["status"] in ("scored", "rejected", "failed"):
            return state
    raise AssertionError(f"not within three minutes: {state}")


def status(host: Host, submission: str) -> tuple[str, int]:
    with psycopg.connect(host.database_url) as connection:
        row = connection.execute(
            "SELECT status, attempts FROM submissions_submission WHERE id = %s", [submission]
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def until(holds: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_file_sent_over_https_is_scored_and_stands_on_the_board(
    client: httpx.Client, token: dict[str, str]
) -> None:
    state = finished(client, token, upload(client, token, answers(1), visibility="public"))
    assert state["status"] == "scored"
    board = client.get("/api/v1/benchmarks/mmad-standin/leaderboard/").json()["results"]
    assert state["id"] in {row["submission"] for row in board}
    assert "through nginx" in client.get("/benchmarks/mmad-standin/").text


def test_the_site_is_ready_once_its_first_data_is_scored(client: httpx.Client) -> None:
    until(lambda: client.get("/readyz").status_code == 200, seconds=300)


def test_plain_http_leads_to_https(host: Host) -> None:
    answer = httpx.get(f"http://127.0.0.1:{host.http_port}/benchmarks/?q=1", trust_env=False)
    assert answer.status_code == 308
    assert answer.headers["Location"] == "https://127.0.0.1/benchmarks/?q=1"


def test_another_host_name_is_answered_400(client: httpx.Client) -> None:
    assert client.get("/", headers={"Host": "elsewhere.example.org"}).status_code == 400


def test_strict_transport_security_is_said_once(client: httpx.Client) -> None:
    said = client.get("/").headers.get_list("Strict-Transport-Security")
    assert said == ["max-age=31536000; includeSubDomains; preload"]


def test_pages_are_compressed_and_an_unchanged_board_is_not_sent_again(client: httpx.Client) -> None:
    address = "/api/v1/benchmarks/mmad-standin/leaderboard/"
    first = client.get(address)
    assert first.headers["Content-Encoding"] == "gzip"
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_nginx_hands_out_the_static_files_itself(client: httpx.Client, host: Host) -> None:
    page = client.get("/").text
    (address, *_rest) = re.findall(r'href="(/static/[^"]+\.css)"', page)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Cache-Control"].removeprefix("max-age=")) > 10**8
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    collected = host.folder / "var/lib" / "vernier" / address.lstrip("/")
    assert answer.content == collected.read_bytes()


def test_more_than_64_mib_is_refused_by_the_site_and_far_more_by_nginx_in_the_same_words(
    client: httpx.Client, token: dict[str, str]
) -> None:
    for size in (65 * MIB, 70 * MIB):
        answer = upload(client, token, b"\0" * size)
        assert answer.status_code == 413, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "file-too-large"
        assert answer.json()["errors"][0]["field"] == "file"


def test_exactly_64_mib_come_through_to_the_site(client: httpx.Client, token: dict[str, str]) -> None:
    answer = upload(client, token, b"\0" * (64 * MIB))
    assert answer.json()["code"] == "file-unknown-format"


def test_who_asks_too_often_is_known_by_the_address_that_nginx_saw_whatever_he_claims(
    client: httpx.Client,
) -> None:
    address = "/accounts/password/reset/"
    (mark,) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(address).text)[:1]
    for number in range(30):
        form = {"email": f"somebody-{number}@example.org", "csrfmiddlewaretoken": mark}
        claims = {"X-Forwarded-For": f"203.0.113.{number}", "Referer": f"{client.base_url}{address}"}
        answer = client.post(address, data=form, headers=claims)
        if answer.status_code == 429:
            return
        assert answer.status_code == 302, answer.text
    raise AssertionError("nobody counted")


def of_processes(host: Host, part: str) -> Iterator[tuple[Unit, Path]]:
    """A file below /proc of each process, and of those that it started and that are still there."""
    for unit, process in host.running.values():
        for pid in {process.pid, *descendants(process.pid)}:
            if is_alive(pid):
                yield unit, Path(f"/proc/{pid}/{part}")


def test_each_process_runs_as_the_user_of_its_unit(host: Host) -> None:
    for unit, status_file in of_processes(host, "status"):
        with suppress(FileNotFoundError, ProcessLookupError):
            uids = re.findall(r"^Uid:\s+(.*)$", status_file.read_text(), re.M)
            assert uids == ["\t".join([str(unit.user.pw_uid)] * 4)], unit.name
    users = {unit.one("User") for unit, _process in host.running.values()}
    assert users == {"vernier-web", "vernier-worker", "vernier-beat"}


def test_only_the_worker_holds_the_workers_credentials(host: Host) -> None:
    secret = host.accounts["worker"].secret_key.encode()
    holders = set()
    for unit, environ in of_processes(host, "environ"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if secret in environ.read_bytes():
                holders.add(unit.one("User"))
    assert holders == {"vernier-worker"}


def test_no_user_of_the_site_may_read_an_environment_or_write_the_program(host: Host) -> None:
    for path in (host.folder / "etc/vernier").iterdir():
        assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (0, 0o600)
    program = host.folder / "opt/vernier"
    for path in (program, program / "manage.py", program / "leaderboard" / "settings.py"):
        assert path.stat().st_uid == 0
        assert not path.stat().st_mode & 0o022


FAULT = """
from submissions.storage import Bucket, S3Account, StorageUnavailableError
try:
    Bucket("none", S3Account("http://127.0.0.1:1", "", "x", "x")).ping()
except StorageUnavailableError:
    pass
"""


def test_figures_are_for_the_token_alone_and_hold_what_other_users_processes_met(
    client: httpx.Client, host: Host
) -> None:
    asks = {"Authorization": f"Bearer {host.metrics_token}"}

    def faults() -> float:
        answer = client.get("/metrics", headers=asks).raise_for_status()
        (count,) = re.findall(r'^vernier_storage_errors_total\{kind="away"\} (\S+)', answer.text, re.M)
        return float(count)

    before = faults()
    host.manage("shell", "--no-imports", "-c", FAULT)
    assert faults() == before + 1
    assert client.get("/metrics").status_code == 404


def test_sigterm_stops_a_worker_when_what_it_has_in_hand_is_done(
    client: httpx.Client, token: dict[str, str], host: Host
) -> None:
    other, beat = WORKERS[1], "vernier-beat.service"
    assert host.stop(other) == 0
    assert host.stop(beat) == 0
    sent = upload(client, token, answers(2))
    submission = sent.json()["id"]
    until(lambda: status(host, submission)[0] == "scoring")
    assert host.stop(WORKERS[0]) == 0
    assert status(host, submission) == ("scored", 1)


def test_without_any_celery_worker_the_unit_that_asks_the_database_scores(
    client: httpx.Client, token: dict[str, str], host: Host
) -> None:
    assert not set(WORKERS) & set(host.running), "stopped by the test before"
    host.start("vernier-work.service")
    assert finished(client, token, upload(client, token, answers(3)))["status"] == "scored"
    assert host.stop("vernier-work.service") == 0


def test_the_nightly_reconciler_runs_with_an_organizers_rights(host: Host) -> None:
    host.start("vernier-reconcile.service")


def test_the_web_server_stops_by_itself(host: Host) -> None:
    assert host.stop("vernier-web.service") == 0

"""The storage contract, on folders, on moto and on Ceph's gateway."""

import hashlib
import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from submissions import storage, store_faults
from submissions.storage import (
    Bucket,
    Folder,
    MissingObjectError,
    ObjectExistsError,
    ObjectTooLargeError,
    S3Account,
    StorageRefusedError,
    StorageSilentError,
    StorageUnavailableError,
    Store,
    TruthForbiddenError,
)
from tests.servers.process import free_port
from tests.servers.s3 import S3, Buckets

CONTENT = b"question_id,answer\n1,A\n"


@pytest.fixture(autouse=True)
def faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was to be counted; there is no database here."""
    counted: list[str] = []
    monkeypatch.setattr(store_faults, "count", counted.append)
    return counted


def settings_of(account: S3Account) -> dict[str, str]:
    return {name: getattr(account, name) for name in ("endpoint", "region", "access_key", "secret_key")}


@pytest.fixture(params=["folders", "moto", "rgw"])
def store(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Store:
    """An empty store of answers, as the web role sees it."""
    settings.VERNIER_ROLE = "web"
    if request.param == "folders":
        settings.VERNIER_ANSWERS_URL = (tmp_path / "answers").as_uri()
    else:
        service: S3 = request.getfixturevalue(request.param)
        settings.VERNIER_ANSWERS_URL = f"s3://{service.new_buckets().answers}"
        settings.VERNIER_S3 = settings_of(service.web)
    return storage.answers()


class Trickle(io.RawIOBase):
    """A stream that gives less than it is asked for, as a network does."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._content.read(min(size, 1000))


# The contract


def test_what_was_put_is_read_back(store: Store) -> None:
    store.put("submissions/a/answers", CONTENT)
    assert store.get("submissions/a/answers") == CONTENT


def test_a_put_tells_the_checksum_and_the_size(store: Store) -> None:
    stored = store.put("a", CONTENT)
    assert (stored.sha256, stored.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def test_a_stream_is_read_to_its_end(store: Store) -> None:
    content = bytes(range(256)) * 25_000  # more than waits in memory
    stored = store.put("a", Trickle(content))
    assert stored.size == len(content)
    assert store.get("a") == content


def test_an_empty_object_is_an_object(store: Store) -> None:
    store.put("a", b"")
    assert store.get("a") == b""
    assert store.size("a") == 0


def test_a_second_put_is_refused_and_changes_nothing(store: Store) -> None:
    store.put("a", CONTENT)
    with pytest.raises(ObjectExistsError):
        store.put("a", b"other")
    assert store.get("a") == CONTENT


def test_of_puts_at_once_one_wins(store: Store) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(5)

    def put(content: bytes) -> None:
        start.wait()
        try:
            outcomes.append(store.put("a", content).sha256)
        except ObjectExistsError:
            outcomes.append("exists")

    threads = [threading.Thread(target=put, args=(str(number).encode(),)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [outcome for outcome in outcomes if outcome != "exists"]
    assert winners == [hashlib.sha256(store.get("a")).hexdigest()]
    assert len(outcomes) == 5


def test_a_deleted_key_can_be_put_again(store: Store) -> None:
    store.put("a", CONTENT)
    store.delete("a")
    store.put("a", b"other")
    assert store.get("a") == b"other"


def test_deleting_nothing_is_no_error(store: Store) -> None:
    store.delete("a/b")


def test_a_missing_object_is_named(store: Store) -> None:
    for read in (store.get, store.open, store.size):
        with pytest.raises(MissingObjectError, match="not/there"):
            read("not/there")


def test_existence_is_told(store: Store) -> None:
    store.put("a/b", CONTENT)
    assert store.exists("a/b")
    assert not store.exists("a")
    assert not store.exists("a/b/c")


def test_an_opened_object_can_be_sought(store: Store) -> None:
    store.put("a", CONTENT)
    with store.open("a") as file:
        assert file.read(8) == CONTENT[:8]
        file.seek(0)
        assert file.read() == CONTENT


def test_keys_are_listed_by_prefix(store: Store) -> None:
    for key in ("a/1", "a/2", "ab/1", "b"):
        store.put(key, CONTENT)
    assert sorted(store.keys()) == ["a/1", "a/2", "ab/1", "b"]
    assert sorted(store.keys("a/")) == ["a/1", "a/2"]
    assert sorted(store.keys("a")) == ["a/1", "a/2", "ab/1"]
    assert list(store.keys("c")) == []


def test_a_listing_tells_size_and_age(store: Store) -> None:
    store.put("a", CONTENT)
    (listed,) = store.objects()
    assert (listed.key, listed.size) == ("a", len(CONTENT))
    assert abs(datetime.now(UTC) - listed.stored_at) < timedelta(minutes=1)


def test_a_key_that_could_lead_astray_is_refused(store: Store) -> None:
    for key in ("", "/a", "a/", "a//b", "../a", "a/../b", ".", "a/.b", "a\\b", "a b", "a\n", "é", "a" * 600):
        for call in (store.get, store.open, store.size, store.exists, store.delete):
            with pytest.raises(ValueError, match="cannot be the key"):
                call(key)
        with pytest.raises(ValueError, match="cannot be the key"):
            store.put(key, CONTENT)


def test_more_than_the_largest_object_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LARGEST_OBJECT_BYTES", 10)
    with pytest.raises(ObjectTooLargeError):
        store.put("a", b"12345678901")
    assert not store.exists("a")


def test_a_living_store_answers_a_ping(store: Store) -> None:
    store.ping()


# Roles


def test_the_web_role_is_not_given_the_truth(settings: Settings) -> None:
    settings.VERNIER_ROLE = "web"
    with pytest.raises(TruthForbiddenError):
        storage.truth()


@pytest.mark.parametrize("role", ["worker", "organizer"])
def test_other_roles_are(settings: Settings, tmp_path: Path, role: str) -> None:
    settings.VERNIER_ROLE = role
    settings.VERNIER_TRUTH_URL = (tmp_path / "truth").as_uri()
    storage.truth().put("a", CONTENT)
    assert (tmp_path / "truth" / "a").read_bytes() == CONTENT


def test_a_store_is_made_once_for_a_configuration(settings: Settings, tmp_path: Path) -> None:
    settings.VERNIER_ANSWERS_URL = (tmp_path / "answers").as_uri()
    assert storage.answers() is storage.answers()


@pytest.mark.parametrize("url", ["", "answers", "file://host/a", "s3://", "s3://bucket/prefix", "http://a/b"])
def test_a_url_that_names_no_store_is_refused(settings: Settings, url: str) -> None:
    settings.VERNIER_ANSWERS_URL = url
    with pytest.raises(ImproperlyConfigured):
        storage.answers()


# Folders


def test_only_the_owner_may_enter_the_folders(tmp_path: Path) -> None:
    Folder(tmp_path / "a" / "b").put("c/d", CONTENT)
    for path in (tmp_path / "a" / "b", tmp_path / "a" / "b" / "c", tmp_path / "a" / "b" / ".incoming"):
        assert path.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "a" / "b" / "c" / "d").stat().st_mode & 0o777 == 0o600


def test_a_broken_stream_leaves_nothing(tmp_path: Path) -> None:
    class Broken(Trickle):
        def read(self, size: int = -1) -> bytes:
            raise ConnectionError("gone")

    store = Folder(tmp_path)
    with pytest.raises(StorageUnavailableError):
        store.put("a", Broken(CONTENT))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_put_left_is_removed_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Folder(tmp_path)
    store.ping()
    leftover = tmp_path / ".incoming" / "leftover"
    leftover.write_bytes(b"half")
    store.ping()
    assert leftover.exists()
    monkeypatch.setattr(storage, "LEFTOVER_SECONDS", -1)
    store.ping()
    assert not leftover.exists()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Folder(tmp_path / "file" / "answers")
    for call in (store.ping, lambda: store.put("a", CONTENT), lambda: list(store.keys())):
        with pytest.raises(StorageUnavailableError):
            call()


# S3


def test_the_gateway_gives_the_web_role_no_truth(rgw: S3) -> None:
    buckets = rgw.new_buckets()
    Bucket(buckets.truth, rgw.worker).put("releases/a", CONTENT)
    store = Bucket(buckets.truth, rgw.web)
    refused = [
        lambda: store.get("releases/a"),
        lambda: store.size("releases/a"),
        lambda: list(store.keys()),
        lambda: store.put("b", CONTENT),
        lambda: store.delete("releases/a"),
        store.ping,
    ]
    for call in refused:
        with pytest.raises(StorageRefusedError, match=r"403|AccessDenied"):
            call()
    assert Bucket(buckets.truth, rgw.worker).get("releases/a") == CONTENT


def test_both_roles_use_the_answers(rgw: S3) -> None:
    buckets = rgw.new_buckets()
    Bucket(buckets.answers, rgw.web).put("a", CONTENT)
    Bucket(buckets.answers, rgw.worker).put("b", CONTENT)
    assert Bucket(buckets.answers, rgw.worker).get("a") == CONTENT
    assert Bucket(buckets.answers, rgw.web).get("b") == CONTENT


def test_the_gateway_refuses_a_wrong_secret(rgw: S3) -> None:
    store = Bucket(rgw.new_buckets().answers, replace(rgw.worker, secret_key="wrong"))
    with pytest.raises(StorageRefusedError):
        store.ping()
    with pytest.raises(StorageRefusedError):
        store.put("a", CONTENT)


def test_what_is_put_is_private(rgw: S3) -> None:
    buckets = rgw.new_buckets()
    Bucket(buckets.answers, rgw.web).put("a", CONTENT)
    connection = socket.create_connection(("127.0.0.1", int(rgw.endpoint.rpartition(":")[2])))
    with connection:
        request = f"GET /{buckets.answers}/a HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        assert connection.recv(12) == b"HTTP/1.1 403"


def test_nobody_without_credentials_is_let_in(rgw: S3) -> None:
    buckets = rgw.new_buckets_by_policy()
    Bucket(buckets.answers, rgw.web).put("answers/a", CONTENT)
    Bucket(buckets.truth, rgw.organizer).put("releases/a", CONTENT)
    for address in (
        f"{buckets.answers}/answers/a",
        f"{buckets.truth}/releases/a",
        buckets.answers,
        buckets.truth,
    ):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            answer = httpx.request(method, f"{rgw.endpoint}/{address}", trust_env=False)
            assert answer.status_code == 403, (method, address)
    assert Bucket(buckets.truth, rgw.organizer).get("releases/a") == CONTENT


# What each role's user may do by the policies of deploy/s3


ALLOWED = {
    "web": {"answers": "get put delete list", "truth releases": "", "truth outcomes": ""},
    "worker": {
        "answers": "get put delete list",
        "truth releases": "get list",
        "truth outcomes": "get put list",
    },
    "organizer": {
        "answers": "get put delete list",
        "truth releases": "get put delete list",
        "truth outcomes": "get put delete list",
    },
}


@pytest.fixture(scope="module")
def granted(rgw: S3) -> Buckets:
    """Buckets in which each role may do what deploy/s3 says."""
    return rgw.new_buckets_by_policy()


@pytest.mark.parametrize("role", ALLOWED)
@pytest.mark.parametrize("place", ["answers", "truth releases", "truth outcomes"])
def test_a_roles_user_may_do_what_its_role_does_and_no_more(
    rgw: S3, granted: Buckets, role: str, place: str
) -> None:
    kind, _space, folder = place.partition(" ")
    bucket = granted.answers if kind == "answers" else granted.truth
    key = f"{folder or 'answers'}/{role}"
    Bucket(bucket, rgw.operator).put(key, CONTENT)
    store = Bucket(bucket, rgw.account(role))
    deeds: dict[str, Callable[[], object]] = {
        "get": lambda: store.get(key),
        "put": lambda: store.put(f"{key}-new", CONTENT),
        "list": lambda: list(store.keys()),
        "delete": lambda: store.delete(key),
    }
    for name, deed in deeds.items():
        if name in ALLOWED[role][place].split():
            deed()
        else:
            with pytest.raises(StorageRefusedError):
                deed()


# Encryption, and addresses for browsers


@pytest.mark.parametrize("asked", ["", "AES256", "aws:kms"])
def test_the_service_is_asked_to_encrypt_what_is_put(moto: S3, asked: str) -> None:
    bucket = moto.new_buckets().answers
    store = Bucket(bucket, replace(moto.web, encryption=asked))
    store.put("a", CONTENT)
    assert moto.worker.client.head_object(Bucket=bucket, Key="a").get("ServerSideEncryption", "") == asked
    assert store.get("a") == CONTENT


def test_an_object_can_be_downloaded_by_its_address_for_a_minute(rgw: S3) -> None:
    account = replace(rgw.web, public_endpoint=rgw.endpoint)
    store = Bucket(rgw.new_buckets_by_policy().answers, account)
    store.put("answers/a", CONTENT)
    address = store.link("answers/a", file_name="my “best” answers.csv")
    assert address is not None
    assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == ["60"]
    answer = httpx.get(address, trust_env=False)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''my%20%E2%80%9Cbest%E2%80%9D%20answers.csv"
    )
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_an_address_holds_for_its_object_alone_and_for_reading_alone(rgw: S3) -> None:
    account = replace(rgw.web, public_endpoint=rgw.endpoint)
    store = Bucket(rgw.new_buckets_by_policy().answers, account)
    for key in ("answers/a", "answers/b"):
        store.put(key, CONTENT)
    address = store.link("answers/a", file_name="a")
    assert address is not None
    assert httpx.get(address.replace("answers/a", "answers/b"), trust_env=False).status_code == 403
    assert httpx.delete(address, trust_env=False).status_code == 403
    later = address.replace("X-Amz-Expires=60", "X-Amz-Expires=600")
    assert httpx.get(later, trust_env=False).status_code == 403


def test_an_address_is_over_after_its_time(rgw: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LINK_SECONDS", 1)
    account = replace(rgw.web, public_endpoint=rgw.endpoint)
    store = Bucket(rgw.new_buckets_by_policy().answers, account)
    store.put("answers/a", CONTENT)
    address = store.link("answers/a", file_name="a")
    assert address is not None
    time.sleep(2.1)
    assert httpx.get(address, trust_env=False).status_code == 403


def test_there_is_no_address_unless_browsers_reach_the_store(rgw: S3, tmp_path: Path) -> None:
    for store in (Bucket(rgw.new_buckets().answers, rgw.web), Folder(tmp_path)):
        store.put("a", CONTENT)
        assert store.link("a", file_name="a") is None


def test_there_is_no_address_of_a_missing_object(rgw: S3) -> None:
    store = Bucket(rgw.new_buckets().answers, replace(rgw.web, public_endpoint=rgw.endpoint))
    with pytest.raises(MissingObjectError):
        store.link("a", file_name="a")


@pytest.mark.parametrize("service", ["moto", "rgw"])
def test_a_missing_bucket_is_not_a_missing_object(service: str, request: pytest.FixtureRequest) -> None:
    running: S3 = request.getfixturevalue(service)
    store = Bucket("no-such-bucket", running.worker)
    for call in (lambda: store.get("a"), lambda: list(store.keys()), store.ping):
        with pytest.raises(StorageUnavailableError):
            call()


def test_a_service_that_is_down_is_unavailable() -> None:
    account = S3Account(f"http://127.0.0.1:{free_port()}", "us-east-1", "key", "secret")
    store = Bucket("answers", account)
    for call in (lambda: store.put("a", CONTENT), lambda: store.get("a"), store.ping):
        with pytest.raises(StorageUnavailableError):
            call()


def test_a_client_is_made_when_its_bucket_is_first_asked(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    class AskedForError(Exception):
        """Somebody made a client."""

    def ask() -> None:
        raise AskedForError

    monkeypatch.setattr(boto3.session, "Session", ask)
    settings.VERNIER_ANSWERS_URL = "s3://answers"
    settings.VERNIER_S3 = settings_of(S3Account("http://127.0.0.1:1", "us-east-1", "lazy", "secret"))
    store = storage.answers()
    with pytest.raises(AskedForError):
        store.get("a")


def test_a_process_keeps_its_client_and_a_forked_one_makes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    account = S3Account("http://127.0.0.1:1", "us-east-1", "forked", "secret")
    parents = account.client
    assert account.client is parents
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert account.client is not parents


# A network that loses an answer


@pytest.fixture
def forgetful(moto: S3) -> Iterator[S3Account]:
    """The service behind a network that loses its answer to the first request."""
    with ForgetfulNetwork(int(moto.endpoint.rpartition(":")[2])) as port:
        yield replace(moto.worker, endpoint=f"http://127.0.0.1:{port}")


@pytest.fixture
def buckets(moto: S3) -> Buckets:
    return moto.new_buckets()


def test_a_put_whose_answer_was_lost_has_worked(forgetful: S3Account, buckets: Buckets) -> None:
    store = Bucket(buckets.answers, forgetful)
    assert store.put("a", CONTENT).size == len(CONTENT)
    assert store.get("a") == CONTENT


def test_a_taken_key_stays_taken_when_the_answer_was_lost(
    forgetful: S3Account, buckets: Buckets, moto: S3
) -> None:
    Bucket(buckets.answers, moto.worker).put("a", b"other")
    with pytest.raises(ObjectExistsError):
        Bucket(buckets.answers, forgetful).put("a", CONTENT)


class ForgetfulNetwork:
    """A proxy that hangs up instead of passing on the answer to the first request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._has_forgotten = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> int:
        self._threads[0].start()
        return int(self._listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            upward = threading.Thread(target=self._pass_on, args=(client, server))
            downward = threading.Thread(target=self._answer, args=(server, client))
            self._threads += [upward, downward]
            upward.start()
            downward.start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        for chunk in chunks(client):
            server.sendall(chunk)
        hang_up(server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        for chunk in chunks(server):
            is_final = not chunk.startswith(b"HTTP/1.1 100")
            if is_final and not self._has_forgotten:
                self._has_forgotten = True
                break
            client.sendall(chunk)
        hang_up(client)


def hang_up(connection: socket.socket) -> None:
    """Tell the other side at once, even while another thread waits for it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def chunks(source: socket.socket) -> Iterator[bytes]:
    """What arrives, until the other side hangs up."""
    try:
        while chunk := source.recv(65536):
            yield chunk
    except OSError:
        return


def test_while_a_service_is_away_one_thread_asks_it_and_the_others_are_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storage, "TROUBLE_SECONDS", 0.2)
    trouble = storage._Trouble()
    inside, leave = threading.Event(), threading.Event()

    def ask() -> None:
        with trouble.watched():
            inside.set()
            assert leave.wait(10)

    with pytest.raises(StorageUnavailableError, match="stalled"), trouble.watched():
        raise StorageSilentError("stalled")
    with pytest.raises(StorageUnavailableError, match="a moment ago"), trouble.watched():
        pass
    time.sleep(0.2)
    asking = threading.Thread(target=ask)
    asking.start()
    assert inside.wait(10)
    for _other in range(3):
        with pytest.raises(StorageUnavailableError, match="a moment ago"), trouble.watched():
            pass
    leave.set()
    asking.join()
    inside.clear()
    leave.clear()
    asking = threading.Thread(target=ask)
    asking.start()
    assert inside.wait(10)
    with trouble.watched():
        leave.set()
    asking.join()


def test_a_missing_object_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "TROUBLE_SECONDS", 0)
    trouble = storage._Trouble()
    with suppress(StorageSilentError), trouble.watched():
        raise StorageSilentError
    with suppress(MissingObjectError), trouble.watched(), trouble.watched():
        raise MissingObjectError
    assert not trouble._is_known

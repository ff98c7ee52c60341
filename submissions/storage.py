"""Where files are kept: answer files in one store, truth and outcomes in another.

This is the only module that knows folders or S3. A store never overwrites: what was put stays as it is until
it is deleted. A key is a path of plain segments, such as `submissions/2f6c.../answers`; no key may be a
folder of another, which folders cannot hold.
"""

import base64
import hashlib
import io
import os
import re
import secrets
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.http import content_disposition_header

from submissions import store_faults, store_url

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LARGEST_OBJECT_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
SPOOL_MEMORY_BYTES = 4 * 1024 * 1024  # beyond it, what is on its way to or from S3 waits in a temporary file
LEFTOVER_SECONDS = 24 * 60 * 60
LINK_SECONDS = 60
TROUBLE_SECONDS = 5.0
RETRY_SECONDS = 60  # after which whoever met a store that is away may try again
KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
LONGEST_KEY = 512


class StorageUnavailableError(Exception):
    """The store does not answer, or not as it should: try again later, nothing is known to be lost."""


class StorageSilentError(StorageUnavailableError):
    """The store does not answer at all."""


class StorageRefusedError(StorageUnavailableError):
    """The store answers, but not to these credentials: an operator has to act before a retry can succeed."""


class MissingObjectError(Exception):
    """No object has this key."""


class ObjectExistsError(Exception):
    """An object has this key already; it is left as it was."""


class ObjectTooLargeError(Exception):
    """More than LARGEST_OBJECT_BYTES were to be put; nothing is kept of them."""


class TruthForbiddenError(Exception):
    """The web role asked for the truth, which only workers and organizers may read."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a put has kept: the SHA-256 of the content in hex, and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One object as a listing shows it."""

    key: str
    size: int
    stored_at: datetime


class Readable(Protocol):
    """An open file, an upload, a stream: whatever gives its bytes piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Up to that many bytes; none at the end."""


class Store(Protocol):
    """A place for objects of up to LARGEST_OBJECT_BYTES. Every call may raise StorageUnavailableError."""

    def put(self, key: str, content: Readable | bytes) -> Stored:
        """Keep the content under the key, whole or not at all; it is durable when this returns.

        A stream is read to its end from where it stands. Raises ObjectExistsError and ObjectTooLargeError.
        """

    def get(self, key: str) -> bytes:
        """The whole content. Raises MissingObjectError."""

    def open(self, key: str) -> IO[bytes]:
        """The content as a seekable file, to be closed by the caller. Raises MissingObjectError."""

    def delete(self, key: str) -> None:
        """Remove the object; none of that key is no error."""

    def exists(self, key: str) -> bool:
        """Whether an object has this key."""

    def size(self, key: str) -> int:
        """The object's size in bytes. Raises MissingObjectError."""

    def objects(self, prefix: str = "") -> Iterator[Listed]:
        """All objects whose keys begin with the prefix, in no promised order."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys of `objects(prefix)`."""

    def ping(self) -> None:
        """Return when the store answers and lets us in; raises StorageUnavailableError otherwise."""

    def link(self, key: str, *, file_name: str) -> str | None:
        """An address that downloads the object under that name to whoever has it, for LINK_SECONDS.

        None, and nothing is asked, where there are no such addresses: then the content has to be passed on. Raises
        MissingObjectError.
        """


def answers() -> Store:
    """The store of answer files and complete error lists."""
    return _store(settings.VERNIER_ANSWERS_URL)


def truth() -> Store:
    """The store of releases and outcomes. Raises TruthForbiddenError in the web role."""
    if settings.VERNIER_ROLE == "web":
        raise TruthForbiddenError("The web role does not read the truth.")
    return _store(settings.VERNIER_TRUTH_URL)


def _store(url: str) -> Store:
    try:
        place = store_url.read(url)
    except ValueError as error:
        raise ImproperlyConfigured(f"The URL of a store {error}, not like {url!r}.") from error
    return _folder(place) if isinstance(place, Path) else _bucket(place, S3Account(**settings.VERNIER_S3))


@lru_cache(maxsize=16)
def _folder(root: Path) -> "Folder":
    return Folder(root)


@lru_cache(maxsize=16)
def _bucket(name: str, account: "S3Account") -> "Bucket":
    return Bucket(name, account)


def _checked(key: str) -> str:
    if len(key) > LONGEST_KEY or not KEY.fullmatch(key):
        raise ValueError(f"{key!r} cannot be the key of an object.")
    return key


def _copy(content: Readable | bytes, target: IO[bytes], *seen_by: Callable[[bytes], object]) -> Stored:
    """Write the content to the target, showing each chunk to `seen_by` as well."""
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    digest = hashlib.sha256()
    size = 0
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        if size > LARGEST_OBJECT_BYTES:
            raise ObjectTooLargeError(f"An object holds at most {LARGEST_OBJECT_BYTES} bytes.")
        digest.update(chunk)
        for see in seen_by:
            see(chunk)
        target.write(chunk)
    return Stored(sha256=digest.hexdigest(), size=size)


def _away(message: str) -> StorageUnavailableError:
    """The error, counted."""
    store_faults.count("away")
    return StorageUnavailableError(message)


def _silent(error: BotoCoreError) -> StorageSilentError:
    """The error, counted."""
    store_faults.count("away")
    return StorageSilentError(_said(error))


# Folders


@dataclass(frozen=True, slots=True)
class Folder:
    """A store in a folder, which is made when first needed and which only its owner may enter."""

    root: Path

    def put(self, key: str, content: Readable | bytes) -> Stored:
        """See Store."""
        path = self._path(key)
        with _disk_faults():
            # Nobody reads half an object: it is complete, and on the disk, before it has its name.
            with self._incoming() as (incoming, name):
                stored = _copy(content, incoming)
                incoming.flush()
                os.fsync(incoming.fileno())
                self._make_folders(path.parent)
                try:
                    path.hardlink_to(name)
                except FileExistsError:
                    raise ObjectExistsError(key) from None
            _sync_folder(path.parent)
        return stored

    def get(self, key: str) -> bytes:
        """See Store."""
        with _disk_faults(key):
            return self._path(key).read_bytes()

    def open(self, key: str) -> IO[bytes]:
        """See Store."""
        with _disk_faults(key):
            return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        """See Store."""
        with _disk_faults(), suppress(FileNotFoundError, NotADirectoryError):
            self._path(key).unlink()

    def exists(self, key: str) -> bool:
        """See Store."""
        try:
            self.size(key)
        except MissingObjectError:
            return False
        return True

    def size(self, key: str) -> int:
        """See Store."""
        with _disk_faults(key):
            status = self._path(key).stat()
        if not stat.S_ISREG(status.st_mode):
            raise MissingObjectError(key)
        return status.st_size

    def objects(self, prefix: str = "") -> Iterator[Listed]:
        """See Store."""
        with _disk_faults():
            for folder, names, files in os.walk(self.root, onerror=_unless_missing):
                names[:] = [name for name in names if not name.startswith(".")]
                for file in files:
                    path = Path(folder, file)
                    key = path.relative_to(self.root).as_posix()
                    if key.startswith(prefix) and (listed := _listed(key, path)):
                        yield listed

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See Store."""
        return (listed.key for listed in self.objects(prefix))

    def ping(self) -> None:
        """See Store."""
        with _disk_faults(), self._incoming():
            pass

    def link(self, key: str, *, file_name: str) -> str | None:
        """See Store. A folder has no address."""
        return None

    def _path(self, key: str) -> Path:
        return self.root / _checked(key)

    @contextmanager
    def _incoming(self) -> Iterator[tuple[IO[bytes], Path]]:
        """A fresh file in the store's own file system, gone when the block ends."""
        folder = self.root / ".incoming"
        self._make_folders(folder)
        path = folder / secrets.token_hex(16)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file, path
        finally:
            path.unlink(missing_ok=True)
            _remove_leftovers(folder)

    def _make_folders(self, folder: Path) -> None:
        """Make the folder and those between it and the root, each for its owner alone."""
        if folder.is_dir():
            return
        if folder == self.root:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            self._make_folders(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


def _listed(key: str, path: Path) -> Listed | None:
    """The file as a listing shows it, or None when it was deleted in the meantime."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return Listed(key=key, size=status.st_size, stored_at=datetime.fromtimestamp(status.st_mtime, UTC))


def _unless_missing(error: OSError) -> None:
    """A folder that is gone, or a store that is not yet made, holds nothing; other faults must show."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _sync_folder(folder: Path) -> None:
    """Make the names in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(folder: Path) -> None:
    """Remove what a process that was killed in the middle of a put has left behind."""
    oldest = time.time() - LEFTOVER_SECONDS
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            status = path.stat()
            if stat.S_ISREG(status.st_mode) and status.st_mtime < oldest:
                path.unlink()


@contextmanager
def _disk_faults(key: str | None = None) -> Iterator[None]:
    """Translate the operating system's errors; with a key, a missing file means a missing object."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        if key is None:
            raise _away(str(error)) from error
        raise MissingObjectError(key) from None
    except OSError as error:
        raise _away(str(error)) from error


# S3


@dataclass(frozen=True, slots=True)
class S3Account:
    """Who asks which S3 service. An empty endpoint means AWS."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    encryption: str = ""  # empty: what the service does unasked
    public_endpoint: str = ""  # where browsers reach the service; empty: nowhere

    @property
    def client(self) -> "S3Client":
        """This process's client of the account, made when first asked for; threads may share it."""
        # Connections must not be shared with a parent that forked us.
        return _client(self, os.getpid())


class _Trouble:
    """Lets one thread ask a service that did not answer, every few seconds, until it does; others are told at once.

    Else a few uploads that wait for it would hold every thread of a web process, and no page would be answered.
    """

    def __init__(self) -> None:
        self._is_known = False
        self._again_at = 0.0
        self._asking = threading.RLock()  # a put may ask again what became of it

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Around every call. Raises StorageUnavailableError without asking where that would be too soon."""
        if not self._is_known:
            with self._noticed():
                yield
        elif time.monotonic() >= self._again_at and self._asking.acquire(blocking=False):
            try:
                with self._noticed():
                    yield
            finally:
                self._asking.release()
        else:
            raise StorageUnavailableError("the store was away a moment ago")

    @contextmanager
    def _noticed(self) -> Iterator[None]:
        try:
            yield
        except StorageSilentError:
            self._is_known, self._again_at = True, time.monotonic() + TROUBLE_SECONDS
            raise
        except Exception:
            self._is_known = False  # it answers
            raise
        self._is_known = False


@lru_cache(maxsize=16)
def _trouble(account: "S3Account") -> _Trouble:
    return _Trouble()


@lru_cache(maxsize=16)
def _client(account: S3Account, process: int) -> "S3Client":
    """A client that gives up soon: whoever waits for it holds a web thread or a worker."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=account.endpoint or None,
        region_name=account.region or None,
        # Without keys in the environment the machine's own role is asked.
        aws_access_key_id=account.access_key or None,
        aws_secret_access_key=account.secret_key or None,
        config=Config(
            connect_timeout=2,
            read_timeout=10,
            # Behind a web request somebody waits, who can send it again.
            retries={
                "mode": "standard",
                "total_max_attempts": 2 if settings.VERNIER_ROLE == "web" else 3,
            },
            max_pool_connections=20,
            signature_version="s3v4",
            s3={"addressing_style": "path" if account.endpoint else "auto"},
            # Every vendor checks Content-MD5, which put sends; newer trailing checksums break older ones.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@dataclass(frozen=True, slots=True)
class Bucket:
    """A store in an S3 bucket, which must exist and be private."""

    name: str
    account: S3Account

    def put(self, key: str, content: Readable | bytes) -> Stored:
        """See Store."""
        _checked(key)
        # The checksum goes ahead of the body, so the body has to wait somewhere.
        with tempfile.SpooledTemporaryFile(SPOOL_MEMORY_BYTES) as spool:
            md5 = hashlib.md5(usedforsecurity=False)
            with _disk_faults():
                stored = _copy(content, spool, md5.update)
                spool.seek(0)
            with _trouble(self.account).watched():
                try:
                    self.account.client.put_object(
                        Bucket=self.name,
                        Key=key,
                        Body=spool,
                        ContentLength=stored.size,
                        ContentMD5=base64.b64encode(md5.digest()).decode(),
                        ContentType="application/octet-stream",
                        Metadata={"sha256": stored.sha256},
                        IfNoneMatch="*",
                        **self._encryption(),
                    )
                except ClientError as error:
                    if not (_is_taken(error) and self._is_our_own(key, stored.sha256, error)):
                        raise _translated(error, key) from error
                except BotoCoreError as error:
                    raise _silent(error) from error
        return stored

    def get(self, key: str) -> bytes:
        """See Store."""
        with self._faults(_checked(key)):
            return self.account.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def open(self, key: str) -> IO[bytes]:
        """See Store."""
        spool = tempfile.SpooledTemporaryFile(SPOOL_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
        try:
            with self._faults(_checked(key)), _disk_faults():
                body = self.account.client.get_object(Bucket=self.name, Key=key)["Body"]
                shutil.copyfileobj(body, spool, CHUNK_BYTES)
        except BaseException:
            spool.close()
            raise
        spool.seek(0)
        return spool

    def delete(self, key: str) -> None:
        """See Store."""
        with self._faults(_checked(key)):
            self.account.client.delete_object(Bucket=self.name, Key=key)

    def exists(self, key: str) -> bool:
        """See Store."""
        try:
            self.size(key)
        except MissingObjectError:
            return False
        return True

    def size(self, key: str) -> int:
        """See Store."""
        with self._faults(_checked(key)):
            return self.account.client.head_object(Bucket=self.name, Key=key)["ContentLength"]

    def objects(self, prefix: str = "") -> Iterator[Listed]:
        """See Store."""
        with self._faults():
            pages = self.account.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    yield Listed(key=item["Key"], size=item["Size"], stored_at=item["LastModified"])

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See Store."""
        return (listed.key for listed in self.objects(prefix))

    def ping(self) -> None:
        """See Store."""
        with self._faults():
            self.account.client.head_bucket(Bucket=self.name)

    def link(self, key: str, *, file_name: str) -> str | None:
        """See Store. The address is signed for this object, this name and no other."""
        if not self.account.public_endpoint:
            return None
        self.size(key)
        public = replace(self.account, endpoint=self.account.public_endpoint)
        try:
            return public.client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self.name,
                    "Key": key,
                    # Never shown by the browser, whatever is in it.
                    "ResponseContentDisposition": content_disposition_header(True, file_name) or "attachment",
                    "ResponseContentType": "application/octet-stream",
                    "ResponseCacheControl": "private, no-store",
                },
                ExpiresIn=LINK_SECONDS,
            )
        except BotoCoreError as error:
            raise StorageUnavailableError(_said(error)) from error

    def _encryption(self) -> dict[str, Any]:
        return {"ServerSideEncryption": self.account.encryption} if self.account.encryption else {}

    @contextmanager
    def _faults(self, key: str | None = None) -> Iterator[None]:
        """Translate boto's errors; with a key, 404 means a missing object."""
        with _trouble(self.account).watched():
            try:
                yield
            except ClientError as error:
                raise _translated(error, key) from error
            except BotoCoreError as error:
                raise _silent(error) from error

    def _is_our_own(self, key: str, sha256: str, error: ClientError) -> bool:
        """Whether the key is taken only by an earlier try of this request that came through unnoticed."""
        if not error.response["ResponseMetadata"].get("RetryAttempts"):
            return False
        with self._faults(key):
            found = self.account.client.head_object(Bucket=self.name, Key=key)
        return found["Metadata"].get("sha256") == sha256


def _is_taken(error: ClientError) -> bool:
    return error.response["ResponseMetadata"]["HTTPStatusCode"] == 412


def _said(error: BotoCoreError) -> str:
    """What a log may hold of it: connections' faults name the address, but others may quote what was sent or read."""
    return str(error) if isinstance(error, (NoConnectionError, HTTPClientError)) else type(error).__name__


def _translated(error: ClientError, key: str | None) -> Exception:
    code = error.response["Error"]["Code"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if key is not None and (code == "NoSuchKey" or code == "404"):
        return MissingObjectError(key)
    if key is not None and _is_taken(error):
        return ObjectExistsError(key)
    if status in (401, 403):
        store_faults.count("refused")
        return StorageRefusedError(str(error))
    return _away(str(error))

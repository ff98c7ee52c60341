"""The file of a backup: a gzipped tar that is written and read as a stream, with a SHA-256 of each member and of all.

Each member's digest stands in its own header, and the last member holds how many there are and the digest of all their
names and digests in order: what is cut off, changed, added or moved shows, whatever the size, in constant memory.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

END = "end.json"
SHA256 = "VERNIER.sha256"  # the header that holds a member's digest
MEMORY_BYTES = 4 * 1024 * 1024  # a larger member waits in a temporary file
COMPRESSION = 6
CHUNK_BYTES = 1024 * 1024


class DamagedArchiveError(Exception):
    """The file is not what a backup wrote; the message says where it shows."""


@dataclass
class Tally:
    """What the last member says of those before it."""

    members: int = 0
    size: int = 0  # bytes of content
    _digest: Any = field(default_factory=hashlib.sha256)

    def count(self, name: str, sha256: str, size: int) -> None:
        """Take in one more member."""
        self.members += 1
        self.size += size
        self._digest.update(f"{sha256}  {name}\n".encode())

    def said(self) -> dict[str, object]:
        """As the last member holds it."""
        return {"members": self.members, "size": self.size, "sha256": self._digest.hexdigest()}


class _Hashed(io.RawIOBase):
    """A file that is being written, and the digest of what went into it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return self._file.write(data)


class _Tar(tarfile.TarFile):
    members: list[tarfile.TarInfo]  # that it would remember every one of; we let it forget


class Writer:
    """Takes members, one after the other."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin an archive in an empty file."""
        self.tally = Tally()
        self._hashed = _Hashed(file)
        self._gzip = gzip.GzipFile(filename="", fileobj=self._hashed, mode="wb", compresslevel=COMPRESSION)
        self._tar = _Tar(fileobj=self._gzip, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name: str, content: bytes | IO[bytes]) -> None:
        """Write a member: bytes, or a seekable file from its beginning."""
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        sha256 = sha256_of(file)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self._write(name, file, size, sha256)
        self.tally.count(name, sha256, size)

    def close(self) -> str:
        """Write the last member; the SHA-256 of the whole file."""
        said = json.dumps(self.tally.said()).encode()
        self._write(END, io.BytesIO(said), len(said), hashlib.sha256(said).hexdigest())
        self._tar.close()
        self._gzip.close()
        return self._hashed.digest.hexdigest()

    def let_go(self) -> None:
        """Write nothing more."""
        self._gzip.close()

    def _write(self, name: str, file: IO[bytes], size: int, sha256: str) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.pax_headers = size, 0o600, {SHA256: sha256}
        self._tar.addfile(member, file)
        self._tar.members.clear()


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write an archive, readable by its owner alone; it has its name once the block has ended and it is on the disk.

    Nothing is overwritten: raises FileExistsError, at the latest at the end. Without the writer's `close`, or when the
    block raises, nothing stays behind.
    """
    if path.exists():
        raise FileExistsError(path)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            writer = Writer(file)
            try:
                yield writer
            finally:
                writer.let_go()
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(unfinished)
    finally:
        unfinished.unlink()


@dataclass(frozen=True, slots=True)
class Member:
    """A member whose content is what was written, as a file at its beginning."""

    name: str
    content: IO[bytes]


def members(path: Path) -> Iterator[Member]:
    """The members, each checked before it is given and closed when the next one is asked for.

    Raises DamagedArchiveError: at the latest at the end, so that nothing is certain before that.
    """
    tally = Tally()
    try:
        with gzip.open(path) as unzipped, _Tar.open(fileobj=unzipped, mode="r|") as tar:
            while (info := tar.next()) is not None:
                tar.members.clear()
                with _checked(tar, info) as content:
                    if info.name == END:
                        _check_end(tally, content, unzipped)
                        return
                    tally.count(info.name, info.pax_headers[SHA256], info.size)
                    yield Member(info.name, content)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DamagedArchiveError(f"after {tally.members} members: {error}") from error
    raise DamagedArchiveError(f"it ends after {tally.members} members, without its end")


@contextmanager
def _checked(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[IO[bytes]]:
    stored = tar.extractfile(info)
    if stored is None or SHA256 not in info.pax_headers:
        raise DamagedArchiveError(f"{info.name} is nothing that a backup writes")
    with tempfile.SpooledTemporaryFile(MEMORY_BYTES) as content:
        shutil.copyfileobj(stored, content)
        content.seek(0)
        if sha256_of(content) != info.pax_headers[SHA256]:
            raise DamagedArchiveError(f"{info.name} has another SHA-256 than when it was written")
        yield content


def _check_end(tally: Tally, content: IO[bytes], rest: gzip.GzipFile) -> None:
    if json.load(content) != tally.said():
        raise DamagedArchiveError("members are missing, or there are others than were written")
    # Read to its last byte, where gzip keeps its own sum.
    while chunk := rest.read(CHUNK_BYTES):
        if chunk.strip(b"\0"):
            raise DamagedArchiveError("something follows its end")


def sha256_of(file: IO[bytes]) -> str:
    """The SHA-256 of a seekable file, which is left at its beginning."""
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def sha256_of_file(path: Path) -> str:
    """The SHA-256 of the whole file."""
    with path.open("rb") as file:
        return sha256_of(file)

"""The file as it is sent: of any size, and never in memory."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vernier import exits
from vernier.voice import Told, Voice

LIMIT_BYTES = 64 * 1024 * 1024  # what a site takes as it comes; unpacked it may be more
CHUNK_BYTES = 1024 * 1024
# gzip, xlsx, Parquet: compressed already, and the latter two are not taken within gzip.
COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"PAR1")


class Watched(io.BufferedReader):
    """An open file that tells how far it was read."""

    def __init__(self, path: Path, told: Told) -> None:
        super().__init__(io.FileIO(path))
        self._told = told

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        self._told(self.tell())
        return chunk


def checked(text: str) -> Path:
    """The file of this name. Raises StopError when there is none to be read."""
    path = Path(text)
    try:
        if path.is_dir():
            raise exits.usage(f"{text} is a folder.")
        if not path.is_file():
            raise exits.usage(f"There is no file {text}.")
        with path.open("rb"):
            return path
    except OSError as error:
        raise exits.usage(f"{text} cannot be read: {error.strerror}") from None


@contextmanager
def sendable(path: Path, voice: Voice) -> Iterator[Path]:
    """The file itself; of a text that is larger than a site takes, its gzip, on disk for as long as the block lasts.

    Made once and alike each time: every try sends the same bytes, or the key of the upload would not fit them. And of a
    known length, without which no form is read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4)
    if size <= LIMIT_BYTES or head.startswith(COMPRESSED):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="vernier-") as folder:
        packed = Path(folder) / f"{path.name}.gz"
        with voice.progress(f"Compressing {path.name}", size) as told:
            _pack(path, packed, told)
        voice.detail(f"{path.name}: {size} bytes, compressed to {packed.stat().st_size}")
        yield packed


def _pack(path: Path, to: Path, told: Told) -> None:
    with (  # closed in turn from the last to the first
        Watched(path, told) as plain,
        to.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
    ):
        while chunk := plain.read(CHUNK_BYTES):
            packed.write(chunk)

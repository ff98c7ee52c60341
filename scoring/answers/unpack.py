"""Unpacking gzip under limits, so that a small file cannot become a large one."""

import zlib

LARGEST_FILE = 64 * 1024 * 1024
LARGEST_RATIO = 100
GZIP_MAGIC = b"\x1f\x8b"
_WINDOW_GZIP = 31
_MOST_MEMBERS = 1_000
_STEP = 64 * 1024


class DamagedGzipError(Exception):
    """Not a whole and sound gzip file."""


class ExpandsTooFarError(Exception):
    """Unpacked it would be larger than the limits allow."""


def unpack(data: bytes, *, largest: int = LARGEST_FILE, ratio: int = LARGEST_RATIO) -> bytes:
    """The content of a gzip file of one or more members; anything else as it is.

    Never unpacks more than `largest` bytes, nor `ratio` times the packed size.
    Raises DamagedGzipError or ExpandsTooFarError.
    """
    if not data.startswith(GZIP_MAGIC):
        return data
    limit = min(largest, ratio * len(data))
    pieces: list[bytes] = []
    # Zero bytes may pad the end of a gzip file.
    end = len(data.rstrip(b"\0"))
    at = members = 0
    while at < end:
        if members == _MOST_MEMBERS:
            raise ExpandsTooFarError
        members += 1
        at, limit = _unpack_member(memoryview(data), at, limit, pieces)
    return b"".join(pieces)


def _unpack_member(data: memoryview, at: int, limit: int, pieces: list[bytes]) -> tuple[int, int]:
    """Unpack the member that starts here; where it ends, and how many bytes may still follow.

    It is fed in steps, since zlib copies what lies behind a member's end.
    """
    reader = zlib.decompressobj(_WINDOW_GZIP)
    while not reader.eof:
        packed = data[at : at + _STEP]
        if not packed:
            raise DamagedGzipError
        try:
            piece = reader.decompress(packed, limit + 1)
        except zlib.error as error:
            raise DamagedGzipError from error
        limit -= len(piece)
        if limit < 0:
            raise ExpandsTooFarError
        pieces.append(piece)
        at += len(packed)
    return at - len(reader.unused_data), limit


def unpack_head(head: bytes, size: int) -> bytes:
    """Up to `size` unpacked bytes of a gzip file of which only the head is there.

    Raises DamagedGzipError.
    """
    unpacked = b""
    while head.startswith(GZIP_MAGIC) and len(unpacked) < size:
        reader = zlib.decompressobj(_WINDOW_GZIP)
        try:
            unpacked += reader.decompress(head, size - len(unpacked))
        except zlib.error as error:
            raise DamagedGzipError from error
        if not unpacked and not reader.eof:  # cut short within its first bytes: not empty, but damaged
            raise DamagedGzipError
        head = reader.unused_data
    return unpacked

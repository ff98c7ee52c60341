"""Unpacking gzip under limits, so that a small file cannot become a large one."""

import zlib

LARGEST_FILE = 64 * 1024 * 1024
LARGEST_RATIO = 100
GZIP_MAGIC = b"\x1f\x8b"
_WINDOW_GZIP = 31
_MOST_MEMBERS = 1_000


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
    members: list[bytes] = []
    rest = data
    # Zero bytes may pad the end of a gzip file.
    while rest.strip(b"\0"):
        if len(members) == _MOST_MEMBERS:
            raise ExpandsTooFarError
        member, rest = _unpack_member(rest, limit)
        limit -= len(member)
        members.append(member)
    return b"".join(members) if len(members) > 1 else members[0]


def _unpack_member(data: bytes, limit: int) -> tuple[bytes, bytes]:
    reader = zlib.decompressobj(_WINDOW_GZIP)
    try:
        member = reader.decompress(data, limit + 1)
    except zlib.error as error:
        raise DamagedGzipError from error
    if len(member) > limit:
        raise ExpandsTooFarError
    if not reader.eof:
        raise DamagedGzipError
    return member, reader.unused_data


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
        head = reader.unused_data
    return unpacked

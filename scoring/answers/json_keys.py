"""Seeing repeated JSON keys without a second parse: every key of a file is counted in its bytes."""

import numpy as np

_STEP = 1 << 20
_QUOTE, _BACKSLASH, _COLON = ord('"'), ord("\\"), ord(":")
_SPACES = tuple(b" \t\r\n")
_MOST_ODD = 50_000


def has_repeated_keys(data: bytes, keys: int) -> bool:
    """Whether valid JSON, decoded to `keys` keys in all its objects, holds more of them.

    Never misses one. May be true without reason where a string begins with a colon or strings hold
    very many colons after a quote; then the careful reader decides.
    """
    found = count_keys(data)
    return found is None or found != keys


def count_keys(data: bytes) -> int | None:
    """The number of quotes that end a string and precede a colon; None when there is too much to look at.

    At least the number of keys: inside a string a quote stands behind a back-slash.
    """
    characters = np.frombuffer(data, dtype=np.uint8)
    found = 0
    odd: list[int] = []
    for start in range(2, len(data), _STEP):
        colons = np.flatnonzero(characters[start : start + _STEP] == _COLON) + start
        before = characters[colons - 1]
        quoted = colons[before == _QUOTE]
        escaped = characters[quoted - 2] == _BACKSLASH
        found += len(quoted) - int(np.count_nonzero(escaped))
        odd.extend(quoted[escaped].tolist())
        odd.extend(colons[np.isin(before, _SPACES)].tolist())
        if len(odd) > _MOST_ODD:
            return None
    return found + sum(_ends_string(data, colon) for colon in odd)


def _ends_string(data: bytes, colon: int) -> bool:
    """Whether a string's closing quote comes before this colon, white space apart."""
    before = data[max(0, colon - 200) : colon].rstrip(b" \t\r\n")
    body = before[:-1].rstrip(b"\\")
    if not body:
        return True  # too long a run to judge: counted, so that the careful reader looks
    return before.endswith(b'"') and (len(before) - 1 - len(body)) % 2 == 0

"""Seeing repeated JSON keys without a second parse: every key of a file is counted in its bytes."""

import numpy as np

_STEP = 1 << 18
_QUOTE, _BACKSLASH, _COLON, _SPACE = (ord(character) for character in '"\\: ')
_MOST_ODD = 50_000


def count_keys(data: bytes) -> int | None:
    """The strings of valid JSON that a colon follows: its keys. None when there is too much to look at.

    Never less than the number of keys in all objects, repeated ones included, so a decoded file without
    any more keys than this repeats none. It may be more where a string begins with a colon.
    """
    characters = np.frombuffer(data, dtype=np.uint8)
    found = 0
    odd: list[int] = []
    # The first colon after a key has at least a brace and two quotes before it.
    for start in range(2, len(data), _STEP):
        colon = characters[start : start + _STEP] == _COLON
        before = characters[start - 1 : start - 1 + len(colon)]
        quoted = (before == _QUOTE) & colon
        escaped = quoted & (characters[start - 2 : start - 2 + len(colon)] == _BACKSLASH)
        # Inside a string a quote stands behind a back-slash; white space may stand before a colon.
        unclear = (escaped | ((before <= _SPACE) & colon)).nonzero()[0]
        found += int(np.count_nonzero(quoted)) - int(np.count_nonzero(escaped))
        odd.extend((unclear + start).tolist())
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

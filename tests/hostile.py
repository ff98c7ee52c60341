"""Files made to fill a reader's memory or to keep it busy: each is rejected."""

from collections.abc import Callable

LARGEST = 64 * 1024 * 1024


def filled(unit: bytes, *, start: bytes = b"", end: bytes = b"", size: int = LARGEST) -> bytes:
    """As many units as a file of the size holds."""
    return start + unit * ((size - len(start) - len(end)) // len(unit)) + end


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty objects": lambda: b"[" + b"{}," * 6_000_000 + b"{}]",
    "empty lists": lambda: b"[" + b"[]," * 6_000_000 + b"[]]",
    "numbers": lambda: b"[" + b"1," * 9_000_000 + b"1]",
    "one record of numbers": lambda: b'[{"a": [' + b"1.5," * 5_000_000 + b"1]}]",
    "one long string": lambda: b'["' + b"a" * 30_000_000 + b'"]',
    "wide characters": lambda: b'["\xf0\x9f\x98\x80' + b"a" * 30_000_000 + b'"]',
    "short lines": lambda: b"question_id,answer\n" + b"a,\n" * 6_000_000,
    "blank lines": lambda: b'{"a":1}\n' + b"\n" * 30_000_000,
    "one long cell": lambda: b"question_id,answer\n" + b"a" * 30_000_000,
    "quoted colons": lambda: b'["' + b'\\":' * 6_000_000 + b'"]',
    "records of one character": lambda: b"question_id,answer\n" + b"a,A\n" * 7_000_000,
    "commas": lambda: b"question_id,answer\n" + b"," * 30_000_000,
    "Windows lines": lambda: b"question_id,answer\r\n" + b"a,A\r\n" * 6_000_000,
    "carriage returns": lambda: b"question_id,answer\n" + b"\r" * 30_000_000,
    "keys": lambda: b"[{" + b",".join(b'"%d":1' % number for number in range(1_000_000)) + b"}]",
    "records of NaN": lambda: b"[" + (b"[" + b"NaN," * 400_000 + b"1],") * 8 + b"1]",
}

# The worst of thirty shapes of 64 MiB, by memory or by time. Those that take memory a record at a time, and time by the
# mebibyte, are shorter here: at their largest they compute for four times as long and need no more memory.
WORST: dict[str, Callable[[], bytes]] = {
    # Four bytes of memory for each of the file: decoded whole before it is seen to be no record.
    "one wide answer": lambda: filled(
        b"a", start=b'[{"question_id": "x", "answer": "\xf0\x9f\x98\x80', end=b'"}]'
    ),
    # The most objects that a window of the careful reader can hold, and the longest time of all.
    "objects in objects": lambda: filled(
        b"[" + b'{"a":{}},' * 200_000 + b"1]\n", start=b'{"a":1}\n', size=LARGEST // 4
    ),
    # As many lines as characters.
    "carriage returns": lambda: filled(b"\r", start=b"question_id,answer\n"),
    "records of NaN": lambda: filled(b"[" + b"NaN," * 400_000 + b"1],", start=b"[", end=b"1]"),
    "repeated keys": lambda: filled(
        b"{" + b",".join(b'"%d":1,"%d":1' % (key, key) for key in range(60_000)) + b"}\n",
        start=b'{"a":1}\n',
        size=LARGEST // 4,
    ),
}

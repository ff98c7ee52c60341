"""Looks for truth where none may be: runs of right answers in any encoding that somebody might have written."""

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

RUN = 30  # as many right answers in a row are no accident
LETTERS = b"ABCD"
_BLOCK = 15  # every run of 30 holds a whole block of 15 that begins at a multiple of 15
_SEPARATORS = b" \t\r\n\v\f\0,;:|/\\\"'`[](){}<>=&_.-"
_LONE_LETTER = re.compile(rb"(?<![A-Za-z0-9])[A-D](?![A-Za-z0-9])")
_LONE_DIGIT = re.compile(rb"(?<![A-Za-z0-9.])[0-4](?![A-Za-z0-9.])")
# What stands behind a question's id (they end in a number sign and a number), or behind a word for the answer.
_AFTER_ID = re.compile(rb"#\d\W{0,12}(?:[A-Z_]{3,12}\W{1,6})?([A-D0-4])(?![A-Z0-9])")
_AFTER_WORD = re.compile(rb"(?:ANSWER|TRUTH|CORRECT|RIGHT|EXPECTED|GOLD|LABEL)\W{1,8}([A-D0-4])(?![A-Z0-9])")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")
_HEX = re.compile(rb"[0-9a-fA-F]{14,}")
_ZIPPED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
# Bytes as programs print them: \x00, \u0000, \000.
_ESCAPED = re.compile(rb"\\(?:x0|u000|00)([0-4])")
_SMALLEST = b"\0\1\2\3\4"
_DEEPEST = 3

Words = NDArray[np.uint32]


@dataclass(frozen=True)
class Leak:
    """A run of truth that was found, and how it was written."""

    place: str
    encoding: str
    length: int


class TruthSearch:
    """Knows truths, each as question id -> letter, in the order of the questions."""

    def __init__(self, *truths: Mapping[str, str]) -> None:
        """Every truth is sought in its own order, by id, and backwards, as a database's pages may have it."""
        self.sequences: list[str] = []
        for truth in truths:
            orders = (list(truth.values()), [letter for _id, letter in sorted(truth.items())])
            for order in orders:
                self.sequences += ["".join(order), "".join(reversed(order))]

    def in_bytes(self, place: str, data: bytes) -> list[Leak]:
        """What is found in the data, in what is packed in it, and in what is packed in that."""
        return [leak for inner in unpacked(data) for leak in self._in_one(place, inner)]

    def in_values(self, place: str, values: Iterable[object]) -> list[Leak]:
        """What is found in a column of a table, value after value."""
        texts = [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in values]
        short = "\n".join(text for text in texts if len(text) == 1)
        return self.in_bytes(place, short.encode()) if len(short) >= RUN else []

    def _in_one(self, place: str, data: bytes) -> Iterator[Leak]:
        for encoding, view, alphabet in _views(data):
            # Most of what there is holds no run of these characters at all.
            runs = b"\n".join(re.findall(b"[%s]{%d,}" % (alphabet, RUN), view))
            for sequence in self.sequences if runs else ():
                # Written with the view's own characters for A, B, C and D.
                wanted = sequence.encode().translate(bytes.maketrans(LETTERS, alphabet))
                if length := longest_run(wanted, runs):
                    yield Leak(place, encoding, length)
        for how, packed, starts in self._packed:
            if _may_hold(data, starts):
                found = [each for each in packed if each in data]
                yield from (Leak(place, f"two bits each, {how}", len(each) * 4) for each in found[:1])

    @cached_property
    def _packed(self) -> list[tuple[str, list[bytes], Words]]:
        """Every run of every sequence with its letters packed four to a byte, in either order; how all these begin."""
        length = RUN // 4 * 4
        ways = {"high bits first": (6, 4, 2, 0), "low bits first": (0, 2, 4, 6)}
        codes = [[LETTERS.index(letter) for letter in sequence.encode()] for sequence in self.sequences]
        runs = [each[start : start + length] for each in codes for start in range(len(each) - length + 1)]
        packed = {
            how: [bytes(_byte(run[at : at + 4], shifts) for at in range(0, length, 4)) for run in runs]
            for how, shifts in ways.items()
        }
        return [
            (how, each, np.unique(np.frombuffer(b"".join(one[:4] for one in each), dtype="<u4")))
            for how, each in packed.items()
        ]


def _byte(codes: Sequence[int], shifts: Sequence[int]) -> int:
    return sum(code << shift for code, shift in zip(codes, shifts, strict=True))


def _may_hold(data: bytes, starts: Words) -> bool:
    """Whether any of these words occurs: quick, where searching for each run would take minutes."""
    likely = np.zeros(1 << 16, dtype=np.bool_)
    likely[starts & 0xFFFF] = True
    for offset in range(min(4, len(data))):
        words = np.frombuffer(data, dtype="<u4", offset=offset, count=(len(data) - offset) // 4)
        words = words[likely[words & 0xFFFF]]
        places = np.searchsorted(starts, words)
        if (starts[np.minimum(places, len(starts) - 1)] == words).any():
            return True
    return False


def longest_run(wanted: bytes, view: bytes) -> int:
    """The longest stretch of `wanted` in the view that is at least RUN long; 0 when there is none."""
    longest = 0
    for start in range(0, len(wanted) - _BLOCK + 1, _BLOCK):
        block, at = wanted[start : start + _BLOCK], -1
        while (at := view.find(block, at + 1)) >= 0:
            before = _common(reversed(wanted[:start]), reversed(view[max(0, at - len(wanted)) : at]))
            end = start + _BLOCK
            after = _common(wanted[end:], view[at + _BLOCK : at + _BLOCK + len(wanted)])
            longest = max(longest, before + _BLOCK + after)
    return longest if longest >= RUN else 0


def _common(one: Iterable[int], other: Iterable[int]) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


def _views(data: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """The data as several readers would take it: how, its characters, and which of them stand for A to D."""
    upper = data.upper()
    joined = upper.translate(None, _SEPARATORS)
    behind = [
        ("after ids", b"".join(_AFTER_ID.findall(upper))),
        ("after a word", b"".join(_AFTER_WORD.findall(upper))),
    ]
    letters = [("letters", joined), ("lone letters", b"".join(_LONE_LETTER.findall(upper))), *behind]
    digits = [
        ("digits", joined),
        ("lone digits", b"".join(_LONE_DIGIT.findall(data))),
        ("escapes", b"".join(_ESCAPED.findall(data))),
        *behind,
    ]
    for encoding, view in letters:
        yield encoding, view, LETTERS
    for encoding, view in digits:
        for first in (0, 1):
            yield f"{encoding} from {first}", view, b"01234"[first : first + 4]
    # Text has none of these bytes.
    if len(data) - len(data.translate(None, _SMALLEST)) >= RUN:
        for width in (1, 2, 4, 8):
            for offset in range(width):
                for first in (0, 1):
                    yield f"{width} bytes each", data[offset::width], _SMALLEST[first : first + 4]


def unpacked(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """The data, and what it is when it is unzipped, or taken as base64 or hex where it looks so."""
    yield data
    if depth < _DEEPEST:
        for inner in (*_unzipped(data), *_decoded(data)):
            yield from unpacked(inner, depth + 1)


def _unzipped(data: bytes) -> Iterator[bytes]:
    """What lies in a gzip or zlib stream anywhere in the data."""
    for found in _ZIPPED.finditer(data):
        with suppress(zlib.error):
            # 32: with either kind of header. What follows the stream is left alone.
            inner = zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(memoryview(data)[found.start() :])
            if len(inner) >= RUN // 4:
                yield inner


def _decoded(data: bytes) -> Iterator[bytes]:
    """All that looks like base64, begun at each of four places, and all that looks like hex; joined by lines."""
    texts = [found.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/")) for found in _BASE64.findall(data)]
    for start in range(4 if texts else 0):
        whole = (text[start : start + (len(text) - start) // 4 * 4] for text in texts)
        yield b"\n".join(base64.b64decode(text) for text in whole)
    digits = _HEX.findall(data)
    for start in range(2 if digits else 0):
        whole = (found[start : start + (len(found) - start) // 2 * 2] for found in digits)
        yield b"\n".join(binascii.unhexlify(found) for found in whole)

"""Reading JSON lists and JSON Lines record by record, with the line of each record and its flaws.

This is the careful reader: it knows where it is, sees duplicate keys, and holds only a window of the
file, so that a hostile one cannot make it allocate much. Files without flaws take quicker ways.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from scoring.answers.utf8 import is_cut_off, line_of_invalid_utf8
from scoring.errors import PredictionError, Problem

WINDOW = 2 * 1024 * 1024
FILLED = re.compile(rb"[^ \t\r\n]")
_WHITE = " \t\r\n"
_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST_INTEGER = 40
_WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_LONGEST_ESCAPE = len("\\u0000")
# A record can hold half a million of them.
MOST_FLAWS = 20
# As json writes it; behind a back-slash that is itself escaped the same letters are a text's own.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Record(NamedTuple):
    """One record: the line on which it starts, its value, and the first 20 things that are wrong with it as JSON.

    `number` is its place in a JSON list, from 1.
    """

    line: int
    value: Any
    flaws: tuple[Problem, ...]
    number: int | None = None


def list_records(data: bytes) -> Iterator[Record]:
    """The elements of a JSON list. Raises PredictionError where the file cannot be read any further."""
    return _ListReader(data).records()


def line_records(data: bytes) -> Iterator[Record]:
    """The values of a JSON Lines file; blank lines are skipped. Raises PredictionError as above."""
    decoder = _RecordDecoder()
    line = 1
    end = 0
    while found := FILLED.search(data, end):
        start = found.start()
        line += data.count(b"\n", end, start)
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if end - start > WINDOW:
            _fail("record-too-long", line)
        may_be_cut = end == len(data)
        text = _decode_line(data[start:end], line, may_be_cut=may_be_cut).rstrip(" \t\r")
        yield _whole_line(decoder, text, line, may_be_cut=may_be_cut)


def _decode_line(data: bytes, line: int, *, may_be_cut: bool) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if may_be_cut and is_cut_off(error):
            return data.decode(errors="replace")
        _fail("invalid-utf-8", line)


def _whole_line(decoder: "_RecordDecoder", text: str, line: int, *, may_be_cut: bool) -> Record:
    try:
        value, end, flaws = decoder.decode(text, 0, line)
    except RecursionError:
        _fail("nested-too-deep", line)
    except json.JSONDecodeError as error:
        code = "truncated-json" if may_be_cut and ends_too_early(error) else "malformed-json"
        _fail(code, line, {"reason": _reason(error)})
    if end != len(text):
        _fail("malformed-json", line, {"reason": "Extra data"})
    return Record(line, value, flaws)


def ends_too_early(error: json.JSONDecodeError) -> bool:
    """Whether more text might have made it JSON."""
    rest = error.doc[error.pos :]
    return (
        error.msg.startswith("Unterminated")
        or any(word.startswith(rest) for word in _WORDS)
        or (error.msg.startswith("Invalid \\uXXXX") and len(rest) <= _LONGEST_ESCAPE)
    )


def _reason(error: json.JSONDecodeError) -> str:
    return error.msg.removesuffix(" starting at")  # json adds a position, which counts within the record


def _fail(code: str, line: int, params: dict[str, str | int | float] | None = None) -> NoReturn:
    raise PredictionError.single(Problem(code, line, params=params or {})) from None


class _RecordDecoder:
    """json's decoder, noting what json itself lets pass."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_constant=self._constant, parse_int=self._integer
        )

    def decode(self, text: str, start: int, line: int) -> tuple[Any, int, tuple[Problem, ...]]:
        self._found.clear()
        value, end = self._decoder.raw_decode(text, start)
        if text.find("\\u", start, end) >= 0:
            self._check_escapes(value)
        if not self._found:
            return value, end, ()
        flaws = tuple(Problem(code, line, params={"quote": quote}) for code, quote in self._found)
        return value, end, flaws

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            seen: set[str] = set()
            repeated = [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
            for key in dict.fromkeys(repeated):
                self._note("duplicate-key", key)
        return value

    def _constant(self, name: str) -> None:
        self._note("not-json-number", name)

    def _integer(self, digits: str) -> int:
        if len(digits) > _LONGEST_INTEGER:
            self._note("number-too-long", digits)
            return 0
        return int(digits)

    def _note(self, code: str, quote: str) -> None:
        if len(self._found) < MOST_FLAWS:
            self._found.append((code, quote))

    def _check_escapes(self, value: Any) -> None:
        written = json.dumps(value, ensure_ascii=False)
        if _NUL.search(written):
            self._note("control-character", "\0")
        try:
            written.encode()
        except UnicodeEncodeError as error:
            self._note("unpaired-surrogate", written[error.start : error.end])


class _ListReader:
    """Walks through a list with a window of decoded text."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0
        self._text = ""
        self._at = 0
        self._line = 1
        self._number = 0  # of the record that is being read, or was last
        self._counted = 0  # `_line` is the line of this place in the window
        self._is_damaged = False  # what is no UTF-8 follows the window
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._decoder = _RecordDecoder()

    def records(self) -> Iterator[Record]:
        if self._next_character() != "[":
            self._fail("malformed-json", "Expecting a list")
        self._at += 1
        if self._next_character() == "]":
            self._at += 1
        else:
            yield from self._elements()
        if self._next_character():
            self._fail("malformed-json", "Extra data")

    def _elements(self) -> Iterator[Record]:
        separator = ","
        while separator == ",":
            self._next_character()
            self._number += 1
            yield self._element()
            separator = self._next_character()
            if separator not in (",", "]"):
                self._fail("malformed-json" if separator else "truncated-json", "Expecting ',' or ']'")
            self._at += 1

    def _element(self) -> Record:
        while True:
            line = self._here()
            try:
                value, end, flaws = self._decoder.decode(self._text, self._at, line)
            except RecursionError:
                self._fail("nested-too-deep")
            except json.JSONDecodeError as error:
                if not self._grow():
                    self._explain(error)
                continue
            # A number may go on behind the window.
            if end == len(self._text) and self._grow():
                continue
            if end - self._at > WINDOW:
                self._fail("record-too-long")
            self._at = end
            return Record(line, value, flaws, self._number)

    def _explain(self, error: json.JSONDecodeError) -> NoReturn:
        if self._offset < len(self._data):
            self._fail("record-too-long")
        cut = ends_too_early(error)
        self._at = min(error.pos, len(self._text))
        self._fail("truncated-json" if cut else "malformed-json", _reason(error))

    def _next_character(self) -> str:
        """Skip white space; the character that follows, or nothing at the end."""
        while True:
            character = self._text[self._at : self._at + 1]
            if character and character not in _WHITE:
                return character
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grow():
                return ""

    def _grow(self) -> bool:
        """Take more of the file into the window; False at the end, or when the window is full already."""
        if self._is_damaged:
            self._fail("invalid-utf-8", line=line_of_invalid_utf8(self._data))
        if self._offset >= len(self._data) or len(self._text) - self._at > WINDOW:
            return False
        self._here()
        piece = self._data[self._offset : self._offset + WINDOW]
        self._offset += len(piece)
        try:
            decoded = self._utf8.decode(piece, self._offset >= len(self._data))
        except UnicodeDecodeError as error:
            decoded = error.object[: error.start].decode()
            # Half a character at the end stands for what was cut off; any other ends the reading, once it is come to.
            if is_cut_off(error):
                decoded += "\ufffd"
            else:
                self._offset, self._is_damaged = len(self._data), True
        self._text = self._text[self._at :] + decoded
        self._at = self._counted = 0
        return True

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _fail(self, code: str, reason: str = "", *, line: int | None = None) -> NoReturn:
        params: dict[str, str | int | float] = {"reason": reason} if reason else {}
        if self._number:
            params["record_number"] = self._number
        _fail(code, line or self._here(), params)

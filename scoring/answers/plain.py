"""Plain answers: `question_id` and `answer`, alone in JSON, perhaps among other columns in a table."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from string import ascii_uppercase
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from scoring import replies
from scoring.answers.fields import FieldError, text_of
from scoring.answers.json_records import Record
from scoring.answers.sheet import Sheet, SheetWriter, empty_codes, most_records
from scoring.errors import UNSHOWABLE, Problem
from scoring.release import Release

_LETTERS = frozenset(ascii_uppercase)
HEADER = ["question_id", "answer"]
_HEADER_LINE = b"question_id,answer\n"


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    question_id: str
    answer: str | None


# What msgspec raises where data is no JSON, no UTF-8, of other types, or nested very deep.
NOT_DECODED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_LIST_DECODER = msgspec.json.Decoder(list[_Row])
_LINE_DECODER = msgspec.json.Decoder(_Row)


def read_json_quickly(data: bytes, format_name: str, keys: int, release: Release) -> Sheet | None:
    """The sheet of a faultless JSON list or JSON Lines file; None when it needs a closer look.

    `keys` is what `count_keys` says of the data.
    """
    try:
        rows = _LIST_DECODER.decode(data) if format_name == "json" else _LINE_DECODER.decode_lines(data)
    except NOT_DECODED:
        return None
    if keys != 2 * len(rows) or (format_name == "jsonl" and not _are_one_a_line(data, len(rows))):
        return None
    ids = [row.question_id for row in rows]
    positions = _find(ids, release)
    if positions is None:
        return None
    return read_quickly(positions, [row.answer for row in rows], release, f"plain-{format_name}")


def _are_one_a_line(data: bytes, records: int) -> bool:
    """Whether each flat object begins a line and ends on it: msgspec also takes several a line, and long ones."""
    body = data.rstrip(b" \t\r\n")
    return body.startswith(b"{") and body.count(b"\n") == body.count(b"\n{") == records - 1


def read_record(record: Record, writer: SheetWriter) -> None:
    """Take one record of a JSON file."""
    value = record.value
    if not isinstance(value, dict):
        writer.problems.add(Problem("not-an-object", record.line))
        return
    faults = list(_faults_of(value, record.line))
    for fault in faults:
        writer.problems.add(fault)
    if not faults:
        _take(value["question_id"], value["answer"], record.line, writer)


def read_row(record: Record, writer: SheetWriter) -> None:
    """Take one row of a table, whatever other columns it has."""
    try:
        question_id, answer = text_of(record.value, "question_id"), text_of(record.value, "answer")
    except FieldError as error:
        writer.problems.add(Problem(error.code, record.line, error.field))
        return
    _take(question_id or "", answer, record.line, writer)


def _faults_of(value: dict[str, Any], line: int) -> Iterator[Problem]:
    for name in HEADER:
        if name not in value:
            yield Problem("missing-field", line, name)
    for name in value:
        if name not in HEADER:
            yield Problem("unexpected-field", line, name, {"field": name})
    if not isinstance(value.get("question_id", ""), str):
        yield Problem("wrong-type", line, "question_id")
    if not isinstance(value.get("answer"), str | None):
        yield Problem("wrong-type", line, "answer")


def _take(question_id: str, answer: str | None, line: int, writer: SheetWriter) -> None:
    position = writer.release.lookup.by_id.get(question_id)
    if position is None:
        code = "control-character" if UNSHOWABLE.search(question_id) else "unknown-question"
        writer.problems.add(Problem(code, line, "question_id", {"question_id": question_id}))
        return
    options = writer.release.options[position]
    reading = replies.read(answer, options)
    if reading.rule == "outside":
        last = ascii_uppercase[len(options) - 1]
        params = {"question_id": question_id, "answer": answer or "", "last_option": last}
        writer.problems.add(Problem("letter-outside-options", line, "answer", params))
        return
    writer.take(position, reading, line, field_name="question_id")


def read_csv_quickly(data: bytes, release: Release) -> Sheet | None:
    """A faultless file without quotes and with one character for each answer; None for any other."""
    # Tables of a file's commas and lines take far more memory than the file.
    if max(data.count(b"\n"), data.count(b",")) > most_records(release) + 2:
        return None
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if not data.startswith(_HEADER_LINE) or b'"' in data or not data.isascii():
        return None
    body = data[len(_HEADER_LINE) :]
    if not body.endswith(b"\n"):
        body += b"\n"
    characters = np.frombuffer(body, dtype=np.uint8)
    commas = np.flatnonzero(characters == ord(","))
    newlines = np.flatnonzero(characters == ord("\n"))
    if len(commas) != len(newlines) or not np.array_equal(commas + 2, newlines):
        return None
    ids = body.decode("ascii").replace("\n", ",").split(",")[:-1:2]
    positions = _find(ids, release)
    if positions is None:
        return None
    return _sheet_of_letters(positions, characters[commas + 1], release, "plain-csv")


def _find(ids: list[str], release: Release) -> NDArray[np.int64] | None:
    """The questions' positions; None when one is unknown or comes twice."""
    # Files mostly keep the release's order, and comparing is quicker than looking up.
    if ids == release.ids:
        return np.arange(release.size)
    return as_distinct(map(release.lookup.by_id.get, ids), len(ids), release)


def as_distinct(found: Iterable[int | None], count: int, release: Release) -> NDArray[np.int64] | None:
    """Positions as an array; None when one is None, an unknown question, or comes twice."""
    try:
        positions = np.fromiter(found, dtype=np.int64, count=count)
    except TypeError:  # None is no number
        return None
    return positions if _are_distinct(positions, release.size) else None


def _are_distinct(positions: NDArray[np.int64], size: int) -> bool:
    seen = np.zeros(size, dtype=np.bool_)
    seen[positions] = True
    return int(np.count_nonzero(seen)) == len(positions)


def _sheet_of_letters(
    positions: NDArray[np.int64], letters: NDArray[np.uint8], release: Release, format_name: str
) -> Sheet | None:
    """From one upper-case ASCII letter an answer; None when one is no letter or outside the options."""
    answers = letters - np.uint8(ord("A"))  # what lies before A wraps around and is outside too
    if not bool(np.all(answers < release.option_counts[positions])):
        return None
    codes = empty_codes(release.size)
    codes[positions] = answers
    present = np.zeros(release.size, dtype=np.bool_)
    present[positions] = True
    return Sheet(codes, present, {"letter": len(positions)}, format_name)


def read_quickly(
    positions: NDArray[np.int64],
    answers: Sequence[str | None],
    release: Release,
    format_name: str,
    *,
    outside_is_unread: bool = False,
) -> Sheet | None:
    """The sheet of answers whose questions are known and distinct; None when one is outside its options."""
    if set(answers) <= _LETTERS:
        letters = np.frombuffer("".join(map(str, answers)).encode("ascii"), dtype=np.uint8)
        if sheet := _sheet_of_letters(positions, letters, release, format_name):
            return sheet
    readings: Counter[str] = Counter()
    codes = empty_codes(release.size)
    for position, answer in zip(positions.tolist(), answers, strict=True):
        reading = replies.read(answer, release.options[position])
        if reading.rule == "outside" and not outside_is_unread:
            return None
        readings[reading.rule] += 1
        if reading.letter is not None:
            codes[position] = ord(reading.letter) - ord("A")
    present = np.zeros(release.size, dtype=np.bool_)
    present[positions] = True
    return Sheet(codes, present, dict(readings), format_name)

"""The native answer files: a list of records as the benchmark authors' scripts write them.

A record has `image`, `question`, `question_type` and `gpt_answer`, the raw reply; `correct_answer` and
other fields are ignored. `question` is a string or a dict with `text` and perhaps `options`; options may
also stand beside it, or as lettered lines in the text. A letter counts among the options that the record
shows, so a runner may shuffle them. A letter outside them is unread, like prose: replies are raw here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import msgspec

from scoring import replies
from scoring.answers.asked import (
    LETTER_KEY,
    LONGEST_TEXT,
    Asked,
    in_letter_order,
    option_lines,
    run_from_a,
    split,
    take,
)
from scoring.answers.json_records import Record
from scoring.answers.plain import NOT_DECODED, as_distinct, read_quickly
from scoring.answers.sheet import Sheet, SheetWriter
from scoring.errors import Problem
from scoring.release import Release

FIELDS = ("image", "question", "gpt_answer")


class _Question(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    type: str
    text: str


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    image: str
    question: _Question
    question_type: str
    correct_answer: str
    gpt_answer: str | None


_KEYS_IN_ROW = 7
_PART = 128 * 1024
_BOUNDARY = re.compile(rb'\}\s*,\s*\{\s*"image"')
_NOTHING: tuple[Any, ...] = (None, {})  # options that are not shown
_DECODER = msgspec.json.Decoder(list[_Row])


def read_json_quickly(data: bytes, keys: int, release: Release) -> Sheet | None:
    """The sheet of a faultless file with unshuffled dict questions; None when it needs a closer look.

    `keys` is what `count_keys` says of the data.
    """
    found: list[int | None] = []
    answers: list[str | None] = []
    try:
        for part in _parts(data):
            rows = _DECODER.decode(part)
            found.extend(_find_unshuffled(rows, found, release))
            answers.extend([row.gpt_answer for row in rows])
    except NOT_DECODED:
        return None
    if keys != _KEYS_IN_ROW * len(answers):
        return None
    positions = as_distinct(found, len(found), release)
    if positions is None:
        return None
    return read_quickly(positions, answers, release, "native", outside_is_unread=True)


def _parts(data: bytes) -> Iterator[bytes]:
    """A list of records as several lists: what is decoded at once stays in the processor's cache.

    They are cut where a record ends and another begins. No string can hold such a place, since a quote
    in it stands behind a back-slash; and lists that are sound by themselves make a sound whole.
    """
    boundary = _BOUNDARY.search(data, 0, _PART)
    start = data.find(b"[") + 1
    if boundary is None or data[: start - 1].strip(b" \t\r\n"):
        yield data
        return
    place = boundary.group()
    comma = place.index(b",")
    while (end := data.find(place, start + _PART)) >= 0:
        yield b"[" + data[start : end + comma] + b"]"
        start = end + comma + 1
    yield b"[" + data[start:]


def _find_unshuffled(rows: list[_Row], before: list[int | None], release: Release) -> Iterable[int | None]:
    """The questions' positions, None for one that is unknown or unclear; `before` are those found so far."""
    lookup = release.lookup
    images = [row.image for row in rows]
    kinds = [row.question_type for row in rows]
    texts = [row.question.text for row in rows]
    # Files mostly keep the release's order, and comparing is quicker than looking up.
    start = (before[-1] or 0) + 1 if before else 0
    end = start + len(rows)
    if (
        images == lookup.images[start:end]
        and kinds == lookup.kinds[start:end]
        and texts == lookup.native_texts[start:end]
    ):
        return range(start, end)
    return map(lookup.by_native_text.get, zip(images, kinds, texts, strict=True))


def read_record(record: Record, writer: SheetWriter) -> None:
    """Take one record, whatever the shape of its question."""
    position = _find_as_written(record.value, writer.release)
    if position is not None:
        reading = replies.read(record.value["gpt_answer"], writer.release.options[position])
        writer.take(position, reading, record.line, field_name="question")
        return
    faults = _faults_of(record.value, record.line)
    for fault in faults:
        writer.problems.add(fault)
    if not faults:
        take(_asked(record.value), record.line, writer)


def _find_as_written(value: Any, release: Release) -> int | None:
    """The question whose text stands in a faultless record exactly as the authors write it, unshuffled."""
    if not isinstance(value, dict) or not isinstance(value.get("gpt_answer", 0), str | None):
        return None
    text: Any = value.get("question")
    shown = None
    if isinstance(text, dict):
        text, shown = text.get("text"), text.get("options")
    image, kind = value.get("image"), value.get("question_type", "")
    if not (isinstance(image, str) and isinstance(kind, str) and isinstance(text, str)):
        return None
    if shown not in _NOTHING or value.get("options") not in _NOTHING:
        return None
    return release.lookup.by_native_text.get((image, kind, text))


def _faults_of(value: Any, line: int) -> list[Problem]:
    """What is wrong with a record's shape."""
    if not isinstance(value, dict):
        return [Problem("not-an-object", line)]
    faults = [Problem("missing-field", line, name) for name in FIELDS if name not in value]
    if faults:
        return faults
    question = value["question"]
    text, shown = (
        (question.get("text"), question.get("options")) if isinstance(question, dict) else (question, None)
    )
    right = (
        ("image", isinstance(value["image"], str)),
        ("question", isinstance(text, str) and _are_options(shown)),
        ("question_type", isinstance(value.get("question_type"), str | None)),
        ("gpt_answer", isinstance(value["gpt_answer"], str | None)),
        ("options", _are_options(value.get("options"))),
    )
    faults = [Problem("wrong-type", line, name) for name, is_right in right if not is_right]
    return faults or list(_faults_of_length(value, line))


def _faults_of_length(value: Mapping[str, Any], line: int) -> Iterator[Problem]:
    """What is too long to be looked for; a reply may be of any length."""
    question = value["question"]
    text, shown = (
        (question["text"], question.get("options")) if isinstance(question, dict) else (question, None)
    )
    lengths = (
        ("image", len(value["image"])),
        ("question", len(text) + _length_of_options(shown)),
        ("question_type", len(value.get("question_type") or "")),
        ("options", _length_of_options(value.get("options"))),
    )
    for name, length in lengths:
        if length > LONGEST_TEXT:
            yield Problem("record-too-long", line, name)


def _length_of_options(shown: Mapping[str, str] | None) -> int:
    return sum(map(len, chain.from_iterable(shown.items()))) if shown else 0


def _are_options(shown: Any) -> bool:
    if not shown:
        return shown is None or isinstance(shown, dict)
    return (
        isinstance(shown, dict)
        and set(map(type, shown.values())) == {str}
        and (run_from_a(shown) or all(map(LETTER_KEY.fullmatch, shown)))
    )


def _asked(value: Mapping[str, Any]) -> Asked:
    question = value["question"]
    text, shown = (
        (question["text"], question.get("options")) if isinstance(question, dict) else (question, None)
    )
    shown = shown or value.get("options")
    stem, lines = split(text)
    return Asked(
        reply=value["gpt_answer"],
        image=value["image"],
        stem=stem,
        kind=value.get("question_type"),
        options=in_letter_order(shown) if shown else option_lines(lines),
    )

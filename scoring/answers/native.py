"""The native answer files: a list of records as the benchmark authors' scripts write them.

A record has `image`, `question`, `question_type` and `gpt_answer`, the raw reply; `correct_answer` and
other fields are ignored. `question` is a string or a dict with `text` and perhaps `options`; options may
also stand beside it, or as lettered lines in the text. A letter counts among the options that the record
shows, so a runner may shuffle them. A letter outside them is unread, like prose: replies are raw here.
"""

import re
from collections import Counter
from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any, NamedTuple

import msgspec

from scoring import replies
from scoring.answers.json_keys import has_repeated_keys
from scoring.answers.json_records import Record
from scoring.answers.plain import find_distinct, read_quickly
from scoring.answers.sheet import Sheet, SheetWriter
from scoring.errors import UNSHOWABLE, Problem
from scoring.lookup import fold_space
from scoring.release import Release

FIELDS = ("image", "question", "gpt_answer")
_PREFIX = re.compile(r"\s*Question(?:\s+\d+)?\s*[:：]\s*")
_OPTION_LINE = re.compile(r"\s*([A-Z])\s*[.:)]\s*(.*)")
_LETTER_KEY = re.compile(r"\s*\(?([A-Za-z])[.:)]?\s*")


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
_DECODER = msgspec.json.Decoder(list[_Row])


def read_json_quickly(data: bytes, release: Release) -> Sheet | None:
    """The sheet of a faultless file with unshuffled dict questions; None when it needs a closer look."""
    try:
        rows = _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    if has_repeated_keys(data, _KEYS_IN_ROW * len(rows)):
        return None
    find = release.lookup.native.get
    positions = find_distinct(
        (find((row.image, row.question_type, row.question.text)) for row in rows), len(rows), release
    )
    if positions is None:
        return None
    answers = [row.gpt_answer for row in rows]
    return read_quickly(positions, answers, release, "native", outside_is_unread=True)


def read_record(record: Record, writer: SheetWriter) -> None:
    """Take one record, whatever the shape of its question."""
    asked = _asked(record, writer)
    if asked is None:
        return
    position = _find(asked, record.line, writer)
    if position is None:
        return
    options = writer.release.options[position]
    if asked.options and asked.options != options:
        reading = _read_shuffled(asked, options)
    else:
        reading = replies.read(asked.reply, options)
    if reading is None:
        params = {"question_id": writer.release.ids[position]}
        writer.problems.add(Problem("options-differ", record.line, "question", params))
        return
    writer.take(position, reading, record.line, field_name="question")


class _Asked(NamedTuple):
    """What a record says: the options are those that it shows, in the order of their letters."""

    image: str
    stem: str
    kind: str | None
    options: tuple[str, ...]
    reply: str | None


def _asked(record: Record, writer: SheetWriter) -> _Asked | None:
    """The record's content; None, and the problems noted, when it is not of the native shape."""
    value = record.value
    faults = _faults_of(value, record.line)
    for fault in faults:
        writer.problems.add(fault)
    if faults:
        return None
    question = value["question"]
    text = question if isinstance(question, str) else question["text"]
    shown = value.get("options") or (question.get("options") if isinstance(question, dict) else None)
    stem, lines = _split(text)
    options = _in_letter_order(shown) if shown else lines
    return _Asked(value["image"], stem, value.get("question_type"), options, value["gpt_answer"])


def _faults_of(value: Any, line: int) -> list[Problem]:
    if not isinstance(value, dict):
        return [Problem("not-an-object", line)]
    faults = [Problem("missing-field", line, name) for name in FIELDS if name not in value]
    if faults:
        return faults
    question = value["question"]
    options = (value.get("options"), question.get("options") if isinstance(question, dict) else None)
    right = {
        "image": isinstance(value["image"], str),
        "question": isinstance(question.get("text") if isinstance(question, dict) else question, str),
        "question_type": isinstance(value.get("question_type"), str | None),
        "gpt_answer": isinstance(value["gpt_answer"], str | None),
        "options": all(shown is None or _are_options(shown) for shown in options),
    }
    return [Problem("wrong-type", line, name) for name, is_right in right.items() if not is_right]


def _are_options(shown: Any) -> bool:
    return isinstance(shown, dict) and all(
        isinstance(text, str) and _LETTER_KEY.fullmatch(key) for key, text in shown.items()
    )


def _in_letter_order(shown: Mapping[str, str]) -> tuple[str, ...]:
    """The options' texts; nothing when their letters do not run from A without a gap."""
    lettered = {_LETTER_KEY.sub(r"\1", key).upper(): text for key, text in shown.items()}
    letters = "".join(sorted(lettered))
    return tuple(lettered[letter] for letter in letters) if ascii_uppercase.startswith(letters) else ("",)


def _split(text: str) -> tuple[str, tuple[str, ...]]:
    """A question's stem and the options in its last lines, if they are lettered A, B and so on."""
    lines = text.split("\n")
    for start, line in enumerate(lines):
        found = _OPTION_LINE.fullmatch(line)
        if found and found.group(1) == "A":
            options = _option_lines(lines[start:])
            if len(options) > 1:
                return _stem("\n".join(lines[:start])), options
    return _stem(text), ()


def _option_lines(lines: list[str]) -> tuple[str, ...]:
    options: list[str] = []
    for line in lines:
        found = _OPTION_LINE.fullmatch(line)
        if found and len(options) < 26 and found.group(1) == ascii_uppercase[len(options)]:
            options.append(found.group(2))
        else:
            options[-1] += f"\n{line}"
    return tuple(option.strip() for option in options)


def _stem(text: str) -> str:
    return fold_space(_PREFIX.sub("", text, count=1))


def _find(asked: _Asked, line: int, writer: SheetWriter) -> int | None:
    """The question that a record answers; None, and the problem noted, when there is none."""
    lookup = writer.release.lookup
    image = lookup.find_image(asked.image)
    if image is None:
        code = "control-character" if UNSHOWABLE.search(asked.image) else "unknown-question"
        writer.problems.add(Problem(code, line, "image", {"image": asked.image}))
        return None
    matching = [at for at in lookup.by_image[image] if _has_stem(asked, at, writer.release)]
    params = {"image": asked.image, "question": asked.stem}
    if not matching:
        writer.problems.add(Problem("unknown-question", line, "question", params))
        return None
    if asked.kind is not None:
        matching = _of_type(asked.kind, matching, writer.release)
        params["question_type"] = asked.kind
    if not matching:
        writer.problems.add(Problem("unknown-question", line, "question_type", params))
        return None
    return _pick(asked, matching, writer)


def _has_stem(asked: _Asked, position: int, release: Release) -> bool:
    if asked.stem == release.lookup.stems[position]:
        return True
    subtask = release.definition.subtasks[release.subtasks[position]]
    raw_type = release.definition.raw_type_of[release.kinds[position]]
    return asked.stem in subtask.rewordings.get(raw_type, ())


def _of_type(kind: str, positions: list[int], release: Release) -> list[int]:
    """The questions of this raw type, under any of its names; else those of its subtask."""
    definition = release.definition
    raw_type = definition.raw_type_of.get(kind)
    exact = [at for at in positions if definition.raw_type_of[release.kinds[at]] == raw_type]
    subtask = definition.subtask_of_type.get(kind)
    return exact or [at for at in positions if release.subtasks[at] == subtask]


def _pick(asked: _Asked, positions: list[int], writer: SheetWriter) -> int:
    """Of several questions that read the same, one with the options shown, and not yet answered."""
    if len(positions) == 1:
        return positions[0]
    shown = sorted(map(fold_space, asked.options))
    alike = [at for at in positions if sorted(map(fold_space, writer.release.options[at])) == shown]
    candidates = alike or positions
    return next((at for at in candidates if not writer.is_taken(at)), candidates[0])


def _read_shuffled(asked: _Asked, options: tuple[str, ...]) -> replies.Reading | None:
    """The reading in the release's letters; None when the record does not show all of its options."""
    shown = [fold_space(option) for option in asked.options]
    wanted = [fold_space(option) for option in options]
    if Counter(wanted) - Counter(shown):
        return None
    reading = replies.read(asked.reply, asked.options)
    if reading.letter is None:
        return reading
    at = ascii_uppercase.index(reading.letter)
    if shown[at] not in wanted:
        return reading._replace(letter=None, rule="outside")
    # Of equal texts the one in the same place is meant.
    same_place = at < len(wanted) and wanted[at] == shown[at]
    return reading._replace(letter=ascii_uppercase[at if same_place else wanted.index(shown[at])])

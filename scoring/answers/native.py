"""The native answer files: a list of records as the benchmark authors' scripts write them.

A record has `image`, `question`, `question_type` and `gpt_answer`, the raw reply; `correct_answer` and
other fields are ignored. `question` is a string or a dict with `text` and perhaps `options`; options may
also stand beside it, or as lettered lines in the text. A letter counts among the options that the record
shows, so a runner may shuffle them. A letter outside them is unread, like prose: replies are raw here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from string import ascii_uppercase
from typing import Any, NamedTuple

import msgspec

from scoring import replies
from scoring.answers.json_records import Record
from scoring.answers.plain import NOT_DECODED, as_distinct, read_quickly
from scoring.answers.sheet import Sheet, SheetWriter
from scoring.errors import UNSHOWABLE, Problem
from scoring.lookup import fold_space
from scoring.release import Release

FIELDS = ("image", "question", "gpt_answer")
_PREFIX = re.compile(r"\s*Question(?:\s+\d+)?\s*[:：]\s*")
_OPTION_LINE = re.compile(r"\s*([A-Z])\s*[.:)]")
# White space within a line only: an option's letter and its mark stand on one line.
_A_LINE, _B_LINE = (re.compile(rf"^[ \t]*{letter}[^\S\n]*[.:)]", re.MULTILINE) for letter in "AB")
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


# Characters of an image's path, of a question, of all its options: no benchmark comes near.
_LONGEST_TEXT = 20_000
_KEYS_IN_ROW = 7
_PART = 128 * 1024
_BOUNDARY = re.compile(rb'\}\s*,\s*\{\s*"image"')
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
    faults = _faults_of(record.value, record.line)
    if faults:
        for fault in faults:
            writer.problems.add(fault)
        return
    position = _find_as_written(record.value, writer.release)
    if position is not None:
        reading = replies.read(record.value["gpt_answer"], writer.release.options[position])
        writer.take(position, reading, record.line, field_name="question")
    else:
        _take(_asked(record.value), record.line, writer)


def _find_as_written(value: Mapping[str, Any], release: Release) -> int | None:
    """The question whose text stands in the record exactly as the authors write it, unshuffled."""
    question = value["question"]
    if not isinstance(question, str) or value.get("options"):
        return None
    return release.lookup.by_native_text.get((value["image"], value.get("question_type", ""), question))


def _take(asked: "_Asked", line: int, writer: SheetWriter) -> None:
    position = _find(asked, line, writer)
    if position is None:
        return
    options = writer.release.options[position]
    in_order = asked.options in ((), options)
    reading = replies.read(asked.reply, options) if in_order else _read_shuffled(asked, options)
    if reading is None:
        params = {"question_id": writer.release.ids[position]}
        writer.problems.add(Problem("options-differ", line, "question", params))
        return
    writer.take(position, reading, line, field_name="question")


class _Asked(NamedTuple):
    """What a record says: the options are those that it shows, in the order of their letters."""

    image: str
    stem: str
    kind: str | None
    options: tuple[str, ...]
    reply: str | None


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
        if length > _LONGEST_TEXT:
            yield Problem("record-too-long", line, name)


def _length_of_options(shown: Mapping[str, str] | None) -> int:
    return sum(map(len, chain.from_iterable(shown.items()))) if shown else 0


def _are_options(shown: Any) -> bool:
    if not shown:
        return shown is None or isinstance(shown, dict)
    return (
        isinstance(shown, dict)
        and set(map(type, shown.values())) == {str}
        and (_run_from_a(shown) or all(map(_LETTER_KEY.fullmatch, shown)))
    )


def _run_from_a(shown: Mapping[str, str]) -> bool:
    return list(shown) == list(ascii_uppercase[: len(shown)])


def _asked(value: Mapping[str, Any]) -> _Asked:
    question = value["question"]
    text, shown = (
        (question["text"], question.get("options")) if isinstance(question, dict) else (question, None)
    )
    shown = shown or value.get("options")
    stem, lines = _split(text)
    options = _in_letter_order(shown) if shown else _option_lines(lines)
    return _Asked(value["image"], stem, value.get("question_type"), options, value["gpt_answer"])


def _in_letter_order(shown: Mapping[str, str]) -> tuple[str, ...]:
    """The options' texts; one that fits nothing when their letters do not run from A without a gap."""
    if _run_from_a(shown):
        return tuple(shown.values())
    lettered = {_LETTER_KEY.sub(r"\1", key).upper(): text for key, text in shown.items()}
    letters = "".join(sorted(lettered))
    return tuple(map(lettered.__getitem__, letters)) if ascii_uppercase.startswith(letters) else ("",)


def _split(text: str) -> tuple[str, list[str]]:
    """A question's stem, and its last lines if they are options lettered A, B and so on."""
    found = _A_LINE.search(text)
    if not found or not _B_LINE.search(text, found.end()):
        return _stem(text), []
    return _stem(text[: found.start()]), text[found.start() :].strip().split("\n")


def _option_lines(lines: list[str]) -> tuple[str, ...]:
    """The texts of options that begin with A on the first line; a line without the next letter goes on."""
    options: list[list[str]] = []
    for line in lines:
        found = _OPTION_LINE.match(line)
        if found and found.group(1) == ascii_uppercase[len(options) : len(options) + 1]:
            options.append([line[found.end() :].strip()])
        else:
            options[-1].append(line)
    return tuple(map("\n".join, options))


def _stem(text: str) -> str:
    found = _PREFIX.match(text)
    return fold_space(text[found.end() :] if found else text)


def _find(asked: _Asked, line: int, writer: SheetWriter) -> int | None:
    """The question that a record answers; None, and the problem noted, when there is none."""
    lookup = writer.release.lookup
    image = writer.find_image(asked.image)
    if image is None:
        code = "control-character" if UNSHOWABLE.search(asked.image) else "unknown-question"
        writer.problems.add(Problem(code, line, "image", {"image": asked.image}))
        return None
    matching = lookup.by_stem.get((image, asked.stem)) or _reworded(asked, image, writer.release)
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


def _reworded(asked: _Asked, image: str, release: Release) -> list[int]:
    """The image's questions that the benchmark's own runners ask in these words."""
    definition = release.definition
    return [
        at
        for at in release.lookup.by_image[image]
        if asked.stem
        in definition.subtasks[release.subtasks[at]].rewordings.get(
            definition.raw_type_of[release.kinds[at]], ()
        )
    ]


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
    shown, wanted = list(asked.options), list(options)
    if sorted(shown) != sorted(wanted):
        shown, wanted = list(map(fold_space, shown)), list(map(fold_space, wanted))
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

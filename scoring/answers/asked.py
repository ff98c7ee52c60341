"""From what a record says of its question to the question: the one way for every format but the quickest.

A record names its question by id, or by its image and its stem; where several questions read the same, by the type and
the options that it shows. A letter counts among the options that the record shows, so a runner may shuffle them.
"""

import re
from collections import Counter
from collections.abc import Mapping
from string import ascii_uppercase
from typing import NamedTuple

from scoring import replies
from scoring.answers.sheet import SheetWriter
from scoring.errors import UNSHOWABLE, Problem
from scoring.lookup import fold_space
from scoring.release import Release

# Characters of an image's path, of a question with all its options: no benchmark comes near.
LONGEST_TEXT = 20_000
_PREFIX = re.compile(r"\s*Question(?:\s+\d+)?\s*[:：]\s*")
_OPTION_LINE = re.compile(r"\s*([A-Z])\s*[.:)]")
# White space within a line only: an option's letter and its mark stand on one line.
_A_LINE, _B_LINE = (re.compile(rf"^[ \t]*{letter}[^\S\n]*[.:)]", re.MULTILINE) for letter in "AB")
# Words that `pandas.read_csv` takes for an empty cell where it is not told otherwise (pandas 3).
_LOST = frozenset(
    (
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    )
)
LETTER_KEY = re.compile(r"\s*\(?([A-Za-z])[.:)]?\s*")


class Asked(NamedTuple):
    """What a record says: the options are those that it shows, in the order of their letters.

    None stands for an option that a table has lost, or never had: pandas takes some words for an empty cell.
    `question_id` counts above all else where it is one of ours. `number` is the harness's own name for the question:
    it counts where a question is called so, and nothing else in the record contradicts it. `source` names what else
    repeats a record of the same reply, such as another filter of the harness.
    """

    reply: str | None
    question_id: str | None = None
    number: str | None = None
    image: str | None = None
    stem: str | None = None
    kind: str | None = None
    options: tuple[str | None, ...] = ()
    source: str | None = None


def take(asked: Asked, line: int, writer: SheetWriter) -> None:
    """Write the answer down, or what is wrong with the record."""
    too_long = _too_long(asked)
    if too_long:
        writer.problems.add(Problem("record-too-long", line, too_long))
        return
    position = _find(asked, line, writer)
    if position is None or _is_said_again(asked, position, writer):
        return
    options = writer.release.options[position]
    shown = _filled(asked.options, options)
    in_order = shown in ((), options)
    reading = replies.read(asked.reply, options) if in_order else _read_shuffled(asked.reply, shown, options)
    if reading is None:
        params = {"question_id": writer.release.ids[position]}
        writer.problems.add(Problem("options-differ", line, "question", params))
        return
    writer.take(position, reading, line, field_name="question")


def _too_long(asked: Asked) -> str | None:
    lengths = (
        ("question_id", len(asked.question_id or "")),
        ("image", len(asked.image or "")),
        ("question", len(asked.stem or "")),
        ("options", sum(len(option or "") for option in asked.options)),
        ("question_type", len(asked.kind or "")),
    )
    return next((name for name, length in lengths if length > LONGEST_TEXT), None)


def _is_said_again(asked: Asked, position: int, writer: SheetWriter) -> bool:
    """Whether the harness has written the same reply down before, under another source."""
    if asked.source is None:
        return False
    now = (asked.source, hash(asked.reply))
    before = writer.said.setdefault(position, now)
    return before[0] != now[0] and before[1] == now[1]


def _by_number(asked: Asked, writer: SheetWriter) -> int | None:
    """The question that the harness's own id names, unless image or stem are another question's."""
    position = writer.release.lookup.by_id.get(asked.number or "")
    if position is None:
        return None
    if asked.image is not None and writer.find_image(asked.image) != writer.release.images[position]:
        return None
    differs = asked.stem is not None and asked.stem != fold_space(writer.release.texts[position])
    return None if differs else position


def _find(asked: Asked, line: int, writer: SheetWriter) -> int | None:
    """The question that a record answers; None, and the problem noted, when there is none."""
    if (
        asked.question_id is not None
        and (at := writer.release.lookup.by_id.get(asked.question_id)) is not None
    ):
        return at
    if (at := _by_number(asked, writer)) is not None:
        return at
    if asked.image is None or asked.stem is None:
        writer.problems.add(_not_named(asked.question_id or asked.number, line))
        return None
    return _by_stem(asked, asked.image, asked.stem, line, writer)


def _not_named(name: str | None, line: int) -> Problem:
    if name is None:
        return Problem("question-not-named", line)
    code = "control-character" if UNSHOWABLE.search(name) else "unknown-question"
    return Problem(code, line, "question_id", {"question_id": name})


def _by_stem(asked: Asked, path: str, stem: str, line: int, writer: SheetWriter) -> int | None:
    lookup = writer.release.lookup
    image = writer.find_image(path)
    if image is None:
        code = "control-character" if UNSHOWABLE.search(path) else "unknown-question"
        writer.problems.add(Problem(code, line, "image", {"image": path}))
        return None
    matching = lookup.by_stem.get((image, stem)) or _reworded(asked, image, writer.release)
    params = {"image": path, "question": stem}
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


def _reworded(asked: Asked, image: str, release: Release) -> list[int]:
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


def _pick(asked: Asked, positions: list[int], writer: SheetWriter) -> int:
    """Of several questions that read the same, one with the options shown, and not yet answered."""
    if len(positions) == 1:
        return positions[0]
    shown = sorted(fold_space(option) for option in asked.options if option is not None)
    alike = [at for at in positions if sorted(map(fold_space, writer.release.options[at])) == shown]
    candidates = alike or positions
    return next((at for at in candidates if not writer.is_taken(at)), candidates[0])


def _filled(shown: tuple[str | None, ...], options: tuple[str, ...]) -> tuple[str, ...]:
    """The options shown, with those that are words which pandas takes for nothing; empty ones where they are not."""
    if None not in shown:
        return tuple(option or "" for option in shown)
    lost = [option if option in _LOST else "" for option in options]
    lost += [""] * (len(shown) - len(lost))
    filled = [word if option is None else option for option, word in zip(shown, lost, strict=False)]
    while len(filled) > len(options) and not filled[-1]:
        filled.pop()
    return tuple(filled)


def _read_shuffled(
    reply: str | None, options_shown: tuple[str, ...], options: tuple[str, ...]
) -> replies.Reading | None:
    """The reading in the release's letters; None when the record does not show all of its options."""
    shown, wanted = list(options_shown), list(options)
    if sorted(shown) != sorted(wanted):
        shown, wanted = list(map(fold_space, shown)), list(map(fold_space, wanted))
        if Counter(wanted) - Counter(shown):
            return None
    reading = replies.read(reply, options_shown)
    if reading.letter is None:
        return reading
    at = ascii_uppercase.index(reading.letter)
    if shown[at] not in wanted:
        return reading._replace(letter=None, rule="outside")
    # Of equal texts the one in the same place is meant.
    same_place = at < len(wanted) and wanted[at] == shown[at]
    return reading._replace(letter=ascii_uppercase[at if same_place else wanted.index(shown[at])])


def run_from_a(shown: Mapping[str, str]) -> bool:
    return list(shown) == list(ascii_uppercase[: len(shown)])


def in_letter_order(shown: Mapping[str, str]) -> tuple[str, ...]:
    """The options' texts; one that fits nothing when their letters do not run from A without a gap."""
    if run_from_a(shown):
        return tuple(shown.values())
    lettered = {LETTER_KEY.sub(r"\1", key).upper(): text for key, text in shown.items()}
    letters = "".join(sorted(lettered))
    return tuple(map(lettered.__getitem__, letters)) if ascii_uppercase.startswith(letters) else ("",)


def split(text: str) -> tuple[str, list[str]]:
    """A question's stem, and its last lines if they are options lettered A, B and so on."""
    found = _A_LINE.search(text)
    if not found or not _B_LINE.search(text, found.end()):
        return _stem(text), []
    return _stem(text[: found.start()]), text[found.start() :].strip().split("\n")


def option_lines(lines: list[str]) -> tuple[str, ...]:
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

"""Reading mmad.json into a release.

The file is a dict: image path -> record, whose `conversation` lists questions with `Question`,
`Options`, `Answer` and `type`. There are no question ids: ours is the image path as it stands, `#`, and
the question's place in the conversation, from 0. `random_templates` and `similar_templates`, lists of paths of
normal images, are no part of the release, but of its prompts. Other keys of a record are ignored, and so is an
image whose conversation is an empty list: there is nothing to ask about it.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, NamedTuple, NoReturn

import numpy as np

from scoring.answers.recognise import BOM
from scoring.answers.unpack import DamagedGzipError, ExpandsTooFarError, unpack
from scoring.definition import Definition
from scoring.errors import NO_TEXT, UNSHOWABLE, Problem, ProblemLog, ReleaseError
from scoring.prompts import MOST_SHOTS, Templates
from scoring.release import LONGEST, Release

LARGEST_FILE = 512 * 1024 * 1024
_LONGEST_INTEGER = 40


class Imported(NamedTuple):
    """A release, and the templates of those of its images that have any."""

    release: Release
    templates: dict[str, Templates]


def read(data: bytes, definition: Definition) -> Release:
    """The release alone of what `read_all` reads."""
    return read_all(data, definition).release


def read_all(data: bytes, definition: Definition) -> Imported:
    """The release in an mmad.json, plain or gzipped; questions in the order of the file. And its templates.

    Raises ReleaseError, naming image and question, with all that is wrong. Answers are never quoted.
    """
    body = _parse(_unpack(data))
    columns = _Columns(definition)
    for image, record in body.items():
        columns.add_image(image, record)
    columns.problems.raise_as(ReleaseError)
    if not columns.ids:
        _refuse("empty-release")
    return Imported(columns.release(), columns.templates)


def _refuse(code: str, line: int | None = None, **params: str | int | float) -> NoReturn:
    raise ReleaseError.single(Problem(code, line, params=params)) from None


def _unpack(data: bytes) -> str:
    try:
        text = unpack(data, largest=LARGEST_FILE).removeprefix(BOM).decode()
    except DamagedGzipError:
        _refuse("damaged-gzip")
    except ExpandsTooFarError:
        _refuse("expands-too-far", largest=LARGEST_FILE)
    except UnicodeDecodeError:
        _refuse("invalid-utf-8")
    return text


class _Repeated(dict[str, Any]):
    """An object of which a key was repeated."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.key = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)


class _BadNumber:
    """A number that JSON does not know, or of very many digits."""


_BAD_NUMBER = _BadNumber()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    return value if len(value) == len(pairs) else _Repeated(pairs)


def _integer(digits: str) -> object:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else _BAD_NUMBER


def _parse(text: str) -> dict[str, Any]:
    try:
        body = json.loads(
            text, object_pairs_hook=_object, parse_constant=lambda _: _BAD_NUMBER, parse_int=_integer
        )
    except RecursionError:
        _refuse("nested-too-deep")
    except json.JSONDecodeError as error:
        _refuse("malformed-json", error.lineno, reason=error.msg)
    if not isinstance(body, dict):
        _refuse("not-an-object")
    if isinstance(body, _Repeated):
        _refuse("duplicate-key", image=body.key, key=body.key)
    return body


def _flaws(value: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """What is wrong with a value as JSON, at any depth. The parser has bounded the depth."""
    if isinstance(value, _Repeated):
        yield "duplicate-key", {"key": value.key}
    if isinstance(value, _BadNumber):
        yield "bad-number", {}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _flaws(item)


def _fault_of_text(question_id: str, question: Mapping[str, Any]) -> tuple[str, dict[str, str | int]] | None:
    """What the site could not store or show of a question that is sound otherwise."""
    lengths = (
        ("question_id", len(question_id), LONGEST["question_id"]),
        ("type", len(question["type"]), LONGEST["kind"]),
    )
    for name, length, most in lengths:
        if length > most:
            return "record-too-long", {"field": name, "found": length, "most": most}
    texts = (("Question", question["Question"]), ("type", question["type"]))
    for name, text in (*texts, *(("Options", option) for option in question["Options"].values())):
        if NO_TEXT.search(text):
            return "control-character", {"field": name}
    return None


def _are_paths(paths: Any) -> bool:
    return isinstance(paths, list) and all(
        isinstance(path, str) and 0 < len(path) <= LONGEST["image"] and not UNSHOWABLE.search(path)
        for path in paths
    )


@dataclass
class _Columns:
    """Collects questions, and what is wrong with them."""

    definition: Definition
    problems: ProblemLog = field(default_factory=ProblemLog)
    ids: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    source_datasets: list[int] = field(default_factory=list)
    subtasks: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    options: list[tuple[str, ...]] = field(default_factory=list)
    abnormal: list[bool] = field(default_factory=list)
    truth: list[int] = field(default_factory=list)
    templates: dict[str, Templates] = field(default_factory=dict)

    def add_image(self, image: str, record: Any) -> None:
        found = len(self.problems.kept), self.problems.total
        source_dataset = self.definition.source_dataset_of(image)
        if source_dataset is None:
            known = ", ".join(self.definition.source_datasets)
            self._note("unknown-source-dataset", image, found=image.split("/", 1)[0], known=known)
        if UNSHOWABLE.search(image):
            self._note("control-character", image)
        if len(image) > LONGEST["image"]:
            self._note("record-too-long", image, field="image", found=len(image), most=LONGEST["image"])
        self._add_flaws(image, record)
        conversation = record.get("conversation") if isinstance(record, dict) else None
        if not isinstance(conversation, list):
            self._note("no-conversation", image)
        if self.problems.total > found[1] or source_dataset is None or not isinstance(conversation, list):
            return
        for index, question in enumerate(conversation):
            self._add_question(image, source_dataset, index, question)
        if conversation:
            self._add_templates(image, record)

    def _add_templates(self, image: str, record: Mapping[str, Any]) -> None:
        kinds = {name: record.get(f"{name}_templates") or [] for name in Templates._fields}
        for name, paths in kinds.items():
            if not _are_paths(paths):
                self._note("wrong-templates", image, field=f"{name}_templates")
                return
        if any(kinds.values()):
            self.templates[image] = Templates(
                **{name: tuple(paths[:MOST_SHOTS]) for name, paths in kinds.items()}
            )

    def _note(self, code: str, image: str, index: int | None = None, **params: str | int) -> None:
        question = {} if index is None else {"question": index}
        self.problems.add(Problem(code, params={"image": image, **question, **params}))

    def _add_flaws(self, image: str, record: Any) -> None:
        if not isinstance(record, dict):
            return
        conversation = record.get("conversation")
        questions = conversation if isinstance(conversation, list) else []
        for index, question in enumerate(questions):
            for code, params in _flaws(question):
                self._note(code, image, index, **params)
        others = {key: value for key, value in record.items() if value is not questions}
        if isinstance(record, _Repeated):
            self._note("duplicate-key", image, key=record.key)
        for code, params in _flaws(others):
            self._note(code, image, None, **params)

    def _add_question(self, image: str, source_dataset: str, index: int, question: Any) -> None:
        fault = self._fault_of(question) or _fault_of_text(f"{image}#{index}", question)
        if fault is not None:
            code, params = fault
            self._note(code, image, index, **params)
            return
        options = question["Options"]
        self.ids.append(f"{image}#{index}")
        self.images.append(image)
        self.source_datasets.append(self.definition.source_datasets.index(source_dataset))
        self.subtasks.append(self.definition.subtask_of_type[question["type"]])
        self.kinds.append(question["type"])
        self.texts.append(question["Question"])
        self.options.append(tuple(options[letter] for letter in sorted(options)))
        self.abnormal.append(self.definition.is_abnormal(image))
        self.truth.append(ascii_uppercase.index(question["Answer"]))

    def _fault_of(self, question: Any) -> tuple[str, dict[str, str | int]] | None:
        if not isinstance(question, dict):
            return "not-an-object", {}
        for name, kind in (("Question", str), ("Options", dict), ("Answer", str), ("type", str)):
            if name not in question:
                return "missing-field", {"field": name}
            if not isinstance(question[name], kind):
                return "wrong-type", {"field": name}
        if not question["Question"].strip():
            return "empty-text", {"field": "Question"}
        if question["type"] not in self.definition.subtask_of_type:
            return "unknown-type", {"type": question["type"], "known": ", ".join(self.definition.raw_type_of)}
        return self._fault_of_options(question["Options"], question["Answer"])

    def _fault_of_options(
        self, options: Mapping[str, Any], answer: str
    ) -> tuple[str, dict[str, str | int]] | None:
        letters = "".join(sorted(options))
        limits = self.definition.options_minimum, self.definition.options_maximum
        if not limits[0] <= len(options) <= limits[1]:
            return "wrong-number-of-options", {"found": len(options), "least": limits[0], "most": limits[1]}
        if letters != ascii_uppercase[: len(options)]:
            return "options-not-lettered-from-a", {"found": letters}
        if not all(isinstance(text, str) and text.strip() for text in options.values()):
            return "empty-text", {"field": "Options"}
        if answer not in options:
            return "answer-not-among-options", {}
        return None

    def release(self) -> Release:
        return Release(
            definition=self.definition,
            ids=self.ids,
            images=self.images,
            source_datasets=np.array(self.source_datasets, dtype=np.uint8),
            subtasks=np.array(self.subtasks, dtype=np.uint8),
            kinds=self.kinds,
            texts=self.texts,
            options=self.options,
            abnormal=np.array(self.abnormal, dtype=np.bool_),
            truth=np.array(self.truth, dtype=np.uint8),
        )

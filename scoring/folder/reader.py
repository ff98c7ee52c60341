"""A folder as a release: `benchmark.toml`, a table of questions, and their truth in a table of its own or beside them.

Questions have the columns `question_id` and `text`, the options as `A`, `B`, … (or one column `options`, a list or an
object, in JSON Lines and Parquet), and `subtask`, `source_dataset`, `kind`, `image`, `category` and `cluster` as far as
they are needed. The truth has `question_id`, `answer` and, where a subtask is balanced, `abnormal`. Answers are never
quoted in what is raised. What folders of images with boxes have instead is in `scoring.folder.boxes`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import numpy as np

from scoring import metrics
from scoring.boxes.release import BoxRelease
from scoring.definition import CATEGORY, ONLY_DATASET
from scoring.errors import NO_TEXT, Problem, ReleaseError
from scoring.folder import boxes, spec, tables
from scoring.folder.columns import WORDS, Columns, Truth, text_of
from scoring.folder.spec import Spec
from scoring.folder.tables import Row
from scoring.release import LONGEST, Release

KNOWN = {
    *("question_id", "text", "options", *ascii_uppercase),
    *("subtask", "source_dataset", "kind", "image", "category", "cluster", "answer", "abnormal"),
}


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder says; `ignored` are columns that nothing is read from."""

    spec: Spec
    content: Release | BoxRelease
    ignored: Sequence[str]


def read(folder: Path, *, slug: str = "") -> Folder:
    """Raises ReleaseError with what is wrong, naming file and line. A `slug` goes before the folder's own."""
    try:
        text = (folder / spec.NAME).read_text("utf-8-sig")
    except OSError as error:
        params = {"file": spec.NAME, "reason": error.strerror or "no such file"}
        raise ReleaseError.single(Problem("folder-missing", params=params)) from None
    except UnicodeDecodeError:
        raise ReleaseError.single(Problem("table-not-utf-8", params={"file": spec.NAME})) from None
    found = spec.parse(text)
    slug = slug or found.slug
    if not slug:
        raise ReleaseError.single(
            Problem("wrong-setting", None, "slug", {"file": spec.NAME, "key": "slug", "reason": "is missing"})
        )
    questions = tables.read(folder, found.files.questions)
    truth = tables.read(folder, found.files.truth) if found.files.truth else questions
    occurring = dict.fromkeys(str(row.get("source_dataset") or "").strip() for _line, row in questions.rows)
    datasets = found.source_datasets or tuple(name for name in occurring if name) or (ONLY_DATASET,)
    definition = spec.definition(found, text, slug=slug, source_datasets=datasets)
    content: Release | BoxRelease
    if found.kind == "boxes":
        content, known = boxes.read(definition, questions, truth, frame=found.boxes.frame), boxes.KNOWN
    else:
        content, known = _Questions(definition, questions, truth, "question_id").read(), KNOWN
    columns = dict.fromkeys([*questions.columns, *truth.columns])
    return Folder(found, content, [column for column in columns if column not in known])


class _Questions(Columns):
    """Collects questions, and what is wrong with them."""

    def read(self) -> Release:
        self._need_columns()
        answers = self.truth_by_key()
        rows = list(self._rows())
        self.problems.raise_as(ReleaseError)
        letters, abnormal = [], []
        for line, row in rows:
            letter, is_abnormal = self._truth_of(line, row, answers)
            letters.append(letter)
            abnormal.append(is_abnormal)
        self.check_left(answers)
        self._check_clusters(rows)
        self.problems.raise_as(ReleaseError)
        return self._release([row for _line, row in rows], letters, abnormal)

    def _need_columns(self) -> None:
        needed = [(self.questions, "text"), (self.truth, "answer")]
        if len(self.definition.subtasks) > 1:
            needed.append((self.questions, "subtask"))
        if CATEGORY in self.definition.levels:
            needed.append((self.questions, "category"))
        if self._needs_abnormal and not self.definition.normal_component:
            needed.append((self.truth, "abnormal"))
        self.need(needed)
        if "options" not in self.questions.columns and not {"A", "B"} <= set(self.questions.columns):
            params = {"file": self.questions.file, "column": "A, B"}
            raise ReleaseError.single(Problem("column-missing", 1, "A", params))

    @property
    def _needs_abnormal(self) -> bool:
        return any(subtask.metric in metrics.MEANS_OF_CLASSES for subtask in self.definition.subtasks)

    def _rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The questions that can be read, with the positions of their subtask and source dataset."""
        known: dict[str, int] = {}
        for line, row in self.questions.rows:
            before = self.problems.total
            texts = self.texts(line, row, ("question_id", "text", *LONGEST), ("question_id", "text"))
            self.check_once(line, texts["question_id"], known)
            options = self._options(line, row)
            for name, text in (("text", texts["text"]), *(("options", option) for option in options)):
                if NO_TEXT.search(text):
                    self.note("cell-unshowable", line, column=name)
            placed = self._placed(line, texts, text_of(row.get("subtask")))
            if self.problems.total == before:
                yield line, {**texts, "options": options, **placed}

    def _placed(self, line: int, texts: Mapping[str, str], subtask: str) -> dict[str, Any]:
        definition = self.definition
        kind, dataset = texts["kind"], self.dataset_of(line, texts)
        if dataset is None:
            return {}
        if not subtask and kind not in definition.subtask_of_type and len(definition.subtasks) == 1:
            subtask = definition.subtask_slugs[0]
        if not kind and subtask in definition.subtask_slugs:
            kind = definition.subtasks[definition.subtask_slugs.index(subtask)].raw_types[0]
        place = definition.subtask_of_type.get(kind)
        if place is None or (subtask and subtask != definition.subtask_slugs[place]):
            if texts["kind"]:
                self.unknown(line, "kind", kind, definition.raw_type_of)
            else:
                self.unknown(line, "subtask", subtask, definition.subtask_slugs)
            return {}
        if CATEGORY in definition.levels and not texts["category"]:
            self.note("cell-empty", line, column="category")
        return {"kind": kind, "subtask": place, "dataset": definition.source_datasets.index(dataset)}

    def _options(self, line: int, row: Row) -> tuple[str, ...]:
        given = row.get("options")
        if given is None:
            lettered = {letter: row.get(letter) for letter in ascii_uppercase}
        elif isinstance(given, Mapping):
            lettered = {letter: given.get(letter) for letter in ascii_uppercase}
            if not given.keys() <= lettered.keys():
                self.note("options-lettered", line)
        elif isinstance(given, list):
            lettered = dict(zip(ascii_uppercase, given, strict=False))
        else:
            self.note("options-lettered", line)
            return ()
        texts = [text_of(option) for option in lettered.values()]
        options = tuple(text for text in texts if text)
        if tuple(texts[: len(options)]) != options:
            self.note("options-gap", line, letter=ascii_uppercase[texts.index("")])
        least, most = self.definition.options_minimum, self.definition.options_maximum
        found = max(len(options), len(given) if isinstance(given, list) else 0)
        if not least <= found <= most:
            self.note("options-count", line, found=found, least=least, most=most)
        return options

    def _truth_of(self, line: int, row: Mapping[str, Any], answers: Truth) -> tuple[int, bool]:
        """The right option's position, and whether the image is abnormal; takes its row out of `answers`."""
        question_id = row["question_id"]
        found = self.take(answers, question_id, line)
        if found is None:
            return 0, False
        truth_line, truth = found
        letter = text_of(truth.get("answer")).upper()
        if len(letter) != 1 or letter not in ascii_uppercase[: len(row["options"])]:
            self.note("truth-no-option", truth_line, self.truth, question_id=question_id)
            return 0, False
        if self.definition.normal_component:
            return ascii_uppercase.index(letter), self.definition.is_abnormal(row["image"])
        said = text_of(truth.get("abnormal")).lower()
        is_balanced = self.definition.subtasks[row["subtask"]].metric in metrics.MEANS_OF_CLASSES
        if said not in WORDS and (said or is_balanced):
            self.note("truth-abnormal", truth_line, self.truth, question_id=question_id)
        return ascii_uppercase.index(letter), WORDS.get(said, False)

    def _check_clusters(self, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        """All questions of a cluster belong to one source dataset, and to one category where means are over these."""
        first: dict[str, tuple[int, object]] = {}
        by_category = CATEGORY in self.definition.levels
        for line, row in rows:
            cluster = row["cluster"] or row["image"]
            if not cluster:
                continue
            place = (row["dataset"], row["category"] if by_category else "")
            first_line, its_place = first.setdefault(cluster, (line, place))
            if place != its_place:
                self.note("cluster-split", line, cluster=cluster, first_line=first_line)

    def _release(
        self, rows: Sequence[Mapping[str, Any]], letters: Sequence[int], abnormal: Sequence[bool]
    ) -> Release:
        clusters = [row["cluster"] or row["image"] or row["question_id"] for row in rows]
        images = [row["image"] for row in rows]
        categories = [row["category"] for row in rows]
        return Release(
            definition=self.definition,
            ids=[row["question_id"] for row in rows],
            images=images,
            source_datasets=np.array([row["dataset"] for row in rows], dtype=np.uint8),
            subtasks=np.array([row["subtask"] for row in rows], dtype=np.uint8),
            kinds=[row["kind"] for row in rows],
            texts=[row["text"] for row in rows],
            options=[row["options"] for row in rows],
            abnormal=np.array(abnormal, dtype=np.bool_),
            truth=np.array(letters, dtype=np.uint8),
            categories=categories if any(categories) else (),
            clusters=clusters if clusters != images else (),
        )

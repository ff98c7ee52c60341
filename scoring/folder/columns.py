"""What all folders have in common: a row of the questions for each question, and a row of truth for each of these."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scoring.definition import Definition
from scoring.errors import UNSHOWABLE, Problem, ProblemLog, ReleaseError
from scoring.folder.tables import Row, Table
from scoring.release import LONGEST

WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
Truth = dict[str, tuple[int, Row]]


@dataclass
class Columns:
    """Two tables, or one that is both, and what is wrong with them. `key` is the column that names a question."""

    definition: Definition
    questions: Table
    truth: Table
    key: str
    problems: ProblemLog = field(default_factory=ProblemLog)

    def note(self, code: str, line: int | None, table: Table | None = None, **params: str | int) -> None:
        file = (table or self.questions).file
        self.problems.add(Problem(code, line, params={"file": file, **params}))

    def need(self, needed: Iterable[tuple[Table, str]]) -> None:
        """Raises ReleaseError for an empty table, and for the first column that is not there."""
        if not self.questions.rows:
            raise ReleaseError.single(Problem("empty-table", params={"file": self.questions.file}))
        wanted = [(self.questions, self.key), (self.truth, self.key), *needed]
        if len(self.definition.source_datasets) > 1:
            wanted.append((self.questions, "source_dataset"))
        for table, column in wanted:
            if column not in table.columns:
                params = {"file": table.file, "column": column}
                raise ReleaseError.single(Problem("column-missing", 1, column, params))

    def truth_by_key(self) -> Truth:
        """The truth's rows, each with its line; of a repeated one the first."""
        found: Truth = {}
        for line, row in self.truth.rows:
            name = text_of(row.get(self.key))
            if name in found and self.truth is not self.questions:
                first = found[name][0]
                self.note("question-repeated", line, self.truth, question_id=name, first_line=first)
            found.setdefault(name, (line, row))
        return found

    def take(self, truth: Truth, name: str, line: int) -> tuple[int, Row] | None:
        """The truth of the question on this line, out of what is left of it; None where there is none."""
        found = truth.pop(name, None)
        if found is None:
            self.note("truth-missing", line, question_id=name)
        return found

    def check_left(self, truth: Truth) -> None:
        for name, (line, _row) in truth.items():
            self.note("truth-unknown", line, self.truth, question_id=name)

    def texts(self, line: int, row: Row, columns: Iterable[str], needed: Iterable[str]) -> dict[str, str]:
        """The row's cells as texts, as far as the site has room for them."""
        found = {column: text_of(row.get(column)) for column in columns}
        for column in needed:
            if not found[column]:
                self.note("cell-empty", line, column=column)
        for column in found.keys() & LONGEST.keys():
            if len(found[column]) > LONGEST[column]:
                self.note(
                    "cell-too-long", line, column=column, found=len(found[column]), most=LONGEST[column]
                )
            if UNSHOWABLE.search(found[column]):
                self.note("cell-unshowable", line, column=column)
        return found

    def check_once(self, line: int, name: str, known: dict[str, int]) -> None:
        """Notes a question that was there before; `known` are lines by name."""
        if name in known:
            self.note("question-repeated", line, question_id=name, first_line=known[name])
        known.setdefault(name, line)

    def dataset_of(self, line: int, texts: Mapping[str, str]) -> str | None:
        """The source dataset, which need not be said where there is one; None for one that is not known."""
        known = self.definition.source_datasets
        found = texts["source_dataset"] or (known[0] if len(known) == 1 else "")
        if found in known:
            return found
        self.unknown(line, "source_dataset", found, known)
        return None

    def unknown(self, line: int, column: str, found: str, known: Iterable[str]) -> None:
        self.note("value-unknown", line, column=column, found=found, known=", ".join(known))


def text_of(value: Any) -> str:
    """A cell as text: spreadsheets and JSON write numbers where ids are."""
    if value is None:
        return ""
    return str(value).strip()

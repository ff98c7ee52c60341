"""What can be wrong with a file, as codes and parameters; sentences are made where people read them."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

KEPT_PROBLEMS = 10_000
LONGEST_QUOTE = 200
# Controls, bidirectional marks and isolates, line separators, unpaired surrogates.
UNSHOWABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ud800-\\udfff]"
)
# In a text lines may break; other control characters and half characters can be neither stored nor shown.
NO_TEXT = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
# What a record calls its question by; the first that is a text counts.
_NAMING = ("question_id", "sample_id", "image", "image_path")

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where.

    `line` counts from 1 in the unpacked file; for JSON it is the line on which the record starts. Of a JSON list the
    params have `record_number` too, the record's place in it from 1, and `record_name` where it names its question.
    `params` quotes the sender's own file and the public questions, never truth; `field` may come from the
    file too. Strings are cut to 200 characters, and what would not show or not store (controls,
    bidirectional marks, unpaired surrogates) is written as an escape.
    """

    code: str
    line: int | None = None
    field: str | None = None
    params: Mapping[str, Value] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", None if self.field is None else _cut(self.field))
        object.__setattr__(self, "params", {name: _cut(value) for name, value in self.params.items()})

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {"line": self.line, "field": self.field, "code": self.code, "params": dict(self.params)}


def _cut(value: Value) -> Value:
    # Cut before the search too: what is quoted may be megabytes long.
    return UNSHOWABLE.sub(_escape, value[:LONGEST_QUOTE])[:LONGEST_QUOTE] if isinstance(value, str) else value


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"


class UnsupportedFileError(Exception):
    """The file is of a kind that is not taken at all; raised before anything is stored."""

    def __init__(self, code: str, params: Mapping[str, Value] | None = None) -> None:
        super().__init__(code, dict(params or {}))
        self.code = code
        self.params: Mapping[str, Value] = dict(params or {})


class _ProblemsError(Exception):
    """Carries problems in file order; at most 10,000 are kept, `total` and `counts` count them all."""

    def __init__(self, problems: tuple[Problem, ...], total: int, counts: dict[str, int]) -> None:
        super().__init__(problems, total, counts)
        self.problems = problems
        self.total = total
        self.counts = counts

    def __str__(self) -> str:
        causes = ", ".join(f"{code} x {count}" for code, count in self.counts.items())
        places = "; ".join(_describe(problem) for problem in self.problems[:3])
        return f"{self.total} problems ({causes}): {places}"

    @classmethod
    def single(cls, problem: Problem) -> Self:
        return cls((problem,), 1, {problem.code: 1})


def _describe(problem: Problem) -> str:
    line = f"line {problem.line}: " if problem.line is not None else ""
    details = ", ".join(f"{name}={value!r}" for name, value in problem.params.items())
    return f"{line}{problem.code}({details})"


class PredictionError(_ProblemsError):
    """The answer file is at fault."""


class ReleaseError(_ProblemsError):
    """The organizer's questions or benchmark definition are at fault; parameters name image and question."""


class ProblemLog:
    """Collects problems in file order."""

    def __init__(self) -> None:
        self.record_number: int | None = None
        self._record: object = None
        self.kept: list[Problem] = []
        self.total = 0
        self.counts: dict[str, int] = {}

    def __bool__(self) -> bool:
        return self.total > 0

    def begin_record(self, number: int | None, record: object) -> None:
        """What is added from now on is wrong with this record; its number counts in a list, and is None in no list."""
        self.record_number, self._record = number, record

    def add(self, problem: Problem) -> None:
        self.total += 1
        self.counts[problem.code] = self.counts.get(problem.code, 0) + 1
        if len(self.kept) < KEPT_PROBLEMS:
            self.kept.append(self._placed(problem))

    def _placed(self, problem: Problem) -> Problem:
        """The problem with its record, unless it says that itself."""
        if self.record_number is None or "record_number" in problem.params:
            return problem
        params = {"record_number": self.record_number, **problem.params}
        fields = self._record if isinstance(self._record, dict) else {}
        name = next((fields[field] for field in _NAMING if isinstance(fields.get(field), str)), "")
        # Most sentences name the question already.
        if name and not any(str(_cut(name)) in str(value) for value in problem.params.values()):
            params["record_name"] = name
        return dataclasses.replace(problem, params=params)

    def raise_as(self, error: type[_ProblemsError]) -> None:
        """Raise what was collected; nothing happens when nothing was."""
        if self.total:
            raise error(tuple(self.kept), self.total, dict(self.counts))

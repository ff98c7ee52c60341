"""Reads files of quoted results: quoted_results.csv's layout, and the tables of MMAD's authors."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pandas as pd
from django.utils.translation import gettext as _

from scoring.benchmarks.mmad import tables
from scoring.definition import Definition
from submissions.models import QuotedResult

AUTHORS = "jam-cc/MMAD, all_result (published by the MMAD authors)"
AUTHORS_FILE = re.compile(r"answers_(?P<shots>\d+)_shot_(?P<name>.+?)_accuracy(?:_[^_]*)?\.csv")
BALANCED = "anomaly-detection"
RATES = {"Recall": "recall", "Precision": "precision", "F1": "f1", "Overkill": "overkill", "Miss": "miss"}
Kind = QuotedResult.Kind


class QuotedFileError(Exception):
    """The file cannot be loaded: which, the line counting from 1 (None: the whole file), the column, and why."""

    def __init__(self, file: str, line: int | None, column: str | None, reason: str) -> None:
        super().__init__(file, line, column, reason)
        self.file = file
        self.line = line
        self.column = column
        self.reason = reason

    def __str__(self) -> str:
        where = [self.file]
        where += [_("line {line}").format(line=self.line)] if self.line else []
        where += [_("column “{column}”").format(column=self.column)] if self.column else []
        return f"{', '.join(where)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Result:
    """One quoted result: its figures by column, in percent. `flags` of None leaves those that are known."""

    name: str
    source: str
    figures: Mapping[str, float]
    kind: str = Kind.QUOTED
    flags: str | None = None
    shots: int | None = None


def read(path: Path, rules: Definition) -> list[Result]:
    """The results of a CSV file, in quoted_results.csv's layout or in the authors' tables'.

    Raises QuotedFileError, which names the line and the column.
    """
    with path.open("rb") as file:
        return read_open(file, path.name, rules)


def read_open(file: IO[bytes], name: str, rules: Definition) -> list[Result]:
    """The same of an open file of that name."""
    sheet = Sheet.read(file, name)
    if "name" in sheet.columns:
        return list(_printed(sheet, rules))
    if sheet.columns[0] == "" and {subtask.name for subtask in rules.subtasks} & set(sheet.columns):
        return [_authors_table(sheet, rules)]
    raise QuotedFileError(
        name, 1, None, _("This header is neither that of quoted_results.csv nor that of an authors' table.")
    )


@dataclass(frozen=True)
class Sheet:
    """A CSV file as text, with the places of its cells."""

    file: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, str]] = field(repr=False)
    lines: Sequence[int] = field(repr=False)  # where the rows stand, counting from 1

    @classmethod
    def read(cls, file: IO[bytes], name: str) -> "Sheet":
        """Raises QuotedFileError for what is no CSV file."""
        try:
            frame = pd.read_csv(
                file,
                header=None,
                dtype=str,
                keep_default_na=False,
                skip_blank_lines=False,  # or lines would be miscounted
                encoding="utf-8-sig",
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            line = re.search(r"in line (\d+)", str(error))
            reason = _("This is no CSV file: {why}").format(why=error)
            raise QuotedFileError(name, int(line[1]) if line else None, None, reason) from error
        head, *body = (
            [str(cell).strip() for cell in row] for row in frame.fillna("").itertuples(index=False)
        )
        for column in head:
            if head.count(column) > 1:
                raise QuotedFileError(name, 1, column, _("This column stands there twice."))
        rows = [
            (line, dict(zip(head, row, strict=True))) for line, row in enumerate(body, start=2) if any(row)
        ]
        return cls(name, head, [row for _line, row in rows], [line for line, _row in rows])

    def number(self, row: int, column: str) -> float | None:
        """The figure in a cell, in percent; None for an empty one. Raises QuotedFileError."""
        text = self.rows[row].get(column, "")
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 <= value <= 100:
            raise self.fault(row, column, _("“{text}” is no percentage.").format(text=text[:50]))
        return value

    def text(self, row: int, column: str, *, longest: int) -> str:
        """The text in a cell. Raises QuotedFileError when it is too long."""
        text = self.rows[row].get(column, "")
        if len(text) > longest:
            raise self.fault(
                row, column, _("This is longer than {longest} characters.").format(longest=longest)
            )
        return text

    def fault(self, row: int, column: str | None, reason: str) -> QuotedFileError:
        return QuotedFileError(self.file, self.lines[row], column, reason)


def _printed(sheet: Sheet, rules: Definition) -> Iterator[Result]:
    """quoted_results.csv: a line a result, and what to know of it; `average`, columns of subtasks and of cells."""
    columns = {"average": "overall", **{slug.replace("-", "_"): slug for slug in rules.subtask_slugs}}
    known = {"name", "kind", "source", "flags", "shots", *columns}
    cells = {f"{name}/{slug}" for name in rules.source_datasets for slug in rules.subtask_slugs}
    columns |= {cell: cell for cell in cells}
    for column in sheet.columns:
        if column not in known | cells:
            raise QuotedFileError(
                sheet.file,
                1,
                column,
                _("There is no such column. Known are: {known}, and cells such as {cell}.").format(
                    known=", ".join(sorted(known)), cell=min(cells)
                ),
            )
    seen: dict[tuple[str, str], int] = {}
    for row in range(len(sheet.rows)):
        name = sheet.text(row, "name", longest=120)
        source = sheet.text(row, "source", longest=300)
        kind = sheet.text(row, "kind", longest=10) or Kind.QUOTED
        for column, text in (("name", name), ("source", source)):
            if not text:
                raise sheet.fault(row, column, _("This is empty: a quoted result has a name and a source."))
        if kind not in Kind.values:
            raise sheet.fault(
                row, "kind", _("Known kinds are: {known}.").format(known=", ".join(Kind.values))
            )
        if (name, source) in seen:
            twice = _("This name and source stand in line {line} already.").format(line=seen[name, source])
            raise sheet.fault(row, "name", twice)
        seen[name, source] = sheet.lines[row]
        printed = {column: sheet.number(row, header) for header, column in columns.items()}
        yield Result(
            name=name,
            source=source,
            kind=kind,
            flags=sheet.text(row, "flags", longest=300),
            shots=_shots(sheet, row),
            figures={column: figure for column, figure in printed.items() if figure is not None},
        )


def _shots(sheet: Sheet, row: int) -> int | None:
    text = sheet.rows[row].get("shots", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= 64):
        raise sheet.fault(row, "shots", _("“{text}” is no number of shots, 0 to 64.").format(text=text[:50]))
    return int(text)


def _authors_table(sheet: Sheet, rules: Definition) -> Result:
    """A table of the authors' script: source datasets and `Average` down; subtasks, `Average` and rates across."""
    known = {model.file: model for model in tables.published_models()}
    matched = AUTHORS_FILE.fullmatch(sheet.file)
    if matched is None:
        raise QuotedFileError(
            sheet.file,
            None,
            None,
            _("The model’s name is read from the file’s: answers_<k>_shot_<model>_accuracy.csv."),
        )
    places = {sheet.rows[row][""]: row for row in range(len(sheet.rows))}
    for line in (*rules.source_datasets, "Average"):
        if line not in places:
            raise QuotedFileError(sheet.file, None, None, _("There is no line “{line}”.").format(line=line))
    figures = dict(_cells(sheet, rules, places))
    model = known.get(sheet.file)
    return Result(
        name=model.name if model else matched["name"][:120],
        source=AUTHORS,
        figures=figures,
        shots=int(matched["shots"]),
    )


def _cells(sheet: Sheet, rules: Definition, places: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    average = places["Average"]
    by_subtask = {subtask.slug: subtask.name for subtask in rules.subtasks}
    wanted = [("overall", average, "Average")]
    wanted += [(slug, average, header) for slug, header in by_subtask.items()]
    for dataset in rules.source_datasets:
        wanted.append((dataset, places[dataset], "Average"))
        wanted += [(f"{dataset}/{slug}", places[dataset], header) for slug, header in by_subtask.items()]
    wanted += [(f"detection/{rate}", average, header) for header, rate in RATES.items()]
    printed = {column: sheet.number(row, header) for column, row, header in wanted}
    balanced, recall = printed.get(BALANCED), printed["detection/recall"]
    if balanced is not None and recall is not None and printed["detection/overkill"] is None:
        # Some tables print neither: by definition, balanced = (100 - overkill + recall) / 2 and miss = 100 - recall.
        printed |= {"detection/overkill": 100 + recall - 2 * balanced, "detection/miss": 100 - recall}
    yield from ((column, figure) for column, figure in printed.items() if figure is not None)

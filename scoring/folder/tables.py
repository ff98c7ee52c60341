"""An organizer's table, as CSV, JSON Lines or Parquet: its rows, each with the line where it begins."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from scoring.answers.recognise import BOM
from scoring.errors import Problem, ReleaseError

LARGEST_FILE = 512 * 1024 * 1024
SUFFIXES = (".csv", ".jsonl", ".parquet")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are those that any row has; rows count from line 1, of a Parquet file from row 1."""

    file: str
    columns: Sequence[str]
    rows: Sequence[tuple[int, Row]]


def read(folder: Path, name: str) -> Table:
    """Raises ReleaseError, naming file and line."""
    path = folder / name
    if path.suffix not in SUFFIXES:
        _refuse("unknown-table", name, known=", ".join(SUFFIXES))
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            _refuse("table-too-large", name, largest=LARGEST_FILE)
        data = path.read_bytes()
    except OSError as error:
        _refuse("table-missing", name, reason=error.strerror or "no such file")
    if path.suffix == ".parquet":
        rows = list(_parquet(data, name))
    else:
        rows = list((_csv if path.suffix == ".csv" else _json_lines)(_decoded(data, name), name))
    columns = dict.fromkeys(column for _line, row in rows for column in row)
    return Table(name, list(columns), rows)


def _refuse(code: str, file: str, line: int | None = None, **params: str | int) -> NoReturn:
    raise ReleaseError.single(Problem(code, line, params={"file": file, **params})) from None


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.removeprefix(BOM).decode()
    except UnicodeDecodeError as error:
        _refuse("table-not-utf-8", name, data.count(b"\n", 0, error.start) + 1)


def _csv(text: str, name: str) -> Iterator[tuple[int, Row]]:
    first = text.split("\n", 1)[0]
    # Spreadsheets write semicolons where commas are decimal points.
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for fields in reader:
            begins, line = line, reader.line_num + 1
            if header is None:
                header = [field.strip() for field in fields]
                if repeated := sorted({field for field in header if field and header.count(field) > 1}):
                    _refuse("column-repeated", name, begins, column=repeated[0])
                continue
            if not any(field.strip() for field in fields):
                continue
            if len(fields) != len(header):
                _refuse("table-fields", name, begins, expected=len(header), found=len(fields))
            yield begins, {column: field for column, field in zip(header, fields, strict=True) if column}
    except csv.Error as error:
        _refuse("table-malformed", name, line, reason=str(error))


def _json_lines(text: str, name: str) -> Iterator[tuple[int, Row]]:
    for line, record in enumerate(text.split("\n"), start=1):
        if not record.strip():
            continue
        try:
            row = json.loads(record)
        except json.JSONDecodeError as error:
            _refuse("table-malformed", name, line, reason=error.msg)
        except RecursionError:
            _refuse("table-malformed", name, line, reason="nested too deep")
        except ValueError:  # an integer of thousands of digits
            _refuse("table-malformed", name, line, reason="a number has too many digits")
        if not isinstance(row, dict):
            _refuse("table-malformed", name, line, reason="not an object")
        yield line, row


def _parquet(data: bytes, name: str) -> Iterator[tuple[int, Row]]:
    # Nobody else needs it, and it takes a while to load.
    import pyarrow as pa
    from pyarrow import parquet

    try:
        rows = parquet.read_table(pa.BufferReader(data)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        _refuse("table-malformed", name, reason=str(error).splitlines()[0])
    yield from enumerate(rows, start=1)

"""Tables of text: fields with commas, tabs or semicolons between them, under a line that names the columns."""

import csv
import io
from collections.abc import Iterator, Sequence

from scoring.answers import families, plain
from scoring.answers.json_records import WINDOW, Record
from scoring.answers.sheet import SheetWriter, most_records
from scoring.answers.utf8 import is_cut_off, line_of_invalid_utf8, unended_line
from scoring.errors import PredictionError, Problem
from scoring.release import Release

_SEPARATORS = ",\t;"
_LONGEST_HEADER = 64 * 1024
MOST_COLUMNS = 1_000
_NEVER_CLOSED = "unexpected end of data"  # csv's word for a quotation mark


def records(data: bytes, writer: SheetWriter) -> Iterator[Record]:
    """The rows as objects, each with the line on which it begins. Raises PredictionError where it is no such table."""
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise PredictionError.single(Problem("control-character", line, params={"quote": "\0"}))
    rows = csv.reader(_lines(data), strict=True, delimiter=_separator_of(data))
    unended = unended_line(data)
    line = 1
    blank = 0
    last: list[str] = []
    try:
        header = next(rows, [])
        check_header(header, 1, writer.release)
        line = rows.line_num + 1
        for row in rows:
            if not row:
                blank += 1
                check_rows(blank, line, writer.release)
            elif len(row) == len(header):
                yield Record(line, dict(zip(header, row, strict=True)), ())
            else:
                is_cut = rows.line_num == unended and len(row) < len(header)
                yield Record(line, {}, (fault_of_fields(len(row), len(header), line, is_cut=is_cut),))
            last, line = row, rows.line_num + 1
    except UnicodeDecodeError as error:
        raise PredictionError.single(fault_of_text(error, data)) from None
    except csv.Error as error:
        raise PredictionError.single(fault_of_csv(error, line, is_cut=line == unended)) from None
    if len(last) == len(header) and not last[-1] and rows.line_num == unended:
        # A line that ends with a separator and no line break: more was to come.
        raise PredictionError.single(Problem("truncated-table", rows.line_num))


def fault_of_fields(found: int, expected: int, line: int, *, is_cut: bool) -> Problem:
    """What is wrong with a row of another number of fields; `is_cut`: more of it may have been to come."""
    if is_cut:
        return Problem("truncated-table", line)
    return Problem("wrong-number-of-fields", line, params={"found": found, "expected": expected})


def fault_of_text(error: UnicodeDecodeError, data: bytes) -> Problem:
    if is_cut_off(error):
        return Problem("truncated-table", unended_line(data))
    return Problem("invalid-utf-8", line_of_invalid_utf8(data))


def fault_of_csv(error: csv.Error, line: int, *, is_cut: bool) -> Problem:
    """What is wrong with the row that begins on the line; `is_cut`: it is the last, and no line break ends it."""
    if is_cut and str(error) == _NEVER_CLOSED:
        return Problem("truncated-table", line)
    return Problem("malformed-csv", line, params={"reason": str(error)})


def check_header(header: Sequence[str], line: int, release: Release) -> None:
    """Raises PredictionError when the columns are none that can be read."""
    family = families.of_columns(header)
    if family is None:
        params = {"found": ",".join(header), "expected": ",".join(plain.HEADER)}
        raise PredictionError.single(Problem(_fault_of_header(header, release), line, params=params))
    if len(header) > MOST_COLUMNS:
        counts = {"found": len(header), "most": MOST_COLUMNS}
        raise PredictionError.single(Problem("too-many-columns", line, params=counts))
    seen: set[str] = set()
    for name in header:
        if name in seen and name:
            raise PredictionError.single(Problem("duplicate-column", line, params={"column": name}))
        seen.add(name)


def check_rows(rows: int, line: int, release: Release) -> None:
    """Raises PredictionError when these are far more rows than there are questions."""
    if rows > most_records(release):
        raise PredictionError.single(Problem("too-many-records", line, params={"questions": release.size}))


def _fault_of_header(header: Sequence[str], release: Release) -> str:
    """What the sender is most likely to have done."""
    if header and header[0] in release.lookup.by_id:
        return "missing-header"
    if len(header) == 1 and all(name in header[0] for name in plain.HEADER):
        return "wrong-separator"
    return "wrong-columns"


def _separator_of(data: bytes) -> str:
    """The separator under which the first line has columns that can be read; the commonest when there is none."""
    first = data[:_LONGEST_HEADER].split(b"\n", 1)[0].decode(errors="replace").rstrip("\r")
    for separator in _SEPARATORS:
        try:
            header = next(csv.reader([first], delimiter=separator), [])
        except csv.Error:
            continue
        if families.of_columns(header):
            return separator
    return max(_SEPARATORS, key=first.count)


def _lines(data: bytes) -> Iterator[str]:
    """The file's lines with their ends. Raises PredictionError at one that is far too long to be a record."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    number = 0
    while line := text.readline(WINDOW):
        number += 1
        if len(line) == WINDOW:
            raise PredictionError.single(Problem("record-too-long", number))
        yield line

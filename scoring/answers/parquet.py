"""Parquet files as pandas, polars and datasets write them: one table, whose columns may hold objects and lists.

A process of its own reads them (see `parquet_rows`), since what is made to do harm can end the process that looks at
it: its end is then the file's fault. Before any column is unpacked, rows, columns, depth, values and the bytes that
they unpack to are looked at; columns of bytes, such as images, are never unpacked. The line of a record is the number
of its row, from 1.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from scoring.answers.json_records import WINDOW, Record
from scoring.answers.sheet import SheetWriter, most_records
from scoring.answers.tables import check_header
from scoring.errors import PredictionError, Problem

MAGIC = b"PAR1"
LONGEST_FOOTER = 4 * 1024 * 1024
_PROGRAM = Path(__file__).with_name("parquet_rows.py")
_SHORTEST = 12


def records(data: bytes, writer: SheetWriter) -> Iterator[Record]:
    """The rows as objects. Raises PredictionError where the file is damaged, or larger than any answers are."""
    _check_ends(data)
    with _file(data) as file:
        # -P: the program's folder, whose modules are called as they please, is no place to import from.
        command = (sys.executable, "-P", str(_PROGRAM), str(most_records(writer.release)))
        process = subprocess.Popen(  # noqa: S603  # our own program, and nothing of the file in its arguments
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    with process:
        try:
            yield from _rows(_said(cast(IO[bytes], process.stdout)), writer)
        except EOFError:
            _fail(**_why_it_ended(process.wait()))
        finally:
            process.kill()


def _fail(code: str, line: int | None = None, **params: str | int) -> NoReturn:
    raise PredictionError.single(Problem(code, line, params=params)) from None


def _check_ends(data: bytes) -> None:
    if len(data) < _SHORTEST or not data.endswith(MAGIC):
        _fail("damaged-parquet", reason="it was cut short")
    size = int.from_bytes(data[-8:-4], "little")
    if size > min(len(data) - _SHORTEST, LONGEST_FOOTER):
        _fail("damaged-parquet", reason="its footer cannot be so long")


def _file(data: bytes) -> IO[bytes]:
    """The data as a file that has no name and takes no room on a disk."""
    file = os.fdopen(os.memfd_create("parquet"), "w+b")
    file.write(data)
    file.flush()
    file.seek(0)
    return file


def _rows(said: Iterator[tuple[Any, bool]], writer: SheetWriter) -> Iterator[Record]:
    number = 0
    for value, may_have_nul in said:
        match value:
            case None:
                return
            case [str(code), dict(params)]:
                if code == "too-many-records":
                    params = {"questions": writer.release.size}
                _fail(code, number + 1, **params)
            case list(columns):
                check_header(columns, 1, writer.release)
            case _:
                number += 1
                yield Record(number, value, _flaws_of(value, number) if may_have_nul else ())
    raise EOFError


def _said(output: IO[bytes]) -> Iterator[tuple[Any, bool]]:
    """What the process says, and whether there may be a NUL in it.

    Raises PredictionError at a row that is far too long to be a record.
    """
    number = 0
    while line := output.readline(4 * WINDOW):
        if len(line) == 4 * WINDOW:
            _fail("record-too-long", max(number, 1))
        if not line.endswith(b"\n"):
            return
        number += 1
        yield json.loads(line), b"\\u0000" in line


def _why_it_ended(code: int) -> dict[str, Any]:
    if code == -signal.SIGXCPU:
        return {"code": "too-much-time"}
    if code == -signal.SIGKILL:
        return {"code": "too-much-memory"}
    return {"code": "damaged-parquet", "reason": "what its footer says cannot be"}


def _flaws_of(value: Any, line: int) -> tuple[Problem, ...]:
    if _has_nul(value):
        return (Problem("control-character", line, params={"quote": "\0"}),)
    return ()


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_nul, inner))

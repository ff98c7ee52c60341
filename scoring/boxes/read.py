"""From an answer file's bytes to a sheet: a JSON list, JSON Lines or CSV, each also gzipped.

A record names its `image` and either has the model's `reply`, or `anomalous` with `boxes`, and perhaps `reasoning`.
Other fields are ignored. CSV has exactly the columns image and reply. The frame of the boxes is said for the file.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scoring.answers import json_records, one_object
from scoring.answers.json_records import WINDOW, Record
from scoring.answers.recognise import BOM, HEAD_SIZE, recognise
from scoring.answers.tables import fault_of_csv, fault_of_fields, fault_of_text
from scoring.answers.unpack import LARGEST_RATIO, DamagedGzipError, ExpandsTooFarError, unpack
from scoring.answers.utf8 import unended_line
from scoring.boxes import replies
from scoring.boxes.geometry import DEFAULT_FRAME, FRAMES
from scoring.boxes.release import BoxRelease
from scoring.boxes.sheet import BoxSheet, BoxSheetWriter
from scoring.errors import UNSHOWABLE, PredictionError, Problem, UnsupportedFileError

HEADER = ["image", "reply"]
EXAMPLE = '{"image": …, "reply": …} or {"image": …, "anomalous": …, "boxes": …}'
SHAPE = '[{"image": …, "reply": …}, …]'
LARGEST_FILE = 256 * 1024 * 1024  # the reasoning of a hundred thousand images is far longer than letters
LONGEST_PATH = 20_000
_RECORDS: dict[str, Callable[[bytes], Iterator[Record]]] = {
    "json": json_records.list_records,
    "jsonl": json_records.line_records,
}


def read(data: bytes, release: BoxRelease, frame: str = DEFAULT_FRAME) -> BoxSheet:
    """Read an answer file, packed or not. Raises PredictionError with every problem and its line.

    An answer that is invalid by `scoring.boxes.replies` is no problem of the file: it is counted by its cause, and
    scores as wrong.
    """
    _check_frame(frame, release)
    body, format_name = _open(data)
    writer = BoxSheetWriter(release, frame)
    if format_name == "jsonl":
        one_object.refuse(body, _may_be_record, SHAPE)
    if format_name == "csv":
        _read_csv(body, writer)
    else:
        _read_json(body, format_name, writer)
    return writer.finish(f"boxes-{format_name}")


def _check_frame(frame: str, release: BoxRelease) -> None:
    if frame not in FRAMES:
        params = {"frame": frame, "known": ", ".join(FRAMES)}
        raise PredictionError.single(Problem("unknown-frame", None, "frame", params))
    if frame == "pixels" and not release.sizes.all():
        others = ", ".join(each for each in FRAMES if each != frame)
        raise PredictionError.single(
            Problem("sizes-unknown", None, "frame", {"frame": frame, "known": others})
        )


def _open(data: bytes) -> tuple[bytes, str]:
    if len(data) > LARGEST_FILE:
        raise PredictionError.single(Problem("too-large", params={"largest": LARGEST_FILE}))
    try:
        body = unpack(data, largest=LARGEST_FILE)
        format_name = recognise(data[:HEAD_SIZE])
    except DamagedGzipError:
        raise PredictionError.single(Problem("damaged-gzip")) from None
    except ExpandsTooFarError:
        params = {"largest": LARGEST_FILE, "ratio": LARGEST_RATIO}
        raise PredictionError.single(Problem("expands-too-far", params=params)) from None
    except UnsupportedFileError as error:
        raise PredictionError.single(Problem(error.code, params=error.params)) from None
    if format_name not in (*_RECORDS, "csv"):
        raise PredictionError.single(Problem("unknown-format"))
    return body.removeprefix(BOM), format_name


def _read_json(body: bytes, format_name: str, writer: BoxSheetWriter) -> None:
    for record in _records(body, format_name, writer):
        writer.problems.begin_record(record.number, record.value)
        writer.count_record(record.line)
        for flaw in record.flaws:
            writer.problems.add(flaw)
        if not record.flaws:
            _read_record(record.value, record.line, writer)


def _may_be_record(fields: Mapping[str, Any]) -> bool:
    return one_object.has_plain(fields, ("image", "reply", "anomalous"))


def _records(body: bytes, format_name: str, writer: BoxSheetWriter) -> Iterator[Record]:
    """The file's records. Where it cannot be read further, that is the last of its problems."""
    try:
        yield from _RECORDS[format_name](body)
    except PredictionError as error:
        writer.problems.begin_record(None, None)  # what the reader says has its place already
        for problem in error.problems:
            writer.problems.add(problem)


def _read_record(value: Any, line: int, writer: BoxSheetWriter) -> None:
    if not isinstance(value, dict):
        writer.problems.add(Problem("not-an-object", line, params={"example": EXAMPLE}))
        return
    faults = list(_faults_of(value, line))
    for fault in faults:
        writer.problems.add(fault)
    if faults:
        return
    position = _find(value["image"], line, writer)
    if position is None:
        return
    width, height = writer.extents[position]
    if "reply" in value:
        reading = replies.read_reply(value["reply"], width, height)
    else:
        reasoning = len((value.get("reasoning") or "").strip())
        reading = replies.read_fields(value["anomalous"], value.get("boxes"), width, height, reasoning)
    writer.take(position, reading, line)


def _faults_of(value: dict[str, Any], line: int) -> Iterator[Problem]:
    if "image" not in value:
        yield Problem("missing-field", line, "image", {"example": EXAMPLE})
    elif not isinstance(value["image"], str):
        yield Problem("wrong-type", line, "image")
    elif len(value["image"]) > LONGEST_PATH:
        yield Problem("record-too-long", line, "image")
    if "reply" not in value and "anomalous" not in value:
        yield Problem("missing-field", line, "reply", {"example": EXAMPLE})
    for name in ("reply", "reasoning"):
        if not isinstance(value.get(name), str | None):
            yield Problem("wrong-type", line, name)


def _find(image: str, line: int, writer: BoxSheetWriter) -> int | None:
    lookup = writer.release.lookup
    found = lookup.find_image(image)
    if found is None:
        at_fault = (
            ("control-character", "image") if UNSHOWABLE.search(image) else ("unknown-question", "path")
        )
        code, name = at_fault
        writer.problems.add(Problem(code, line, "image", {name: image}))
        return None
    return lookup.by_id[found]


def _read_csv(body: bytes, writer: BoxSheetWriter) -> None:
    if b"\0" in body:
        line = body.count(b"\n", 0, body.index(b"\0")) + 1
        raise PredictionError.single(Problem("control-character", line, params={"quote": "\0"}))
    rows = csv.reader(_lines(body, writer), strict=True)
    unended = unended_line(body)
    line = 1
    try:
        _check_header(next(rows, []), writer.release)
        line = rows.line_num + 1
        for row in rows:
            writer.count_record(line)
            if row:
                _read_row(row, line, writer, is_last=rows.line_num == unended)
            line = rows.line_num + 1
    except UnicodeDecodeError as error:
        raise PredictionError.single(fault_of_text(error, body)) from None
    except csv.Error as error:
        writer.problems.add(fault_of_csv(error, line, is_cut=line == unended))


def _lines(body: bytes, writer: BoxSheetWriter) -> Iterator[str]:
    """The file's lines with their ends; the last of its problems is one that is far too long to be a record."""
    text = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", newline="")
    number = 0
    while line := text.readline(WINDOW):
        number += 1
        if len(line) == WINDOW:
            writer.problems.add(Problem("record-too-long", number))
            writer.problems.raise_as(PredictionError)
        yield line


def _check_header(header: list[str], release: BoxRelease) -> None:
    if header == HEADER:
        return
    code = "wrong-columns"
    if header and release.lookup.find_image(header[0]) is not None:
        code = "missing-header"
    elif len(header) == 1 and any(separator in header[0] for separator in ";\t"):
        code = "wrong-separator"
    params = {"found": ",".join(header), "expected": ",".join(HEADER), "boxes_expected": ",".join(HEADER)}
    raise PredictionError.single(Problem(code, 1, params=params))


def _read_row(row: list[str], line: int, writer: BoxSheetWriter, *, is_last: bool) -> None:
    """`is_last`: no line break ends it."""
    if len(row) == len(HEADER):
        _read_record(dict(zip(HEADER, row, strict=True)), line, writer)
    else:
        is_cut = is_last and len(row) < len(HEADER)
        writer.problems.add(fault_of_fields(len(row), len(HEADER), line, is_cut=is_cut))

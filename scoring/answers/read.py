"""From an answer file's bytes to a sheet."""

from collections.abc import Callable, Iterator

from scoring.answers import json_records, native, plain
from scoring.answers.json_keys import count_keys
from scoring.answers.json_records import Record
from scoring.answers.recognise import BOM, HEAD_SIZE, recognise
from scoring.answers.sheet import Sheet, SheetWriter
from scoring.answers.unpack import (
    LARGEST_FILE,
    LARGEST_RATIO,
    DamagedGzipError,
    ExpandsTooFarError,
    unpack,
)
from scoring.errors import PredictionError, Problem, UnsupportedFileError
from scoring.release import Release

_MOST_KEYS_A_QUESTION = 10
_RECORDS: dict[str, Callable[[bytes], Iterator[Record]]] = {
    "json": json_records.list_records,
    "jsonl": json_records.line_records,
}


def read(data: bytes, release: Release) -> Sheet:
    """Read an answer file, packed or not. Raises PredictionError with every problem and its line.

    A faultless file takes a quick way; whatever that cannot take is read again, record by record.
    """
    body, format_name = _open(data)
    if format_name == "csv":
        return plain.read_csv(body, release)
    return _read_json_quickly(body, format_name, release) or _read_records(body, format_name, release)


def _open(data: bytes) -> tuple[bytes, str]:
    if len(data) > LARGEST_FILE:
        raise PredictionError.single(Problem("too-large", params={"largest": LARGEST_FILE}))
    try:
        body = unpack(data)
        format_name = recognise(data[:HEAD_SIZE])
    except DamagedGzipError:
        raise PredictionError.single(Problem("damaged-gzip")) from None
    except ExpandsTooFarError:
        params = {"largest": LARGEST_FILE, "ratio": LARGEST_RATIO}
        raise PredictionError.single(Problem("expands-too-far", params=params)) from None
    except UnsupportedFileError as error:
        raise PredictionError.single(Problem(error.code, params=error.params)) from None
    return body.removeprefix(BOM), format_name


def _read_json_quickly(body: bytes, format_name: str, release: Release) -> Sheet | None:
    keys = count_keys(body)
    # What has far more keys than the questions need is not decoded whole: it could fill the memory.
    if keys is None or keys > _MOST_KEYS_A_QUESTION * release.size + 100_000:
        return None
    # The one character that only the careful reader refuses, wherever in a record it stands.
    if b"\\u0000" in body:
        return None
    if format_name == "json" and (sheet := native.read_json_quickly(body, keys, release)):
        return sheet
    return plain.read_json_quickly(body, format_name, keys, release)


def _read_records(body: bytes, format_name: str, release: Release) -> Sheet:
    writer = SheetWriter(release)
    take: Callable[[Record, SheetWriter], None] | None = None
    name = f"plain-{format_name}"
    for record in _records(body, format_name, writer):
        writer.count_record(record.line)
        if take is None:
            is_native = isinstance(record.value, dict) and "question_id" not in record.value
            take, name = (native.read_record, "native") if is_native else (plain.read_record, name)
        for flaw in record.flaws:
            writer.problems.add(flaw)
        if not record.flaws:
            take(record, writer)
    return writer.finish(name)


def _records(body: bytes, format_name: str, writer: SheetWriter) -> Iterator[Record]:
    """The file's records. Where it cannot be read further, that is the last of its problems."""
    try:
        yield from _RECORDS[format_name](body)
    except PredictionError as error:
        for problem in error.problems:
            writer.problems.add(problem)

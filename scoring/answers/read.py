"""From an answer file's bytes to a sheet."""

from collections.abc import Callable, Iterator

from scoring.answers import families, json_records, native, one_object, parquet, plain, tables, xlsx
from scoring.answers.families import Family
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
# What reads each container record by record; in tables the first row names the fields.
_RECORDS: dict[str, Callable[[bytes, SheetWriter], Iterator[Record]]] = {
    "json": lambda body, _writer: json_records.list_records(body),
    "jsonl": lambda body, _writer: json_records.line_records(body),
    "csv": tables.records,
    "xlsx": xlsx.records,
    "parquet": parquet.records,
}
_JSON = ("json", "jsonl")
_SHAPE = '[{"question_id": …, "answer": …}, …]'


def read(data: bytes, release: Release) -> Sheet:
    """Read an answer file, packed or not. Raises PredictionError with every problem and its line.

    A faultless file takes a quick way; whatever that cannot take is read again, record by record.
    """
    body, format_name = _open(data)
    if format_name == "jsonl":
        one_object.refuse(body, families.may_be_record, _SHAPE)
    return read_quickly(body, format_name, release) or read_records(body, format_name, release)


def read_quickly(body: bytes, format_name: str, release: Release) -> Sheet | None:
    """The sheet of a faultless file of the kinds that come most; None when it needs a closer look."""
    if format_name == "csv":
        return plain.read_csv_quickly(body, release)
    return _read_json_quickly(body, format_name, release) if format_name in _JSON else None


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


def read_records(body: bytes, format_name: str, release: Release) -> Sheet:
    """Read record by record. Raises PredictionError with every problem and its line."""
    writer = SheetWriter(release)
    family: Family | None = None
    for record in _records(body, format_name, writer):
        writer.problems.begin_record(record.number, record.value)
        writer.count_record(record.line)
        if family is None:
            family = _family_of(record, format_name)
        flaws = family.flaws_of(record)
        for flaw in flaws:
            writer.problems.add(flaw)
        if not flaws:
            family.read_record(record, writer)
    name = (family or families.PLAIN).name
    is_json_list_of_authors = name == "native" and format_name in _JSON
    return writer.finish(name if is_json_list_of_authors else f"{name}-{format_name}")


def _family_of(record: Record, format_name: str) -> Family:
    if format_name in _JSON:
        return families.of_record(record.value)
    return families.of_columns(record.value) or families.PLAIN_ROW


def _records(body: bytes, format_name: str, writer: SheetWriter) -> Iterator[Record]:
    """The file's records. Where it cannot be read further, that is the last of its problems."""
    try:
        yield from _RECORDS[format_name](body, writer)
    except PredictionError as error:
        writer.problems.begin_record(None, None)  # what the reader says has its place already
        for problem in error.problems:
            writer.problems.add(problem)

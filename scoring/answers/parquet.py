"""Parquet files as pandas, polars and datasets write them: one table, whose columns may hold objects and lists.

The footer is looked at before any column is: rows, columns, depth, values and the bytes that the columns unpack to
have limits. Columns of bytes, such as images, are never unpacked. Rows are read a few at a time and in one thread, and
memory comes from the system, so that the worker's limit holds. The line of a record is the number of its row, from 1.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from scoring.answers.json_records import Record
from scoring.answers.sheet import SheetWriter
from scoring.answers.tables import MOST_COLUMNS, check_header, check_rows
from scoring.answers.unpack import LARGEST_FILE
from scoring.errors import PredictionError, Problem

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

MAGIC = b"PAR1"
LARGEST_UNPACKED = 4 * LARGEST_FILE
_LARGEST_FOOTER = 4 * 1024 * 1024
_MOST_ROW_GROUPS = 10_000
_MOST_VALUES_A_ROW = 1_000
_DEEPEST = 8
_ROWS_AT_ONCE = 500


def records(data: bytes, writer: SheetWriter) -> Iterator[Record]:
    """The rows as objects. Raises PredictionError where the file is damaged, or larger than any answers are."""
    # Loading it takes a worker three times as long as all else together, and few files need it.
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    _check_footer(data)
    try:
        yield from _rows(_open(data), writer)
    except MemoryError:  # Arrow's own is one of its errors too
        raise
    except (pa.ArrowException, OSError) as error:
        _fail("damaged-parquet", reason=str(error).splitlines()[0] if str(error) else type(error).__name__)


def _fail(code: str, line: int | None = None, **params: str | int) -> NoReturn:
    raise PredictionError.single(Problem(code, line, params=params)) from None


def _check_footer(data: bytes) -> None:
    if len(data) < 12 or not data.endswith(MAGIC):
        _fail("damaged-parquet", reason="it was cut short")
    size = int.from_bytes(data[-8:-4], "little")
    if size > min(len(data) - 12, _LARGEST_FOOTER):
        _fail("damaged-parquet", reason="its footer cannot be so long")


def _open(data: bytes) -> "parquet.ParquetFile":
    import pyarrow as pa
    from pyarrow import parquet

    return parquet.ParquetFile(
        pa.BufferReader(data),
        memory_map=False,
        pre_buffer=False,
        thrift_string_size_limit=_LARGEST_FOOTER,
        thrift_container_size_limit=100_000,
    )


def _rows(file: "parquet.ParquetFile", writer: SheetWriter) -> Iterator[Record]:
    metadata = file.metadata
    check_rows(metadata.num_rows, 1, writer.release)
    if metadata.num_columns > MOST_COLUMNS:
        _fail("too-many-columns", found=metadata.num_columns, most=MOST_COLUMNS)
    if metadata.num_row_groups > _MOST_ROW_GROUPS:
        _fail("damaged-parquet", reason="it has far more row groups than any answers need")
    schema = file.schema_arrow
    check_header(schema.names, 1, writer.release)
    names = [field.name for field in schema if _is_read(field.type, 1)]
    _check_sizes(metadata, frozenset(names))
    number = 0
    for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=names, use_threads=False):
        for value in _values(batch, number):
            number += 1
            yield Record(number, value, _flaws_of(value, number))


def _is_read(kind: "pa.DataType", depth: int) -> bool:
    """Whether it is a column of texts, numbers, or lists and objects of these."""
    from pyarrow import types

    if depth > _DEEPEST:
        _fail("nested-too-deep", 1)
    inner = [kind.field(at).type for at in range(kind.num_fields)]
    if inner:
        return all(_is_read(part, depth + 1) for part in inner)
    if types.is_dictionary(kind):
        return _is_read(kind.value_type, depth + 1)
    return (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_null(kind)
        or types.is_struct(kind)
    )


def _check_sizes(metadata: "parquet.FileMetaData", names: frozenset[str]) -> None:
    """What the columns declare: bytes unpacked, and values, which in lists may be more than rows."""
    unpacked = values = 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for at in range(row_group.num_columns):
            column = row_group.column(at)
            if column.path_in_schema.partition(".")[0] in names:
                unpacked += column.total_uncompressed_size
                values = max(values, column.num_values)
    if unpacked > LARGEST_UNPACKED:
        _fail("expands-too-far", largest=LARGEST_UNPACKED)
    if values > _MOST_VALUES_A_ROW * max(metadata.num_rows, 1):
        _fail("damaged-parquet", reason="its lists are far longer than any answers need")


def _values(batch: "pa.RecordBatch", before: int) -> list[dict[str, Any]]:
    """The rows of a batch. Raises PredictionError at one whose text is no text."""
    try:
        return batch.to_pylist()
    except UnicodeDecodeError:
        for at in range(batch.num_rows):
            try:
                batch.slice(at, 1).to_pylist()
            except UnicodeDecodeError:
                _fail("invalid-utf-8", before + at + 1)
        raise


def _flaws_of(value: Any, line: int) -> tuple[Problem, ...]:
    if _has_nul(value):
        return (Problem("control-character", line, params={"quote": "\0"}),)
    return ()


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_nul, inner))

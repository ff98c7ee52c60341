"""A program of its own: the rows of the Parquet file on its standard input, as JSON, one a line.

Libraries that read Parquet are written for files that one trusts, and a damaged footer can end the process that looks
at it. So it is looked at here, in a process that may end, has little memory and time, and knows nothing but the file.
`scoring.answers.parquet` starts it with the most rows that it may write, and reads what it says: the names of
the columns as a list, each row as an object, and last null; or, where it stops, why, as a text and an object.
Texts come as JSON's escapes.
"""

import json
import resource
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyarrow import parquet, types

# Bytes that the process can write to, and seconds that it may compute.
MEMORY = 1024 * 1024 * 1024
SECONDS = 60
LARGEST_UNPACKED = 256 * 1024 * 1024
MOST_COLUMNS = 1_000
LONGEST_FOOTER = 4 * 1024 * 1024
_MOST_ROW_GROUPS = 10_000
_MOST_VALUES_A_ROW = 1_000
_DEEPEST = 8
_ROWS_AT_ONCE = 200
_READ = (
    *(types.is_string, types.is_large_string, types.is_string_view, types.is_null),
    *(types.is_integer, types.is_floating, types.is_boolean),
)


class StoppedError(Exception):
    """The file is not read, or no further; the arguments are a problem's code and its parameters."""


def main() -> None:
    """Write the rows, or why they cannot be read."""
    _limit()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        _write_rows(sys.stdin.buffer.read(), most_rows=int(sys.argv[1]))
    except StoppedError as stopped:
        _say(list(stopped.args))
    except MemoryError:
        _say(["too-much-memory", {}])
    except UnicodeDecodeError:
        _say(["invalid-utf-8", {}])
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        _say(["damaged-parquet", {"reason": reason[:200]}])
    sys.stdout.flush()


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        soft, hard = resource.getrlimit(what)
        allowed = most if soft == resource.RLIM_INFINITY else min(most, soft)
        resource.setrlimit(what, (allowed, hard))


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")


def _write_rows(data: bytes, *, most_rows: int) -> None:
    file = parquet.ParquetFile(
        pa.BufferReader(data),
        memory_map=False,
        pre_buffer=False,
        thrift_string_size_limit=LONGEST_FOOTER,
        thrift_container_size_limit=100_000,
    )
    metadata, schema = file.metadata, file.schema_arrow
    if metadata.num_columns > MOST_COLUMNS:
        raise StoppedError("too-many-columns", {"found": metadata.num_columns, "most": MOST_COLUMNS})
    if metadata.num_rows > most_rows:
        raise StoppedError("too-many-records", {})
    if metadata.num_row_groups > _MOST_ROW_GROUPS:
        raise StoppedError("damaged-parquet", {"reason": "it has far more row groups than any answers need"})
    _say(schema.names)
    names = [field.name for field in schema if _is_read(field.type, 1)]
    _check_sizes(metadata, frozenset(names))
    left = LARGEST_UNPACKED
    for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=names, use_threads=False):
        for row in _values(batch):
            line = json.dumps(row)
            left -= len(line)
            if left < 0:
                raise StoppedError("expands-too-far", {"largest": LARGEST_UNPACKED})
            sys.stdout.write(line + "\n")
    _say(None)


def _values(batch: pa.RecordBatch) -> Iterator[Any]:
    """The rows, one by one where a text is none: what stands before it is still said."""
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        for at in range(batch.num_rows):
            yield from batch.slice(at, 1).to_pylist()


def _is_read(kind: pa.DataType, depth: int) -> bool:
    """Whether it is a column of texts and numbers, or of lists and objects of these: images and times are not."""
    if depth > _DEEPEST:
        raise StoppedError("nested-too-deep", {})
    if types.is_dictionary(kind):
        return _is_read(kind.value_type, depth + 1)
    if types.is_struct(kind) or types.is_list(kind) or types.is_large_list(kind):
        return all(_is_read(kind.field(at).type, depth + 1) for at in range(kind.num_fields))
    return any(test(kind) for test in _READ)


def _check_sizes(metadata: parquet.FileMetaData, names: frozenset[str]) -> None:
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
        raise StoppedError("expands-too-far", {"largest": LARGEST_UNPACKED})
    if values > _MOST_VALUES_A_ROW * max(metadata.num_rows, 1):
        raise StoppedError("damaged-parquet", {"reason": "its lists are far longer than any answers need"})


if __name__ == "__main__":
    main()

"""Parquet files: what is read of them, and what they may not be."""

import io
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from scoring.answers.read import read
from scoring.answers.recognise import recognise
from scoring.errors import PredictionError, UnsupportedFileError
from scoring.evaluate import evaluate
from scoring.release import Release
from tests.scoring.answer_files import as_csv, plain_rows, problems_of

Columns = dict[str, Any]


def written(columns: Columns, **options: Any) -> bytes:
    made = io.BytesIO()
    parquet.write_table(pa.table(columns), made, **options)
    return made.getvalue()


@pytest.fixture(scope="module")
def columns(release: Release) -> Columns:
    ids, answers = zip(*plain_rows(release), strict=True)
    return {"question_id": list(ids), "answer": list(answers)}


@pytest.fixture(scope="module")
def expected(release: Release) -> list[int]:
    codes: list[int] = read(as_csv(plain_rows(release)), release).codes.tolist()
    return codes


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


def beside(columns: Columns, **values: Any) -> Columns:
    """With further columns, each of one value in every row."""
    return {**columns, **{name: [value] * len(columns["answer"]) for name, value in values.items()}}


def each(columns: Columns, change: Callable[[Any], Any]) -> Columns:
    return {name: change(values) for name, values in columns.items()}


def times(columns: Columns) -> bytes:
    at = pa.array([0] * len(columns["answer"]), pa.timestamp("s"))
    return written({**columns, "at": at})


def not_utf_8(columns: Columns) -> bytes:
    data = written(columns, compression="none", use_dictionary=False)
    return data.replace(columns["question_id"][5].encode(), b"\xff" * len(columns["question_id"][5]))


HARMLESS: dict[str, Callable[[Columns], bytes]] = {
    "as pandas writes it": written,
    "gzip": lambda columns: written(columns, compression="gzip"),
    "zstd, small pages": lambda columns: written(columns, compression="zstd", data_page_size=100),
    "no dictionary": lambda columns: written(columns, use_dictionary=False),
    "many row groups": lambda columns: written(columns, row_group_size=50),
    "pages of the second version": lambda columns: written(columns, data_page_version="2.0"),
    "categories": lambda columns: written(each(columns, lambda it: pa.array(it).dictionary_encode())),
    "long strings": lambda columns: written(each(columns, lambda it: pa.array(it, pa.large_string()))),
    "images": lambda columns: written(beside(columns, a=b"\x89PNG" * 500, b={"bytes": b"x", "path": "y"})),
    "times": times,
    "numbers and nothing": lambda columns: written(
        beside(columns, n=1.5, b=True, none=None, nan=float("nan"))
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_differences_change_nothing(
    release: Release, columns: Columns, expected: list[int], name: str
) -> None:
    data = HARMLESS[name](columns)
    assert recognise(data[:65536]) == "parquet"
    assert read(data, release).codes.tolist() == expected


def test_problems_name_the_row(release: Release, columns: Columns) -> None:
    ids, answers = list(columns["question_id"]), list(columns["answer"])
    ids[3], ids[7], answers[9] = "nothing#1", ids[6], "Z"
    assert problems_of(written({"question_id": ids, "answer": answers}), release) == [
        ("unknown-question", 4),
        ("duplicate-question", 8),
        ("letter-outside-options", 10),
    ]


def two(question_ids: Any, answers: Any, **more: Any) -> bytes:
    return written({"question_id": question_ids, "answer": answers, **more})


AT_FAULT: dict[str, tuple[Callable[[Columns], bytes], str, int | None]] = {
    "other columns": (lambda _: written({"id": ["x"], "letter": ["A"]}), "wrong-columns", 1),
    "more rows than questions": (lambda _: two(["x"] * 20_000, ["A"] * 20_000), "too-many-records", 1),
    "a thousand columns": (
        lambda columns: written(beside(columns, **{f"c{at}": 1 for at in range(1_000)})),
        "too-many-columns",
        1,
    ),
    "nested deep": (lambda columns: written(beside(columns, x=nested(12))), "nested-too-deep", 1),
    "long lists": (lambda _: two(["x"], ["A"], x=[[1] * 100_000]), "damaged-parquet", 1),
    "an answer that is a list": (lambda _: two(["x"], [["A"]]), "wrong-type", 1),
    "no text": (not_utf_8, "invalid-utf-8", 6),
    "a NUL": (lambda _: two(["x"], ["A\0"]), "control-character", 1),
    "a very long text": (lambda _: two(["x"], ["hm " * 4_000_000]), "record-too-long", 1),
    "one text in every row": (lambda _: two(["x"] * 900, ["hm " * 100_000] * 900), "expands-too-far", None),
    "bytes for texts": (
        lambda columns: written(each(columns, lambda it: [text.encode() for text in it])),
        "unknown-question",
        1,
    ),
    "no rows": (
        lambda _: two(pa.array([], pa.string()), pa.array([], pa.string())),
        "too-few-records",
        None,
    ),
    "half of it": (lambda columns: written(columns)[:5_000], "damaged-parquet", None),
    "its ends alone": (lambda _: b"PAR1" + bytes(20) + b"PAR1", "damaged-parquet", None),
}


@pytest.mark.parametrize("name", AT_FAULT)
def test_what_is_wrong_with_the_file_is_said(release: Release, columns: Columns, name: str) -> None:
    make, code, line = AT_FAULT[name]
    with pytest.raises(PredictionError) as caught:
        evaluate(make(columns), release)
    assert code in caught.value.counts
    if line is not None:
        assert caught.value.problems[0].line == line


def test_a_damaged_footer_ends_no_more_than_its_own_process(release: Release, columns: Columns) -> None:
    """Among these are some at which the library aborts."""
    data = written(columns)
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    draw = random.Random(5)
    for _ in range(25):
        spoilt = bytearray(data)
        for _ in range(3):
            spoilt[draw.randrange(start, len(data) - 8)] ^= 1 << draw.randrange(8)
        with suppress(PredictionError):
            evaluate(bytes(spoilt), release)


def test_a_text_may_begin_as_parquet_does() -> None:
    assert recognise(b"PAR1,question_id\n") == "csv"
    with pytest.raises(UnsupportedFileError, match="unknown-format"):
        recognise(b"PARE\0\0\0")

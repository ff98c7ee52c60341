"""Workbooks: what is read of them, and what they may not be."""

import io
import random
import time
import zipfile
from collections.abc import Callable, Sequence

import pytest
from python_calamine import CalamineWorkbook

from scoring.answers.read import read
from scoring.answers.recognise import recognise
from scoring.errors import PredictionError
from scoring.evaluate import evaluate
from scoring.release import Release
from tests.scoring.answer_files import as_csv, plain_rows, problems_of
from tests.scoring.workbooks import (
    HEAD,
    MAIN,
    Cell,
    Rows,
    archive,
    in_place,
    inline,
    of,
    shared,
    sheet,
    workbook,
)


@pytest.fixture(scope="module")
def rows(release: Release) -> list[Sequence[Cell]]:
    return [["question_id", "answer"], *plain_rows(release)]


@pytest.fixture(scope="module")
def expected(release: Release) -> list[int]:
    codes: list[int] = read(as_csv(plain_rows(release)), release).codes.tolist()
    return codes


def test_a_library_reads_our_workbooks_as_we_do(rows: Rows) -> None:
    for data in (inline(rows), shared(rows)):
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        assert book.get_sheet_by_index(0).to_python() == list(map(list, rows))


@pytest.mark.parametrize("make", [inline, shared])
def test_texts_stand_in_cells_or_in_a_table(
    release: Release, rows: Rows, expected: list[int], make: Callable[[Rows], bytes]
) -> None:
    assert read(make(rows), release).codes.tolist() == expected


def without_places(_place: str, value: Cell) -> str:
    return in_place("", value).replace(' r=""', "")


def prefixed(rows: Rows) -> str:
    plain = sheet(rows)
    for name in ("worksheet", "sheetData", "row", "c", "is", "t"):
        plain = plain.replace(f"<{name} ", f"<x:{name} ").replace(f"<{name}>", f"<x:{name}>")
        plain = plain.replace(f"</{name}>", f"</x:{name}>")
    return plain.replace('<x:worksheet xmlns="', '<x:worksheet xmlns:x="')


FAR = '<row r="1048576"><c r="XFD1048576"/></row>'
HARMLESS: dict[str, Callable[[Rows], bytes]] = {
    "cells without places": lambda rows: workbook({"S": sheet(rows, without_places)}),
    "a prefix": lambda rows: workbook({"S": prefixed(rows)}),
    "a hidden sheet first": lambda rows: workbook(
        {"notes": sheet([["x"]]), "S": sheet(rows)}, states={"notes": "hidden"}
    ),
    "a very hidden sheet": lambda rows: workbook(
        {"S": sheet(rows), "v": sheet([["x"]])}, states={"v": "veryHidden"}
    ),
    "empty sheets": lambda rows: workbook({"Sheet2": of(""), "S": sheet(rows), "Sheet3": of("<row/>")}),
    "empty rows": lambda rows: workbook({"S": sheet([[], ["", None], *rows[:9], [], [], *rows[9:], [], []])}),
    "other columns": lambda rows: inline(
        [["n", *rows[0], "note"], *([at, *row, 2.5] for at, row in enumerate(rows[1:]))]
    ),
    "columns to the far right": lambda rows: inline([[None] * 700 + list(row) for row in rows]),
    "a cell to the lower right": lambda rows: workbook(
        {"S": sheet(rows).replace("</sheetData>", f"{FAR}</sheetData>")}
    ),
    "words to be pronounced": lambda rows: workbook(
        {"S": sheet(rows).replace("</t></is>", '</t><rPh sb="0" eb="1"><t>B</t></rPh></is>')}
    ),
    "line breaks as escapes": lambda rows: inline(
        [rows[0], *([row[0], f"{row[1]}_x000D_\n"] for row in rows[1:])]
    ),
    "parts in Excel's order": lambda rows: reordered(inline(rows)),
}  # fmt: skip


def reordered(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return archive({name: book.read(name) for name in sorted(book.namelist())})


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_differences_change_nothing(
    release: Release, rows: Rows, expected: list[int], name: str
) -> None:
    data = HARMLESS[name](rows)
    assert recognise(data[:65536]) == "xlsx"
    assert read(data, release).codes.tolist() == expected


def test_a_cell_is_the_text_that_it_holds(release: Release, rows: Rows) -> None:
    """A number, a truth value and an error are replies like any other: none of them is a letter."""
    cells: list[Cell] = [5, 1.5, True, "=A1", "#N/A"]
    changed: list[Sequence[Cell]] = [
        rows[0],
        *([row[0], value] for row, value in zip(rows[1:], cells, strict=False)),
        *rows[6:],
    ]
    sheet = read(inline(changed), release)
    assert sheet.present.all()
    assert sheet.readings["none"] == len(cells)


def test_problems_name_the_row(release: Release, rows: Rows) -> None:
    wrong = [*rows[:3], [], ["nothing#1", "A"], *rows[3:], [rows[1][0], "B"], [rows[2][0], 7]]
    assert problems_of(inline(wrong), release) == [
        ("unknown-question", 5),
        ("duplicate-question", len(wrong) - 1),
        ("duplicate-question", len(wrong)),
    ]


def formula(place: str, value: Cell) -> str:
    if place == "B4":
        return f'<c r="{place}" t="str"><f>UPPER("{value}")</f><v>{value}</v></c>'
    return in_place(place, value)


def with_part(name: str, content: str) -> bytes:
    return archive({"[Content_Types].xml": HEAD, name: content})


def doctype(rows: Rows) -> bytes:
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return workbook({"S": sheet(rows).replace(HEAD, HEAD + entities)})


def lying(data: bytes) -> bytes:
    """Its directory declares that parts are small."""
    at = data.index(b"PK\x01\x02")
    return data[: at + 24] + b"\x09\0\0\0" + data[at + 28 :]


AT_FAULT: dict[str, tuple[Callable[[Rows], bytes], str, int | None]] = {
    "two sheets": (lambda rows: workbook({"a": sheet(rows), "b": sheet([["x"]])}), "several-sheets", None),
    "hidden sheets alone": (
        lambda rows: workbook({"S": sheet(rows)}, states={"S": "hidden"}),
        "no-sheet",
        None,
    ),
    "no cell": (lambda _: workbook({"S": of("")}), "no-sheet", None),
    "a document": (lambda _: with_part("word/document.xml", "<x/>"), "no-sheet", None),
    "other columns": (lambda _: inline([[], ["id", "letter"], ["x", "A"]]), "wrong-columns", 2),
    "no header": (lambda rows: inline(rows[1:]), "missing-header", 1),
    "a column twice": (lambda _: inline([["question_id", "answer", "answer"]]), "duplicate-column", 1),
    "a formula": (lambda rows: workbook({"S": sheet(rows, formula)}), "formula", 4),
    "merged cells": (
        lambda rows: workbook({"S": sheet(rows, more='<mergeCells><mergeCell ref="B7:B9"/></mergeCells>')}),
        "merged-cells",
        7,
    ),
    "entities": (doctype, "damaged-workbook", None),
    "a part that is missing": (lambda rows: archive({"xl/workbook.xml": "<workbook/>"}), "no-sheet", None),
    "no XML": (lambda rows: workbook({"S": "question_id,answer"}), "damaged-workbook", None),
    "a text that is not there": (
        lambda rows: workbook({"S": of('<row><c t="s"><v>9</v></c></row>')}),
        "damaged-workbook",
        1,
    ),
    "beyond the last row": (
        lambda rows: workbook({"S": of('<row r="1048577"><c><v>1</v></c></row>')}),
        "damaged-workbook",
        None,
    ),
    "beyond the last column": (
        lambda rows: workbook({"S": of('<row><c r="ZZZ1"><v>1</v></c></row>')}),
        "damaged-workbook",
        None,
    ),
    "a row without end": (
        lambda rows: workbook({"S": of(f"<row>{''.join(f'<c><v>{at * at}</v></c>' for at in range(20_000))}</row>")}),
        "damaged-workbook",
        1,
    ),
    "a place that is none": (
        lambda rows: workbook({"S": of('<row><c r="1A"><v>1</v></c></row>')}),
        "damaged-workbook",
        None,
    ),
    "a very long cell": (
        lambda rows: inline([*rows[:2], ["x", random.Random(1).randbytes(1_500_000).hex()]]),
        "record-too-long",
        3,
    ),
    "parts without number": (
        lambda rows: archive({"xl/a": "", **{f"xl/{number}": "" for number in range(2_000)}}),
        "damaged-workbook",
        None,
    ),
    "a bomb": (lambda rows: workbook({"S": of(" " * 30_000_000)}), "expands-too-far", None),
    "a bomb that lies": (lambda rows: lying(workbook({"S": of(" " * 30_000_000)})), "damaged-workbook", None),
    "more rows than questions": (
        lambda rows: inline([*rows[:1], *[["x", "A"]] * 12_000]),
        "too-many-records",
        None,
    ),
    "a thousand columns more": (lambda rows: inline([[*rows[0], *map(str, range(1_000))]]), "too-many-columns", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_FAULT)
def test_what_is_wrong_with_a_workbook_is_said(release: Release, rows: Rows, name: str) -> None:
    make, code, line = AT_FAULT[name]
    with pytest.raises(PredictionError) as caught:
        evaluate(make(rows), release)
    assert code in caught.value.counts
    if line is not None:
        assert (code, line) in [(problem.code, problem.line) for problem in caught.value.problems]


def test_a_text_that_all_cells_share_costs_no_more_than_once(release: Release, rows: Rows) -> None:
    """Two hundred megabytes if each cell had its own."""
    long = "hm " * 100_000
    started = time.process_time()
    report = evaluate(shared([rows[0], *([row[0], long] for row in rows[1:])]), release).report
    assert report.coverage == 0
    assert time.process_time() - started < 20


def test_an_encrypted_part_is_damaged(release: Release, rows: Rows) -> None:
    data = bytearray(inline(rows))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark)
        data[at + flags] |= 1
    assert [code for code, _ in problems_of(bytes(data), release)] == ["damaged-workbook"]


def test_an_archive_is_one_of_a_workbook_s_parts_or_foreign() -> None:
    assert recognise(archive({"xl/workbook.xml": ""})) == "xlsx"
    for name in ("answers.csv", "axl/workbook.xml", "content.xml", "mimetype", "XL/workbook.xml"):
        with pytest.raises(Exception, match="archive"):
            recognise(archive({name: MAIN}))

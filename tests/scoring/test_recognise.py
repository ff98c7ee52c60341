import bz2
import gzip
import io
import lzma
import pickle
import zipfile

import pytest

from scoring.answers.recognise import HEAD_SIZE, recognise
from scoring.errors import UnsupportedFileError


def zipped(name: str = "answers.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "question_id,answer\n")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"question_id,answer\nx,A\n", "csv"),
        (b"\xef\xbb\xbfquestion_id,answer\r\n", "csv"),
        (b"id;letter\n", "csv"),
        (b"id\tletter\n", "csv"),
        (b'{"question_id": "x", "answer": "A"}\n', "jsonl"),
        (b' \r\n{"question_id"', "jsonl"),
        (b"[]", "json"),
        (b"\xef\xbb\xbf \n[{", "json"),
        (gzip.compress(b"question_id,answer\n"), "csv"),
        (gzip.compress(b"[" + b" " * 1_000_000)[:200], "json"),
        (gzip.compress(b"") + gzip.compress(b"[1]"), "json"),
        ("question_id,answer\nü,A\n".encode(), "csv"),
        (b"PAR1\x15\x04\x15\0", "parquet"),
        (zipped("xl/worksheets/sheet1.xml"), "xlsx"),
        (zipped("[Content_Types].xml"), "xlsx"),
        (zipped("docProps/app.xml"), "xlsx"),
        (zipped("_rels/.rels"), "xlsx"),
    ],
)
def test_a_format_is_known_by_its_content(data: bytes, found: str) -> None:
    assert recognise(data) == found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (gzip.compress(b""), "empty"),
        (gzip.compress(b" \n"), "empty"),
        *[(pickle.dumps([{"a": 1}], protocol), "pickle") for protocol in range(pickle.HIGHEST_PROTOCOL + 1)],
        *[(pickle.dumps({"a": "b"}, protocol), "pickle") for protocol in range(pickle.HIGHEST_PROTOCOL + 1)],
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image"),
        (b"GIF89a\x01\0\x01\0", "image"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image"),
        (b"BM\x36\0\0\0\0\0", "image"),
        ("question_id,answer\n".encode("utf-16"), "utf-16"),
        ("question_id,answer\n".encode("utf-16-le"), "utf-16"),
        ("question_id,answer\n".encode("utf-16-be"), "utf-16"),
        ("question_id,answer\n".encode("utf-32"), "utf-16"),
        (zipped(), "archive"),
        (bz2.compress(b"x,y"), "archive"),
        (lzma.compress(b"x,y"), "archive"),
        (gzip.compress(gzip.compress(b"x,y")), "nested-archive"),
        (gzip.compress(zipped()), "nested-archive"),
        (gzip.compress(zipped("xl/workbook.xml")), "nested-archive"),
        (gzip.compress(b"PAR1\x15\x04\x15\0"), "nested-archive"),
        (b"\x1f\x8b\x08\0garbage garbage", "damaged-gzip"),
        (b"\x1f\x8b\x08" + b"?" * 100, "damaged-gzip"),
        (b"\x1f\x8b\x08\0", "damaged-gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old-spreadsheet"),
        (b"%PDF-1.7\n\xff\0", "unknown-format"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "unknown-format"),
        (b"just some words", "unknown-format"),
        (b"\0\0\0\0\0\0\0\0,", "unknown-format"),
        (b"a,b\0\n", "unknown-format"),
    ],
)
def test_what_is_no_answer_file_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(UnsupportedFileError) as caught:
        recognise(data)
    assert caught.value.code == code


def test_a_head_that_ends_within_a_character_is_enough() -> None:
    assert recognise(("question_id,answer\n" + "é" * HEAD_SIZE).encode()[:HEAD_SIZE]) == "csv"

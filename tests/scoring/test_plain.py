import gzip
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.answers import plain
from scoring.answers.json_keys import count_keys
from scoring.answers.read import read, read_quickly, read_records
from scoring.errors import PredictionError, Problem
from scoring.evaluate import evaluate
from scoring.release import Release
from tests.scoring.answer_files import (
    as_csv,
    as_json,
    as_jsonl,
    as_objects,
    plain_rows,
    problems_of,
    right_answers,
)

Rows = Sequence[tuple[str, str | None]]
FORMATS: dict[str, Callable[[Rows], bytes]] = {"csv": as_csv, "jsonl": as_jsonl, "json": as_json}


def quoted(rows: Rows) -> bytes:
    return ('"question_id","answer"\r\n' + "".join(f'"{a}","{b or ""}"\r\n' for a, b in rows)).encode()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_right_answers_score_100_in_every_format(
    release: Release, name: str, pack: Callable[[bytes], bytes]
) -> None:
    report = evaluate(pack(FORMATS[name](plain_rows(release, right_answers(release)))), release).report
    assert report.score == 100
    assert (report.present, report.coverage) == (1, 1)
    assert report.format == f"plain-{name}"
    assert report.readings == {"letter": release.size}


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.rstrip(b"\n"),
        lambda data: data + b"\n\n",
        lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    ],
    ids=["crlf", "bom", "no last newline", "blank lines", "two members"],
)
@pytest.mark.parametrize("name", FORMATS)
def test_harmless_differences_change_nothing(
    release: Release, name: str, change: Callable[[bytes], bytes]
) -> None:
    data = FORMATS[name](plain_rows(release))
    assert evaluate(change(data), release) == evaluate(data, release)


def test_quoted_fields_are_read(release: Release) -> None:
    rows = plain_rows(release)
    assert evaluate(quoted(rows), release) == evaluate(as_csv(rows), release)


@pytest.mark.parametrize("name", FORMATS)
def test_the_order_of_records_plays_no_part(release: Release, name: str) -> None:
    rows = plain_rows(release)
    data = FORMATS[name]
    assert evaluate(data(rows[::-1]), release) == evaluate(data(rows), release)


@pytest.mark.parametrize("name", FORMATS)
def test_raw_replies_are_read_by_the_same_reader(release: Release, name: str) -> None:
    rows = [(question, f"Answer: {answer}") for question, answer in plain_rows(release)]
    rows[0], rows[1], rows[2] = (rows[0][0], ""), (rows[1][0], "(A) or (B)"), (rows[2][0], "I cannot say")
    report = evaluate(FORMATS[name](rows), release).report
    assert report.readings == {"marked": release.size - 3, "empty": 1, "conflicting": 1, "none": 1}
    assert report.present == 1
    assert report.coverage == (release.size - 3) / release.size


@pytest.mark.parametrize("name", FORMATS)
def test_each_wrong_record_is_named_by_its_line(release: Release, name: str) -> None:
    rows = plain_rows(release)
    two_options = next(at for at, options in enumerate(release.options) if len(options) == 2 and at > 20)
    rows[3] = ("no such question#0", "A")
    rows[5] = rows[4]
    rows[7] = (rows[7][0] + "\u202e", "A")
    rows[9] = (rows[9][0], "Z")
    rows[two_options] = (rows[two_options][0], "Answer: C")
    first = {"csv": 2, "jsonl": 1}.get(name, 1)
    step = 0 if name == "json" else 1
    assert problems_of(FORMATS[name](rows), release) == [
        ("unknown-question", first + 3 * step),
        ("duplicate-question", first + 5 * step),
        ("control-character", first + 7 * step),
        ("letter-outside-options", first + 9 * step),
        ("letter-outside-options", first + two_options * step),
    ]


def test_lines_of_an_indented_list_are_those_where_records_start(release: Release) -> None:
    records = [{"question_id": question, "answer": answer} for question, answer in plain_rows(release)]
    records[10]["answer"] = "Z"
    assert problems_of(json.dumps(records, indent=2).encode(), release) == [
        ("letter-outside-options", 2 + 10 * 4)
    ]


def faults_of(data: bytes, release: Release) -> list[Problem]:
    with pytest.raises(PredictionError) as caught:
        evaluate(data, release)
    return list(caught.value.problems)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_record_of_a_list_is_named_by_its_place_and_its_question(
    release: Release, indent: int | None
) -> None:
    records: list[Any] = as_objects(plain_rows(release))
    del records[3]["answer"]
    records[5] = 5
    records[7] = dict(records[6])
    records[9] = {"question_id": "no such question", "answer": "A"}
    found = faults_of(json.dumps(records, indent=indent).encode(), release)
    assert [(each.code, each.params["record_number"], each.params.get("record_name")) for each in found] == [
        ("missing-field", 4, release.ids[3]),
        ("not-an-object", 6, None),
        ("duplicate-question", 8, None),  # its sentence has the id already
        ("unknown-question", 10, None),
    ]
    assert found[2].params["first_record"] == 7
    assert ([each.line for each in found] == [1] * 4) == (indent is None)


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (b'{"question_id": "x", "answer": NaN}', "not-json-number"),
        (b'{"question_id": "x", "answer": nothing}', "malformed-json"),
        (b"[" * 100_000, "nested-too-deep"),
        (b'{"question_id": "' + b"x" * 5_000_000 + b'"}', "record-too-long"),
        (b'{"question_id": "x\xff"}', "invalid-utf-8"),
        (b'{"question_id": "x', "truncated-json"),
    ],
)
def test_what_ends_the_reading_of_a_list_names_the_record_too(
    release: Release, spoilt: bytes, code: str
) -> None:
    good = [json.dumps(row).encode() for row in as_objects(plain_rows(release))]
    after = b"" if code == "truncated-json" else b", " + b", ".join(good[40:]) + b"]"
    data = b"[" + b", ".join([*good[:40], spoilt]) + after
    [first, *_] = faults_of(data, release)
    assert (first.code, first.line, first.params["record_number"]) == (code, 1, 41)


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_where_a_line_is_a_record_the_line_is_enough(release: Release, name: str) -> None:
    rows = [*plain_rows(release), ("no such question", "A")]
    [fault] = faults_of(FORMATS[name](rows), release)
    assert fault.params == {"question_id": "no such question"}


HEAD = b"question_id,answer\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"id,answer\nx,A\n", [("wrong-columns", 1)]),
        (b"answer,question_id\nA,x\n", [("unknown-question", 2)]),
        (b"question_id,answer,score\n", [("too-few-records", None)]),
        (b"Question_ID,Answer\n", [("wrong-columns", 1)]),
        (b"question_id;answer\nx;A\n", [("unknown-question", 2)]),
        (b"question_id\tanswer\nx\tA\n", [("unknown-question", 2)]),
        (b'"question_id|answer,"\nx|A\n', [("wrong-separator", 1)]),
        (b"question_id;letter\n", [("wrong-columns", 1)]),
        (b"question_id,answer,question_id\n", [("duplicate-column", 1)]),
        (b"question_id,answer" + b",x" * 1000 + b"\n", [("too-many-columns", 1)]),
        (HEAD, [("too-few-records", None)]),
        (HEAD + b"x\n\ny,A,B\n", [("wrong-number-of-fields", 2), ("wrong-number-of-fields", 4)]),
        (HEAD + b'"x,A\n"y",B\n', [("malformed-csv", 2)]),
        (HEAD + b'"a\nb",A\nx,A\n', [("control-character", 2), ("unknown-question", 4)]),
        (HEAD + b"x,A\n\xff,A\n", [("invalid-utf-8", 3)]),
        (HEAD + b"x,A\ny\0,A\n", [("control-character", 3)]),
        (HEAD + b"x," + b"A" * 200_000 + b"\n", [("malformed-csv", 2)]),
        (b'{"question_id": "x"}\n', [("missing-field", 1)]),
        (b'\n{"question_id": 5, "answer": "A"}\n', [("wrong-type", 2)]),
        (b'{"question_id": "x", "answer": 1}\n', [("wrong-type", 1)]),
        (b'{"question_id": "x", "answer": "A", "note": 1}\n', [("unexpected-field", 1)]),
        (
            b'{"question_id": "x", "answer": "A"}\nnonsense\n',
            [("unknown-question", 1), ("malformed-json", 2)],
        ),
        (b'{"question_id": "x", "answer": "A"} {}\n', [("malformed-json", 1)]),
        (b'{"question_id": "x", "question_id": "x", "answer": "A"}\n', [("duplicate-key", 1)]),
        (b"[]", [("too-few-records", None)]),
        (b"[1, null,\n [] ]", [("not-an-object", 1), ("not-an-object", 1), ("not-an-object", 2)]),
    ],
)
def test_wrong_columns_and_fields(
    release: Release, data: bytes, expected: list[tuple[str, int | None]]
) -> None:
    assert problems_of(data, release) == expected


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ('{"question_id": "a', "truncated-json"),
        ('{"question_id": "aé', "truncated-json"),  # within the é, too
        ('{"question_id": "a", "answer"', "truncated-json"),
        ('{"question_id": "a", "answer": nul', "truncated-json"),
        ('{"question_id": "a\\u00', "truncated-json"),
        ("{", "truncated-json"),
        ('{"question_id": "a", "answer": A}', "malformed-json"),
        ("{'question_id': 'a'", "malformed-json"),
        ("nonsense", "malformed-json"),
    ],
)
def test_a_last_line_that_was_cut_is_said_to_be(release: Release, end: str, code: str) -> None:
    rows = as_jsonl(plain_rows(release)[:3])
    assert problems_of(rows + end.encode().removesuffix(b"\xa9"), release) == [(code, 4)]
    # A line break at its end says that it is all there.
    assert problems_of(rows + end.encode() + b"\n", release) == [("malformed-json", 4)]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("end", "code", "whole"),
    [
        ("DS-MVTec/bot", "truncated-table", "wrong-number-of-fields"),
        ("DS-é", "truncated-table", "wrong-number-of-fields"),
        ('"DS-MVTec', "truncated-table", "malformed-csv"),
        ("x,A,B", "wrong-number-of-fields", "wrong-number-of-fields"),
    ],
)
def test_a_last_row_that_was_cut_is_said_to_be(
    release: Release, end: str, code: str, whole: str, line_break: str
) -> None:
    rows = as_csv(plain_rows(release)[:3]).decode().replace("\n", line_break).encode()
    assert problems_of(rows + end.encode().removesuffix(b"\xa9"), release) == [(code, 5)]
    assert problems_of(rows + (end + line_break).encode(), release) == [(whole, 5)]
    earlier = HEAD + (end + "\n").encode() + rows.partition(b"answer")[2].lstrip()
    assert problems_of(earlier, release)[0] == (whole, 2)


def test_a_list_that_was_cut_within_a_character_is_said_to_be(release: Release) -> None:
    data = as_json(plain_rows(release)[:3])
    for end in (b', {"question_id": "DS-\xc3', b', {"question_id": "DS-\xf0\x9f\x98'):
        assert problems_of(data[:-1] + end, release) == [("truncated-json", 1)]
    assert problems_of(as_json(plain_rows(release)) + b"\xc3", release) == [("malformed-json", 1)]


def test_one_line_may_end_several_ways(release: Release) -> None:
    """The quick reader takes files that it is sure of, and leaves the rest to the careful one."""
    rows = as_csv(plain_rows(release)).split(b"\n")
    merged = b"\n".join([rows[0], rows[1] + b"," + rows[2], *rows[3:]])
    assert problems_of(merged, release) == [("wrong-number-of-fields", 2)]
    moved = b"\n".join([rows[0], rows[1][:-2], b"A," + rows[2], *rows[3:]])
    assert [code for code, _ in problems_of(moved, release)] == 2 * ["wrong-number-of-fields"]


@given(st.data())
def test_the_quick_and_the_careful_reader_agree(release: Release, data: st.DataObject) -> None:
    replies = st.sampled_from(
        ["A", "B", "C", "b.", "Answer: D", "E", "Yes", "no idea", "", None, "(A)(B)", "\0"]
    )
    rows = [(question, data.draw(replies)) for question in release.ids[:40]]
    body, lines = as_json(rows), as_jsonl(rows)
    quick = read_quickly(body, "json", release)
    quick_lines = read_quickly(lines, "jsonl", release)
    if quick is None:
        assert problems_of(body, release)
        assert problems_of(lines, release)
    else:
        assert quick_lines is not None
        careful = read_records(body, "json", release)
        for sheet in (quick, quick_lines):
            assert sheet.codes.tolist() == careful.codes.tolist()
            assert sheet.present.tolist() == careful.present.tolist()
            assert sheet.readings == careful.readings


@given(st.binary(max_size=300))
def test_any_bytes_end_in_problems_and_nothing_else(release: Release, data: bytes) -> None:
    assert problems_of(data, release)
    assert problems_of(b"question_id,answer\n" + data, release)
    assert problems_of(b'[{"question_id": "' + data, release)
    assert problems_of(b'{"question_id": "' + data, release)


def test_the_quick_readers_take_what_they_are_made_for(release: Release) -> None:
    rows = plain_rows(release)
    assert plain.read_csv_quickly(as_csv(rows), release) is not None
    assert plain.read_csv_quickly(as_csv(rows).replace(b"\n", b"\r\n"), release) is not None
    assert plain.read_csv_quickly(quoted(rows), release) is None
    assert read(as_csv(rows), release).codes.tolist() == read(quoted(rows), release).codes.tolist()


@pytest.mark.parametrize("line", [b"," * 3_000_000, b"x" * 3_000_000, b'"' + b"x" * 3_000_000])
def test_a_line_without_end_is_named(release: Release, line: bytes) -> None:
    data = as_csv(plain_rows(release)[:3]) + b"x,A\n" + line
    assert problems_of(data, release) == [("unknown-question", 5), ("record-too-long", 6)]


def test_a_record_that_shares_a_line_or_spreads_over_several_is_no_json_lines(release: Release) -> None:
    lines = as_jsonl(plain_rows(release))
    assert problems_of(lines.replace(b"}\n", b"}", 1), release)[0] == ("malformed-json", 1)
    assert problems_of(lines.replace(b", ", b",\n", 1), release)[0] == ("malformed-json", 1)
    both = lines.replace(b"}\n", b"} ", 1).replace(b": ", b":\n", 1)
    assert problems_of(both, release)[0][0] == "malformed-json"
    assert problems_of(b"\n \n" + lines.replace(b"\n", b"\r\n\n") + b"\n\n", release) == []


def test_a_back_slash_before_a_u_and_digits_is_text(release: Release) -> None:
    rows = [{"question_id": question_id, "answer": r"a path: C:\u0000"} for question_id in release.ids]
    for records in (rows, [*rows[:-1], {**rows[-1], "answer": None}]):
        data = json.dumps(records).encode()
        assert count_keys(data) == 2 * len(rows)
        assert read_records(data, "json", release).present.all()

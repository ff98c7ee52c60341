"""Files made to do harm: each ends with a problem that names the place."""

import gzip
import json
import pickle
import resource
import time
from collections.abc import Callable

import pytest

from scoring.errors import KEPT_PROBLEMS, LONGEST_QUOTE, PredictionError, Problem
from scoring.evaluate import evaluate
from scoring.release import Release
from tests.hostile import HOSTILE
from tests.scoring.answer_files import (
    as_csv,
    as_json,
    as_jsonl,
    as_native,
    native_records,
    plain_rows,
    problems_of,
)


def spoilt(records: bytes, at: int, new: bytes) -> bytes:
    """The JSON Lines with another line in place of one."""
    lines = records.split(b"\n")
    lines[at] = new
    return b"\n".join(lines)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"question_id": "x", "answer": "A", "answer": "B"}', "duplicate-key"),
        (b'{"question_id": "x", "answer": "A", "answ\\u0065r": "B"}', "duplicate-key"),
        (b'{"question_id": "x", "answer": {"a": 1, "a": 1}}', "duplicate-key"),
        (b'{"question_id": "x", "answer": NaN}', "not-json-number"),
        (b'{"question_id": "x", "answer": -Infinity}', "not-json-number"),
        (b'{"question_id": "x", "answer": ' + b"7" * 10_000 + b"}", "number-too-long"),
        (b'{"question_id": "x", "answer": 1e999}', "wrong-type"),
        (b'{"question_id": "x", "answer": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested-too-deep"),
        (b'{"question_id": "x", "answer": ' + b'{"a":' * 100_000, "nested-too-deep"),
        (b'{"question_id": "x\\u0000", "answer": "A"}', "control-character"),
        (b'{"question_id": "x", "answer": "\\u0000"}', "control-character"),
        (b'{"question_id": "x\\u202e", "answer": "A"}', "control-character"),
        (b'{"question_id": "\\u0007", "answer": "A"}', "control-character"),
        (b'{"question_id": "x", "answer": "\\ud800"}', "unpaired-surrogate"),
        (b'{"question_id": "\xff", "answer": "A"}', "invalid-utf-8"),
        (b'{"question_id": "\xed\xa0\x80", "answer": "A"}', "invalid-utf-8"),
        (b'{"question_id": "x", "answer": "A\x01"}', "malformed-json"),
        (b'{"question_id": "x", "answer": "A"', "malformed-json"),
        (b"{'question_id': 'x', 'answer': 'A'}", "malformed-json"),
        (b'{"question_id": "x", "answer": "' + b"A" * 3_000_000 + b'"}', "record-too-long"),
    ],
)
def test_one_wrong_line_among_good_ones(release: Release, line: bytes, code: str) -> None:
    lines = as_jsonl(plain_rows(release))
    assert problems_of(spoilt(lines, 4, line), release) == [(code, 5)]
    # The same as an element of a list, one record a line.
    records = lines.rstrip(b"\n").split(b"\n")
    records[4] = line
    found = problems_of(b"[\n" + b",\n".join(records) + b"\n]", release)
    codes = {"malformed-json", "truncated-json", "record-too-long"}
    if code in codes:
        assert found[-1][0] in codes
    else:
        assert found == [(code, 6)]


@pytest.mark.parametrize("cut", [1, 2, 50, 200, 5_000, -1, -2, -30])
def test_a_cut_list_is_named_where_it_ends(release: Release, cut: int) -> None:
    for whole in (as_json(plain_rows(release)), as_native(native_records(release))):
        data = whole[:cut]
        code, line = problems_of(data, release)[-1]
        assert code == "truncated-json"
        assert line is not None
        assert data.count(b"\n") - 3 <= line <= data.count(b"\n") + 1


def test_text_behind_a_list_is_malformed(release: Release) -> None:
    assert problems_of(as_json(plain_rows(release)) + b"\n]", release)[-1] == ("malformed-json", 2)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"", "empty"),
        (lambda: gzip.compress(b""), "empty"),
        (lambda: pickle.dumps([1, 2]), "pickle"),
        (lambda: b"\x89PNG\r\n\x1a\n\0\0", "image"),
        (lambda: "question_id,answer\n".encode("utf-16"), "utf-16"),
        (lambda: b" " * (64 * 1024 * 1024 + 1), "too-large"),
        (lambda: gzip.compress(b"[" + b" " * 20_000_000), "expands-too-far"),
        (lambda: gzip.compress(gzip.compress(b"[]")), "nested-archive"),
        (lambda: gzip.compress(b"question_id,answer\n")[:-4], "damaged-gzip"),
        (lambda: gzip.compress(b"[]") + b"tail", "damaged-gzip"),
        (lambda: b"hello", "unknown-format"),
    ],
)
def test_what_is_no_answer_file_at_all(release: Release, make: Callable[[], bytes], code: str) -> None:
    assert problems_of(make(), release) == [(code, None)]


def test_very_many_problems_are_counted_and_not_all_kept(standin_release: Release) -> None:
    rows = [(f"unknown {number}", "A") for number in range(30_000)]
    with pytest.raises(PredictionError) as caught:
        evaluate(as_csv(rows), standin_release)
    assert caught.value.total == caught.value.counts["unknown-question"] == 30_000
    assert len(caught.value.problems) == KEPT_PROBLEMS


def test_far_more_records_than_questions_are_not_read_to_the_end(release: Release) -> None:
    for data in (
        b"[" + b"{}," * 100_000 + b"{}]",
        b"{}\n" * 100_000,
        b"question_id,answer\n" + b"x,A\n" * 100_000,
        as_csv(plain_rows(release)) + b"x,A\n" * (release.size + 10_001),
    ):
        found = problems_of(data, release)
        with pytest.raises(PredictionError) as caught:
            evaluate(data, release)
        assert caught.value.counts["too-many-records"] == 1
        assert len(found) <= KEPT_PROBLEMS


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_takes_bounded_memory_and_time(release: Release, name: str) -> None:
    data = HOSTILE[name]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    assert problems_of(data, release)
    assert time.process_time() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_quotes_of_the_file_are_short_and_showable() -> None:
    problem = Problem("x", params={"quote": "a\u202e\0\ud800" + "b" * 1_000, "number": 7})
    quote = str(problem.params["quote"])
    assert quote.startswith("a\\u202e\\u0000\\ud800b")
    assert len(quote) == 200
    assert json.dumps(dict(problem.params)).isascii()


def test_a_field_that_the_file_names_is_showable_and_short(release: Release) -> None:
    names = ["\\u202e", "\\u2028", "x\x7f", "\x85", "n" * 300]
    for name in names:
        record = f'{{"question_id": "x", "answer": "A", "{name}": 1}}'.encode()
        with pytest.raises(PredictionError) as caught:
            evaluate(record, release)
        field = caught.value.problems[0].field
        assert field
        assert field.isascii()
        assert len(field) <= LONGEST_QUOTE


@pytest.mark.parametrize(
    "flaws", [b"NaN," * 400_000, b"1" * 41 + b"," + b"2" * 41 + b",", b'{"a":1,"a":1},' * 90_000]
)
def test_a_record_of_nothing_but_flaws_costs_no_more_than_one(release: Release, flaws: bytes) -> None:
    data = b"[[" + flaws + b"0]]"
    with pytest.raises(PredictionError) as caught:
        evaluate(data, release)
    assert caught.value.total <= 20


def test_a_quote_is_cut_before_it_is_searched() -> None:
    started = time.process_time()
    for _ in range(200):
        Problem("x", params={"quote": "\0" * 1_000_000})
    assert time.process_time() - started < 5


def test_an_error_survives_the_way_between_processes() -> None:
    error = PredictionError((Problem("x", 3, "answer", {"a": 1}),), 5, {"x": 5})
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made a line above
    assert (again.problems, again.total, again.counts) == (error.problems, error.total, error.counts)

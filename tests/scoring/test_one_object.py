"""A JSON object in place of a list: one clear reason; and no file that can be read is taken for it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scoring.answers import families, one_object
from scoring.errors import PredictionError, Problem
from scoring.evaluate import evaluate
from scoring.release import Release
from tests.scoring.answer_files import as_jsonl, as_objects, native_records, plain_rows, problems_of

GOLDEN = Path(__file__).parent / "golden"


def fault_of(data: bytes, release: Release) -> Problem:
    with pytest.raises(PredictionError) as caught:
        evaluate(data, release)
    [problem] = caught.value.problems
    return problem


def mapping(release: Release) -> dict[str, Any]:
    return dict(plain_rows(release))


def of_columns(records: list[dict[str, Any]]) -> dict[str, Any]:
    """As pandas writes a table where it is not told otherwise."""
    return {name: {str(at): each[name] for at, each in enumerate(records)} for name in records[0]}


OBJECTS: dict[str, Callable[[Release], dict[str, Any]]] = {
    "ids": mapping,
    "a list": lambda release: {"answers": as_objects(plain_rows(release))},
    "a list behind more": lambda release: {"model": "x", "date": None, "results": as_objects(plain_rows(release))},
    "objects": lambda release: {name: {"answer": answer} for name, answer in plain_rows(release)},
    "columns": lambda release: of_columns(as_objects(plain_rows(release))),
    "the authors' columns": lambda release: of_columns(native_records(release)),
    "columns of lists": lambda release: {"question_id": release.ids, "answer": ["A"] * release.size},
    "nothing known": lambda _release: {"id": "x", "letter": "A"},
    "nothing": lambda _release: {},
}  # fmt: skip
SAID = {
    "ids": "name",
    "a list": "list",
    "a list behind more": "list",
    "columns of lists": "list",
    "nothing known": "name",
}


@pytest.mark.parametrize("indent", [None, 0, 2], ids=["one line", "lines", "indented"])
@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_in_place_of_a_list_is_one_problem(release: Release, name: str, indent: int | None) -> None:
    data = json.dumps(OBJECTS[name](release), indent=indent).encode()
    for written in (data, b"\n" + data + b"\n\n"):
        problem = fault_of(written, release)
        assert (problem.code, problem.line) == ("one-object", 2 if written.startswith(b"\n") else 1)
        assert set(problem.params) == {"shape", SAID.get(name, "shape")}


def test_what_holds_the_answers_is_named(release: Release) -> None:
    said = {name: fault_of(json.dumps(make(release)).encode(), release) for name, make in OBJECTS.items()}
    assert said["a list behind more"].params["list"] == "results"
    assert said["ids"].params["name"] == release.ids[0]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["ids", "a list", "a list behind more"])
def test_a_large_one_is_seen_in_its_first_bytes(release: Release, name: str, indent: int | None) -> None:
    body = OBJECTS[name](release)
    for number in range(30_000):
        more = [{"question_id": str(number), "answer": "A" * 100}]
        body.update({f"x{number}": "A" * 100} if name == "ids" else {})
        for key in ("answers", "results"):
            body.get(key, []).extend(more)
    data = json.dumps(body, indent=indent).encode()
    assert len(data) > 3_000_000
    problem = fault_of(data, release)
    assert (problem.code, set(problem.params)) == ("one-object", {"shape", SAID[name]})
    # Cut short it is an object still.
    assert fault_of(data[:2_900_000], release) == problem
    started = time.process_time()
    with pytest.raises(PredictionError):
        one_object.refuse(data, families.may_be_record, "")
    assert time.process_time() - started < 0.05


def test_lines_of_objects_stay_what_they_are(release: Release) -> None:
    lines = as_jsonl(plain_rows(release))
    assert problems_of(lines, release) == []
    # A record of its own is a record, whatever is wrong with it.
    for data, code in (
        (b'{"question_id": "x"}', "missing-field"),
        (b'{"answer": "A"}\n', "missing-field"),
        (b'{"question_id": "x", "answer": ["A"]}', "wrong-type"),
        (b'{"a": 1}\n{"b": 2}\n', "missing-field"),
        (b'{\n "question_id": "x",\n "answer": "A"\n}\n', "malformed-json"),
        (b'{"a": {\n}}\n{"b": 2}\n', "malformed-json"),
        (b"{'a': 'b',\n'c': 'd'}\n", "malformed-json"),
        (b'{"a": 1,\n}\n', "malformed-json"),
        (b'{"a": 1 "b":\n2}\n', "malformed-json"),
        (b'{"a": nothing}\n', "malformed-json"),
        (b'{"a\\x": 1,\n"b": 2}\n', "malformed-json"),
        (b'{"a":' * 20_000, "nested-too-deep"),
        (b'{"question_id": "' + b"x" * 3_000_000, "record-too-long"),
    ):
        assert problems_of(data, release)[0] == (code, 1), data[:40]


@pytest.mark.parametrize(
    "name", sorted(path.name for path in GOLDEN.iterdir() if path.suffix.startswith(".json"))
)
def test_no_record_of_any_program_is_taken_for_another_object(name: str) -> None:
    data = (GOLDEN / name).read_bytes()
    if name == "mmad.json":  # the questions themselves
        return
    records = json.loads(data) if data.startswith(b"[") else [json.loads(line) for line in data.splitlines()]
    for record in records:
        one_object.refuse(json.dumps(record).encode(), families.may_be_record, "")
        # Of lm-evaluation-harness's, only what has to be there.
        lists = {field: value for field, value in record.items() if isinstance(value, list | dict)}
        if "filtered_resps" in record:
            one_object.refuse(json.dumps(lists).encode(), families.may_be_record, "")

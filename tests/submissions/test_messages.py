"""Every code that scoring can give has a sentence, and nothing that the sentence needs is ever missing."""

import ast
import gzip
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

import scoring
from scoring import definition
from scoring.answers.recognise import recognise
from scoring.benchmarks.mmad import importer
from scoring.errors import PredictionError, Problem, ReleaseError, UnsupportedFileError
from scoring.kinds import evaluate
from submissions import messages
from submissions.api.problems import STATUS
from submissions.wording.causes import ADVICE, BOX_ADVICE, CAUSES
from submissions.wording.problems import PROBLEMS
from submissions.wording.refusals import REFUSALS
from tests import boxes, material
from tests.scoring import workbooks
from tests.scoring.boxes.shapes import record, release_of

ID = "DS-MVTec/thing/image/good/000.png#0"
IMAGE = ID.partition("#")[0]
HEADER = b"question_id,answer\n"
TABLE = [["question_id", "answer"], [ID, "A"]]


def native(**changes: Any) -> dict[str, Any]:
    question = {"text": "Is there any defect in the object?", "options": {"A": "Yes.", "B": "No."}}
    return {
        "image": IMAGE,
        "question": question,
        "question_type": "Anomaly Detection",
        "gpt_answer": "A",
        **changes,
    }


def lines(*records: Any) -> bytes:
    return b"\n".join(
        record if isinstance(record, bytes) else json.dumps(record).encode() for record in records
    )


REFUSED = {
    "empty": b"",
    "pickle": b"\x80\x04\x95",
    "image": b"\x89PNG\r\n\x1a\n\0",
    "utf-16": "question_id,answer".encode("utf-16"),
    "archive": b"PK\x03\x04\0\0",
    "nested-archive": gzip.compress(gzip.compress(b"a,b")),
    "damaged-gzip": b"\x1f\x8b\xff\xff\xff",
    "old-spreadsheet": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
    "unknown-format": b"hello",
}

AT_FAULT = {
    **REFUSED,
    "too-large": b"x" * (64 * 1024 * 1024 + 1),
    "expands-too-far": gzip.compress(b"a," * 5_000_000),
    "invalid-utf-8": HEADER + b"\xff,A\n",
    "truncated-json": b'[{"question_id": "a"',
    "malformed-json": b"[{]",
    "malformed-csv": HEADER + b'"a,B\n',
    "one-object": lines({"answers": [{"question_id": ID, "answer": "A"}]}),
    "nested-too-deep": b"[" * 100_000,
    "record-too-long": b'[{"question_id": "' + b"a" * 5_000_000 + b'"}]',
    "missing-header": ID.encode() + b",A\n",
    "wrong-separator": b'"question_id|answer,"\n',
    "wrong-columns": b"id,answer\n",
    "duplicate-column": b"question_id,answer,answer\n",
    "too-many-columns": b"question_id,answer" + b",x" * 1_000 + b"\n",
    "truncated-table": HEADER + f"{ID},".encode(),
    "damaged-workbook": workbooks.inline(TABLE)[:-1],
    "no-sheet": workbooks.archive({"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"}),
    "several-sheets": workbooks.workbook({"one": workbooks.sheet(TABLE), "two": workbooks.sheet(TABLE)}),
    "formula": workbooks.workbook(
        {
            "one": workbooks.sheet(
                TABLE, lambda place, value: f'<c r="{place}" t="str"><f>A1</f><v>{value}</v></c>'
            )
        }
    ),
    "merged-cells": workbooks.workbook(
        {"one": workbooks.sheet(TABLE, more='<mergeCells><mergeCell ref="A2:B2"/></mergeCells>')}
    ),
    "damaged-parquet": b"PAR1" + bytes(100) + b"PAR1",
    "wrong-number-of-fields": HEADER + b"a,b,c\n",
    "too-many-records": HEADER + b"a,b\n" * 11_000,
    "too-few-records": HEADER + ID.encode() + b",A\n",
    "not-an-object": b"[1]",
    "missing-field": lines({"question_id": ID}),
    "unexpected-field": lines({"question_id": ID, "answer": "A", "other": 1}),
    "wrong-type": lines({"question_id": ID, "answer": 1}),
    "duplicate-key": b'{"question_id": "a", "answer": "A", "answer": "B"}',
    "not-json-number": b'{"question_id": "a", "answer": NaN}',
    "number-too-long": b'{"question_id": "a", "answer": ' + b"1" * 10_000 + b"}",
    "unpaired-surrogate": b'{"question_id": "a\\ud800", "answer": "A"}',
    "control-character": "question_id,answer\na\u202eb,A\n".encode(),
    "unknown-question": HEADER + b"a,A\n",
    "question-not-named": lines({"doc_id": 0, "filtered_resps": ["A"]}),
    "duplicate-question": HEADER + f"{ID},A\n{ID},A\n".encode(),
    "options-differ": lines(
        [native(question={"text": "Is there any defect in the object?", "options": {"A": "x"}})]
    ),
    "letter-outside-options": HEADER + f"{ID},D\n".encode(),
}

# The same causes, told of other parts of a record.
OTHERWISE = [
    ("unknown-question", lines([native(image="no/image.png")])),
    ("unknown-question", lines([native(question="No such question?")])),
    ("unknown-question", lines([native(question_type="Defect Analysis")])),
    ("control-character", lines([native(image="a\u202eb")])),
    ("control-character", HEADER + b"a,A\n" * 20_000 + b"a\0,A\n"),
    ("missing-field", lines([{"image": IMAGE}])),
    ("wrong-type", lines([native(gpt_answer=1)])),
    ("one-object", lines({ID: "A"})),
    ("one-object", b"{}"),
    # Of what a sentence quotes, nothing is there.
    ("unknown-question", HEADER + b",A\n"),
    ("unknown-question", lines([native(image="")])),
    ("unknown-question", lines([native(question="")])),
    ("unexpected-field", lines({"question_id": ID, "answer": "A", "": 1})),
    ("wrong-columns", b"\n" + HEADER),
    ("too-few-records", HEADER),
]


def fault_of(file: bytes, **options: Any) -> PredictionError:
    with pytest.raises(PredictionError) as found:
        evaluate(file, material.content(), **options)
    return found.value


def assert_said(problem: Problem) -> None:
    """A sentence of its own, with every name filled in."""
    sentence = messages.problem(problem.code, problem.params, field=problem.field)
    assert sentence
    assert f"({problem.code})" not in sentence


@pytest.mark.parametrize(("code", "file"), [*AT_FAULT.items(), *OTHERWISE], ids=lambda value: str(value)[:25])
def test_a_file_at_fault_is_told_what_is_wrong(code: str, file: bytes) -> None:
    fault = fault_of(file)
    assert code in fault.counts
    assert fault.counts.keys() <= CAUSES.keys()
    for problem in fault.problems:
        assert_said(problem)


def test_an_unknown_subtask_is_said() -> None:
    for problem in fault_of(material.answers(), partial=["no-such"]).problems:
        assert_said(problem)


@pytest.mark.parametrize("code", REFUSED)
def test_a_file_that_is_not_taken_is_told_why(code: str) -> None:
    with pytest.raises(UnsupportedFileError) as found:
        recognise(REFUSED[code])
    assert found.value.code == code
    assert messages.placeholders(str(REFUSALS[f"file-{code}"])) <= found.value.params.keys()
    assert f"file-{code}" in STATUS


def releases_at_fault() -> Iterator[tuple[str, Any]]:
    def changed(**changes: Any) -> dict[str, Any]:
        question = {
            "Question": "Q?",
            "Options": {"A": "x", "B": "y"},
            "Answer": "A",
            "type": "Object Analysis",
        }
        return {IMAGE: {"conversation": [{**question, **changes}]}}

    yield "damaged-gzip", b"\x1f\x8b\xff\xff\xff"
    yield "expands-too-far", gzip.compress(b" " * 50_000_000)
    yield "invalid-utf-8", b"\xff"
    yield "nested-too-deep", b"[" * 100_000
    yield "malformed-json", b"{"
    yield "not-an-object", b"[]"
    yield "not-an-object", {IMAGE: {"conversation": [1]}}
    yield "duplicate-key", b'{"a": 1, "a": 2}'
    yield "duplicate-key", f'{{"{IMAGE}": {{"conversation": [{{"type": 1, "type": 2}}]}}}}'.encode()
    yield "bad-number", f'{{"{IMAGE}": {{"conversation": [], "mask": NaN}}}}'.encode()
    yield "bad-number", f'{{"{IMAGE}": {{"conversation": [{{"type": NaN}}]}}}}'.encode()
    yield "empty-release", {}
    yield "unknown-source-dataset", {"Elsewhere/a.png": {"conversation": []}}
    yield "control-character", {"VisA/a\u202e.png": {"conversation": []}}
    yield "no-conversation", {IMAGE: {}}
    yield "missing-field", {IMAGE: {"conversation": [{}]}}
    yield "wrong-type", changed(Options=[])
    yield "empty-text", changed(Question=" ")
    yield "unknown-type", changed(type="Other")
    yield "wrong-number-of-options", changed(Options={"A": "x"})
    yield "options-not-lettered-from-a", changed(Options={"B": "x", "C": "y"})
    yield "answer-not-among-options", changed(Answer="E")


@pytest.mark.parametrize(("code", "file"), list(releases_at_fault()), ids=lambda value: str(value)[:25])
def test_an_organizers_file_at_fault_is_told_what_is_wrong(code: str, file: Any) -> None:
    data = file if isinstance(file, bytes) else json.dumps(file).encode()
    with pytest.raises(ReleaseError) as found:
        importer.read(data, definition.load("mmad"))
    assert code in {problem.code for problem in found.value.problems}
    for problem in found.value.problems:
        assert_said(problem)


def test_an_unknown_type_is_told_every_type_there_is() -> None:
    rules = definition.load("mmad")
    with pytest.raises(ReleaseError) as found:
        importer.read(json.dumps(dict(releases_at_fault())["unknown-type"]).encode(), rules)
    sentence = messages.problem(found.value.problems[0].code, found.value.problems[0].params)
    assert all(kind in sentence for kind in rules.raw_type_of)


def test_a_definition_at_fault_is_told_what_is_wrong() -> None:
    with pytest.raises(ReleaseError) as found:
        definition.load("no-such")
    assert_said(found.value.problems[0])


def test_numbers_have_their_thousands_set_apart() -> None:
    said = messages.problem("too-few-records", {"present": 19_999, "questions": 39_672, "minimum": 0.95})
    assert "Only 19,999 of 39,672 questions" in said
    assert "used up (1,000 a day" in messages.refusal("quota-daily", {"limit": 1000})


def test_a_record_of_a_list_is_said_by_its_number_and_its_question() -> None:
    place = {"record_number": 1_234}
    said = messages.problem("missing-field", {**place, "record_name": ID}, field="answer")
    assert said.startswith(f"Record 1,234 (“{ID}”): The field “answer” is missing.")
    said = messages.problem(
        "duplicate-question", {**place, "question_id": ID, "first_line": 1, "first_record": 7}
    )
    assert said == f"Record 1,234: “{ID}” was answered by record 7 already. Keep one of the two records."
    # What its id holds is no place for anything else.
    said = messages.problem("missing-field", {**place, "record_name": "{field}"}, field="answer")
    assert said.startswith("Record 1,234 (“{field}”): The field “answer” is")


def test_there_is_one_kind_of_apostrophe() -> None:
    for sentence in (*REFUSALS.values(), *chain.from_iterable(PROBLEMS.values())):
        assert "'" not in str(sentence)


def codes_in_scoring() -> Iterator[str]:
    """The codes that scoring writes down where it makes a problem."""
    makers = {"Problem", "UnsupportedFileError", "_fail", "_refuse", "_note"}
    for path in Path(scoring.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name in makers and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


FLAWS = boxes.images()
RECORDS = json.loads(boxes.answers(1))
OF_BOXES = {
    "too-few-records": json.dumps(RECORDS[:10]),
    "unknown-question": json.dumps([*RECORDS, record("mvtec/nut/none.png", [])]),
    "duplicate-question": json.dumps([*RECORDS, RECORDS[0]]),
    "missing-field": json.dumps([{"image": FLAWS[0].path}, *RECORDS[1:]]),
    "not-an-object": json.dumps([1, *RECORDS]),
    "one-object": json.dumps({FLAWS[0].path: "No."}),
    "wrong-columns": f"image,answer\n{FLAWS[0].path},No\n",
    "missing-header": f"{FLAWS[0].path},No\n",
}


@pytest.mark.parametrize("code", OF_BOXES)
def test_a_file_of_boxes_at_fault_is_told_of_images(code: str) -> None:
    with pytest.raises(PredictionError) as raised:
        evaluate(OF_BOXES[code].encode(), release_of(FLAWS))
    found = {problem.code: problem for problem in raised.value.problems}[code]
    said = messages.problem(found.code, found.params, field=found.field)
    assert "question" not in said.replace("question_id,answer", "")
    assert not any("question" in advised for advised in messages.advice([code], "boxes"))


def test_no_code_of_scoring_is_without_a_sentence() -> None:
    assert set(codes_in_scoring()) - set(PROBLEMS) == set()
    assert len(set(codes_in_scoring())) > 30


def test_what_can_be_wrong_with_an_answer_file_is_all_tried_here() -> None:
    elsewhere = {
        "unknown-frame",
        "sizes-unknown",
        "unknown-subtask",
        "too-much-memory",
        "too-much-time",
    }  # refused at the door; met by the fence
    assert set(CAUSES) == set(AT_FAULT) | elsewhere
    assert set(ADVICE) | set(BOX_ADVICE) <= set(CAUSES) <= set(PROBLEMS)

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from scoring.benchmarks.mmad.importer import read
from scoring.definition import Definition
from scoring.errors import ReleaseError

IMAGE = "DS-MVTec/bottle/image/good/007.png"


def question(**changes: Any) -> dict[str, Any]:
    plain = {
        "Question": "Is it so?",
        "Options": {"A": "Yes.", "B": "No."},
        "Answer": "B",
        "type": "Anomaly Detection",
    }
    return plain | changes


def body(*questions: Any, image: str = IMAGE, **record: Any) -> bytes:
    return json.dumps({image: {"conversation": list(questions), **record}}).encode()


def fault(data: bytes, mmad: Definition) -> tuple[str, dict[str, Any]]:
    with pytest.raises(ReleaseError) as caught:
        read(data, mmad)
    (problem,) = caught.value.problems
    return problem.code, dict(problem.params)


def test_a_question_is_named_by_its_image_and_place(mmad: Definition) -> None:
    release = read(body(question(), question(type="Object Details")), mmad)
    assert release.ids == [f"{IMAGE}#0", f"{IMAGE}#1"]
    assert release.subtasks.tolist() == [0, 6]
    assert release.abnormal.tolist() == [False, False]
    assert release.truth.tolist() == [1, 1]


def test_the_dictionary_key_counts_and_unknown_keys_are_ignored(mmad: Definition) -> None:
    data = body(question(extra=1), image_path="elsewhere.png", note={"by": ["someone"]}, random_templates=[])
    assert read(data, mmad).images == [IMAGE]


def test_the_paper_s_name_of_detection_is_accepted(mmad: Definition) -> None:
    assert read(body(question(type="Anomaly Discrimination")), mmad).subtasks.tolist() == [0]


def test_packed_and_marked_files_are_the_same_release(mmad: Definition) -> None:
    data = body(question())
    digest = read(data, mmad).digest
    assert read(gzip.compress(data), mmad).digest == digest
    assert read(b"\xef\xbb\xbf" + data, mmad).digest == digest


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_two_to_five_options_are_legal(mmad: Definition, count: int) -> None:
    options = {letter: f"Option {letter.lower()}" for letter in "ABCDE"[:count]}
    assert read(body(question(Options=options)), mmad).option_counts.tolist() == [count]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": "Something Else"}, "unknown-type"),
        ({"type": 3}, "wrong-type"),
        ({"Question": " "}, "empty-text"),
        ({"Question": None}, "wrong-type"),
        ({"Options": {"A": "x"}}, "wrong-number-of-options"),
        ({"Options": dict.fromkeys("ABCDEF", "x")}, "wrong-number-of-options"),
        ({"Options": {"A": "x", "C": "y"}}, "options-not-lettered-from-a"),
        ({"Options": {"a": "x", "b": "y"}}, "options-not-lettered-from-a"),
        ({"Options": {"A": "x", "B": 4}}, "empty-text"),
        ({"Options": ["x", "y"]}, "wrong-type"),
        ({"Answer": "C"}, "answer-not-among-options"),
        ({"Answer": "b"}, "answer-not-among-options"),
        ({"Answer": ""}, "answer-not-among-options"),
        ({"Answer": "AB"}, "answer-not-among-options"),
    ],
)
def test_a_wrong_question_is_refused_by_name(mmad: Definition, changes: dict[str, Any], code: str) -> None:
    found, params = fault(body(question(), question(**changes)), mmad)
    assert (found, params["image"], params["question"]) == (code, IMAGE, 1)
    assert "Answer" not in params


@pytest.mark.parametrize("missing", ["Question", "Options", "Answer", "type"])
def test_a_missing_field_is_named(mmad: Definition, missing: str) -> None:
    part = question()
    del part[missing]
    assert fault(body(part), mmad) == ("missing-field", {"image": IMAGE, "question": 0, "field": missing})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "malformed-json"),
        (b"[]", "not-an-object"),
        (b"{}", "empty-release"),
        (b'{"DS-MVTec/a.png": {"conversation": [', "malformed-json"),
        (b'{"DS-MVTec/a.png": 3}', "no-conversation"),
        (b'{"DS-MVTec/a.png": {}}', "no-conversation"),
        (b'{"DS-MVTec/a.png": {"conversation": [7]}}', "not-an-object"),
        (b'{"DS-MVTec/a.png": {"conversation": [], "x": NaN}}', "bad-number"),
        (b'{"DS-MVTec/a.png": {"conversation": [], "x": -Infinity}}', "bad-number"),
        (b'{"DS-MVTec/a.png": {"conversation": [], "x": ' + b"9" * 10_000 + b"}}", "bad-number"),
        (b'{"DS-MVTec/a.png": {"conversation": [], "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
         "nested-too-deep"),
        (b'{"VisA/a.png": {"conversation": []}, "VisA/a.png": {"conversation": []}}', "duplicate-key"),
        (b'{"DS-MVTec/a.png": {"conversation": [], "x": 1, "x": 1}}', "duplicate-key"),
        (b'{"DS-MVTec/a.png": {"conversation": [{"type": "x", "type": "y"}]}}', "duplicate-key"),
        (b'{"DS-MVTec/a.png": {"conversation": [{"Options": {"A": "x", "A": "y"}}]}}', "duplicate-key"),
        (b'{"DS-MVTec/\\u202ea.png": {"conversation": []}}', "control-character"),
        (b'{"DS-MVTec/\\u0000a.png": {"conversation": []}}', "control-character"),
        (b'{"DS-MVTec/\\ud800.png": {"conversation": []}}', "control-character"),
        (b'{"MPDD/a.png": {"conversation": []}}', "unknown-source-dataset"),
        (b'{"a\xff": 1}', "invalid-utf-8"),
        (gzip.compress(b"{}")[:-9], "damaged-gzip"),
        (gzip.compress(b" " * 10_000_000), "expands-too-far"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused(mmad: Definition, data: bytes, code: str) -> None:
    assert fault(data, mmad)[0] == code


def test_every_fault_is_listed(mmad: Definition) -> None:
    with pytest.raises(ReleaseError) as caught:
        read(body(question(Answer="X"), question(), question(type="?")), mmad)
    assert [problem.params["question"] for problem in caught.value.problems] == [0, 2]
    assert caught.value.counts == {"answer-not-among-options": 1, "unknown-type": 1}


def test_no_refusal_quotes_an_answer(mmad: Definition) -> None:
    with pytest.raises(ReleaseError) as caught:
        read(body(question(Answer="the secret")), mmad)
    assert "secret" not in f"{caught.value!s} {caught.value!r}"


@pytest.mark.parametrize("name", ["DTD", "MPDD"])
def test_other_benchmarks_of_the_same_shape_are_refused_by_their_dataset(
    mmad: Definition, reference: Any, name: str
) -> None:
    data = (reference / f"iad-r1/test_{name}_format.json.gz").read_bytes()
    with pytest.raises(ReleaseError) as caught:
        read(data, mmad)
    assert set(caught.value.counts) == {"unknown-source-dataset"}
    assert caught.value.problems[0].params["found"] == name


def test_another_definition_takes_the_same_shape(mmad: Definition, reference: Any) -> None:
    change: Callable[..., Definition] = Definition.from_dict
    other = change(mmad.to_dict() | {"source_datasets": ["DTD"], "folds": {}})
    release = read((reference / "iad-r1/test_DTD_format.json.gz").read_bytes(), other)
    assert release.size > 100
    assert set(release.subtasks.tolist()) == {0}


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\ud800"])
@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("Question", lambda text: {"Question": f"Is it{text} so?"}),
        ("Options", lambda text: {"Options": {"A": "Yes.", "B": f"No.{text}"}}),
    ],
)
def test_text_that_cannot_be_stored_is_refused_by_name(
    mmad: Definition, field: str, make: Callable[[str], dict[str, Any]], character: str
) -> None:
    data = body(question(), question(**make(character)))
    assert fault(data, mmad) == ("control-character", {"image": IMAGE, "question": 1, "field": field})


def test_a_type_that_cannot_be_stored_is_refused(mmad: Definition) -> None:
    subtask = mmad.to_dict()["subtasks"][0]
    for name, code in (("x\0", "control-character"), ("x" * 101, "record-too-long")):
        other = Definition.from_dict(mmad.to_dict() | {"subtasks": [subtask | {"raw_types": [name]}]})
        found, params = fault(body(question(type=name)), other)
        assert (found, params["field"]) == (code, "type")


def test_texts_may_have_lines_and_any_script(mmad: Definition) -> None:
    text = "Is it\n\tso,\r\nor 不是\u200d? \U0001f600"
    release = read(body(question(Question=text)), mmad)
    assert release.texts == [text]
    assert len(release.digest) == 64


@pytest.mark.parametrize(("length", "count"), [(298, 1), (297, 10)])
def test_ids_as_long_as_the_site_has_room_for_are_taken(mmad: Definition, length: int, count: int) -> None:
    image = "VisA/".ljust(length, "x")
    assert len(max(read(body(*[question()] * count, image=image), mmad).ids, key=len)) <= 300


def test_paths_and_ids_that_are_too_long_are_refused_by_name(mmad: Definition) -> None:
    image = "VisA/".ljust(301, "x")
    params = {"image": image[:200], "field": "image", "found": 301, "most": 300}
    assert fault(body(question(), image=image), mmad) == ("record-too-long", params)
    image = "VisA/".ljust(298, "x")
    params = {"image": image[:200], "question": 10, "field": "question_id", "found": 301, "most": 300}
    assert fault(body(*[question()] * 11, image=image), mmad) == ("record-too-long", params)


def test_an_image_that_nothing_is_asked_about_is_ignored(mmad: Definition) -> None:
    data = json.loads(body(question())) | {"VisA/a.png": {"conversation": []}}
    assert read(json.dumps(data).encode(), mmad).images == [IMAGE]
    assert fault(body(image="VisA/a.png"), mmad)[0] == "empty-release"

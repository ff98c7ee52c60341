"""Every format's golden file, made by hand from its program's documentation: six questions, the same six replies."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from scoring import replies
from scoring.answers.read import read
from scoring.answers.recognise import HEAD_SIZE, recognise
from scoring.answers.sheet import UNREAD
from scoring.benchmarks.mmad import importer
from scoring.definition import Definition
from scoring.errors import PredictionError, UnsupportedFileError
from scoring.evaluate import evaluate
from scoring.release import Release
from submissions import messages
from tests.scoring import workbooks

GOLDEN = Path(__file__).parent / "golden"
READ = "BABCAB"
FIRST = "DS-MVTec/bottle/test/good/000.png#0"
Make = Callable[[], bytes]


def text(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def rows_of(name: str, **dialect: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text(name).decode()), **dialect))


def parquet(frame: pd.DataFrame) -> bytes:
    written = io.BytesIO()
    frame.to_parquet(written, index=False)
    return written.getvalue()


def vlmevalkit_rows() -> list[list[Any]]:
    """As pandas hands them to XlsxWriter: numbers are numbers."""
    return [
        [int(cell) if cell.isdigit() else cell for cell in row]
        for row in rows_of("vlmevalkit.tsv", delimiter="\t")
    ]


def lines(name: str) -> pd.DataFrame:
    return pd.DataFrame([json.loads(line) for line in text(name).splitlines()])


# Beside the name, which the report tells: what is in the file. Workbooks and Parquet are written by another hand here.
FILES: dict[str, tuple[str, Make]] = {
    "plain.csv": ("plain-csv", lambda: text("plain.csv")),
    "plain.csv with columns": ("plain-csv", lambda: text("plain_columns.csv")),
    "plain.tsv": ("plain-csv", lambda: text("plain.tsv")),
    "plain.csv with semicolons": ("plain-csv", lambda: text("plain_semicolons.csv")),
    "plain.jsonl": ("plain-jsonl", lambda: text("plain.jsonl")),
    "plain.json": ("plain-json", lambda: text("plain.json")),
    "plain.xlsx": ("plain-xlsx", lambda: workbooks.inline(rows_of("plain_columns.csv"))),
    "plain.parquet": ("plain-parquet", lambda: parquet(pd.read_csv(GOLDEN / "plain_columns.csv"))),
    "mmad": ("native", lambda: text("mmad_scripts.json")),
    "vlmevalkit.tsv": ("vlmevalkit-csv", lambda: text("vlmevalkit.tsv")),
    "vlmevalkit.json": ("vlmevalkit-json", lambda: text("vlmevalkit.json")),
    "vlmevalkit.xlsx": ("vlmevalkit-xlsx", lambda: workbooks.shared(vlmevalkit_rows())),
    "vlmevalkit.parquet": (
        "vlmevalkit-parquet",
        lambda: parquet(pd.read_csv(GOLDEN / "vlmevalkit.tsv", sep="\t")),
    ),
    "lm-eval": ("lm-eval-jsonl", lambda: text("lm_eval.jsonl")),
    "lm-eval choices": ("lm-eval-jsonl", lambda: text("lm_eval_choices.jsonl")),
    "lm-eval.parquet": ("lm-eval-parquet", lambda: parquet(lines("lm_eval.jsonl"))),
    "lmms-eval": ("lmms-eval-jsonl", lambda: text("lmms_eval.jsonl")),
    "lmms-eval.parquet": ("lmms-eval-parquet", lambda: parquet(lines("lmms_eval.jsonl"))),
    "robustmad": ("robustmad-json", lambda: text("robustmad.json")),
    "robustmad.parquet": ("robustmad-parquet", lambda: parquet(pd.read_json(GOLDEN / "robustmad.json"))),
    "every eval ever": ("every-eval-ever-jsonl", lambda: text("every_eval_ever.jsonl")),
    "every eval ever.parquet": ("every-eval-ever-parquet", lambda: parquet(lines("every_eval_ever.jsonl"))),
}


@pytest.fixture(scope="module")
def six(mmad: Definition) -> Release:
    return importer.read(text("mmad.json"), mmad)


@pytest.mark.parametrize("name", FILES)
def test_equal_answers_give_equal_scores(six: Release, name: str) -> None:
    named, make = FILES[name]
    report = evaluate(make(), six).report
    plain = evaluate(text("plain.jsonl"), six).report
    assert report.format == named
    assert (report.present, report.coverage) == (1, 1)
    assert report.score == plain.score
    assert [cell.correct for cell in report.cells] == [cell.correct for cell in plain.cells]
    assert "".join("ABCDE"[code] for code in read(make(), six).codes) == READ


@pytest.mark.parametrize("name", FILES)
def test_what_may_be_packed_is_read_the_same(six: Release, name: str) -> None:
    data = FILES[name][1]()
    packed = gzip.compress(data)
    if data.startswith((b"PK", b"PAR1")):
        with pytest.raises(UnsupportedFileError, match="nested-archive"):
            recognise(packed)
    else:
        assert read(packed, six).codes.tolist() == read(data, six).codes.tolist()


def pieces(data: bytes) -> Iterator[bytes]:
    for end in range(0, len(data), 10):
        yield data[:end]


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_cut_is_rejected_or_read_rightly(six: Release, name: str) -> None:
    """At every tenth byte: what is read is what was written, and fewer records than are needed are rejected."""
    data = FILES[name][1]()
    whole = read(data, six).codes
    for piece in pieces(data):
        try:
            sheet = evaluate(piece, six).sheet
        except PredictionError as error:
            for problem in error.problems:
                said = messages.problem(problem.code, problem.params, field=problem.field)
                assert f"({problem.code})" not in said
        else:
            assert np.all((sheet.codes == whole) | (sheet.codes == UNREAD)), len(piece)
            assert data[len(piece) :].strip() == b"" or name.startswith("plain"), len(piece)


@pytest.mark.parametrize("name", FILES)
def test_a_byte_that_was_changed_is_no_fault_of_ours(six: Release, name: str) -> None:
    data = FILES[name][1]()
    # Each Parquet file that is damaged costs a process.
    for at in (
        range(0, len(data), 29) if not data.startswith(b"PAR1") else range(50, len(data), len(data) // 6)
    ):
        with suppress(PredictionError):
            evaluate(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :], six)


@pytest.mark.parametrize("name", FILES)
def test_the_first_bytes_are_enough_to_know_it(name: str) -> None:
    found = recognise(FILES[name][1]()[:HEAD_SIZE])
    assert FILES[name][0].endswith(found) or (FILES[name][0], found) == ("native", "json")


def changed(name: str, change: Callable[[dict[str, Any]], None], at: int = 3) -> bytes:
    """The golden file with one record changed."""
    data = text(name)
    as_list = data.startswith(b"[")
    records = json.loads(data) if as_list else [json.loads(line) for line in data.splitlines()]
    change(records[at])
    if as_list:
        return json.dumps(records, indent=1).encode()
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def problems(data: bytes, release: Release) -> list[tuple[str, int | None, str | None]]:
    with pytest.raises(PredictionError) as caught:
        evaluate(data, release)
    return [(problem.code, problem.line, problem.field) for problem in caught.value.problems]


def without(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        for name in path[:-1]:
            record = record[name]
        del record[path[-1]]

    return change


def put(value: Any, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        for name in path[:-1]:
            record = record[name]
        record[path[-1]] = value

    return change


WRONG: list[tuple[str, Callable[[dict[str, Any]], None], str, str | None]] = [
    ("lm_eval_choices.jsonl", without("doc", "question_id"), "question-not-named", None),
    ("lm_eval_choices.jsonl", put("nothing#7", "doc", "question_id"), "unknown-question", "question_id"),
    ("lm_eval_choices.jsonl", put([["x", "y"], ["z", "w"]], "filtered_resps"), "wrong-type", "filtered_resps"),
    ("lm_eval_choices.jsonl", put(["a", "b"], "doc", "options"), "options-differ", "question"),
    ("lm_eval_choices.jsonl", put("['a', 'b']", "doc", "options"), "wrong-type", "options"),
    ("lm_eval_choices.jsonl", put(FIRST, "doc", "question_id"), "duplicate-question", "question"),
    ("lmms_eval.jsonl", without("mmad"), "question-not-named", None),
    ("lmms_eval.jsonl", without("filtered_resps"), "missing-field", "filtered_resps"),
    ("every_eval_ever.jsonl", put("another", "sample_id"), "unknown-question", "question_id"),
    ("every_eval_ever.jsonl", put("C", "output"), "wrong-type", "output"),
    ("every_eval_ever.jsonl", put({"raw": [1]}, "output"), "wrong-type", "output"),
    ("robustmad.json", without("question"), "missing-field", "question"),
    ("robustmad.json", put("no/image.png", "image_path"), "unknown-question", "image"),
    ("robustmad.json", put("Why?", "question"), "unknown-question", "question"),
    ("vlmevalkit.json", put({"prediction": "A"}, "prediction"), "wrong-type", "prediction"),
    ("vlmevalkit.json", put("Elsewhere.", "A"), "options-differ", "question"),
    ("vlmevalkit.json", without("prediction"), "missing-field", "prediction"),
    ("vlmevalkit.json", put("x" * 20_001, "question"), "record-too-long", "question"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "code", "field"), WRONG)
def test_a_wrong_record_is_named_by_line_and_field(
    six: Release, name: str, change: Callable[[dict[str, Any]], None], code: str, field: str | None
) -> None:
    data = changed(name, change)
    [(found, line, its_field), *others] = problems(data, six)
    assert (found, its_field) == (code, field)
    assert line is not None
    assert code in data.decode() or 3 < line < len(data.splitlines())
    assert not others


def test_the_reply_is_read_and_not_what_a_filter_made_of_it(six: Release) -> None:
    for name in ("lm_eval.jsonl", "lmms_eval.jsonl"):
        records = [json.loads(line) for line in text(name).splitlines()]
        for record in records:
            record["resps"] = record.get("resps") or [record["filtered_resps"]]
            record["filtered_resps"] = ["Z"]
        data = "".join(json.dumps(record) + "\n" for record in records).encode()
        assert read(data, six).codes.tolist() == read(text(name), six).codes.tolist()


def test_of_several_replies_the_filter_s_choice_counts(six: Release) -> None:
    data = changed(
        "lm_eval_choices.jsonl", lambda record: record.update(resps=[["A", "B", "A"]], filtered_resps=["C"])
    )
    assert read(data, six).codes.tolist() == read(text("plain.csv"), six).codes.tolist()


def test_another_reply_under_another_filter_is_a_second_answer(six: Release) -> None:
    assert problems(changed("lm_eval.jsonl", put([["D"]], "resps"), at=3), six) == [
        ("duplicate-question", 4, "question")
    ]
    assert problems(text("lm_eval.jsonl") + text("lm_eval.jsonl"), six)[0] == (
        "duplicate-question",
        13,
        "question",
    )


def test_the_likeliest_choice_may_be_a_text(six: Release) -> None:
    def change(record: dict[str, Any]) -> None:
        record["arguments"]["gen_args_2"]["arg_1"] = " Bottom, right."

    data = changed("lm_eval_choices.jsonl", change)
    assert read(data, six).codes.tolist() == read(text("plain.csv"), six).codes.tolist()
    assert read(changed("lm_eval_choices.jsonl", without("arguments")), six).codes[3] == 2


def test_robustmad_s_own_letter_counts_and_the_raw_reply_where_there_is_none(six: Release) -> None:
    def change(record: dict[str, Any]) -> None:
        record.update(mslm_answer=None, raw_response="D: It has “none”.")

    sheet = read(changed("robustmad.json", change), six)
    assert "ABCD"[sheet.codes[3]] == "D"
    assert sheet.codes[:3].tolist() == [1, 0, 1]


def test_a_letter_outside_the_options_is_unread_where_replies_are_raw(six: Release) -> None:
    sheet = read(changed("vlmevalkit.json", put("E", "prediction")), six)
    assert sheet.codes[3] == UNREAD
    assert sheet.readings["outside"] == 1


def test_nan_is_nothing_in_vlmevalkit_s_json_and_wrong_in_any_other(six: Release) -> None:
    assert b"NaN" in text("vlmevalkit.json")
    for name, field in (("robustmad.json", "difficulty"), ("plain.json", "answer")):
        assert problems(changed(name, put(float("nan"), field)), six)[0][0] == "not-json-number"


def test_the_last_field_of_a_table_that_was_cut_is_no_empty_answer(six: Release) -> None:
    data = text("plain.csv").rstrip(b"\n").removesuffix(b"White")
    assert problems(data, six) == [("truncated-table", 7, None)]
    assert evaluate(data + b"\n", six).report.coverage == 5 / 6


def test_every_rule_of_the_reader_is_the_same_everywhere(six: Release) -> None:
    for name in ("plain.parquet", "plain.xlsx", "lm-eval", "vlmevalkit.tsv"):
        assert sum(read(FILES[name][1](), six).readings.values()) == 6
        assert set(read(FILES[name][1](), six).readings) <= set(get_args(replies.Rule))


ROBUSTMAD = {"InternVL2_4B": 63.4590, "Qwen2_5_VL_3B_Instruct": 75.2550, "phi_3.5_vision_instruct": 63.4146}


def robustmad(reference: Path, mmad: Definition) -> Release:
    """The published questions as a release of MMAD's rules: all are of one kind, and ids count as the authors do."""
    published = json.loads(gzip.decompress((reference / "robustmad/RobustMAD_MCQ.json.gz").read_bytes()))
    asked = [
        (image["image_path"], question) for image in published["images"] for question in image["questions"]
    ]
    count = len(asked)
    return Release(
        definition=mmad,
        ids=[str(question["question_id"]) for _image, question in asked],
        images=[image for image, _question in asked],
        source_datasets=np.zeros(count, dtype=np.uint8),
        subtasks=np.ones(count, dtype=np.uint8),
        kinds=["Defect Classification"] * count,
        texts=[question["question"] for _image, question in asked],
        options=[tuple(question["options"].values()) for _image, question in asked],
        abnormal=np.ones(count, dtype=np.bool_),
        truth=np.array(["ABCDE".index(question["answer"]) for _image, question in asked], dtype=np.uint8),
    )


@pytest.mark.parametrize("model", ROBUSTMAD)
def test_the_authors_lists_score_what_their_letters_give(
    reference: Path, mmad: Definition, model: str
) -> None:
    release = robustmad(reference, mmad)
    data = (reference / f"robustmad/MCQ_{model}.json.gz").read_bytes()
    report = evaluate(data, release, partial=["defect-classification"]).report
    assert report.format == "robustmad-json"
    assert report.present == 1
    assert report.subtasks["defect-classification"] == pytest.approx(ROBUSTMAD[model], abs=5e-5)
    # Without our ids the questions are told by image and wording, in the order of the file where two read the same.
    renamed = replace(release, ids=[f"question {name}" for name in release.ids])
    again = evaluate(data, renamed, partial=["defect-classification"]).report
    assert again.subtasks == report.subtasks

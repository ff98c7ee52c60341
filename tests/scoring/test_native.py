import copy
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.answers import asked, native
from scoring.answers.json_keys import count_keys
from scoring.answers.read import read_records
from scoring.benchmarks.mmad import importer
from scoring.definition import Definition
from scoring.errors import PredictionError
from scoring.evaluate import evaluate
from scoring.release import Release
from tests.scoring.answer_files import (
    as_csv,
    as_native,
    native_records,
    plain_rows,
    problems_of,
    right_answers,
)

Change = Callable[[dict[str, Any]], None]
DETECTION = "Anomaly Detection"


def outcomes(records: list[dict[str, Any]], release: Release) -> bytes:
    return evaluate(as_native(records), release).outcomes


@pytest.fixture(scope="module")
def expected(release: Release) -> bytes:
    return evaluate(as_csv(plain_rows(release)), release).outcomes


def text_of(record: dict[str, Any]) -> str:
    return str(record["question"]["text"])


def as_string(record: dict[str, Any]) -> None:
    record["question"] = text_of(record)


def numbered(record: dict[str, Any]) -> None:
    record["question"]["text"] = text_of(record).replace("Question:", "Question 1:", 1)


def without_prefix(record: dict[str, Any]) -> None:
    record["question"] = {"text": text_of(record).removeprefix("Question: ")}


def with_options_inside(record: dict[str, Any]) -> None:
    stem, *lines = text_of(record).rstrip("\n").split("\n")
    options = dict(line.split(". ", 1) for line in lines)
    record["question"] = {"type": "text", "text": stem, "options": options}


def with_options_beside(record: dict[str, Any]) -> None:
    with_options_inside(record)
    record["options"] = record["question"].pop("options")


def with_stem_alone(record: dict[str, Any]) -> None:
    record["question"] = text_of(record).split("\n")[0]


def with_more_fields(record: dict[str, Any]) -> None:
    record |= {"class": "bottle", "seconds": 0.25, "tokens": [1, 2, {"deep": None}]}


def without_what_is_not_needed(record: dict[str, Any]) -> None:
    del record["correct_answer"]


def untyped(record: dict[str, Any]) -> None:
    del record["question_type"]


@pytest.mark.parametrize(
    "change",
    [
        as_string,
        numbered,
        without_prefix,
        with_options_inside,
        with_options_beside,
        with_stem_alone,
        with_more_fields,
        without_what_is_not_needed,
    ],
)
def test_every_shape_of_a_question_is_understood(release: Release, expected: bytes, change: Change) -> None:
    records = native_records(release)
    for record in records:
        change(record)
    assert outcomes(records, release) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/home/someone/data/MMAD/{}",
        "MMAD/{}",
        "ALL_DATA/{}",
        "../../../dataset/MMAD/./{}",
        "C:\\data\\MMAD\\{}",
        "{}",
    ],
)
def test_paths_come_with_folders_in_front(release: Release, expected: bytes, path: str) -> None:
    records = native_records(release)
    for record in records:
        record["image"] = path.format(record["image"])
    assert outcomes(records, release) == expected


def test_paths_come_with_backslashes_doubled_folders_and_other_extensions(
    release: Release, expected: bytes
) -> None:
    records = native_records(release)
    for position, record in enumerate(records):
        image = record["image"]
        stem, dot, extension = image.rpartition(".")
        record["image"] = (
            image.replace("/", "\\"),
            image.split("/")[0] + "/" + image,
            stem + dot + extension.swapcase(),
        )[position % 3]
    assert outcomes(records, release) == expected


def test_the_case_of_all_else_in_a_path_matters(release: Release) -> None:
    records = native_records(release)
    at = next(at for at, record in enumerate(records) if record["image"].startswith("VisA"))
    records[at]["image"] = records[at]["image"].replace("VisA", "visa")
    assert [code for code, _ in problems_of(as_native(records), release)] == ["unknown-question"]


def test_two_images_that_differ_in_the_case_of_the_extension_are_told_apart(mmad: Definition) -> None:
    def record(answer: str) -> dict[str, Any]:
        question = {"Question": "?", "Options": {"A": "x", "B": "y"}, "Answer": answer, "type": DETECTION}
        return {"conversation": [question]}

    body = {"VisA/a/test/bad/1.JPG": record("A"), "VisA/a/test/bad/1.jpg": record("B")}
    release = importer.read(json.dumps(body).encode(), mmad)
    assert evaluate(as_native(native_records(release, ["A", "B"])), release).report.score == 100
    other = native_records(release, ["A", "B"])
    other[0]["image"] = "VisA/a/test/bad/1.Jpg"
    assert problems_of(as_native(other), release) == [("unknown-question", 2)]


@settings(max_examples=30)
@given(st.integers())
def test_shuffled_options_are_mapped_through_their_text(release: Release, seed: int) -> None:
    draw = random.Random(seed)
    records = native_records(release, right_answers(release))[:60]
    for position, record in enumerate(records):
        options = list(release.options[position])
        right = options[release.truth[position]]
        draw.shuffle(options)
        lettered = dict(zip("ABCDE", options, strict=False))
        letter = "ABCDE"[options.index(right)]
        record["gpt_answer"] = draw.choice([letter, f"({letter})", f"{letter}: {right}", right])
        lines = "".join(f"{key}. {text}\n" for key, text in lettered.items())
        stem = release.texts[position]
        record["question"] = draw.choice(
            [
                {"text": f"{stem} \n{lines}", "options": lettered},
                {"type": "text", "text": f"Question: {stem} \n{lines}"},
                f"Question: {stem} \n{lines}",
            ]
        )
    assert evaluate_some(records, release) == 60


def evaluate_some(records: list[dict[str, Any]], release: Release) -> int:
    sheet = read_records(as_native(records), "json", release)
    return int((sheet.codes == release.truth).sum())


def test_an_option_more_may_be_shown_but_counts_for_nothing(release: Release) -> None:
    records = native_records(release, right_answers(release))
    four = next(at for at, options in enumerate(release.options) if len(options) == 4)
    records[four]["question"]["text"] += "E. Cannot be determined\n"
    records[four]["gpt_answer"] = "E"
    report = evaluate(as_native(records), release).report
    assert report.readings == {"letter": release.size - 1, "outside": 1}


def test_options_of_another_release_are_named(release: Release) -> None:
    records = native_records(release)
    records[2]["question"] = {"text": release.texts[2], "options": {"A": "Something", "B": "Else"}}
    records[3]["question"] = {"text": release.texts[3], "options": {"A": "x", "C": "y"}}
    assert [code for code, _ in problems_of(as_native(records), release)] == 2 * ["options-differ"]


def test_the_authors_rewording_of_detection_is_known(release: Release, expected: bytes) -> None:
    records = native_records(release)
    for position, record in enumerate(records):
        if record["question_type"] == DETECTION:
            options = dict(zip("ABCDE", release.options[position], strict=False))
            text = " Is there any anomaly in the image?"
            record["question"] = {"type": "text", "text": text, "options": options}
    assert outcomes(records, release) == expected


def test_a_letter_outside_the_options_is_unread(release: Release) -> None:
    records = native_records(release, right_answers(release))
    records[0]["gpt_answer"] = "E: none of these"
    report = evaluate(as_native(records), release).report
    assert report.readings == {"letter": release.size - 1, "outside": 1}
    assert report.coverage == (release.size - 1) / release.size


def test_the_paper_s_name_of_detection_and_the_subtask_s_name_match(
    release: Release, expected: bytes
) -> None:
    records = native_records(release)
    for record in records:
        if record["question_type"] == DETECTION:
            record["question_type"] = "Anomaly Discrimination"
        elif record["question_type"].startswith("Object D"):
            record["question_type"] = "Object Analysis"
    assert outcomes(records, release) == expected


def test_the_correct_answer_of_the_file_is_ignored(release: Release, expected: bytes) -> None:
    records = native_records(release)
    for record, answer in zip(records, right_answers(release), strict=True):
        record["correct_answer"] = answer
        record["gpt_answer"] = record["gpt_answer"]
    assert outcomes(records, release) == expected


def repeated_release(mmad: Definition) -> Release:
    """An image with the same stem for three questions: by type, by options, and twice the same."""
    questions = [
        ("Object Structure", {"A": "x", "B": "y"}, "A"),
        ("Object Analysis", {"A": "x", "B": "y"}, "B"),
        ("Object Analysis", {"A": "p", "B": "q"}, "A"),
        ("Object Analysis", {"A": "x", "B": "y"}, "A"),
    ]
    conversation = [
        {"Question": "Same?", "Options": options, "Answer": answer, "type": kind}
        for kind, options, answer in questions
    ]
    body = {"VisA/candle/test/good/1.JPG": {"conversation": conversation}}
    return importer.read(json.dumps(body).encode(), mmad)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 1, 3, 0], [1, 0, 2, 3]])
def test_questions_that_read_the_same_are_told_apart(mmad: Definition, order: list[int]) -> None:
    release = repeated_release(mmad)
    records = native_records(release, right_answers(release))
    assert evaluate(as_native([records[at] for at in order]), release).report.score == 100


def test_a_third_record_for_two_equal_questions_is_a_duplicate(mmad: Definition) -> None:
    release = repeated_release(mmad)
    records = native_records(release)
    assert problems_of(as_native([*records, records[1]]), release) == [("duplicate-question", 42)]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (lambda record: record.pop("image"), "missing-field", "image"),
        (lambda record: record.pop("question"), "missing-field", "question"),
        (lambda record: record.pop("gpt_answer"), "missing-field", "gpt_answer"),
        (lambda record: record.update(image=5), "wrong-type", "image"),
        (lambda record: record.update(question=["x"]), "wrong-type", "question"),
        (lambda record: record.update(question={"type": "text"}), "wrong-type", "question"),
        (lambda record: record.update(question_type=1), "wrong-type", "question_type"),
        (lambda record: record.update(gpt_answer=["B"]), "wrong-type", "gpt_answer"),
        (lambda record: record.update(options={"A": 1}), "wrong-type", "options"),
        (lambda record: record.update(options={"first": "x"}), "wrong-type", "options"),
        (lambda record: record.update(options=[]), "wrong-type", "options"),
        (lambda record: record.update(options=0), "wrong-type", "options"),
        (lambda record: record["question"].update(options=""), "wrong-type", "question"),
        (lambda record: record.update(image="VisA/none.JPG"), "unknown-question", "image"),
        (lambda record: record.update(image="x\u202e.png"), "control-character", "image"),
        (lambda record: record.update(image=""), "unknown-question", "image"),
        (lambda record: record.update(question="Something else?"), "unknown-question", "question"),
        (lambda record: record.update(question_type="Weather"), "unknown-question", "question_type"),
        (lambda record: record.update(question_type="Object Analysis"), "unknown-question", "question_type"),
    ],
)
def test_a_wrong_record_is_named_by_line_and_field(
    release: Release, change: Change, code: str, field: str
) -> None:
    records = native_records(release)
    assert records[1]["question_type"] != "Object Analysis"
    change(records[1])
    try:
        evaluate(as_native(records), release)
    except PredictionError as error:
        (problem,) = error.problems
    line = 2 + as_native(records[:1]).count(b"\n") - 1
    assert (problem.code, problem.field, problem.line) == (code, field, line)


def test_a_file_without_types_is_matched_by_its_stems(release: Release) -> None:
    records = native_records(release)
    counts = Counter((record["image"], release.texts[at]) for at, record in enumerate(records))
    assert max(counts.values()) == 1
    for record in records:
        untyped(record)
    assert not problems_of(as_native(records), release)


def test_duplicates_are_named_with_the_line_of_the_first(release: Release) -> None:
    records = native_records(release)
    records[5] = copy.deepcopy(records[4])
    first = as_native(records[:4]).count(b"\n") + 1
    second = as_native(records[:5]).count(b"\n") + 1
    assert problems_of(as_native(records), release) == [("duplicate-question", second)]
    assert first < second


def test_packed_and_compact_files_score_the_same(release: Release, expected: bytes) -> None:
    records = native_records(release)
    assert evaluate(gzip.compress(as_native(records)), release).outcomes == expected
    assert evaluate(json.dumps(records).encode(), release).outcomes == expected
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    assert evaluate(lines, release).outcomes == expected


@pytest.mark.parametrize("indent", [None, 4])
def test_the_quick_reader_takes_the_authors_files(release: Release, indent: int | None) -> None:
    answers: list[str | None] = ["B" if at % 3 else "Answer: A" for at in range(release.size)]
    answers[5], answers[6], answers[7] = None, "", "E"
    records = native_records(release, answers)
    for chosen in (records, records[::-1]):
        data = json.dumps(chosen, indent=indent).encode()
        quick = native.read_json_quickly(data, count_keys(data) or 0, release)
        careful = read_records(data, "json", release)
        assert quick is not None
        assert quick.codes.tolist() == careful.codes.tolist()
        assert quick.readings == careful.readings
        assert quick.present.all()


def test_a_repeated_key_is_seen_behind_the_quick_reader(release: Release) -> None:
    data = as_native(native_records(release))
    twice = data.replace(b'"gpt_answer": "', b'"gpt_answer": "A", "gpt_answer": "', 1)
    assert problems_of(twice, release) == [("duplicate-key", 2)]
    hidden = data.replace(b'"gpt_answer": "', b'"gpt\\u005fanswer": "A", "gpt_answer": "', 1)
    assert problems_of(hidden, release) == [("duplicate-key", 2)]


def spoilt(release: Release, **changes: Any) -> bytes:
    """One faultless record, but for these fields."""
    return as_native([native_records(release)[0] | changes])


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("stem\nA\n. foo\nB. bar\n", ()),
        ("stem\nA. foo\nB\n. bar\n", ()),
        ("stem\nA. foo\nB. bar\n", ("foo", "bar")),
        (
            "stem\n A : foo\nmore\n and more\n\tB) bar\nD. is no C\n",
            ("foo\nmore\n and more", "bar\nD. is no C"),
        ),
        ("A. foo", ()),
        ("A. foo B. bar", ()),
        ("B. bar\nA. foo", ()),
        ("A.\nB.", ("", "")),
    ],
)
def test_options_are_lines_that_begin_with_their_letter(text: str, options: tuple[str, ...]) -> None:
    assert asked.option_lines(asked.split(text)[1]) == options


@given(st.text(alphabet="AB.: \n\tx\r\u00a0\u2028\x1c", max_size=30))
def test_any_question_text_is_split(text: str) -> None:
    asked.option_lines(asked.split(text)[1])


def test_more_options_than_letters_are_no_options(release: Release) -> None:
    shown = dict.fromkeys([*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", ""], "x")
    assert problems_of(spoilt(release, options=shown, gpt_answer="x"), release)[0][0] == "wrong-type"
    shown = dict.fromkeys(["AB", ""], "x")
    assert problems_of(spoilt(release, options=shown), release)[0][0] == "wrong-type"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"image": "a/" * 20_000}, "image"),
        ({"question": "A.\n" * 20_000}, "question"),
        ({"question": {"text": "x", "options": {"A": "x" * 30_000, "B": ""}}}, "question"),
        ({"options": {"A": "x" * 30_000, "B": "y"}}, "options"),
        ({"question_type": "x" * 30_000}, "question_type"),
    ],
)
def test_what_is_too_long_to_be_looked_for_is_named(
    release: Release, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(PredictionError) as caught:
        evaluate(spoilt(release, **changes), release)
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.field) == ("record-too-long", 2, field)


def test_a_reply_may_be_long(release: Release) -> None:
    data = spoilt(release, gpt_answer="It is so. " * 50_000 + "Answer: A")
    assert problems_of(data, release) == [("too-few-records", None)]


@pytest.mark.parametrize(
    "changes",
    [
        {"question": "A.\n" * 6_600},
        {"question": "A.\nB.\n" + "x\n" * 9_900},
        {"question": " \n" * 9_900},
        {"question": "Question" + " " * 19_000},
        {"image": "a/" * 9_900},
        {"image": "/." * 9_900},
        {"image": ".a" * 9_900},
    ],
    ids=lambda changes: repr(changes)[:30],
)
def test_no_record_takes_more_than_linear_time(release: Release, changes: dict[str, Any]) -> None:
    """A hang guard: 100 records take about a second, and minutes where each is quadratic."""
    record = native_records(release)[0] | changes
    key = next(iter(changes))
    records = [record | {key: f"{number}{record[key]}{number}"} for number in range(100)]
    data = as_native(records)
    started = time.process_time()
    assert len(problems_of(data, release)) == 100
    assert time.process_time() - started < 10


def test_folders_in_front_of_an_image_may_be_many(release: Release, expected: bytes) -> None:
    records = native_records(release)
    for record in records:
        record["image"] = "a/" * 1_000 + record["image"]
    assert outcomes(records, release) == expected


def test_a_nul_is_refused_even_where_nothing_is_read(release: Release) -> None:
    records = native_records(release)
    records[3]["correct_answer"] = "\0"
    assert [code for code, _line in problems_of(as_native(records), release)] == ["control-character"]

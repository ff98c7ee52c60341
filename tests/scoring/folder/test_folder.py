"""A benchmark from a folder, and every way in which a folder can be wrong."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from scoring import definition
from scoring.errors import Problem, ReleaseError
from scoring.evaluate import evaluate
from scoring.folder import spec
from scoring.folder.reader import read
from scoring.release import Release
from tests import robustmad
from tests.folders import TOML, colours, fears, write


def problems(folder: Path) -> list[Problem]:
    with pytest.raises(ReleaseError) as caught:
        read(folder)
    return list(caught.value.problems)


def problem(folder: Path) -> tuple[str, str, int | None]:
    (found,) = problems(folder)
    return found.code, str(found.params["file"]), found.line


def questions(folder: Path) -> Release:
    found = read(folder).content
    assert isinstance(found, Release)
    return found


def made(folder: Path, toml: str = TOML, **changes: Any) -> Release:
    return questions(write(folder, toml, questions_csv=colours(**changes)))


def test_questions_with_their_truth_beside_them(tmp_path: Path) -> None:
    content = made(tmp_path)
    assert content.ids == ["q0", "q1", "q2", "q3"]
    assert content.options[:2] == [("red", "green"), ("red", "green", "blue")]
    assert content.truth.tolist() == [0, 1, 2, 0]
    assert content.subtasks.tolist() == [1, 0, 1, 0]
    assert content.definition.source_datasets == ("all",)
    assert evaluate(b"question_id,answer\nq0,A\nq1,B\nq2,A\nq3,A\n", content).report.score == 75.0


def test_csv_json_lines_and_parquet_say_the_same(tmp_path: Path) -> None:
    rows = [{key: value for key, value in row.items() if value} for row in colours()]
    truth = [{"question_id": row["question_id"], "answer": row.pop("answer")} for row in rows]
    by_csv = made(tmp_path / "csv")
    two = '\n[files]\nquestions = "questions.jsonl"\ntruth = "truth.jsonl"\n'
    by_json = read(write(tmp_path / "json", TOML + two, questions_jsonl=rows, truth_jsonl=truth)).content
    folder = write(tmp_path / "parquet", TOML + two.replace("jsonl", "parquet"))
    lists = [
        {**{k: v for k, v in row.items() if len(k) > 1}, "options": [row[x] for x in "ABC" if x in row]}
        for row in rows
    ]
    pd.DataFrame(lists).to_parquet(folder / "questions.parquet")
    pd.DataFrame(truth[::-1]).to_parquet(folder / "truth.parquet")
    assert by_csv.digest == by_json.digest == read(folder).content.digest


def test_spreadsheets_that_write_semicolons_are_read(tmp_path: Path) -> None:
    folder = write(tmp_path, TOML, questions_csv=colours())
    table = folder / "questions.csv"
    table.write_text("\ufeff" + table.read_text().replace(",", ";"))
    assert read(folder).content.digest == made(tmp_path / "other").digest


def test_seven_subtasks_26_options_and_lower_is_better(tmp_path: Path) -> None:
    folder = fears(tmp_path)
    content = questions(folder)
    assert content.size == 210
    assert len(content.options[0]) == 26
    assert content.strata.asked.shape[0] == 70  # clusters
    lines = [f"{question_id},{'Z'}" for question_id in content.ids]
    report = evaluate("\n".join(["question_id,answer", *lines]).encode(), content).report
    assert report.score == report.micro == 100 * (content.truth == 25).mean()
    assert content.definition.sort_key(30) > content.definition.sort_key(60)
    assert content.definition.in_language("zh-hans-cn").name != "恐惧"
    assert content.definition.in_language("zh-hans").name == "恐惧"
    assert content.definition.in_language("zh-hans").subtasks[0].short_name == "第一"
    assert read(folder).spec.limits.daily == 7


def test_what_balanced_accuracy_needs_is_in_the_truth(tmp_path: Path) -> None:
    toml = TOML.replace('name = "Hue"', 'name = "Hue"\nmetric = "balanced_accuracy"')
    rows = [row | {"abnormal": said} for row, said in zip(colours(), ["", "yes", "", "No"], strict=True)]
    content = questions(write(tmp_path, toml, questions_csv=rows))
    assert content.abnormal.tolist() == [False, True, False, False]
    rows[3]["abnormal"] = "perhaps"
    assert problem(write(tmp_path, toml, questions_csv=rows)) == ("truth-abnormal", "questions.csv", 5)
    del rows[0]["abnormal"], rows[1]["abnormal"], rows[2]["abnormal"], rows[3]["abnormal"]
    assert problem(write(tmp_path, toml, questions_csv=rows)) == ("column-missing", "questions.csv", 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"question_id": "q0"}, "question-repeated"),
        ({"question_id": " "}, "cell-empty"),
        ({"question_id": "q" * 301}, "cell-too-long"),
        ({"image": "a\u202eb.png"}, "cell-unshowable"),
        ({"text": ""}, "cell-empty"),
        ({"text": "a\0b"}, "cell-unshowable"),
        ({"subtask": "hues"}, "value-unknown"),
        ({"subtask": ""}, "value-unknown"),
        ({"B": ""}, "options-gap"),
        ({"B": "", "C": ""}, "options-count"),
        ({"answer": "D"}, "truth-no-option"),
        ({"answer": ""}, "truth-no-option"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, changes: dict[str, str], code: str) -> None:
    assert problem(write(tmp_path, TOML, questions_csv=colours(**changes))) == (code, "questions.csv", 3)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    rows = colours(text="")
    rows[3]["subtask"] = "none"
    found = problems(write(tmp_path, TOML, questions_csv=rows))
    assert [(each.code, each.line) for each in found] == [("cell-empty", 3), ("value-unknown", 5)]


def test_truth_and_questions_have_the_same_ids(tmp_path: Path) -> None:
    toml = f'{TOML}\n[files]\ntruth = "truth.csv"\n'
    rows = colours()
    truth = [{"question_id": row["question_id"], "answer": row["answer"]} for row in rows]
    truth[3] = {"question_id": "q9", "answer": "B"}
    found = problems(write(tmp_path, toml, questions_csv=rows, truth_csv=truth))
    assert [(each.code, each.params["file"], each.line) for each in found] == [
        ("truth-missing", "questions.csv", 5),
        ("truth-unknown", "truth.csv", 5),
    ]
    truth[3] = {"question_id": "q0", "answer": "B"}
    assert [each.code for each in problems(write(tmp_path, toml, questions_csv=rows, truth_csv=truth))] == [
        "question-repeated"
    ]


def test_no_problem_quotes_an_answer(tmp_path: Path) -> None:
    (found,) = problems(write(tmp_path, TOML, questions_csv=colours(answer="Secret")))
    assert "secret" not in str(found).lower()


def test_an_image_is_of_one_source_dataset(tmp_path: Path) -> None:
    rows = [row | {"source_dataset": name} for row, name in zip(colours(), "xyzz", strict=True)]
    assert problem(write(tmp_path, TOML, questions_csv=rows)) == ("cluster-split", "questions.csv", 3)


@pytest.mark.parametrize(
    ("toml", "line", "key", "reason"),
    [
        (TOML.replace('name = "Shade"', 'name = "Shade"\nmetric = "luck"'), 11, "subtasks[1].metric", "luck"),
        (TOML.replace('name = "Hue"\n', ""), 4, "subtasks[0]", "name"),
        (TOML.replace('slug = "shade"', 'slug = "hue"'), 9, "subtasks[1].slug", "taken"),
        (TOML.replace('slug = "hue"', 'slug = "overall"'), 5, "subtasks[0].slug", "taken"),
        (f"avarage_over = []\n{TOML}", 1, "avarage_over", "unknown"),
        (f'average_over = ["subtask", "planet"]\n{TOML}', 1, "average_over[1]", "planet"),
        (f"options_minimum = 5\noptions_maximum = 4\n{TOML}", 1, "options_minimum", "limits"),
        (f"{TOML}\n[limits]\ndaily = -1\n", 13, "limits.daily", ">= 0"),
        (f'{TOML}\n[translations.de.subtasks]\ntint = {{ name = "Ton" }}\n', 12, "translations.de.subtasks", "tint"),
        (TOML.replace('slug = "colours"', 'slug = "colours'), 1, None, ""),
        (TOML.replace('slug = "colours"', 'slug = "our colours"'), 1, "slug", "^[-a-zA-Z0-9_]{1,50}$"),
        (f'{TOML}\n[closed_division]\ntools = "none"\nshots = "0"\n', 12, "closed_division", "on every board alike"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_its_line(
    tmp_path: Path, toml: str, line: int, key: str | None, reason: str
) -> None:
    (found,) = problems(write(tmp_path, toml, questions_csv=colours()))
    assert (found.code, found.line, found.field) == ("wrong-setting", line, key)
    assert reason in str(found.params["reason"])


@pytest.mark.parametrize(
    ("table", "code", "line"),
    [
        ("question_id,text,A,B,answer\nq0,one,two\n", "table-fields", 2),
        ('question_id,text,A,B,answer\nq0,"one"two,red,green,A\n', "table-malformed", 2),
        ("question_id,text,A,B,B\n", "column-repeated", 1),
        ("question_id,text,A,B,answer,subtask\n", "empty-table", None),
        ("question_id,text,A,B,answer\nq0,one,red,green,A\n", "column-missing", 1),
        ("question_id,text,answer,subtask\nq0,one,A,hue\n", "column-missing", 1),
    ],
)
def test_a_table_that_cannot_be_read_says_where(
    tmp_path: Path, table: str, code: str, line: int | None
) -> None:
    folder = write(tmp_path, TOML)
    (folder / "questions.csv").write_text(table)
    assert problem(folder) == (code, "questions.csv", line)


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    assert problem(tmp_path) == ("folder-missing", "benchmark.toml", None)
    assert problem(write(tmp_path, TOML)) == ("table-missing", "questions.csv", None)
    (tmp_path / "questions.csv").write_bytes(b"question_id,text\nq0,\xff\n")
    assert problem(tmp_path) == ("table-not-utf-8", "questions.csv", 2)
    assert problem(write(tmp_path, f'{TOML}\n[files]\nquestions = "q.xlsx"\n')) == (
        "unknown-table",
        "q.xlsx",
        None,
    )
    (tmp_path / "q.parquet").write_bytes(b"PAR1 and nothing more")
    assert problem(write(tmp_path, f'{TOML}\n[files]\nquestions = "q.parquet"\n'))[0] == "table-malformed"
    (tmp_path / "q.jsonl").write_text('{"question_id": 1}\n[]\n')
    assert problem(write(tmp_path, f'{TOML}\n[files]\nquestions = "q.jsonl"\n')) == (
        "table-malformed",
        "q.jsonl",
        2,
    )


def test_the_closed_division_may_be_named_as_it_is_everywhere(tmp_path: Path) -> None:
    toml = f'{TOML}\n[closed_division]\ntraining = "none-known"\ntools = "none"\n'
    assert questions(write(tmp_path, toml, questions_csv=colours())).size == 4


def test_mmad_is_defined_by_the_same_schema() -> None:
    text = resources.files("scoring.benchmarks").joinpath("mmad/benchmark.toml").read_text("utf-8")
    found = spec.parse(text)
    assert spec.definition(
        found, text, slug="mmad", source_datasets=found.source_datasets
    ) == definition.load("mmad")


def test_the_published_schema_is_the_one_that_is_checked() -> None:
    published = json.loads(Path("docs/benchmark.schema.json").read_text())
    assert published == json.loads(msgspec.json.encode(spec.schema()))


def test_robustmad_scores_to_its_models_letters(tmp_path: Path, reference: Path) -> None:
    content = questions(robustmad.write(tmp_path, reference))
    assert content.size == 4510
    for model, score in robustmad.SCORES.items():
        rows = [
            {"question_id": at, "answer": letter}
            for at, letter in robustmad.letters(reference, model).items()
        ]
        report = evaluate(json.dumps(rows).encode(), content).report
        assert report.score == pytest.approx(score, abs=5e-5)
        assert report.coverage == 1

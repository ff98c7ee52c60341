"""A benchmark of images with boxes from a folder, and every way in which such a folder can be wrong."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # comes with the schema generator, without stubs
import msgspec
import pandas as pd
import pytest

from scoring import definition
from scoring.boxes.evaluate import evaluate
from scoring.boxes.release import BoxRelease
from scoring.errors import Problem, ReleaseError
from scoring.folder import spec
from scoring.folder.reader import read
from tests.folders import PARTS, TOML, parts, write

SHORT = f'{PARTS}[boxes]\nframe = "short-edge-448"\n'
THOUSAND = f'{PARTS}[boxes]\nframe = "0-1000"\n'


def images(folder: Path) -> BoxRelease:
    found = read(folder).content
    assert isinstance(found, BoxRelease)
    return found


def made(folder: Path, *changes: tuple[int, dict[str, Any]], toml: str = PARTS) -> BoxRelease:
    return images(write(folder, toml, questions_csv=parts(*changes)))


def problems(folder: Path) -> list[Problem]:
    with pytest.raises(ReleaseError) as caught:
        read(folder)
    return list(caught.value.problems)


def problem(folder: Path) -> tuple[str, str, int | None]:
    (found,) = problems(folder)
    return found.code, str(found.params["file"]), found.line


def test_images_with_their_truth_beside_them(tmp_path: Path) -> None:
    content = made(tmp_path)
    assert list(content.ids) == ["valve/1.png", "valve/2.png", "cable/1.png", "cable/2.png"]
    assert content.categories == ["valve", "valve", "cable", "cable"]
    assert content.definition.source_datasets == ("all",)
    assert content.definition.subtask_slugs == ("detection", "localization")
    assert content.sizes.tolist() == [[1000, 500], [1000, 500], [224, 224], [224, 224]]
    assert content.canvases.tolist() == [[896, 448], [896, 448], [448, 448], [448, 448]]
    assert content.anomalous.tolist() == [True, False, True, True]
    assert content.located.tolist() == [True, True, True, False]
    assert content.starts.tolist() == [0, 1, 1, 2, 2]
    assert content.boxes[0] == pytest.approx([89.6, 89.6, 268.8, 179.2])
    assert content.boxes[1].tolist() == [120, 0, 448, 100]
    assert content.labels == ["", "cut"]


def test_csv_json_lines_and_parquet_say_the_same(tmp_path: Path) -> None:
    by_csv = made(tmp_path / "csv")
    rows = parts()
    truth = [
        {
            "image": row["image"],
            "anomalous": row.pop("anomalous") in ("true", "yes"),
            "boxes": json.loads(row.pop("boxes") or "null"),
        }
        for row in rows
    ]
    for row in rows:
        row |= {"width": int(row["width"]), "height": int(row["height"])}
    two = '[files]\nquestions = "questions.jsonl"\ntruth = "truth.jsonl"\n'
    by_json = images(write(tmp_path / "json", PARTS + two, questions_jsonl=rows, truth_jsonl=truth))
    folder = write(tmp_path / "parquet", PARTS + two.replace("jsonl", "parquet"))
    pd.DataFrame([{**row, "height": float(row["height"])} for row in rows]).to_parquet(
        folder / "questions.parquet"
    )
    objects = [
        [each if isinstance(each, dict) else {"bbox_2d": each} for each in row["boxes"] or []]
        for row in truth
    ]
    pd.DataFrame(
        [row | {"boxes": boxes} for row, boxes in zip(truth, objects, strict=True)][::-1]
    ).to_parquet(folder / "truth.parquet")
    assert by_csv.digest == by_json.digest == images(folder).digest


def test_boxes_mean_the_same_in_every_frame(tmp_path: Path) -> None:
    short = [(0, {"boxes": "[[89.6, 89.6, 268.8, 179.2]]"}), (2, {"boxes": "[[120, 0, 448, 100]]"})]
    thousand = [
        (0, {"boxes": "[[100, 200, 300, 400]]"}),
        (2, {"boxes": "[[267.857142857, 0, 1000, 223.214285714]]"}),
    ]
    expected = made(tmp_path / "pixels").boxes
    for toml, rows in ((SHORT, short), (THOUSAND, thousand)):
        assert made(tmp_path / "other", *rows, toml=toml).boxes == pytest.approx(expected)


def test_without_the_size_in_pixels_the_resized_one_is_enough(tmp_path: Path) -> None:
    rows = [
        {**row, "width": "", "height": "", "resized_width": "896", "resized_height": "448"} for row in parts()
    ]
    content = images(write(tmp_path, SHORT, questions_csv=rows))
    assert not content.sizes.any()
    assert content.canvases.tolist() == [[896, 448]] * 4
    assert content.boxes[0].tolist() == [100, 100, 300, 200]
    assert problems(write(tmp_path, PARTS, questions_csv=rows))[0].code == "size-missing"
    rows[1]["resized_height"] = "500"
    assert problem(write(tmp_path, SHORT, questions_csv=rows)) == ("size-not-resized", "questions.csv", 3)


def test_source_datasets_and_names_are_the_organizer_s(tmp_path: Path) -> None:
    toml = (
        f"{PARTS}[[subtasks]]\nslug = 'localization'\nname = 'Where it is'\nshort_name = 'Where'\n"
        "[translations.de.subtasks]\ndetection = { name = 'Erkennen' }\n"
    )
    rows = [row | {"source_dataset": name} for row, name in zip(parts(), "xxyy", strict=True)]
    content = images(write(tmp_path, toml, questions_csv=rows))
    rules = content.definition
    assert rules.source_datasets == ("x", "y")
    assert content.source_datasets.tolist() == [0, 0, 1, 1]
    assert [(each.name, each.short_name, each.metric) for each in rules.subtasks] == [
        ("Detection", "Detection", "accuracy"),
        ("Where it is", "Where", "box_accuracy"),
    ]
    assert rules.in_language("de").subtasks[0].name == "Erkennen"
    assert (rules.kind, rules.average_over) == ("boxes", ("subtask", "category"))
    rows[3]["source_dataset"] = ""
    assert problem(write(tmp_path, toml, questions_csv=rows)) == ("value-unknown", "questions.csv", 5)


SECRET = "[[123, 124, 125, 126]]"


def labelled(label: Any) -> str:
    return json.dumps([{"bbox_2d": [123, 124, 125, 126], "label": label}])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"image": "valve/1.png"}, "question-repeated"),
        ({"image": ""}, "cell-empty"),
        ({"image": "v" * 301}, "cell-too-long"),
        ({"image": "a\u202eb.png"}, "cell-unshowable"),
        ({"category": ""}, "cell-empty"),
        ({"category": "c" * 101}, "cell-too-long"),
        ({"width": "0"}, "cell-no-size"),
        ({"width": "12.5"}, "cell-no-size"),
        ({"height": ""}, "cell-no-size"),
        ({"width": "1000000"}, "cell-no-size"),
        ({"width": "", "height": ""}, "size-missing"),
        ({"anomalous": ""}, "truth-anomalous"),
        ({"anomalous": "perhaps"}, "truth-anomalous"),
        ({"boxes": SECRET}, "truth-boxes"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, change: dict[str, str], code: str) -> None:
    assert problem(write(tmp_path, PARTS, questions_csv=parts((1, change)))) == (code, "questions.csv", 3)


@pytest.mark.parametrize(
    ("boxes", "reason"),
    [
        ("[[123, 124, 125]]", "four numbers"),
        ("[[123, 124, 125, true]]", "four numbers"),
        ("[[123, 124, 125, NaN]]", "four numbers"),
        ("[[123, 124, 125, 1e999]]", "four numbers"),
        ("[123, 124, 125, 126]", "four numbers"),
        ("[[125, 124, 123, 126]]", "ends before"),
        ("[[123, 124, 225, 126]]", "over the image"),
        ("[[-1, 124, 125, 126]]", "over the image"),
        (labelled(123), "label"),
        (labelled("123" * 4_000), "label"),
        (labelled("\ud800123"), "label"),
        (json.dumps([[123, 124, 125, 126]] * 251), "more than 250"),
        ("123", "no list"),
        ('{"bbox_2d": [123, 124, 125, 126]}', "no list"),
        ("[[123, 124", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[[" + "123" * 2_000 + "]]", "not JSON"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_boxes_that_are_wrong_are_named_and_not_told(tmp_path: Path, boxes: str, reason: str) -> None:
    (found,) = problems(write(tmp_path, PARTS, questions_csv=parts((2, {"boxes": boxes}))))
    assert (found.code, found.line, found.params["question_id"]) == ("truth-boxes", 4, "cable/1.png")
    assert reason in str(found.params["reason"])
    assert "12" not in f"{found.params}"


def test_boxes_as_they_are_must_be_a_list(tmp_path: Path) -> None:
    toml = f'{PARTS}[files]\nquestions = "questions.jsonl"\n'
    for boxes in (123, {"bbox_2d": [1, 2, 3, 4]}, True):
        folder = write(tmp_path, toml, questions_jsonl=parts((2, {"boxes": boxes})))
        assert problem(folder) == ("truth-boxes", "questions.jsonl", 3)
    (tmp_path / "questions.jsonl").write_text('{"image": "a", "boxes": [[' + "1" * 5_000 + "]]}\n")
    assert problem(tmp_path) == ("table-malformed", "questions.jsonl", 1)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    rows = parts((1, {"boxes": SECRET}), (3, {"anomalous": ""}))
    found = problems(write(tmp_path, PARTS, questions_csv=rows))
    assert [(each.code, each.line) for each in found] == [("truth-boxes", 3), ("truth-anomalous", 5)]


def test_truth_and_images_are_the_same(tmp_path: Path) -> None:
    rows = parts()
    truth = [
        {name: row.pop(name) for name in ("anomalous", "boxes")} | {"image": row["image"]} for row in rows
    ]
    truth[3]["image"] = "cable/9.png"
    toml = f'{PARTS}[files]\ntruth = "truth.csv"\n'
    found = problems(write(tmp_path, toml, questions_csv=rows, truth_csv=truth))
    assert [(each.code, each.params["file"], each.line) for each in found] == [
        ("truth-missing", "questions.csv", 5),
        ("truth-unknown", "truth.csv", 5),
    ]
    truth[3]["image"] = "cable/1.png"
    found = problems(write(tmp_path, toml, questions_csv=rows, truth_csv=truth))
    assert [each.code for each in found] == ["question-repeated"]


@pytest.mark.parametrize("column", ["image", "category", "anomalous", "boxes", "width", "height"])
def test_a_column_that_is_missing_is_named(tmp_path: Path, column: str) -> None:
    rows = [{name: value for name, value in row.items() if name != column} for row in parts()]
    (found,) = problems(write(tmp_path, PARTS, questions_csv=rows))
    assert (found.code, found.line, found.field) == ("column-missing", 1, column)


def test_images_are_the_clusters_and_no_others_are_taken(tmp_path: Path) -> None:
    rows = [row | {"cluster": "scene"} for row in parts()]
    assert problem(write(tmp_path, PARTS, questions_csv=rows)) == ("column-cluster", "questions.csv", 1)


def test_columns_that_mean_nothing_are_told(tmp_path: Path) -> None:
    rows = [row | {"question_id": "x", "A": "Yes"} for row in parts()]
    assert read(write(tmp_path, PARTS, questions_csv=rows)).ignored == ["question_id", "A"]


def test_without_any_box_there_is_nothing_to_locate(tmp_path: Path) -> None:
    rows = [row | {"boxes": ""} for row in parts()]
    assert problem(write(tmp_path, PARTS, questions_csv=rows)) == ("no-true-box", "questions.csv", None)


def test_without_any_size_a_frame_of_its_own_is_not_enough(tmp_path: Path) -> None:
    rows = [{k: v for k, v in row.items() if k not in ("width", "height")} for row in parts()]
    found = problems(write(tmp_path, THOUSAND, questions_csv=rows))
    assert [(each.code, each.line) for each in found] == [("canvas-missing", line) for line in (2, 3, 4, 5)]


DETECTION = "[[subtasks]]\nslug = 'detection'\nname = 'D'\n"


@pytest.mark.parametrize(
    ("toml", "line", "key", "reason"),
    [
        (f"{PARTS}average_over = ['subtask']\n", 4, "average_over", "mean over categories"),
        (f"{PARTS}lower_is_better = true\n", 4, "lower_is_better", "better"),
        (f"{PARTS}options_minimum = 2\n", 4, "options_minimum", "no options"),
        (f"{PARTS}options_maximum = 26\n", 4, "options_maximum", "no options"),
        (f"{PARTS}normal_component = 'good'\n", 4, "normal_component", "column anomalous"),
        (f"{PARTS}[folds]\na = 'all'\n", 4, "folds", "column source_dataset"),
        (f"{PARTS}[boxes]\nframe = 'inches'\n", 5, "boxes.frame", "inches"),
        (f"{PARTS}[boxes]\nframes = 'pixels'\n", 5, "boxes.frames", "unknown"),
        (f"{PARTS}[[subtasks]]\nslug = 'hue'\nname = 'Hue'\n", 5, "subtasks[0].slug", "detection and localization"),
        (PARTS + DETECTION + DETECTION, 8, "subtasks[1].slug", "each once"),
        (f"{PARTS}{DETECTION}metric = 'balanced_accuracy'\n", 7, "subtasks[0].metric", "names"),
        (f"{PARTS}{DETECTION}aliases = {{ d = 'detection' }}\n", 7, "subtasks[0].aliases", "names"),
        (PARTS.replace('"boxes"', '"points"'), 3, "kind", "points"),
        (f"{TOML}\n[boxes]\nframe = 'pixels'\n", 12, "boxes", 'kind = "boxes"'),
        ('slug = "none"\nname = "None"\n', None, "subtasks", "no subtasks"),
        (TOML + "metric = 'box_accuracy'\n", 11, "subtasks[1].metric", "unknown metric"),
    ],
    ids=lambda value: str(value)[-30:],
)  # fmt: skip
def test_a_setting_that_means_nothing_is_refused_with_its_line(
    tmp_path: Path, toml: str, line: int | None, key: str, reason: str
) -> None:
    (found,) = problems(write(tmp_path, toml, questions_csv=parts()))
    assert (found.code, found.line, found.field) == ("wrong-setting", line, key)
    assert reason in str(found.params["reason"])


def test_the_schema_agrees_on_what_means_nothing() -> None:
    validator = jsonschema.Draft202012Validator(spec.schema())

    def is_valid(**settings: Any) -> bool:
        said = bool(validator.is_valid({"name": "Parts", **settings}))
        try:
            spec.parse(
                "\n".join(f"{key} = {_toml(value)}" for key, value in {"name": "Parts", **settings}.items())
            )
        except ReleaseError:
            assert not said
        else:
            assert said
        return said

    assert is_valid(kind="boxes")
    assert is_valid(kind="boxes", average_over=["subtask", "category"], boxes={"frame": "0-1000"})
    assert not is_valid(kind="boxes", average_over=[])
    assert not is_valid(kind="boxes", options_minimum=2)
    assert not is_valid()
    assert not is_valid(subtasks=[])
    assert is_valid(subtasks=[{"slug": "hue", "name": "Hue"}])
    assert not is_valid(subtasks=[{"slug": "hue", "name": "Hue"}], boxes={})


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return msgspec.json.encode(value).decode()


def test_mmr_ad_is_defined_by_the_same_schema() -> None:
    text = Path("scoring/benchmarks/mmr-ad/benchmark.toml").read_text("utf-8")
    found = spec.parse(text)
    made = spec.definition(found, text, slug="mmr-ad", source_datasets=found.source_datasets)
    assert made == definition.load("mmr-ad")


def test_answers_to_it_are_scored(tmp_path: Path) -> None:
    content = made(tmp_path)
    answers = [
        {"image": "valve/1.png", "anomalous": True, "boxes": [{"bbox_2d": [100, 100, 300, 200]}]},
        {"image": "valve/2.png", "anomalous": False},
        {"image": "cable/1.png", "anomalous": True, "boxes": [{"bbox_2d": [60, 0, 224, 50]}]},
        {"image": "cable/2.png", "anomalous": True, "boxes": [{"bbox_2d": [0, 0, 10, 10]}]},
    ]
    assert evaluate(json.dumps(answers).encode(), content, frame="pixels").report.score == 100

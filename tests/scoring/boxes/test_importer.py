import json
from pathlib import Path
from typing import Any

import pytest

from scoring.boxes import importer
from scoring.errors import ReleaseError
from scoring.prompts import Templates

BENT = [
    {
        "name": "bent-000.png",
        "resized_width": 672,
        "resized_height": 448,
        "bboxes": [{"bbox_2d": [1, 2, 672, 4], "label": "bent lead"}, {"bbox_2d": [5, 6, 7.5, 8]}],
    },
    {"name": "bent-001.png", "resized_width": 672, "resized_height": 448, "bboxes": []},  # for training
]
NUT = {
    "bbox_annos.json": BENT,
    "reference.json": {
        "nut/test/bent/000.png": ["nut/train/good/007.png", "nut/train/good/008.png"],
        "nut/test/good/000.png": [],
    },
    "text_annos.json": [{"name": "bent-000.png", "ref-name": "007.png", "text": "<think> ..."}],
}
CANDLE = {
    "bbox_annos.json": [
        {"name": "anomaly-000.png", "bboxes": [{"bbox_2d": [0, 0, 100, 50], "label": "x"}]},
    ],
    "reference.json": {
        "candle/Data/Images/Anomaly/000.JPG": ["candle/Data/Images/Normal/0001.JPG"],
        "candle/Data/Images/Normal/000.JPG": [],
        "candle/Data/Images/Other/000.JPG": [],
    },
}
SAID = (
    "image,width,height,anomalous\n"
    "visa/candle/Data/Images/Anomaly/000.JPG,1500,1000,\n"
    "visa/candle/Data/Images/Normal/000.JPG,1500,1000,\n"
    "visa/candle/Data/Images/Other/000.JPG,1500,1000,true\n"
)


def write(folder: Path, said: str = SAID, **changes: dict[str, Any]) -> Path:
    for place, files in {"mvtec/nut": NUT, "visa/candle": CANDLE}.items():
        (folder / place).mkdir(parents=True)
        for name, body in (files | changes.get(place.split("/")[1], {})).items():
            if body is not None:
                (folder / place / name).write_text(body if isinstance(body, str) else json.dumps(body))
    (folder / "images.csv").write_text(said)
    return folder


def test_the_published_files_are_read(tmp_path: Path) -> None:
    release, templates, left_out = importer.read(write(tmp_path))
    assert list(release.ids) == [
        "mvtec/nut/test/bent/000.png",
        "mvtec/nut/test/good/000.png",
        "visa/candle/Data/Images/Anomaly/000.JPG",
        "visa/candle/Data/Images/Normal/000.JPG",
        "visa/candle/Data/Images/Other/000.JPG",
    ]
    assert release.definition.source_datasets == ("mvtec", "visa")
    assert release.source_datasets.tolist() == [0, 0, 1, 1, 1]
    assert release.categories == ["nut", "nut", "candle", "candle", "candle"]
    assert release.anomalous.tolist() == [True, False, True, False, True]
    assert release.located.tolist() == [True, True, True, True, False]
    assert release.starts.tolist() == [0, 2, 2, 3, 3, 3]
    assert release.boxes.tolist() == [[1, 2, 672, 4], [5, 6, 7.5, 8], [0, 0, 100, 50]]
    assert release.labels == ["bent lead", "", "x"]
    # As published; that of the category's only size; from the image's own.
    assert release.canvases.tolist() == [[672, 448]] * 5
    assert release.sizes.tolist() == [[0, 0], [0, 0], [1500, 1000], [1500, 1000], [1500, 1000]]
    assert templates["mvtec/nut/test/bent/000.png"] == Templates(
        similar=("mvtec/nut/train/good/007.png", "mvtec/nut/train/good/008.png")
    )
    assert left_out == 1


def test_without_references_every_name_is_an_image(tmp_path: Path) -> None:
    texts = [{"name": "bent-000.png"}, {"name": "good-003.png"}]
    changes = {
        "reference.json": None,
        "text_annos.json": texts,
        "bbox_annos.json": BENT[:1],
    }
    release = importer.read(write(tmp_path, nut=changes)).release
    assert release.ids[:2] == ["mvtec/nut/bent-000.png", "mvtec/nut/good-003.png"]
    assert release.anomalous[:2].tolist() == [True, False]


def boxes(*found: Any, **fields: Any) -> dict[str, Any]:
    size = {"resized_width": 672, "resized_height": 448}
    return {"bbox_annos.json": [{"name": "bent-000.png", **size, "bboxes": list(found), **fields}]}


SECRET = {"bbox_2d": [123, 124, 125, 126], "label": "secret"}


@pytest.mark.parametrize(
    ("changes", "record", "reason"),
    [
        (boxes(SECRET, {"bbox_2d": [123, 124, 125]}), "bent-000.png", "four numbers"),
        (boxes(SECRET, {"bbox_2d": [123, 124, 125, True]}), "bent-000.png", "four numbers"),
        (boxes({"bbox_2d": [125, 124, 123, 126]}), "bent-000.png", "ends before"),
        (boxes({"bbox_2d": [123, 124, 674, 126]}), "nut/test/bent/000.png", "over the image"),
        (boxes({**SECRET, "label": 123}), "bent-000.png", "label"),
        (boxes(*[SECRET] * 251), "bent-000.png", "more than 250"),
        (boxes(resized_width=None), "bent-000.png", "two numbers"),
        (boxes(name=""), "number 1", "name is missing"),
        (boxes(name=None), "number 1", "name is missing"),
        (boxes(bboxes=None), "bent-000.png", "no list"),
        (boxes(), "nut/test/bent/000.png", "not said whether"),
        ({"bbox_annos.json": boxes(SECRET)["bbox_annos.json"] * 2}, "bent-000.png", "twice"),
        (boxes(SECRET, name="good-000.png"), "nut/test/good/000.png", "called normal"),
        (
            {"reference.json": {"nut/test/bent/000.png": 123}},
            "mvtec/nut/test/bent/000.png",
            "no list of paths",
        ),
        ({"reference.json": {"nut/a/bent/000.png": [], "nut/b/bent/000.png": []}}, "bent-000.png", "several"),
        (
            {"reference.json": {"nut/test/bent/\u200b000.png": []}},
            "mvtec/nut/test/bent/\\u200b000.png",
            "a path",
        ),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_what_is_wrong_is_named_and_no_truth_is_told(
    tmp_path: Path, changes: dict[str, Any], record: str, reason: str
) -> None:
    with pytest.raises(ReleaseError) as caught:
        importer.read(write(tmp_path, nut=changes))
    problem = next(each for each in caught.value.problems if each.params["record"] == record)
    assert problem.code == "wrong-annotation"
    assert reason in str(problem.params["reason"])
    assert str(problem.params["file"]).startswith("mvtec/nut/")
    assert "123" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        ("[\n{", 2, "Expecting"),
        ("{}", None, "not a list"),
        ("[" * 100_000, None, "nested"),
        ("[" + "1" * 5_000 + "]", None, "digits"),
    ],
)
def test_a_file_that_is_no_json_is_named(tmp_path: Path, body: str, line: int | None, reason: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        importer.read(write(tmp_path, nut={"bbox_annos.json": body}))
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.params["file"]) == (
        "annotations-malformed",
        line,
        "mvtec/nut/bbox_annos.json",
    )
    assert reason in str(problem.params["reason"])


@pytest.mark.parametrize(
    ("line", "record"),
    [
        ("visa/candle/9.JPG,1,1,", "visa/candle/9.JPG"),
        ("visa/candle/Data/Images/Other/000.JPG,0,1,", "visa/candle/Data/Images/Other/000.JPG"),
        ("visa/candle/Data/Images/Other/000.JPG,,,maybe", "visa/candle/Data/Images/Other/000.JPG"),
        (",1,1,", "line 5"),
    ],
)
def test_a_wrong_line_of_images_csv_is_named(tmp_path: Path, line: str, record: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        importer.read(write(tmp_path, f"{SAID}{line}\n"))
    assert (caught.value.problems[0].params["file"], caught.value.problems[0].params["record"]) == (
        "images.csv",
        record,
    )


def test_sizes_that_are_missing_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"size is not known: no record of its category"):
        importer.read(write(tmp_path, "image,anomalous\nvisa/candle/Data/Images/Other/000.JPG,1\n"))


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="annotations-missing"):
        importer.read(tmp_path)

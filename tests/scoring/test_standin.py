import json
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scoring.evaluate import evaluate
from scoring.release import Release
from scoring.standin import mmad_json, published_models, rebuild


def test_the_stand_in_has_the_real_size(standin_body: dict[str, Any], standin_release: Release) -> None:
    assert len(standin_body) == 8_366
    assert standin_release.size == 39_672
    assert len({image.split("/")[1] for image in standin_body}) == 38


def test_every_image_has_one_to_five_questions_in_the_real_order(standin_body: dict[str, Any]) -> None:
    detection = ["Anomaly Detection"]
    order = {
        "good": detection
        + [f"Object {name}" for name in ("Classification", "Structure", "Details", "Analysis")],
        "bad": detection
        + [f"Defect {name}" for name in ("Classification", "Localization", "Description", "Analysis")],
    }
    for image, record in standin_body.items():
        types = [question["type"] for question in record["conversation"]]
        expected = order["good" if "/good/" in image else "bad"]
        assert types
        assert types == [name for name in expected if name in types]


def test_69_images_have_no_detection_question(standin_body: dict[str, Any]) -> None:
    without = [
        image
        for image, record in standin_body.items()
        if record["conversation"][0]["type"] != "Anomaly Detection"
    ]
    assert len(without) == 69


def test_the_cells_are_the_real_ones(standin_release: Release, reference: Path) -> None:
    frame = pd.DataFrame(standin_release.public_questions())
    frame["truth_class"] = ["abnormal" if flag else "normal" for flag in standin_release.abnormal]
    found = frame.groupby(["source_dataset", "subtask", "truth_class"]).size().to_dict()
    real = pd.read_csv(reference / "mmad/cells.csv", comment="#")
    real["subtask"] = real["subtask"].str.lower().str.replace(" ", "-")
    assert found == real.set_index(["source_dataset", "subtask", "truth_class"])["questions"].to_dict()


def test_options_are_as_many_as_in_the_real_file(standin_release: Release) -> None:
    detection = standin_release.subtasks == 0
    counts = standin_release.option_counts
    assert set(counts[detection].tolist()) == {2}
    assert set(counts[~detection].tolist()) == {2, 3, 4, 5}
    assert (counts[~detection] == 4).mean() > 0.9
    worded = [standin_release.options[at] for at in detection.nonzero()[0]]
    assert sum(set(options) != {"Yes.", "No."} for options in worded) == 25


def test_the_same_seed_gives_the_same_stand_in(standin_body: dict[str, Any]) -> None:
    assert mmad_json() == standin_body
    assert mmad_json(5) != standin_body


def test_no_real_question_is_copied(standin_body: dict[str, Any], reference: Path) -> None:
    lines = (reference / "mmad/real_questions_713.jsonl").read_text().splitlines()
    real = [json.loads(line) for line in lines]
    texts = {question["Question"] for question in real}
    options = {text for question in real for text in question["Options"].values()} - {"Yes.", "No."}
    for record in standin_body.values():
        for question in record["conversation"]:
            assert question["Question"] not in texts
            assert not options & set(question["Options"].values())


def test_an_answer_file_is_the_same_for_a_seed_and_wrong_answers_are_drawn(standin_release: Release) -> None:
    model = published_models()[0]
    data = rebuild(model, standin_release)
    assert rebuild(model, standin_release) == data
    assert rebuild(model, standin_release, seed=1) != data
    wrong = Counter(
        row.rpartition(",")[2]
        for row, truth in zip(data.decode().splitlines()[1:], standin_release.truth.tolist(), strict=True)
        if row[-1] != "ABCDE"[truth]
    )
    assert min(wrong[letter] for letter in "ABCD") > 1_000


def test_native_and_plain_files_hold_the_same_answers(standin_release: Release) -> None:
    model = next(model for model in published_models() if not model.complete)
    plain = evaluate(rebuild(model, standin_release), standin_release)
    native = evaluate(rebuild(model, standin_release, native=True), standin_release)
    assert native.outcomes == plain.outcomes
    assert native.report.readings == plain.report.readings


def test_other_cells_cannot_be_rebuilt(release: Release) -> None:
    with pytest.raises(ValueError, match="cells"):
        rebuild(published_models()[0], release)

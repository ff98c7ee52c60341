import dataclasses
from pathlib import Path

import pytest

import scoring
from scoring.definition import Definition, load
from scoring.errors import ReleaseError


def test_the_subtasks_come_in_the_order_of_the_board(mmad: Definition) -> None:
    assert mmad.subtask_slugs == (
        "anomaly-detection",
        "defect-classification",
        "defect-localization",
        "defect-description",
        "defect-analysis",
        "object-classification",
        "object-analysis",
    )


def test_nine_raw_types_and_an_alias_fold_into_seven_subtasks(mmad: Definition) -> None:
    assert len({mmad.raw_type_of[name] for name in mmad.subtask_of_type}) == 9
    assert mmad.subtask_of_type["Anomaly Discrimination"] == mmad.subtask_of_type["Anomaly Detection"] == 0
    assert {mmad.subtask_of_type[f"Object {name}"] for name in ("Structure", "Details", "Analysis")} == {6}


def test_only_detection_is_balanced(mmad: Definition) -> None:
    assert [subtask.metric for subtask in mmad.subtasks] == ["balanced_accuracy"] + 6 * ["accuracy"]


@pytest.mark.parametrize(
    ("image", "dataset", "abnormal"),
    [
        ("DS-MVTec/bottle/image/good/007.png", "DS-MVTec", False),
        ("DS-MVTec/bottle/image/broken_large/003.png", "DS-MVTec", True),
        ("MVTec-AD/pill/test/good/001.png", "DS-MVTec", False),
        ("GoodsAD/drink_can/test/deformation/058_005.jpg", "GoodsAD", True),
        ("GoodsAD/drink_can/test/good/001.jpg", "GoodsAD", False),
        ("VisA/candle/test/Good/001.JPG", "VisA", True),
        ("VisA/candle/test/goods/001.JPG", "VisA", True),
        ("MPDD/bracket_black/test/hole/000.png", None, True),
        ("visa/candle/test/good/001.JPG", None, False),
    ],
)
def test_the_path_says_dataset_and_truth_class(
    mmad: Definition, image: str, dataset: str | None, abnormal: bool
) -> None:
    assert mmad.source_dataset_of(image) == dataset
    assert mmad.is_abnormal(image) is abnormal


def test_a_definition_survives_the_database(mmad: Definition) -> None:
    assert Definition.from_dict(mmad.to_dict()) == mmad


def test_an_unknown_benchmark_is_named() -> None:
    with pytest.raises(ReleaseError, match="no-such-benchmark"):
        load("no-such-benchmark")


@pytest.mark.parametrize(
    "change",
    [
        {"present_minimum": 2.0},
        {"folds": {"MVTec-AD": "nowhere"}},
        {"source_datasets": ()},
        {"options_minimum": 1},
        {"name": 5},
        {"subtasks": ()},
    ],
)
def test_a_contradictory_definition_is_refused(mmad: Definition, change: dict[str, object]) -> None:
    with pytest.raises(ReleaseError, match="wrong-definition"):
        Definition.from_dict(mmad.to_dict() | change)


def test_an_unknown_metric_is_refused(mmad: Definition) -> None:
    odd = dataclasses.replace(mmad.subtasks[0], metric="luck")
    with pytest.raises(ReleaseError, match="metric"):
        Definition.from_dict(dataclasses.replace(mmad, subtasks=(odd,)).to_dict())


def test_no_rule_of_the_benchmark_stands_in_other_code(mmad: Definition) -> None:
    names = {*mmad.source_datasets, *mmad.folds, *(raw for s in mmad.subtasks for raw in s.raw_types)}
    root = Path(scoring.__file__).parent
    for path in root.rglob("*.py"):
        if "benchmarks" not in path.parts:
            text = path.read_text()
            assert not [name for name in names if name in text], path

"""Twelve images in three categories of two source datasets, and every figure of one file worked out on paper."""

import math
from fractions import Fraction
from typing import Any

import pytest

from scoring.boxes.evaluate import BoxEvaluation, evaluate
from scoring.boxes.release import BoxRelease
from scoring.boxes.report import BoxCell, Category, Located, Reasoning
from scoring.statistics.intervals import wilson
from tests.scoring.boxes.shapes import Image, as_json, record, release_of, reply

F = Fraction
SQUARE = (0, 0, 100, 100)

IMAGES = [
    Image("a/nut/n1"),
    Image("a/nut/n2"),
    Image("a/nut/n3", [SQUARE]),
    Image("a/nut/n4", [SQUARE, (200, 200, 300, 300)]),
    Image("a/bolt/b1"),
    Image("a/bolt/b2"),
    Image("a/bolt/b3", [SQUARE]),
    Image("a/bolt/b4", [SQUARE]),
    Image("b/tile/t1"),
    Image("b/tile/t2", anomalous=True),  # nobody has said where
    Image("b/tile/t3", [SQUARE]),
    Image("b/tile/t4", [SQUARE]),
]
ANSWERS = [
    record("a/nut/n1", []),
    record("a/nut/n2", [(5, 5, 50, 50)]),  # a false box on a normal image
    {"image": "a/nut/n3", "reply": reply([SQUARE], reasoning="It is bent.")},
    record("a/nut/n4", [(0, 0, 100, 50), (250, 250, 350, 350)]),  # overlaps of 1/2 and 1/7
    # nothing about a/bolt/b1
    {"image": "a/bolt/b2", "reply": "<think>Hm.</think><answer>Yes.</answer>"},  # invalid: no box
    record("a/bolt/b3", []),
    record("a/bolt/b4", [(0, 0, 100, 80), (0, 0, 90, 100)]),  # 0.8 and 0.9: one box is found once
    record("b/tile/t1", []),
    record("b/tile/t2", [(7, 7, 70, 70)]),  # right, and its box is neither right nor false
    record("b/tile/t3", [(0, 0, 10, 100)]),  # an overlap of exactly 0.1
    record("b/tile/t4", [(400, 400, 449, 440)]),  # invalid: outside the frame
]


@pytest.fixture(scope="module")
def release() -> BoxRelease:
    return release_of(IMAGES)


@pytest.fixture(scope="module")
def evaluation(release: BoxRelease) -> BoxEvaluation:
    return evaluate(as_json(ANSWERS), release)


def percent(*by_category: F | int) -> Any:
    return pytest.approx(float(100 * sum(by_category, F(0)) / len(by_category)), rel=1e-12)


# Category by category: nut, bolt, tile.
FIGURES = {
    # (75 + 25 + 75) / 3 and (75 + 100/3 + 50) / 3, and their mean
    "overall": percent(F(3, 4), F(1, 4), F(3, 4), F(3, 4), F(1, 3), F(1, 2)),
    "detection": percent(F(3, 4), F(1, 4), F(3, 4)),
    "localization": percent(F(3, 4), F(1, 3), F(1, 2)),  # 3 of 3 + 1 + 0, 1 of 1 + 1 + 1, 1 of 1 + 0 + 1
    "a": percent(F(3, 4), F(1, 4), F(3, 4), F(1, 3)),
    "b": percent(F(3, 4), F(1, 2)),
    "a/detection": percent(F(3, 4), F(1, 4)),
    "a/localization": percent(F(3, 4), F(1, 3)),
    "b/detection": percent(F(3, 4)),
    "b/localization": percent(F(1, 2)),
    "detection/recall": percent(1, F(1, 2), F(2, 3)),
    "detection/precision": percent(
        F(2, 3), F(1, 3), 1
    ),  # wrong on a normal image counts as taken for anomalous
    "detection/balanced-accuracy": percent((1 + F(1, 2)) / 2, F(1, 4), (F(2, 3) + 1) / 2),
    "localization/recall": percent(1, F(1, 2), F(1, 2)),
    "localization/precision": percent(F(3, 4), F(1, 2), 1),
    "localization/accuracy-50": percent(
        F(2, 5), F(1, 3), 0
    ),  # 2 of 2 + 2 + 1, 1 of 1 + 1 + 1, 0 of 0 + 1 + 2
    "localization/recall-50": percent(F(2, 3), F(1, 2), 0),
    "localization/precision-50": percent(F(1, 2), F(1, 2), 0),
}


def test_every_figure(evaluation: BoxEvaluation) -> None:
    assert dict(evaluation.report.figures()) == FIGURES


def test_figures_within_source_datasets(evaluation: BoxEvaluation) -> None:
    assert evaluation.report.further_by_dataset["a"] == {
        "detection/recall": percent(1, F(1, 2)),
        "detection/precision": percent(F(2, 3), F(1, 3)),
        "detection/balanced-accuracy": percent(F(3, 4), F(1, 4)),
        "localization/recall": percent(1, F(1, 2)),
        "localization/precision": percent(F(3, 4), F(1, 2)),
        "localization/accuracy-50": percent(F(2, 5), F(1, 3)),
        "localization/recall-50": percent(F(2, 3), F(1, 2)),
        "localization/precision-50": percent(F(1, 2), F(1, 2)),
    }


def test_every_count(evaluation: BoxEvaluation) -> None:
    report = evaluation.report
    assert (report.present, report.coverage) == (11 / 12, 9 / 12)
    assert [cell[:5] for cell in report.cells] == [
        BoxCell("a", "detection", 8, 6, 4, None)[:5],
        BoxCell("a", "localization", 8, 6, 4, None)[:5],
        BoxCell("b", "detection", 4, 3, 3, None)[:5],
        BoxCell("b", "localization", 3, 2, 1, None)[:5],
    ]
    assert report.boxes == {"0.1": Located(5, 2, 2), "0.5": Located(3, 4, 4)}
    assert report.categories == (
        Category("a", "bolt", 4, 1, Located(1, 1, 1), 25, percent(F(1, 3))),
        Category("a", "nut", 4, 3, Located(3, 1, 0), 75, 75),
        Category("b", "tile", 4, 3, Located(1, 0, 1), 75, 50),
    )
    assert report.readings == {"no": 3, "yes": 6, "yes-without-box": 1, "outside-frame": 1}
    assert report.invalid == {"yes-without-box": 1, "outside-frame": 1}
    assert report.reasoning == Reasoning(2 / 11, 7, 7, 11)


def test_the_errors_of_detection_and_localization(evaluation: BoxEvaluation) -> None:
    """Squared residuals of each category times n / (n - 1) = 4 / 3, a ninth of their sum, and C / (C - 1)."""
    share = F(3, 16) / 4 * F(4, 3)  # p (1 - p) / n in each of the three
    expect(evaluation, "detection", F(3, 9) * share * F(10, 9), units=12, images=12 - 2)
    nut = (F(3, 16) ** 2 + F(1, 16) ** 2 + F(1, 8) ** 2) * F(4, 3)  # 0 - 3/4, 1 - 3/4 and 2 - 6/4, each by 4
    bolt = 2 * F(1, 9) ** 2 * F(4, 3)  # 0 - 1/3 and 1 - 2/3, each by 3
    tile = 2 * F(1, 4) ** 2 * F(4, 3)  # 1 - 1/2 and 0 - 1/2, each by 2
    expect(evaluation, "localization", (nut + bolt + tile) / 9 * F(9, 8), units=4 + 3 + 2, images=11 - 2)


def expect(evaluation: BoxEvaluation, name: str, squared: F, *, units: int, images: int) -> None:
    share = dict(evaluation.report.figures())[name]
    assert share is not None
    low, high = wilson(share / 100, math.sqrt(squared), units, images)
    assert evaluation.report.intervals[name] == pytest.approx((100 * float(low), 100 * float(high)))


def test_a_partial_file_has_one_figure_and_no_score(release: BoxRelease) -> None:
    report = evaluate(as_json(ANSWERS), release, partial=["localization"]).report
    assert report.partial == ("localization",)
    assert (report.score, report.subtasks) == (None, {"localization": FIGURES["localization"]})
    assert report.datasets == {"a": None, "b": None}
    assert {name for name, _ in report.figures()} == {
        "overall", "a", "b", *(name for name in FIGURES if "localization" in name)
    }  # fmt: skip


def test_an_excluded_image_counts_nowhere(release: BoxRelease) -> None:
    fewer = [image for image in IMAGES if image.path != "a/nut/n4"]
    found = evaluate(as_json(ANSWERS), release.excluding(["a/nut/n4", "a/nut/n9"])).report
    answers = [each for each in ANSWERS if each["image"] != "a/nut/n4"]
    expected = evaluate(as_json(answers), release_of(fewer)).report
    assert found.figures() == expected.figures()
    assert found.intervals == expected.intervals
    assert (found.present, found.coverage, found.boxes) == (
        expected.present,
        expected.coverage,
        expected.boxes,
    )


def test_the_report_is_ready_for_json(evaluation: BoxEvaluation) -> None:
    body = evaluation.report.to_dict()
    assert body["kind"] == "boxes"
    assert body["boxes"]["0.5"] == {"right": 3, "false": 4, "missed": 4}
    assert as_json([body])

"""statsmodels computes every standard error a second time: a regression on the strata, its errors by image."""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from scoring.benchmarks.mmad import importer
from scoring.definition import Definition
from scoring.evaluate import evaluate
from scoring.release import Release
from scoring.statistics.clusters import Spread
from scoring.statistics.estimates import intervals
from scoring.statistics.intervals import wilson
from tests.scoring.answer_files import as_csv, plain_rows, right_answers, some_answers
from tests.scoring.statistics.shapes import Flags, flat, release_of, some_right


def errors(release: Release, correct: Flags, scored: Sequence[int] | None = None) -> dict[str, float]:
    figures = release.strata.linear(range(len(release.definition.subtasks)) if scored is None else scored)
    spread = Spread.of(release.strata, release.strata.count(correct))
    return dict(zip(figures.names, spread.errors(figures).tolist(), strict=True))


def regression(release: Release, correct: Flags, kept: Flags) -> tuple[Any, list[tuple[int, int, bool]]]:
    """Of the answers on the strata; the strata as (source dataset, subtask, whether of abnormal images)."""
    by_class = np.array([subtask.metric == "balanced_accuracy" for subtask in release.definition.subtasks])
    keys = list(
        zip(
            release.source_datasets[kept].tolist(),
            release.subtasks[kept].tolist(),
            (release.abnormal & by_class[release.subtasks])[kept].tolist(),
            strict=True,
        )
    )
    strata = sorted(set(keys))
    indicators = (np.array([strata.index(key) for key in keys])[:, None] == np.arange(len(strata))).astype(
        float
    )
    _, groups = np.unique(np.array(release.images)[kept], return_inverse=True)
    fit = sm.OLS(correct[kept].astype(float), indicators).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    return fit, strata


def error_of(
    release: Release, fit: Any, strata: list[tuple[int, int, bool]], weights: np.ndarray, kept: Flags
) -> float:
    used = {stratum for stratum, weight in zip(strata, weights, strict=True) if weight}
    images = {
        image
        for image, dataset, subtask, keep in zip(
            release.images,
            release.source_datasets.tolist(),
            release.subtasks.tolist(),
            kept.tolist(),
            strict=True,
        )
        if keep and any(each[:2] == (dataset, subtask) for each in used)
    }
    count = len(images)
    return math.sqrt(count / (count - 1) * weights @ fit.cov_params() @ weights)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_kind_of_figure_has_statsmodels_standard_error(standin_release: Release, seed: int) -> None:
    release = standin_release
    correct = some_right(release, seed=seed)
    fit, strata = regression(release, correct, release.counted)
    found = errors(release, correct)
    cell = np.array([1 / 8 if subtask == 0 else 1 / 4 for _, subtask, _ in strata])
    datasets = np.array([dataset for dataset, _, _ in strata])
    subtasks = np.array([subtask for _, subtask, _ in strata])
    sizes = fit.model.exog.sum(axis=0)
    wanted = {
        "overall": cell / 7,
        "defect-analysis": cell * (subtasks == 4),
        "anomaly-detection": cell * (subtasks == 0),
        "VisA": 4 * cell / 7 * (datasets == 2),
        "MVTec-LOCO/anomaly-detection": 4 * cell * (subtasks == 0) * (datasets == 1),
        "GoodsAD/object-analysis": 4 * cell * (subtasks == 6) * (datasets == 3),
        "micro": sizes / sizes.sum(),
    }
    for name, weights in wanted.items():
        expected = error_of(release, fit, strata, weights, release.counted)
        assert found[name] == pytest.approx(expected, rel=1e-9, abs=0), name


def test_one_class_alone_has_statsmodels_standard_error(standin_release: Release) -> None:
    release = standin_release
    correct = some_right(release)
    found = errors(release, correct)
    detecting = (release.source_datasets == 2) & (release.subtasks == 0)
    for figure, kept in (
        ("recall", detecting & release.abnormal),
        ("overkill", detecting & ~release.abnormal),
    ):
        _, groups = np.unique(np.array(release.images)[kept], return_inverse=True)
        # With one mean alone statsmodels' own correction is C / (C - 1).
        fit = sm.OLS(correct[kept].astype(float), np.ones(np.count_nonzero(kept))).fit(
            cov_type="cluster", cov_kwds={"groups": groups}
        )
        assert found[f"VisA/detection/{figure}"] == pytest.approx(float(fit.bse[0]), rel=1e-9, abs=0)


def test_excluded_questions_play_no_part(release: Release) -> None:
    less = release.excluding(release.ids[::7])
    correct = some_right(release)
    changed = correct ^ ~less.counted
    assert errors(less, correct) == errors(less, changed) != errors(release, correct)
    fit, strata = regression(less, correct, less.counted)
    weights = np.array([1 / 8 if subtask == 0 else 1 / 4 for _, subtask, _ in strata]) / 7
    assert errors(less, correct)["overall"] == pytest.approx(
        error_of(less, fit, strata, weights, less.counted), rel=1e-9, abs=0
    )


def test_a_partial_submission_has_the_figures_of_its_subtasks(release: Release) -> None:
    correct = some_right(release)
    part, whole = intervals(correct, release, [0, 4]), intervals(correct, release, range(7))
    assert {name.partition("/")[2] or name for name in part} == {
        *("anomaly-detection", "defect-analysis", "micro"),
        *(
            f"{at}{rate}"
            for at in ("", "detection/")
            for rate in ("recall", "precision", "f1", "overkill", "miss")
        ),
    }
    assert all(part[name] == whole[name] for name in part if name != "micro")
    assert "detection/f1" not in intervals(correct, release, [4])


def test_the_order_of_the_questions_plays_no_part(small_body: dict[str, Any], mmad: Definition) -> None:
    def found(body: dict[str, Any]) -> dict[str, Any]:
        release = importer.read(json.dumps(body).encode(), mmad)
        return intervals(np.array([sum(each.encode()) % 3 > 0 for each in release.ids]), release, range(7))

    assert found(small_body) == found(dict(reversed(small_body.items())))


def test_shares_are_the_report_s_scores(release: Release) -> None:
    found = evaluate(as_csv(plain_rows(release, some_answers(release))), release)
    correct = np.array(some_answers(release)) == np.array(right_answers(release))
    figures = release.strata.linear(range(7))
    values = Spread.of(release.strata, release.strata.count(correct)).values(figures)
    shares = dict(zip(figures.names, np.where(figures.turned, 1 - values, values).tolist(), strict=True))
    scores = dict(found.report.figures())
    assert set(scores) - set(shares) == {"detection/precision", "detection/f1"}
    for name in set(scores) & set(shares):
        assert 100 * shares[name] == pytest.approx(scores[name], abs=1e-10), name


def test_an_error_by_hand() -> None:
    """Two images of two questions: one all right, one half."""
    release = flat(2, 2)
    correct = np.array([True, True, True, False])
    # Residuals (2 - 1.5) / 4 and (1 - 1.5) / 4; their squares' sum times 2 / 1.
    assert errors(release, correct)["overall"] == pytest.approx(math.sqrt(2 * 2 * 0.125**2), abs=1e-15)


def test_figures_whose_images_all_agree_have_no_error() -> None:
    release = flat(30, 2)
    halves = np.arange(60) % 2 == 0
    assert errors(release, halves)["overall"] == 0
    low, high = wilson(0.5, 0.0, 60, 30)
    assert intervals(halves, release, [0])["overall"] == (100 * float(low), 100 * float(high))


def test_one_image_has_no_interval() -> None:
    release = flat(1, 9)
    assert set(intervals(np.ones(9, dtype=bool), release, [0]).values()) == {None}


def test_a_dataset_without_a_class_leaves_it_out() -> None:
    images = [f"set-0/good/{n}" for n in range(5)] + [
        f"set-1/{kind}/{n}" for kind in ("bad", "good") for n in range(5)
    ]
    release = release_of([(image, 0) for image in images], ("balanced_accuracy",))
    found = intervals(np.arange(15) % 5 > 0, release, [0])
    assert "set-0/detection/recall" not in found
    assert found["detection/recall"] == found["set-1/detection/recall"]
    assert (found["set-0/detection/precision"] or [None])[0] == 0


def test_miss_is_recall_from_the_other_end(release: Release) -> None:
    found = intervals(some_right(release), release, range(7))
    recall, miss = found["detection/recall"], found["detection/miss"]
    assert recall is not None
    assert miss == pytest.approx((100 - recall[1], 100 - recall[0]))

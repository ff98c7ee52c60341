"""pandas computes every figure a second time, from the records and the questions."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring.answers.read import read
from scoring.answers.sheet import UNREAD
from scoring.benchmarks.mmad import importer
from scoring.definition import Definition
from scoring.errors import PredictionError
from scoring.evaluate import evaluate, score
from scoring.release import Release
from tests.scoring.answer_files import as_csv, plain_rows, right_answers, some_answers

DETECTION = "anomaly-detection"


def table_of(release: Release, answers: list[str]) -> pd.DataFrame:
    """One row a question, from the public questions, their images' paths and the answers."""
    frame = pd.DataFrame(release.public_questions())
    frame["right"] = np.array(answers) == np.array(right_answers(release))
    frame["read"] = np.array(answers) != ""
    frame["good"] = [("good" in image.split("/")) for image in frame["image"]]
    return frame


def oracle(frame: pd.DataFrame, definition: Definition) -> dict[str, Any]:
    """The report by pivot and group-by."""
    by_class = frame.groupby(["source_dataset", "subtask", "good"])["right"].mean().unstack() * 100
    flat = frame.groupby(["source_dataset", "subtask"])["right"].mean() * 100
    balanced = by_class.mean(axis=1)
    is_detection = flat.index.get_level_values("subtask") == DETECTION
    cells = flat.where(~is_detection, balanced)
    pivot = cells.unstack()
    detect = frame[frame["subtask"] == DETECTION].assign(
        tp=lambda rows: ~rows["good"] & rows["right"],
        fn=lambda rows: ~rows["good"] & ~rows["right"],
        fp=lambda rows: rows["good"] & ~rows["right"],
        tn=lambda rows: rows["good"] & rows["right"],
    )
    sums = detect.groupby("source_dataset")[["tp", "fn", "fp", "tn"]].sum()
    recall = sums["tp"] / (sums["tp"] + sums["fn"])
    precision = sums["tp"] / (sums["tp"] + sums["fp"])
    detection = pd.DataFrame(
        {
            "recall": 100 * recall,
            "precision": 100 * precision,
            "f1": 200 * recall * precision / (recall + precision),
            "overkill": 100 * sums["fp"] / (sums["fp"] + sums["tn"]),
            "miss": 100 * sums["fn"] / (sums["tp"] + sums["fn"]),
        }
    )
    return {
        "score": pivot.mean(axis=1).mean(),
        "cells": cells.to_dict(),
        "subtasks": pivot.mean().to_dict(),
        "datasets": pivot.mean(axis=1).to_dict(),
        "detection": detection.mean().to_dict(),
        "detection_by_dataset": detection.to_dict("index"),
        "micro": 100 * frame["right"].mean(),
        "coverage": frame["read"].mean(),
        "asked": frame.groupby(["source_dataset", "subtask"]).size().to_dict(),
        "answered": frame.groupby(["source_dataset", "subtask"])["read"].sum().to_dict(),
        "correct": frame.groupby(["source_dataset", "subtask"])["right"].sum().to_dict(),
    }


def assert_close(found: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert_close(found[name], value)
    else:
        assert math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-12), (found, expected)


@pytest.mark.parametrize("unread_every", [0, 30])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pandas_finds_the_same_report(standin_release: Release, seed: int, unread_every: int) -> None:
    release = standin_release
    answers = some_answers(release, seed)
    if unread_every:
        answers[::unread_every] = ["" for _ in answers[::unread_every]]
    report = evaluate(as_csv(plain_rows(release, answers)), release).report
    frame = table_of(release, answers)
    expected = oracle(frame, release.definition)
    cells = {(cell.dataset, cell.subtask): cell for cell in report.cells}
    body = report.to_dict()
    for name in ("score", "subtasks", "datasets", "detection", "detection_by_dataset", "micro", "coverage"):
        assert_close(body[name], expected[name])
    assert_close({key: cell.score for key, cell in cells.items()}, expected["cells"])
    for name in ("asked", "answered", "correct"):
        assert {key: getattr(cell, name) for key, cell in cells.items()} == expected[name]
    official = oracle(frame[frame["read"]], release.definition)["score"]
    assert_close(report.official_compatible, official)


def test_weights_sum_to_the_score(standin_release: Release) -> None:
    """score = sum of w_q x_q with w_q = 1 / (4 x 7 x n_cell), detection split into its two classes."""
    release = standin_release
    answers = some_answers(release)
    frame = table_of(release, answers)
    classes = frame["good"].where(frame["subtask"] == DETECTION, False)
    size = frame.groupby(["source_dataset", "subtask", classes])["right"].transform("size")
    weight = 1 / (28 * size * np.where(frame["subtask"] == DETECTION, 2, 1))
    assert weight.sum() == pytest.approx(1, abs=1e-12)
    found = evaluate(as_csv(plain_rows(release, answers)), release).report.score
    assert found == pytest.approx(100 * (weight * frame["right"]).sum(), abs=1e-10)


def test_declining_wrong_answers_lifts_only_the_official_figure(release: Release) -> None:
    answers, right = some_answers(release), right_answers(release)
    declined = [answer if answer == truth else "" for answer, truth in zip(answers, right, strict=True)]
    full = evaluate(as_csv(plain_rows(release, answers)), release).report
    less = evaluate(as_csv(plain_rows(release, declined)), release).report
    assert less.score == full.score
    assert less.official_compatible == 100
    assert less.coverage < full.coverage == 1
    assert full.official_compatible == full.score


def test_a_report_is_ready_for_json(release: Release) -> None:
    report = evaluate(as_csv(plain_rows(release)), release).report
    body = report.to_dict()
    assert json.loads(json.dumps(body)) == body
    assert len(body["cells"]) == 28
    assert body["scorer_version"]


def test_every_figure_has_its_interval(release: Release) -> None:
    report = evaluate(as_csv(plain_rows(release)), release).report
    for name, value in report.figures():
        low, high = report.intervals[name] or (0, 0)
        assert value is not None
        assert 0 <= low < value < high <= 100, name
    body = report.to_dict()
    assert body["interval"] == list(report.intervals["overall"] or ())
    assert all(cell["interval"] for cell in body["cells"])
    for group in ("subtasks", "datasets", "detection", "detection_by_dataset"):
        assert body["intervals"][group].keys() == body[group].keys()
    assert body["intervals"]["micro"][0] < body["micro"] < body["intervals"]["micro"][1]


def test_figures_are_named_as_the_board_s_columns(release: Release, mmad: Definition) -> None:
    names = [name for name, _ in evaluate(as_csv(plain_rows(release)), release).report.figures()]
    assert names[:12] == ["overall", *mmad.subtask_slugs, *mmad.source_datasets]
    assert names[12] == "DS-MVTec/anomaly-detection"
    assert names[-5:] == [f"detection/{name}" for name in ("recall", "precision", "f1", "overkill", "miss")]
    assert len(names) == len(set(names)) == 1 + 7 + 4 + 28 + 5


def test_outcomes_are_a_bit_a_question(release: Release) -> None:
    answers = some_answers(release)
    bits = np.unpackbits(
        np.frombuffer(evaluate(as_csv(plain_rows(release, answers)), release).outcomes, np.uint8)
    )
    assert bits[: release.size].tolist() == [
        int(answer == right) for answer, right in zip(answers, right_answers(release), strict=True)
    ]
    assert not bits[release.size :].any()


def test_averages_run_over_the_cells_that_exist(small_body: dict[str, Any], mmad: Definition) -> None:
    body = {
        image: {"conversation": [q for q in record["conversation"] if q["type"] != "Defect Analysis"]}
        for image, record in small_body.items()
        if image.startswith("VisA") or ("/good/" not in image and image.startswith("GoodsAD"))
    }
    release = importer.read(json.dumps(body).encode(), mmad)
    report = evaluate(as_csv(plain_rows(release, right_answers(release))), release).report
    assert report.score == 100
    assert report.datasets == {"DS-MVTec": None, "MVTec-LOCO": None, "VisA": 100, "GoodsAD": 100}
    assert report.subtasks["defect-analysis"] is None
    assert ("GoodsAD", "object-analysis") not in {(cell.dataset, cell.subtask) for cell in report.cells}
    assert report.detection_by_dataset["GoodsAD"].overkill is None
    assert report.detection.overkill == 0


def rows_of(release: Release, *slugs: str) -> list[tuple[str, str | None]]:
    wanted = {release.definition.subtask_slugs.index(slug) for slug in slugs}
    rows = plain_rows(release)
    return [row for row, subtask in zip(rows, release.subtasks.tolist(), strict=True) if subtask in wanted]


def test_too_few_records_are_counted_by_subtask(release: Release) -> None:
    with pytest.raises(PredictionError) as caught:
        evaluate(as_csv(rows_of(release, DETECTION, "object-analysis")), release)
    (problem,) = caught.value.problems
    assert problem.code == "too-few-records"
    assert problem.line is None
    assert problem.params["complete"] == "anomaly-detection, object-analysis"
    assert problem.params["present/defect-analysis"] == 0
    assert problem.params["questions"] == release.size
    parts = (problem.params[f"present/{slug}"] for slug in (DETECTION, "object-analysis"))
    assert problem.params["present"] == sum(int(part) for part in parts)


@pytest.mark.parametrize(
    ("missing", "accepted"), [(0, True), (5, True), (6, False), (50, False), (100, False)]
)
def test_95_percent_present_are_enough(standin_release: Release, missing: int, accepted: bool) -> None:
    rows = plain_rows(standin_release)
    kept = rows[: math.ceil(len(rows) * (100 - missing) / 100)]
    if accepted:
        report = evaluate(as_csv(kept), standin_release).report
        assert report.present == len(kept) / len(rows)
    else:
        with pytest.raises(PredictionError, match="too-few-records"):
            evaluate(as_csv(kept), standin_release)


def test_a_partial_file_is_scored_in_its_subtasks_alone(release: Release) -> None:
    whole = evaluate(as_csv(plain_rows(release)), release).report
    part = evaluate(
        as_csv(rows_of(release, DETECTION, "object-analysis")),
        release,
        partial=[DETECTION, "object-analysis"],
    ).report
    assert part.score is None
    assert part.official_compatible is None
    assert set(part.datasets.values()) == {None}
    assert part.partial == (DETECTION, "object-analysis")
    assert part.subtasks == {slug: whole.subtasks[slug] for slug in part.partial}
    assert part.detection == whole.detection
    assert part.present == part.coverage == 1
    assert {cell.subtask for cell in part.cells} == set(part.partial)
    assert dict(part.figures())["overall"] is None


def test_records_for_other_subtasks_are_ignored_and_counted(release: Release) -> None:
    rows = plain_rows(release)
    part = evaluate(as_csv(rows), release, partial=["defect-analysis"])
    own = rows_of(release, "defect-analysis")
    assert part.report.ignored == len(rows) - len(own)
    assert part.report.present == 1
    alone = evaluate(as_csv(own), release, partial=["defect-analysis"])
    assert alone.outcomes == part.outcomes
    assert alone.report.subtasks == part.report.subtasks
    assert part.report.detection.recall is None


def test_each_subtask_of_a_partial_file_needs_its_share(release: Release) -> None:
    rows = rows_of(release, "defect-analysis") + rows_of(release, DETECTION)[: release.size // 20]
    with pytest.raises(PredictionError, match="too-few-records"):
        evaluate(as_csv(rows), release, partial=["defect-analysis", DETECTION])


def test_naming_every_subtask_is_naming_none(release: Release, mmad: Definition) -> None:
    data = as_csv(plain_rows(release))
    assert evaluate(data, release, partial=mmad.subtask_slugs) == evaluate(data, release)


def test_an_unknown_subtask_is_named(release: Release) -> None:
    with pytest.raises(PredictionError, match="weather"):
        evaluate(as_csv(plain_rows(release)), release, partial=["weather"])


def test_a_sheet_without_any_answer_scores_nothing(release: Release) -> None:
    sheet = read(as_csv([]), release)
    assert set(sheet.codes.tolist()) == {UNREAD}
    report = score(sheet, release).report
    assert (report.score, report.present, report.coverage, report.micro) == (0, 0, 0, 0)
    assert report.official_compatible is None


def test_no_truth_stands_in_an_error(release: Release) -> None:
    """The file answers everything wrong and holds every kind of fault: nothing says what is right."""
    rows = [(question, "Z") for question in release.ids]
    with pytest.raises(PredictionError) as caught:
        evaluate(as_csv(rows), release)
    for problem in caught.value.problems:
        assert set(problem.params) == {"question_id", "answer", "last_option"}
        assert problem.params["answer"] == "Z"


def test_the_commonest_letter_is_counted_over_the_replies_read(release: Release, mmad: Definition) -> None:
    answers = some_answers(release)
    answers[::5] = [""] * len(answers[::5])
    report = evaluate(as_csv(plain_rows(release, answers)), release).report
    frame = table_of(release, answers).assign(answer=answers).query("read")

    def commonest(replies: Any) -> dict[str, Any]:
        counts = replies.value_counts().sort_index()
        letter = counts.idxmax()
        return {"letter": letter, "share": counts[letter] / counts.sum(), "replies": counts.sum()}

    body = report.to_dict()
    assert body["commonest"] == commonest(frame["answer"])
    by_subtask = frame.groupby("subtask")["answer"]
    assert body["commonest_by_subtask"] == {
        slug: commonest(by_subtask.get_group(slug)) for slug in mmad.subtask_slugs
    }


def test_a_partial_file_has_the_commonest_letter_of_its_subtasks(release: Release) -> None:
    rows = [(question, "A") for question, _ in rows_of(release, "defect-analysis")]
    rest = [(question, "B") for question, _ in rows_of(release, DETECTION)]
    report = evaluate(as_csv(rows + rest), release, partial=["defect-analysis"]).report
    assert report.commonest == ("A", 1.0, len(rows))
    assert set(report.commonest_by_subtask) == {"defect-analysis"}


def test_where_no_reply_was_read_no_letter_is_the_commonest(release: Release) -> None:
    report = score(read(as_csv([]), release), release).report
    assert report.commonest is None
    assert set(report.commonest_by_subtask.values()) == {None}


def test_an_excluded_question_is_not_among_the_letters(release: Release) -> None:
    without = release.excluding(release.ids[:1])
    counted = evaluate(as_csv(plain_rows(release)), without).report.commonest
    assert counted is not None
    assert counted.replies == release.size - 1

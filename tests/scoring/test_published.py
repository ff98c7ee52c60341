"""The authors' 22 tables, rebuilt as answer files and scored."""

import math
from pathlib import Path

import pandas as pd
import pytest

from scoring.evaluate import evaluate
from scoring.release import Release
from scoring.standin import PublishedModel, published_models, rebuild

MODELS = {model.name: model for model in published_models()}
INCOMPLETE = {
    "Claude 3.5 Sonnet (20241022)": (65.444, 0.9519),
    "Gemini 1.5 Pro": (72.328, 0.9874),
    "Gemini 1.5 Flash": (68.740, 0.9971),
    "GPT-4o": (74.222, 0.9984),
}
COMPLETE = [name for name in MODELS if name not in INCOMPLETE]


def table(reference: Path, model: PublishedModel) -> pd.DataFrame:
    return pd.read_csv(reference / "mmad/published" / model.file, index_col=0)


def slug(column: str) -> str:
    return column.lower().replace(" ", "-")


def test_18_tables_are_complete_and_four_are_not() -> None:
    assert len(MODELS) == 22
    assert {name for name, model in MODELS.items() if not model.complete} == set(INCOMPLETE)


@pytest.mark.parametrize(
    ("name", "native"), [(name, False) for name in COMPLETE] + [(name, True) for name in COMPLETE[::6]]
)
def test_a_complete_table_comes_out_at_its_published_averages(
    standin_release: Release, name: str, native: bool
) -> None:
    model = MODELS[name]
    report = evaluate(rebuild(model, standin_release, native=native), standin_release).report
    figures = dict(report.figures())
    assert report.coverage == 1
    for column, published in model.averages.items():
        assert math.isclose(figures[column] or 0, published, abs_tol=1e-6), column


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_table_comes_out_cell_by_cell(
    standin_release: Release, reference: Path, name: str
) -> None:
    model = MODELS[name]
    published = table(reference, model)
    report = evaluate(rebuild(model, standin_release), standin_release).report
    figures = dict(report.figures())
    rows = [*published.index.drop("Average")]
    assert len(rows) == 4
    for column in published.columns:
        for row in [*rows, "Average"]:
            if column in ("Recall", "Precision", "F1", "Overkill", "Miss"):
                detection = report.detection if row == "Average" else report.detection_by_dataset[row]
                found = getattr(detection, column.lower())
            elif column == "Average":
                found = report.score if row == "Average" else figures[row]
            else:
                found = figures[slug(column) if row == "Average" else f"{row}/{slug(column)}"]
            assert found == pytest.approx(published.loc[row, column], abs=1e-6), (row, column)


@pytest.mark.parametrize("name", INCOMPLETE)
def test_an_incomplete_table_comes_out_below_with_its_coverage(standin_release: Release, name: str) -> None:
    score, coverage = INCOMPLETE[name]
    model = MODELS[name]
    report = evaluate(rebuild(model, standin_release), standin_release).report
    assert report.score == pytest.approx(score, abs=6e-4)
    assert report.coverage == pytest.approx(coverage, abs=5e-5)
    assert report.present == 1
    assert report.score is not None
    assert report.score < model.averages["overall"]


@pytest.mark.parametrize("name", INCOMPLETE)
def test_without_the_unanswered_an_incomplete_table_is_the_published_one(
    standin_release: Release, name: str
) -> None:
    report = evaluate(rebuild(MODELS[name], standin_release), standin_release).report
    assert report.official_compatible == pytest.approx(MODELS[name].averages["overall"], abs=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_the_restated_averages_are_the_published_ones(reference: Path, name: str) -> None:
    model = MODELS[name]
    published = table(reference, model)
    for column, average in model.averages.items():
        if column == "overall":
            expected = published.loc["Average", "Average"]
        elif column in published.index:
            expected = published.loc[column, "Average"]
        else:
            expected = {slug(name): published.loc["Average", name] for name in published.columns}[column]
        assert average == pytest.approx(expected, abs=1e-9)


def test_settings_say_what_the_file_names_say() -> None:
    assert {name for name, model in MODELS.items() if model.settings["shots"] == 0} == {
        "SPHINX-v2-1k",
        "Cambrian-8B",
    }
    assert [n for n, m in MODELS.items() if m.settings.get("quantisation") == "AWQ"] == [
        "Qwen2.5-VL-72B-Instruct-AWQ"
    ]
    assert MODELS["LLaVA-1.6-34B"].settings["parameters"] == 34
    assert MODELS["GPT-4o"].settings["open_weights"] == "no"
    assert "training" not in MODELS["GPT-4o"].settings

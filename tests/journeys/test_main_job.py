"""The main job through the front door: an answer file goes in, a ranked and public score comes out."""

import csv
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scoring import definition, standin
from scoring.benchmarks.mmad import importer
from scoring.release import Release
from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.servers.site import Site

AS_PRINTED = 1e-6


@cache
def release() -> Release:
    """The stand-in's questions and truth: seeded, so everybody can make them."""
    return importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))


def complete_models() -> list[standin.PublishedModel]:
    return [model for model in standin.published_models() if model.complete]


@pytest.fixture(params=["embedded", "production"], scope="module")
def running(request: pytest.FixtureRequest) -> Site:
    """Both sets: SQLite and folders; PostgreSQL, Redis over TCP and an S3 gateway."""
    site: Site = request.getfixturevalue(f"{request.param}_site")
    return site


@pytest.fixture(scope="module")
def sender(running: Site) -> Pipeline:
    return pipeline(running, "main-job")


def test_one_file_from_upload_to_its_place_on_the_board(sender: Pipeline) -> None:
    model = random.Random(1).choice(complete_models())
    file = standin.rebuild(model, release(), seed=11)
    answer = sender.upload(
        file, "my model", visibility="public", shots=1, training="none-known", tools="none"
    )
    assert answer.status_code == 202
    state = sender.finished(answer.json())
    assert state["status"] == "scored"
    assert state["score"] == pytest.approx(model.averages["overall"], abs=AS_PRINTED)
    assert sender.upload(file, "my model").json()["id"] == state["id"], (
        "the same file again is the same submission"
    )
    row = board_row(sender, state["id"])
    assert row["score"] == state["score"], "scored means that the ranks stand"
    assert row["rank"] >= 1
    assert row["entry"]["settings"]["shots"] == 1
    closed = board_row(sender, state["id"], division="closed")
    assert closed["rank"] == 1
    for slug, score in row["subtasks"].items():
        assert board_row(sender, state["id"], column=slug)["score"] == score
    withdrawn = sender.post(f"/submissions/{state['id']}/withdraw/", reason="a trial")
    assert withdrawn.json()["visibility"] == "withdrawn"
    sender.until(lambda: board_row(sender, state["id"]) is None)
    entry = sender.get(f"/entries/{state['entry']['id']}/").json()
    assert entry["history"][0]["withdrawn_reason"] == "a trial"


def test_the_standin_is_there_to_be_tried_by_everybody(sender: Pipeline) -> None:
    said = sender.get(f"/benchmarks/{sender.slug}/").json()
    assert said["limits"]["public_entries"] is None
    assert said["rules"]["holds_alike"] is False


def board_row(sender: Pipeline, submission_id: str, **params: str) -> Any:
    """The submission's row on the board, None when it is not there."""
    answer = sender.get(f"/benchmarks/{sender.slug}/leaderboard/", **params).raise_for_status().json()
    return next((row for row in answer["results"] if row["submission"] == submission_id), None)


@pytest.fixture(scope="module")
def published(reference: Path) -> dict[str, dict[str, dict[str, float]]]:
    """The authors' own tables: file -> line -> column -> percent."""
    tables = {}
    for path in sorted((reference / "mmad" / "published").glob("*.csv")):
        with path.open(newline="") as file:
            rows = {row.pop(""): row for row in csv.DictReader(file)}
        tables[path.name] = {
            line: {column: float(text) for column, text in row.items() if text} for line, row in rows.items()
        }
    return tables


@pytest.mark.parametrize("model", complete_models(), ids=lambda model: model.name)
def test_complete_published_tables_come_out_as_printed(
    embedded_site: Site, uploader: Pipeline, published: dict[str, Any], model: standin.PublishedModel
) -> None:
    table = published[model.file]
    native = model.name.startswith(("Qwen2-VL", "LLaVA-1.5"))
    state = uploader.outcome(standin.rebuild(model, release(), seed=3, native=native), f"{model.name}, again")
    assert state["coverage"] == 1
    report = uploader.get(state["links"]["report"]).json()
    names = {subtask.slug: subtask.name for subtask in release().definition.subtasks}
    for cell in report["cells"]:
        assert cell["score"] == pytest.approx(table[cell["dataset"]][names[cell["subtask"]]], abs=AS_PRINTED)
    for slug, score in report["subtasks"].items():
        assert score == pytest.approx(table["Average"][names[slug]], abs=AS_PRINTED)
    for dataset, score in report["datasets"].items():
        assert score == pytest.approx(table[dataset]["Average"], abs=AS_PRINTED)
    assert report["score"] == pytest.approx(table["Average"]["Average"], abs=AS_PRINTED)
    for name, score in report["detection"].items():
        if name.title() in table["Average"]:
            assert score == pytest.approx(table["Average"][name.title()], abs=AS_PRINTED)


@pytest.fixture(scope="module")
def uploader(embedded_site: Site) -> Pipeline:
    return pipeline(embedded_site, "published-again")


INCOMPLETE = {
    "claude-3-5-sonnet": (65.444, 0.9519),
    "gemini-1.5-pro": (72.328, 0.9874),
    "gemini-1.5-flash": (68.740, 0.9971),
    "gpt-4o_": (74.222, 0.9984),
}


@pytest.mark.parametrize("name", INCOMPLETE)
def test_incomplete_tables_show_their_coverage_and_score_below_what_was_printed(
    uploader: Pipeline, name: str
) -> None:
    model = next(model for model in standin.published_models() if name in model.file)
    rows = uploader.get("/benchmarks/mmad-standin/leaderboard/").json()["results"]
    row = next(
        row for row in rows if row["entry"]["name"] == model.name and row["team"] == "published-results"
    )
    score, coverage = INCOMPLETE[name]
    assert row["score"] == pytest.approx(score, abs=5e-4)
    assert row["coverage"] == pytest.approx(coverage, abs=5e-5)
    assert row["score"] < model.averages["overall"]


def test_the_real_questions_import_and_score(embedded_site: Site, reference: Path, tmp_path: Path) -> None:
    lines = (reference / "mmad" / "real_questions_713.jsonl").read_text().splitlines()
    questions: dict[str, Any] = {}
    for question in map(json.loads, lines):
        record = questions.setdefault(
            question["image"], {"mask_path": question["mask_path"], "conversation": []}
        )
        record["conversation"].append(
            {key: question[key] for key in ("Question", "Options", "Answer", "type")}
        )
    path = tmp_path / "mmad.json"
    path.write_text(json.dumps(questions))
    digest = embedded_site.manage("import_mmad", str(path), "--slug", "mmad-real").stdout.strip()
    assert embedded_site.manage("import_mmad", str(path), "--slug", "mmad-real").stdout.strip() == digest
    team = pipeline(embedded_site, "real-questions", slug="mmad-real")
    benchmark = team.get("/benchmarks/mmad-real/").json()
    assert benchmark["release"]["digest"] == digest
    assert benchmark["source_datasets"] == ["DS-MVTec", "MVTec-LOCO", "VisA", "GoodsAD"], "MVTec-AD/ folds"
    state = team.outcome(material.answers(0.5, material=questions), "half right")
    assert state["status"] == "scored"
    report = team.get(state["links"]["report"]).json()
    assert sum(cell["asked"] for cell in report["cells"]) == 713

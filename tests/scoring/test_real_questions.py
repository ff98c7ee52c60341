"""713 real questions, in mmad.json's shape."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scoring.answers import native
from scoring.answers.json_keys import count_keys
from scoring.benchmarks.mmad import importer
from scoring.definition import Definition
from scoring.evaluate import evaluate
from scoring.release import Release
from scoring.replies import read
from tests.scoring.answer_files import (
    as_csv,
    as_native,
    native_records,
    plain_rows,
    right_answers,
    some_answers,
)
from tests.scoring.test_report import assert_close, oracle, table_of


@pytest.fixture(scope="module")
def rows(reference: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in (reference / "mmad/real_questions_713.jsonl").read_text().splitlines()
    ]


@pytest.fixture(scope="module")
def real(rows: list[dict[str, Any]], mmad: Definition) -> Release:
    body: dict[str, Any] = {}
    for row in rows:
        record = body.setdefault(row["image"], {"mask_path": row["mask_path"], "conversation": []})
        record["conversation"].append({name: row[name] for name in ("Question", "Options", "Answer", "type")})
    return importer.read(json.dumps(body).encode(), mmad)


def test_all_of_them_import(real: Release, rows: list[dict[str, Any]]) -> None:
    assert real.size == 713
    assert len(set(real.images)) == 147
    assert len({image.split("/")[1] for image in real.images}) == 38
    assert set(real.kinds) == {row["type"] for row in rows}
    assert len(set(real.kinds)) == 9


def test_the_folded_rows_belong_to_ds_mvtec(real: Release) -> None:
    folded = [
        cell for cell, image in zip(real.source_datasets, real.images, strict=True) if "MVTec-AD" in image
    ]
    assert folded
    assert set(folded) == {0}
    report = evaluate(as_csv(plain_rows(real)), real).report
    assert list(report.datasets) == ["DS-MVTec", "MVTec-LOCO", "VisA", "GoodsAD"]
    assert len(report.cells) == 28


def test_normal_images_of_goods_ad_are_those_in_good(real: Release) -> None:
    goods = [
        (image, bool(flag))
        for image, flag in zip(real.images, real.abnormal, strict=True)
        if "GoodsAD" in image
    ]
    assert {flag for _, flag in goods} == {True, False}
    assert all(flag != ("/good/" in image) for image, flag in goods)


def test_they_score_as_pandas_says(real: Release) -> None:
    for answers in (right_answers(real), some_answers(real)):
        report = evaluate(as_csv(plain_rows(real, answers)), real).report
        expected = oracle(table_of(real, answers), real.definition)
        for name in ("score", "subtasks", "datasets", "detection", "micro"):
            assert_close(report.to_dict()[name], expected[name])


def test_without_the_fold_the_average_falls(real: Release, mmad: Definition) -> None:
    """Why the fold is there: a fifth dataset with a few questions would count as much as any other."""
    answers = ["" if "MVTec-AD" in image else answer
               for image, answer in zip(real.images, right_answers(real), strict=True)]  # fmt: skip
    frame: pd.DataFrame = table_of(real, answers)
    folded = oracle(frame, mmad)["score"]
    frame["source_dataset"] = frame["image"].str.split("/").str[0]
    assert oracle(frame, mmad)["score"] < folded - 10


def test_native_files_of_them_are_read_quickly(real: Release) -> None:
    records = native_records(real)
    data = as_native(records)
    assert native.read_json_quickly(data, count_keys(data) or 0, real) is not None
    assert evaluate(data, real).outcomes == evaluate(as_csv(plain_rows(real)), real).outcomes


def test_every_option_s_own_text_is_read_as_that_option(real: Release) -> None:
    """As far as options differ: the whole text of an option is never taken for another."""
    wrong = []
    for position in range(real.size):
        options = real.options[position]
        for code, text in enumerate(options):
            reading = read(text, options)
            if reading.letter != "ABCDE"[code]:
                wrong.append((text, reading))
    assert not wrong

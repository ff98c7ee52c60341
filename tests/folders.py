"""Folders of benchmarks for tests."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from string import ascii_uppercase
from typing import Any

TOML = """\
slug = "colours"
name = "Colours"

[[subtasks]]
slug = "hue"
name = "Hue"

[[subtasks]]
slug = "shade"
name = "Shade"
"""
# Seven subtasks, 26 options, all questions pooled, and the lowest score wins: nothing like MMAD.
FEARS = """\
slug = "fears"
name = "Fears"
summary = "How often a model gives in."
average_over = []
lower_is_better = true
options_minimum = 26
options_maximum = 26
disclosure = "subtasks"

[limits]
daily = 7
total = 70
public_entries = 2

[files]
questions = "asked.jsonl"
truth = "truth.jsonl"

[translations.zh-hans]
name = "恐惧"
subtasks.fear-0 = { name = "第一" }
"""
PARTS = """\
slug = "parts"
name = "Parts"
kind = "boxes"
"""


def write(folder: Path, toml: str, **tables: Iterable[Mapping[str, Any]]) -> Path:
    """A folder with these tables, as `questions_csv=rows` is written to questions.csv."""
    folder.mkdir(exist_ok=True)
    (folder / "benchmark.toml").write_text(toml)
    for name, rows in tables.items():
        stem, _, suffix = name.rpartition("_")
        path = folder / f"{stem}.{suffix}"
        if suffix == "csv":
            some = list(rows)
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, list(some[0]))
                writer.writeheader()
                writer.writerows(some)
        else:
            path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder


def colours(**changes: Any) -> list[dict[str, Any]]:
    """Four questions, their truth beside them; `changes` are of the second."""
    rows = [
        {
            "question_id": f"q{number}",
            "image": f"image-{number // 2}.png",
            "subtask": "hue" if number % 2 else "shade",
            "text": f"Which is number {number}?",
            "A": "red",
            "B": "green",
            "C": "blue" if number else "",
            "answer": "ABCA"[number],
        }
        for number in range(4)
    ]
    rows[1] |= changes
    return rows


def fears(folder: Path) -> Path:
    """Seven subtasks of 30 questions with 26 options."""
    chance = Random(5)
    toml = FEARS + "".join(
        f'\n[[subtasks]]\nslug = "fear-{number}"\nname = "Fear {number}"\n' for number in range(7)
    )
    asked = [
        {
            "question_id": f"{number:03}",
            "subtask": f"fear-{number % 7}",
            "cluster": f"story {number // 3}",
            "text": f"What follows on {number}?",
            "options": [f"{letter} happens in {number}" for letter in ascii_uppercase],
        }
        for number in range(210)
    ]
    truth = [{"question_id": each["question_id"], "answer": chance.choice(ascii_uppercase)} for each in asked]
    return write(folder, toml, asked_jsonl=asked, truth_jsonl=reversed(truth))


def parts(*changes: tuple[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Four images, their truth beside them; `changes` are of the rows at these positions."""
    rows: list[dict[str, Any]] = [
        {"image": "valve/1.png", "anomalous": "true", "boxes": "[[100, 100, 300, 200]]"},
        {"image": "valve/2.png", "anomalous": "false", "boxes": ""},
        {
            "image": "cable/1.png",
            "anomalous": "true",
            "boxes": '[{"bbox_2d": [60, 0, 224, 50], "label": "cut"}]',
        },
        {"image": "cable/2.png", "anomalous": "yes", "boxes": "[]"},
    ]
    for row in rows:
        row["category"] = row["image"].split("/")[0]
        row |= (
            {"width": "1000", "height": "500"}
            if row["category"] == "valve"
            else {"width": "224", "height": "224"}
        )
    for position, change in changes:
        rows[position] |= change
    return rows

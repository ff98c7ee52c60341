"""The plain way to score an answer file, to measure against: rows parsed into dicts, counted in dicts.

It follows the MMAD authors' script (a loop over parsed rows with a dictionary of counters for each source
dataset and type; an answer is right when it is the right letter), without its faults: unanswered questions
count as wrong, and no row is skipped.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping

Counters = dict[str, dict[str, dict[str, dict[str, int]]]]


def score(data: bytes, questions: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """The scores of a plain CSV file; `questions` maps ids to dicts that hold the right answer, too."""
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    given: dict[str, str] = {}
    for row in rows:
        if row["question_id"] not in questions:
            raise ValueError(f"unknown question {row['question_id']}")
        if row["question_id"] in given:
            raise ValueError(f"duplicate question {row['question_id']}")
        given[row["question_id"]] = row["answer"]
    return figures(count(given, questions))


def count(given: Mapping[str, str], questions: Mapping[str, Mapping[str, object]]) -> Counters:
    """Right and asked, by source dataset, subtask and truth class."""
    counters: Counters = defaultdict(
        lambda: defaultdict(lambda: defaultdict(lambda: {"right": 0, "asked": 0}))
    )
    for question_id, question in questions.items():
        dataset, subtask = str(question["source_dataset"]), str(question["subtask"])
        truth_class = "normal" if "good" in str(question["image"]).split("/") else "abnormal"
        cell = counters[dataset][subtask][truth_class]
        cell["asked"] += 1
        if given.get(question_id) == question["answer"]:
            cell["right"] += 1
    return counters


def figures(counters: Counters) -> dict[str, object]:
    """The cells' scores and their means."""
    cells = {
        (dataset, subtask): cell_score(subtask, classes)
        for dataset, subtasks in counters.items()
        for subtask, classes in subtasks.items()
    }
    datasets = {name: mean([score for (d, _), score in cells.items() if d == name]) for name in counters}
    slugs = {subtask for _, subtask in cells}
    subtasks = {slug: mean([score for (_, s), score in cells.items() if s == slug]) for slug in slugs}
    return {
        "score": mean(list(datasets.values())),
        "datasets": datasets,
        "subtasks": subtasks,
        "cells": cells,
    }


def cell_score(subtask: str, classes: Mapping[str, Mapping[str, int]]) -> float:
    if subtask == "anomaly-detection":
        return mean([100 * count["right"] / count["asked"] for count in classes.values()])
    right = sum(count["right"] for count in classes.values())
    return 100 * right / sum(count["asked"] for count in classes.values())


def mean(scores: list[float]) -> float:
    return sum(scores) / len(scores)

"""RobustMAD, from the reference data, as a folder that its organizer would write."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

TOML = """\
slug = "robustmad"
name = "RobustMAD"
summary = "Robustness of multimodal models on industrial images: eleven questions on each, with five options."
average_over = []
options_minimum = 5
options_maximum = 5
answers_public = true
disclosure = "cells"

[links]
code = "https://github.com/en-research/RobustMAD"

[files]
questions = "questions.csv"
truth = "truth.csv"
"""
SUBTASK = """
[[subtasks]]
slug = "{slug}"
name = "{name}"
"""


def images(reference: Path) -> list[dict[str, Any]]:
    body = json.loads(gzip.decompress((reference / "robustmad/RobustMAD_MCQ.json.gz").read_bytes()))
    return list(body["images"])


def question_id(image: str, number: object) -> str:
    return f"{image}#{number}"


def slug(category: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in category.lower()).split())


def write(folder: Path, reference: Path) -> Path:
    found = images(reference)
    names = dict.fromkeys(each["robustness_category"] for image in found for each in image["questions"])
    toml = TOML + "".join(SUBTASK.format(slug=slug(name), name=name) for name in names)
    (folder / "benchmark.toml").write_text(toml)
    with (
        (folder / "questions.csv").open("w", newline="") as questions,
        (folder / "truth.csv").open("w") as truth,
    ):
        asked = csv.writer(questions)
        asked.writerow(["question_id", "image", "source_dataset", "subtask", "category", "text", *"ABCDE"])
        truth.write("question_id,answer\n")
        for image in found:
            path = image["image_path"]
            for each in image["questions"]:
                its_id = question_id(path, each["question_id"])
                placed = [path, image["dataset"], slug(each["robustness_category"]), image["category"]]
                asked.writerow(
                    [its_id, *placed, each["question"], *(each["options"][letter] for letter in "ABCDE")]
                )
                truth.write(f"{its_id},{each['answer']}\n")
    return folder


def letters(reference: Path, model: str) -> dict[str, str]:
    """The letter that the authors took of each reply, by question id."""
    body = json.loads(gzip.decompress((reference / f"robustmad/MCQ_{model}.json.gz").read_bytes()))
    return {question_id(each["image_path"], each["question_id"]): each["mslm_answer"] or "" for each in body}


# What the letters that the authors took of each model's replies come to, in percent.
SCORES = {
    "InternVL2_4B": 63.4590,
    "phi_3.5_vision_instruct": 63.4146,
    "Qwen2_5_VL_3B_Instruct": 75.2550,
}

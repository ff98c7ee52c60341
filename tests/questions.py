"""Questions in MMAD's shape, their truth a known random sequence, and files that answer them."""

import random
from collections.abc import Mapping
from typing import Any

LETTERS = "ABCD"
DATASETS = ("DS-MVTec", "MVTec-LOCO", "VisA", "GoodsAD")
DEFECT_TYPES = ("Defect Classification", "Defect Localization", "Defect Description", "Defect Analysis")
OBJECT_TYPES = ("Object Classification", "Object Analysis")


def questions(images_a_class: int = 3, seed: int = 7) -> dict[str, Any]:
    """mmad.json's shape: per source dataset that many good and that many bad images, 5 and 3 questions each."""
    chance = random.Random(seed)
    content: dict[str, Any] = {}
    for dataset in DATASETS:
        for number in range(images_a_class):
            for folder, kinds in (("good", OBJECT_TYPES), ("broken", DEFECT_TYPES)):
                image = f"{dataset}/thing/image/{folder}/{number:03}.png"
                content[image] = {
                    "conversation": [_detection(chance), *(_question(kind, chance) for kind in kinds)]
                }
    return content


def _detection(chance: random.Random) -> dict[str, Any]:
    options = {"A": "Yes.", "B": "No."}
    return {
        "Question": "Is there any defect in the object?",
        "Options": options,
        "Answer": chance.choice("AB"),
        "type": "Anomaly Detection",
    }


def _question(kind: str, chance: random.Random) -> dict[str, Any]:
    return {
        "Question": f"Which one is it, as to {kind.lower()}?",
        "Options": {letter: f"the {kind.lower()} numbered {letter}" for letter in LETTERS},
        "Answer": chance.choice(LETTERS),
        "type": kind,
    }


def truth(material: Mapping[str, Any]) -> dict[str, str]:
    """question_id -> letter."""
    return {
        f"{image}#{index}": question["Answer"]
        for image, record in material.items()
        for index, question in enumerate(record["conversation"])
    }


def answers(right: float = 0.75, *, material: Mapping[str, Any] | None = None, seed: int = 1) -> bytes:
    """A plain CSV file in which about that share of the answers is right; never a long run of the truth."""
    chance = random.Random(seed)
    lines = ["question_id,answer"]
    for question_id, letter in truth(material or questions()).items():
        wrong = "B" if letter == "A" else "A"
        lines.append(f"{question_id},{letter if chance.random() < right else wrong}")
    return "\n".join(lines).encode() + b"\n"

"""Prediction tables of VLMEvalKit, as `run.py` writes them for multiple choice.

Made for VLMEvalKit as it has been since PRED_FORMAT came in 2025 (`vlmeval/inference.py`, `vlmeval/smp/file.py`; the
project does not number its versions): the dataset's own columns, of which `index`, `question` and `A`, `B`, ... are
always there, without `image`, and `prediction`, the raw reply. As PRED_FORMAT says, it is xlsx (the default), tsv with
every field quoted, or a JSON list, in which a cell that the table lacks is NaN. `answer`, where there is one, is the
dataset's and is ignored.

The question is named by `question_id`, which our task file adds; else by `index` or by `image_path` and `question`.
"""

from collections.abc import Collection, Mapping
from string import ascii_uppercase
from typing import Any

from scoring.answers.asked import Asked, split
from scoring.answers.fields import first_text, reply_of, text_of


def claims(names: Collection[str]) -> bool:
    return "prediction" in names and not {"index", "question", "question_id"}.isdisjoint(names)


def asked_of(value: Mapping[str, Any]) -> Asked:
    """Raises FieldError."""
    question = text_of(value, "question")
    return Asked(
        reply=reply_of(value, "prediction"),
        question_id=text_of(value, "question_id") or None,
        number=text_of(value, "index"),
        image=text_of(value, "image_path"),
        stem=None if question is None else split(question)[0],
        kind=first_text(value, "question_type", "category"),
        options=tuple(text_of(value, letter) or None for letter in ascii_uppercase if letter in value),
    )

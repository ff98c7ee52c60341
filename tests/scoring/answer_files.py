"""Making answer files for a release."""

import json
import random
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from scoring.errors import PredictionError
from scoring.evaluate import evaluate
from scoring.lookup import native_text
from scoring.release import Release


def right_answers(release: Release) -> list[str]:
    return [ascii_uppercase[code] for code in release.truth.tolist()]


def some_answers(release: Release, seed: int = 7) -> list[str]:
    """Right ones and wrong ones."""
    draw = random.Random(seed)
    return [draw.choice(ascii_uppercase[: len(options)]) for options in release.options]


def plain_rows(release: Release, answers: Sequence[str | None] | None = None) -> list[tuple[str, str | None]]:
    return list(zip(release.ids, answers or some_answers(release), strict=True))


def as_csv(rows: Sequence[tuple[str, str | None]]) -> bytes:
    return ("question_id,answer\n" + "".join(f"{row[0]},{row[1] or ''}\n" for row in rows)).encode()


def as_objects(rows: Sequence[tuple[str, str | None]]) -> list[dict[str, Any]]:
    return [{"question_id": question_id, "answer": answer} for question_id, answer in rows]


def as_jsonl(rows: Sequence[tuple[str, str | None]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in as_objects(rows)).encode()


def as_json(rows: Sequence[tuple[str, str | None]]) -> bytes:
    return json.dumps(as_objects(rows)).encode()


def native_records(release: Release, answers: Sequence[str | None] | None = None) -> list[dict[str, Any]]:
    """As the authors' scripts write them."""
    replies = answers or some_answers(release)
    return [
        {
            "image": release.images[position],
            "question": {
                "type": "text",
                "text": native_text(release.texts[position], release.options[position]),
            },
            "question_type": release.kinds[position],
            "correct_answer": "A",
            "gpt_answer": reply,
        }
        for position, reply in enumerate(replies)
    ]


def as_native(records: Sequence[dict[str, Any]]) -> bytes:
    return json.dumps(records, indent=4).encode()


def problems_of(data: bytes, release: Release, **options: Any) -> list[tuple[str, int | None]]:
    """The (code, line) of every problem with a file; none when it is scored."""
    try:
        evaluate(data, release, **options)
    except PredictionError as error:
        return [(problem.code, problem.line) for problem in error.problems]
    return []

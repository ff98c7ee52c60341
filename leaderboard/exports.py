"""The board and the questions as files: the same rows and figures as on the page, in full precision."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from leaderboard.board import Row
from leaderboard.filters import SETTINGS, Columns
from submissions.csv_cells import harmless
from submissions.models import Release

QUESTIONS_A_CHUNK = 1000
QUESTION_FIELDS = (
    "question_id",
    "image",
    "source_dataset",
    "subtask",
    "kind",
    "text",
    "options",
    "is_excluded",
)


def board_head(columns: Columns) -> list[str]:
    """The header line of a board's CSV."""
    return [
        "rank",
        "kind",
        "line",
        "entry_id",
        "entry",
        "team",
        "submission",
        "score",
        "coverage",
        "tries",
        "scored_at",
        *SETTINGS,
        *columns.further,
        "source",
        "flags",
        "team_name",
        "partial",
        "tier",
        "under_review",
        "interval_low",
        "interval_high",
        "rank_low",
        "rank_high",
        *(f"{name}_{end}" for name in columns.further for end in ("low", "high")),
        "commonest",
        "expected_gain",
    ]


def board_csv(rows: Iterable[Row], columns: Columns) -> bytes:
    """A board's rows as CSV (RFC 4180, UTF-8); an empty cell is null. Floats read back as the same numbers."""
    return _csv([board_head(columns), *(_board_line(row, columns) for row in rows)])


def _board_line(row: Row, columns: Columns) -> list[object]:
    entry = row["entry"]
    return [
        row["rank"],
        row["kind"],
        row.get("line"),
        entry["id"],
        entry["name"],
        row["team"],
        row["submission"],
        row["score"],
        row["coverage"],
        row["tries"],
        row["scored_at"].isoformat() if row["scored_at"] else None,
        *entry["settings"].values(),
        *row["subtasks"].values(),
        *row["datasets"].values(),
        *(figure for group in columns.beside for figure in row[group].values()),
        *row.get("cells", {}).values(),
        row.get("source"),
        row.get("flags"),
        row.get("team_name"),
        " ".join(row.get("partial", ())),
        row["tier"],
        "true" if row["under_review"] else "false",
        *(row["interval"] or (None, None)),
        row["rank_low"],
        row["rank_high"],
        *(end for name in columns.further for end in row["intervals"].get(name, (None, None))),
        row["commonest"],
        row["expected_gain"],
    ]


def _csv(lines: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(
        [harmless(value) if isinstance(value, str) else value for value in line] for line in lines
    )
    return text.getvalue().encode()


def questions(release: Release) -> Iterator[dict[str, Any]]:
    """The release's questions as the public sees them, in their order, read from the database as they are asked for."""
    numbered = release.questions.order_by("position").values_list(*QUESTION_FIELDS)
    for values in numbered.iterator(chunk_size=QUESTIONS_A_CHUNK):
        yield dict(zip(QUESTION_FIELDS, values, strict=True))


def questions_csv(release: Release) -> Iterator[bytes]:
    """All questions as CSV, in chunks; options are one JSON object a cell, and truth values JSON's words."""
    yield _csv([QUESTION_FIELDS])
    for chunk in chunks(questions(release)):
        yield _csv(map(_question_line, chunk))


def questions_jsonl(release: Release) -> Iterator[bytes]:
    """All questions, one JSON object a line, in chunks."""
    for chunk in chunks(questions(release)):
        yield b"".join(msgspec.json.encode(question) + b"\n" for question in chunk)


def _question_line(question: Mapping[str, Any]) -> Iterator[str]:
    return (
        value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for value in question.values()
    )


def chunks(found: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """What is found, a thousand at a time."""
    while chunk := list(islice(found, QUESTIONS_A_CHUNK)):
        yield chunk

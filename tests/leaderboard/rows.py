"""Boards of rows made directly, ranked by the worker's own function; nothing is uploaded."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any

from scoring import definition
from submissions import places, ranges, standings, storage, truths
from submissions.models import Benchmark, Entry, Figure, Question, QuotedResult, Release, Submission, Team
from tests.material import NOON, content

SUBTASKS = tuple(subtask.slug for subtask in definition.load("mmad").subtasks)
DATASETS = definition.load("mmad").source_datasets
DIGEST = "3f9c1a" * 10 + "beef"
DETECTION = ("recall", "precision", "f1", "overkill", "miss")


def benchmark(slug: str = "mmad", **fields: Any) -> Benchmark:
    """An open benchmark that discloses its cells, with a release of one question a cell."""
    rules = definition.load("mmad").to_dict()
    made = Benchmark.objects.create(
        slug=slug, name="MMAD", definition=rules, **{"is_open": True, "disclosure": "cells", **fields}
    )
    cells = list(product(DATASETS, SUBTASKS))
    # Some truth has to be there; none of these submissions has outcomes.
    with suppress(storage.ObjectExistsError):
        storage.truth().put(truths.key(DIGEST), content().encode())
    made.current_release = Release.objects.create(
        benchmark=made, digest=DIGEST, question_count=len(cells), image_count=len(DATASETS)
    )
    Question.objects.bulk_create(
        Question(
            release=made.current_release,
            position=position,
            question_id=f"{dataset}/thing/good/0.png#{position}",
            source_dataset=dataset,
            subtask=subtask,
            options={"A": "x", "B": "y"},
        )
        for position, (dataset, subtask) in enumerate(cells)
    )
    made.save()
    return made


def entry(benchmark: Benchmark, name: str, *, team: str = "team-a", **settings: Any) -> Entry:
    owner, _made = Team.objects.get_or_create(slug=team, defaults={"name": team.title()})
    made = Entry(benchmark=benchmark, team=owner, name=name, **settings)
    made.division = made.proper_division()
    made.save()
    return made


def submission(
    entry: Entry,
    score: float | None,
    *,
    minute: int = 0,
    figures: Mapping[str, float | None] | None = None,
    public: bool = True,
    **fields: Any,
) -> Submission:
    """A scored submission. Its further figures follow from its score, where `figures` does not say otherwise."""
    at = NOON + timedelta(minutes=minute)
    made = Submission.objects.create(
        entry=entry,
        benchmark=entry.benchmark,
        team=entry.team,
        **{
            "source": "api",
            "sha256": f"{minute:064d}",
            "size": 1,
            "visibility": "public" if public else "private",
            "published_at": at if public else None,
            "status": "scored",
            "received_at": at,
            "finished_at": at + timedelta(seconds=2),
            "release": entry.benchmark.current_release,
            "score": score,
            "present": 1.0,
            "coverage": 0.998,
            **fields,
        },
    )
    Figure.objects.bulk_create(
        Figure(
            benchmark=entry.benchmark,
            submission=made,
            release=made.release,
            column=column,
            score=value,
            sort_key=Figure.MISSING if value is None else value,
            sent_at=at,
        )
        for column, value in (all_figures(score) | dict(figures or {})).items()
    )
    return made


def all_figures(score: float | None) -> dict[str, float | None]:
    """Every column's figure, all different and a little below the score."""
    columns = [
        "overall",
        *SUBTASKS,
        *DATASETS,
        *(f"{dataset}/{subtask}" for dataset in DATASETS for subtask in SUBTASKS),
        *(f"detection/{name}" for name in DETECTION),
    ]
    return {column: None if score is None else score - place / 7 for place, column in enumerate(columns)}


def place(*entries: Entry) -> None:
    """What the worker does after scoring."""
    for each in entries:
        ranges.up_to_date(partial(standings.place, each))


def many(benchmark: Benchmark, scores: Iterable[float], **settings: Any) -> None:
    """Public entries "model 000" and so on, each with one submission, a minute apart; ranked once, at the end."""
    for number, score in enumerate(scores):
        made = submission(entry(benchmark, f"model {number:03}", **settings), score, minute=number)
        Entry.objects.filter(pk=made.entry_id).update(shown=made, tries=1)
    Figure.objects.filter(benchmark=benchmark).update(shown=True)
    ranges.up_to_date(lambda: places.write(Benchmark.objects.select_for_update().get(pk=benchmark.pk)))


def scored(
    benchmark: Benchmark, name: str, score: float | None, *, minute: int = 0, **more: Any
) -> Submission:
    """A public entry with one submission, placed."""
    settings = {key: more.pop(key) for key in list(more) if key in (*Entry.SETTINGS, *Entry.LINKS, "team")}
    made = submission(entry(benchmark, name, **settings), score, minute=minute, **more)
    place(made.entry)
    return made


def quoted(
    benchmark: Benchmark, name: str, figures: Mapping[str, float | None], **fields: Any
) -> QuotedResult:
    made = QuotedResult.objects.create(
        benchmark=benchmark, name=name, **{"source": "a paper, Table 2", "flags": "", **fields}
    )
    Figure.objects.bulk_create(
        Figure(
            benchmark=benchmark,
            quoted=made,
            column=column,
            score=score,
            sort_key=Figure.MISSING if score is None else score,
            sent_at=NOON,
            shown=True,
        )
        for column, score in figures.items()
    )
    return made


def names(results: Iterable[Mapping[str, Any]]) -> list[str]:
    return [row["entry"]["name"] for row in results]

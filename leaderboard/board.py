"""The rows of a board: read from figures that the worker has ranked, a page at a time.

The cost is that of the page: one query for its rows along an index, one for the further figures of these rows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from leaderboard.cursors import BoardCursor
from leaderboard.filters import OPEN, OVERALL, SETTINGS, Columns, Wanted
from submissions.models import Benchmark, Figure

PAGE_ROWS = 50
Row = dict[str, Any]
"""A row as the API writes it: `rank`, `entry`, `team`, `kind`, `submission`, `score`, ... (design.md, board row).

A quoted result has in addition `source`, `flags` and `line` (human, chance or null).
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the board, and where the neighbouring pages begin."""

    rows: list[Row]
    previous: BoardCursor | None
    next: BoardCursor | None


def stamp(slug: str) -> tuple[int, datetime]:
    """A benchmark's key and the moment of its last change: one small query. Raises Http404."""
    found = Benchmark.objects.filter(slug=slug).values_list("pk", "changed_at").first()
    if found is None:
        raise Http404
    return found


_PLACE = ("id", "sort_key", "sent_at", "score")
_SUBMISSION = (
    "submission_id",
    "submission__coverage",
    "submission__finished_at",
    "submission__team__slug",
    "submission__entry_id",
    "submission__entry__name",
    "submission__entry__tries",
    *(f"submission__entry__{name}" for name in SETTINGS),
)
_QUOTED = ("quoted_id", "quoted__name", "quoted__kind", "quoted__source", "quoted__flags", "quoted__shots")


def page(benchmark: Benchmark, columns: Columns, wanted: Wanted) -> Page:
    """One page of at most 50 rows.

    Best first; the earlier submission wins a tie; entries without this figure come last. Ranks are those within
    the division whatever the filters. The closed division holds its own entries and, as both divisions do, the
    quoted results, which have no rank in either. Two queries, however long the board is.
    """
    cursor = wanted.cursor
    figures = _matching(benchmark, wanted)
    if cursor is not None:
        figures = figures.filter(_beyond(cursor))
    backwards = cursor is not None and cursor.backwards
    order = ("sort_key", "-sent_at", "-id") if backwards else ("-sort_key", "sent_at", "id")
    rank = "rank" if wanted.division == OPEN else "rank_closed"
    found = list(figures.order_by(*order).values_list(*_PLACE, rank, *_SUBMISSION, *_QUOTED)[: PAGE_ROWS + 1])
    more = len(found) > PAGE_ROWS
    found = found[:PAGE_ROWS]
    if backwards:
        found.reverse()
    has_previous, has_next = (more, True) if backwards else (cursor is not None, more)
    return Page(
        rows=_rows(found, columns),
        previous=_cursor(found[0], backwards=True) if found and has_previous else None,
        next=_cursor(found[-1]) if found and has_next else None,
    )


def _matching(benchmark: Benchmark, wanted: Wanted) -> QuerySet[Figure]:
    figures = Figure.objects.on_board(benchmark, wanted.column).filter(*wanted.conditions())
    if wanted.division != OPEN:
        figures = figures.filter(Q(submission__entry__division=wanted.division) | Q(quoted__isnull=False))
    return figures


def _beyond(cursor: BoardCursor) -> Q:
    # The bound on sort_key alone comes first: it is what the index can seek to.
    if cursor.backwards:
        return Q(sort_key__gte=cursor.sort_key) & (
            Q(sort_key__gt=cursor.sort_key)
            | Q(sent_at__lt=cursor.sent_at)
            | Q(sent_at=cursor.sent_at, id__lt=cursor.id)
        )
    return Q(sort_key__lte=cursor.sort_key) & (
        Q(sort_key__lt=cursor.sort_key)
        | Q(sent_at__gt=cursor.sent_at)
        | Q(sent_at=cursor.sent_at, id__gt=cursor.id)
    )


def _cursor(found: Sequence[Any], *, backwards: bool = False) -> BoardCursor:
    row_id, sort_key, sent_at = found[:3]
    return BoardCursor(sort_key, sent_at, row_id, backwards)


Figures = Mapping[str, float | None]
Key = UUID | str | int


def figures_of(keys: Sequence[Key], quoted: Sequence[int], names: Sequence[str]) -> Mapping[Key, Figures]:
    """The shown figures of these submissions (by `key_of`) and quoted results, under the key of each, by column.

    One query, written out: through the ORM, 800 rows cost twice as much.
    """
    if not names or not (keys or quoted):
        return {}
    places = [
        f"{field} IN ({_marks(ids)})"
        for field, ids in (("submission_id", keys), ("quoted_id", quoted))
        if ids
    ]
    by_key: defaultdict[Key, dict[str, float | None]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT submission_id, quoted_id, "column", score FROM submissions_figure
            WHERE shown AND ({" OR ".join(places)}) AND "column" IN ({_marks(names)})
            """,  # noqa: S608  # nothing but placeholders is filled in
            [*keys, *quoted, *names],
        )
        for submission_id, quoted_id, column, score in cursor.fetchall():
            by_key[submission_id or quoted_id][column] = score
    return by_key


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def key_of(submission_id: UUID) -> Key:
    """A submission's id as the database writes it: to make 800 UUID objects would cost more than the query."""
    return submission_id if connection.features.has_native_uuid_field else submission_id.hex


def _rows(found: Sequence[Sequence[Any]], columns: Columns) -> list[Row]:
    start = len(_PLACE) + 1
    quoted_at = start + len(_SUBMISSION)
    names = [*columns.subtasks, *columns.datasets, *(f"detection/{name}" for name in columns.detection)]
    keys = [key_of(row[start]) if row[start] else row[quoted_at] for row in found]
    figures = figures_of(
        [key for key, row in zip(keys, found, strict=True) if row[start]],
        [row[quoted_at] for row in found if not row[start]],
        names,
    )
    rows = []
    for key, row in zip(keys, found, strict=True):
        submission, quoted = row[start:quoted_at], row[quoted_at:]
        shape = _scored(row[start - 1], submission) if submission[0] else _quoted(quoted)
        shape["score"] = row[3]
        shape |= grouped(figures.get(key, {}), columns)
        rows.append(shape)
    return rows


def grouped(figures: Figures, columns: Columns) -> dict[str, dict[str, float | None]]:
    """Figures by column as the API groups them; one that there is not is null."""
    get = figures.get
    return {
        "subtasks": {name: get(name) for name in columns.subtasks},
        "datasets": {name: get(name) for name in columns.datasets},
        "detection": {name: get(f"detection/{name}") for name in columns.detection},
    }


def _scored(rank: int | None, submission: Sequence[Any]) -> Row:
    submission_id, coverage, scored_at, team, entry_id, name, tries, *settings = submission
    declared = {key: None if value == "" else value for key, value in zip(SETTINGS, settings, strict=True)}
    return {
        "rank": rank,
        "entry": {"id": entry_id, "name": name, "settings": declared},
        "team": team,
        "kind": "scored",
        "submission": submission_id,
        "score": None,
        "coverage": coverage,
        "tries": tries,
        "scored_at": scored_at,
    }


_NOTHING_DECLARED: Mapping[str, None] = dict.fromkeys(SETTINGS)


def _quoted(quoted: Sequence[Any]) -> Row:
    _id, name, kind, source, flags, shots = quoted
    return {
        "rank": None,
        "entry": {"id": None, "name": name, "settings": {**_NOTHING_DECLARED, "shots": shots}},
        "team": None,
        "kind": "quoted",
        "submission": None,
        "score": None,
        "coverage": None,
        "tries": None,
        "scored_at": None,
        "source": source,
        "flags": flags,
        "line": None if kind == "quoted" else kind,
    }


def with_ranked_entries(benchmarks: QuerySet[Benchmark]) -> QuerySet[Benchmark]:
    """Each with `ranked_entries`: the last rank overall, found from the end of the index, not counted; else None."""
    last = Figure.objects.filter(benchmark=OuterRef("pk"), column=OVERALL, shown=True, rank__isnull=False)
    rank = last.order_by("sort_key", "-sent_at", "-id").values("rank")[:1]
    return benchmarks.annotate(ranked_entries=Subquery(rank))

"""The rows of a board: read from figures that the worker has ranked, a page at a time.

The cost is that of the page: one query for its rows along an index, one for the further figures of these rows.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from leaderboard.cursors import BoardCursor
from leaderboard.filters import OPEN, OVERALL, SETTINGS, Columns, Condition, Wanted
from scoring.statistics.tries import gain
from submissions.models import Benchmark, Release

PAGE_ROWS = 50
Row = dict[str, Any]
"""A row as the API writes it: `rank`, `entry`, `team`, `kind`, `submission`, `score`, ... (design.md, board row).

`tier` is how far it is checked: quoted, scored, or verified (reproduced by an organizer); `under_review` says that the
organizers are looking into it. A scored row has in addition `team_name`, the team as people read it, and `partial`, the
subtasks that a submission sent as partial names; a quoted result has `source`, `flags` and `line` (human, chance or
null).
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the board, and where the neighbouring pages begin."""

    rows: list[Row]
    previous: BoardCursor | None
    next: BoardCursor | None


_SUBMISSION = (
    "figure.submission_id",
    "submission.coverage",
    "submission.commonest",
    "submission.finished_at",
    "submission.partial",
    "team.slug",
    "team.name",
    "submission.entry_id",
    "entry.name",
    "entry.tries",
    "entry.verified_id",
    "entry.review_since",
    *(f"entry.{name}" for name in SETTINGS),
)
_QUOTED = ("figure.quoted_id", "quoted.name", "quoted.kind", "quoted.source", "quoted.flags", "quoted.shots")
_PLACE = ("figure.id", "figure.sort_key", "figure.sent_at", "figure.score", "figure.low", "figure.high")
_RANKS = ("rank", "rank_low", "rank_high")
_SUBMISSION_AT = len(_PLACE) + len(_RANKS)
_QUOTED_AT = _SUBMISSION_AT + len(_SUBMISSION)
# Written out, because to build and to compile this query takes the ORM longer than the database takes to answer it.
_ROWS = """
SELECT {values}
FROM submissions_figure figure
LEFT JOIN submissions_submission submission ON submission.id = figure.submission_id
LEFT JOIN submissions_entry entry ON entry.id = submission.entry_id
LEFT JOIN submissions_team team ON team.id = submission.team_id
LEFT JOIN submissions_quotedresult quoted ON quoted.id = figure.quoted_id
WHERE {board} AND figure."column" = %s{conditions}
ORDER BY {order}
LIMIT {limit}
"""


@dataclass(frozen=True, slots=True)
class Board:
    """Which figures make a board, in SQL: those shown now, or those of a release when another replaced it."""

    benchmark: Benchmark
    release: Release | None = None  # None: the present board

    @property
    def figures(self) -> str:
        """A condition on `figure` with one parameter, `key`; an index begins with it."""
        if self.release is None:
            return "figure.benchmark_id = %s AND figure.shown"
        return "figure.release_id = %s AND figure.archived"

    @property
    def key(self) -> int:
        return self.benchmark.pk if self.release is None else self.release.pk

    @property
    def values(self) -> tuple[str, ...]:
        """What is read of a scored row beside its figures; of a board that was replaced, as it was then."""
        if self.release is None:
            return _SUBMISSION
        then = {"entry.tries": _TRIES_THEN}
        then |= {f"submission.{name}": _TOLD_THEN.format(name=name) for name in ("coverage", "commonest")}
        return tuple(then.get(value, value) for value in _SUBMISSION)


_TOLD_THEN = """(
    SELECT report.{name} FROM submissions_report report
    WHERE report.submission_id = submission.id AND report.release_id = figure.release_id
    ORDER BY report.id DESC LIMIT 1
)"""
_TRIES_THEN = """(
    SELECT COUNT(DISTINCT report.submission_id)
    FROM submissions_report report JOIN submissions_submission tried ON tried.id = report.submission_id
    WHERE tried.entry_id = entry.id AND report.release_id = figure.release_id
)"""


def page(shown: Board, columns: Columns, wanted: Wanted) -> Page:
    """One page of at most 50 rows.

    Best first; the earlier submission wins a tie; entries without this figure come last. Ranks are those within
    the division whatever the filters. Quoted results have no rank. The closed division holds its own entries and the
    human and chance lines: a model that is quoted declares nothing, and undeclared is open. Quoted results stand on
    the present board alone. Two queries, however long the board is.
    """
    found = _found(shown, wanted)
    more = len(found) > PAGE_ROWS
    found = found[:PAGE_ROWS]
    backwards = wanted.cursor is not None and wanted.cursor.backwards
    if backwards:
        found.reverse()
    has_previous, has_next = (more, True) if backwards else (wanted.cursor is not None, more)
    return Page(
        rows=_rows(shown, found, columns),
        previous=_cursor(found[0], backwards=True) if found and has_previous else None,
        next=_cursor(found[-1]) if found and has_next else None,
    )


def _found(shown: Board, wanted: Wanted) -> list[tuple[Any, ...]]:
    """The rows as the database has them, and one more if there is one."""
    conditions = wanted.conditions()
    if wanted.division != OPEN:
        conditions.append(Condition("entry.division = %s OR quoted.kind <> 'quoted'", (wanted.division,)))
    if wanted.cursor is not None:
        conditions.append(_beyond(wanted.cursor))
    backwards = wanted.cursor is not None and wanted.cursor.backwards
    order = ("", " DESC", " DESC") if backwards else (" DESC", "", "")
    within = "" if wanted.division == OPEN else "_closed"
    ranks = [f"figure.{name}{within}" for name in _RANKS]
    statement = _ROWS.format(
        values=", ".join((*_PLACE, *ranks, *shown.values, *_QUOTED)),
        board=shown.figures,
        conditions="".join(f" AND ({condition.sql})" for condition in conditions),
        order="figure.sort_key{}, figure.sent_at{}, figure.id{}".format(*order),
        limit=PAGE_ROWS + 1,
    )
    params: list[Any] = [
        shown.key,
        wanted.column,
        *(param for condition in conditions for param in condition.params),
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def _beyond(cursor: BoardCursor) -> Condition:
    less, more = (">", "<") if cursor.backwards else ("<", ">")
    sent_at = connection.ops.adapt_datetimefield_value(cursor.sent_at)
    # The bound on sort_key alone comes first: it is what the index can seek to.
    return Condition(
        f"figure.sort_key {less}= %s AND (figure.sort_key {less} %s OR figure.sent_at {more} %s"
        f" OR (figure.sent_at = %s AND figure.id {more} %s))",
        (cursor.sort_key, cursor.sort_key, sent_at, sent_at, cursor.id),
    )


def _cursor(found: Sequence[Any], *, backwards: bool = False) -> BoardCursor:
    row_id, sort_key, sent_at = found[:3]
    return BoardCursor(sort_key, _moment(sent_at), row_id, backwards)


def _moment(value: datetime) -> datetime:
    """A time as the database gives it: SQLite's are in UTC and do not say so."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _uuid(value: UUID | str) -> UUID:
    """A UUID as the database gives it: SQLite keeps its hexadecimal digits."""
    return value if isinstance(value, UUID) else UUID(value)


Figures = Mapping[str, float | None]
Intervals = Mapping[str, Sequence[float]]
Key = UUID | str | int
_NONE: tuple[Figures, Intervals] = ({}, {})


def figures_of(
    keys: Sequence[Key], quoted: Sequence[int], names: Sequence[str], release: Release | None = None
) -> Mapping[Key, tuple[Figures, Intervals]]:
    """The figures of these submissions and quoted results, and their intervals, under the id of each, by column.

    Those shown now, or those that a release's kept board has. Ids of submissions are as the database gives them.
    One query, written out: it brings 800 rows.
    """
    if not names or not (keys or quoted):
        return {}
    places = [
        f"{field} IN ({_marks(ids)})"
        for field, ids in (("submission_id", keys), ("quoted_id", quoted))
        if ids
    ]
    by_key: defaultdict[Key, tuple[dict[str, float | None], dict[str, Sequence[float]]]] = defaultdict(
        lambda: ({}, {})
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT submission_id, quoted_id, "column", score, low, high FROM submissions_figure
            WHERE {"archived AND release_id = %s" if release else "shown"}
                  AND ({" OR ".join(places)}) AND "column" IN ({_marks(names)})
            """,  # noqa: S608  # nothing but placeholders is filled in
            [*([release.pk] if release else []), *keys, *quoted, *names],
        )
        for submission_id, quoted_id, column, score, low, high in cursor.fetchall():
            figures, intervals = by_key[submission_id or quoted_id]
            figures[column] = score
            if low is not None:
                intervals[column] = (low, high)
    return by_key


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _rows(shown: Board, found: Sequence[Sequence[Any]], columns: Columns) -> list[Row]:
    figures = figures_of(
        [row[_SUBMISSION_AT] for row in found if row[_SUBMISSION_AT]],
        [row[_QUOTED_AT] for row in found if row[_QUOTED_AT]],
        columns.further,
        shown.release,
    )
    rows = []
    of = shown.release or shown.benchmark.current_release
    digest = of and of.digest
    for row in found:
        submission, quoted = row[_SUBMISSION_AT:_QUOTED_AT], row[_QUOTED_AT:]
        shape = _scored(row[len(_PLACE) : _SUBMISSION_AT], submission) if submission[0] else _quoted(quoted)
        shape["score"], shape["interval"] = row[3], None if row[4] is None else [row[4], row[5]]
        shape["release"] = digest if submission[0] else None
        its_figures, its_intervals = figures.get(submission[0] or quoted[0], _NONE)
        shape |= grouped(its_figures, columns)
        shape["intervals"] = its_intervals
        shape["expected_gain"] = gain(shape["tries"], shape["score"], shape["interval"])
        rows.append(shape)
    return rows


def grouped(figures: Figures, columns: Columns) -> dict[str, dict[str, float | None]]:
    """Figures by column as the API groups them; one that there is not is null."""
    get = figures.get
    groups = {
        "subtasks": {name: get(name) for name in columns.subtasks},
        "datasets": {name: get(name) for name in columns.datasets},
    }
    for group, names in columns.beside.items():
        groups[group] = {name: get(f"{group}/{name}") for name in names}
    if columns.cells:
        groups["cells"] = {name.partition("/")[2]: get(name) for name in columns.cells}
    return groups


def _scored(ranks: Sequence[int | None], submission: Sequence[Any]) -> Row:
    submission_id, coverage, commonest, scored_at, partial, *whose, entry_id, name, tries = submission[:10]
    team, team_name = whose
    verified_id, review_since, *settings = submission[10:]
    declared = {key: None if value == "" else value for key, value in zip(SETTINGS, settings, strict=True)}
    return {
        **dict(zip(_RANKS, ranks, strict=True)),
        "entry": {"id": _uuid(entry_id), "name": name, "settings": declared},
        "team": team,
        "kind": "scored",
        "tier": "verified" if verified_id == submission_id else "scored",
        "under_review": review_since is not None,
        "submission": _uuid(submission_id),
        "score": None,
        "interval": None,
        "coverage": coverage,
        "commonest": commonest,
        "tries": tries,
        "scored_at": _moment(scored_at),
        "team_name": team_name,
        "partial": json.loads(partial),
    }


_NOTHING_DECLARED: Mapping[str, None] = dict.fromkeys(SETTINGS)


def _quoted(quoted: Sequence[Any]) -> Row:
    _id, name, kind, source, flags, shots = quoted
    return {
        **dict.fromkeys(_RANKS),
        "entry": {"id": None, "name": name, "settings": {**_NOTHING_DECLARED, "shots": shots}},
        "team": None,
        "kind": "quoted",
        "tier": "quoted",
        "under_review": False,
        "submission": None,
        "score": None,
        "interval": None,
        "coverage": None,
        "commonest": None,
        "tries": None,
        "scored_at": None,
        "source": source,
        "flags": flags,
        "line": None if kind == "quoted" else kind,
    }


def ranked_entries(shown: Board) -> int:
    """How many entries have a rank overall: the last rank, found from the end of the index, not counted. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_RANK.format(board=shown.figures), [shown.key, OVERALL])
        last = cursor.fetchone()
    return last[0] if last else 0


_LAST_RANK = """
SELECT figure.rank FROM submissions_figure figure
WHERE {board} AND figure."column" = %s AND figure.rank IS NOT NULL
ORDER BY figure.sort_key, figure.sent_at DESC, figure.id DESC LIMIT 1
"""

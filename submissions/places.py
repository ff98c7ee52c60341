"""The places of entries in every ranked column: ranks, and the ranges of ranks that cannot be ruled out.

Written by the worker with the benchmark's row locked, never computed per request.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from scoring.statistics.boards import Board, Judged
from submissions import ranges
from submissions.models import Benchmark, Submission

# Of a figure: in the open division, then in the closed one.
FIELDS = ("rank", "rank_low", "rank_high", "rank_closed", "rank_low_closed", "rank_high_closed")
NONE = ", ".join(f"{name} = NULL" for name in FIELDS)


_Row = tuple[Any, ...]  # a figure's id, its submission as the database gives it, and its places


def write(benchmark: Benchmark) -> None:
    """Give every shown figure of the ranked columns its place, 1 to K without gaps, and the range of its ranks.

    Ties go to the earlier submission; quoted results, missing figures and cells have no rank. Only rows whose
    place changes are written. To be called in a transaction that holds the benchmark's row. Raises NotJudgedError.
    """
    judged = ranges.settled(benchmark)
    if judged is not None:
        _update(_moved(_read(benchmark), *judged))


def _read(benchmark: Benchmark) -> dict[str, list[_Row]]:
    """By column, best first."""
    columns: defaultdict[str, list[_Row]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_RANKED, [benchmark.pk])
        for column, *row in cursor.fetchall():
            columns[column].append(tuple(row))
    return columns


# In the order of the index of the board, which no column need be read beside.
_RANKED = f"""
SELECT "column", id, submission_id, {", ".join(FIELDS)}
FROM submissions_figure
WHERE benchmark_id = %s AND shown AND score IS NOT NULL AND submission_id IS NOT NULL AND "column" NOT LIKE '%%/%%'
ORDER BY "column", sort_key DESC, sent_at, id
"""  # noqa: S608  # only the names above are filled in


def _moved(
    columns: Mapping[str, Sequence[_Row]],
    board: Board[ranges.Key],
    members: Mapping[ranges.Key, ranges.Divisions],
) -> Iterator[tuple[int | None, ...]]:
    """The figures whose place is another than is written, each with its new one."""
    keys = {Submission._meta.pk.get_db_prep_value(key[0], connection): key for key in members}
    closed = {written for written, key in keys.items() if members[key][1]}
    for column, figures in columns.items():
        judged = board.judged(column)
        entries, closed_entries = len(figures), sum(submission in closed for _id, submission, *_ in figures)
        place_closed = 0
        for place, (figure, submission, *places) in enumerate(figures, start=1):
            # Nothing is known of one whose outcomes are gone: it may stand anywhere.
            better, worse = judged.get(keys[submission], _UNKNOWN)
            now: list[int | None] = [place, 1 + better[0], entries - worse[0], None, None, None]
            if submission in closed:
                place_closed += 1
                now[3:] = [place_closed, 1 + better[1], closed_entries - worse[1]]
            if now != places:
                yield figure, *now


_UNKNOWN = Judged((0, 0), (0, 0))


def _update(moved: Iterable[tuple[int | None, ...]]) -> None:
    rows = list(moved)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _AT_ONCE):
            # Whole numbers of our own, written out: so many parameters neither database takes.
            values = ", ".join(
                f"({', '.join('NULL' if value is None else str(int(value)) for value in row)})"
                for row in rows[start : start + _AT_ONCE]
            )
            cursor.execute(_MOVE.format(values=values))


_AT_ONCE = 2000
_MOVE = f"""
UPDATE submissions_figure
SET {", ".join(f"{name} = CAST(moved.column{at} AS integer)" for at, name in enumerate(FIELDS, start=2))}
FROM (VALUES {{values}}) AS moved
WHERE moved.column1 = submissions_figure.id
"""  # noqa: S608  # only the names above are filled in

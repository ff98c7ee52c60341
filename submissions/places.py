"""The places of entries in every ranked column: ranks, and the ranges of ranks that cannot be ruled out.

Written by the worker with the benchmark's row locked, never computed per request.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from scoring.statistics.boards import Board
from submissions import ranges
from submissions.models import Benchmark, Entry

# Of a figure: in the open division, then in the closed one.
FIELDS = ("rank", "rank_low", "rank_high", "rank_closed", "rank_low_closed", "rank_high_closed")
NONE = ", ".join(f"{name} = NULL" for name in FIELDS)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A shown figure of a ranked column, with what is written of its place: open, then closed, null where it is not."""

    id: int
    submission: UUID
    closed: bool
    places: tuple[int | None, ...]  # as FIELDS names them


def write(benchmark: Benchmark) -> None:
    """Give every shown figure of the ranked columns its place, 1 to K without gaps, and the range of its ranks.

    Ties go to the earlier submission; quoted results, missing figures and cells have no rank. Only rows whose
    place changes are written. To be called in a transaction that holds the benchmark's row. Raises NotJudgedError.
    """
    judged = ranges.settled(benchmark)
    if judged is not None:
        _update(_moved(_read(benchmark), *judged))


def _read(benchmark: Benchmark) -> dict[str, list[_Ranked]]:
    """By column, best first."""
    columns: defaultdict[str, list[_Ranked]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_RANKED, [benchmark.pk])
        for figure, submission, column, division, *places in cursor.fetchall():
            key = submission if isinstance(submission, UUID) else UUID(submission)
            columns[column].append(_Ranked(figure, key, division == Entry.Division.CLOSED, tuple(places)))
    return columns


_RANKED = f"""
SELECT figure.id, figure.submission_id, figure."column", entry.division,
       {", ".join(f"figure.{name}" for name in FIELDS)}
FROM submissions_figure figure
JOIN submissions_submission submission ON submission.id = figure.submission_id
JOIN submissions_entry entry ON entry.id = submission.entry_id
WHERE figure.benchmark_id = %s AND figure.shown AND figure.score IS NOT NULL AND figure."column" NOT LIKE '%%/%%'
ORDER BY figure."column", figure.sort_key DESC, figure.sent_at, figure.id
"""  # noqa: S608  # only the names above are filled in


def _moved(
    columns: Mapping[str, Sequence[_Ranked]], board: Board[ranges.Key], keys: Mapping[UUID, ranges.Key]
) -> Iterator[tuple[int | None, ...]]:
    """The figures whose place is another than is written, each with its new one."""
    for column, figures in columns.items():
        judged = board.judged(column)
        entries, closed_entries = len(figures), sum(figure.closed for figure in figures)
        place_closed = 0
        for place, figure in enumerate(figures, start=1):
            # Nothing is known of one whose outcomes are gone: it may stand anywhere.
            (better, worse), closed = judged.get(keys[figure.submission], _UNKNOWN)
            places: tuple[int | None, ...] = (place, 1 + better, entries - worse)
            if figure.closed:
                place_closed += 1
                places += (place_closed, 1 + closed[0], closed_entries - closed[1])
            else:
                places += _NOWHERE
            if places != figure.places:
                yield figure.id, *places


_UNKNOWN = ((0, 0), (0, 0))
_NOWHERE = (None, None, None)


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

"""Which submission stands for each entry. Written by the worker with the benchmark's row locked.

Rows are locked with `no_key`, here and elsewhere: a row that only points at a locked one need not wait for it.
Statements are written out: the ORM has no UPDATE ... FROM. What they choose from is materialized, because PostgreSQL,
on tables that it has no statistics of, would compute it anew for every row.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from submissions import places
from submissions.models import Benchmark, Entry


def place(entry: Entry) -> None:
    """Choose the entry's shown submission and rank the board anew. To be called in a transaction.

    Shown is the one that the team chose, else its best public one, among those scored on the current release: scores
    on different releases are not compared. What is held is not shown, and of a hidden entry nothing. Running it twice
    changes nothing. Raises NotJudgedError, see `ranges.up_to_date`.
    """
    benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=entry.benchmark_id)
    place_some(benchmark, [entry.pk])


def place_some(benchmark: Benchmark, entry_ids: Sequence[UUID] | None = None) -> None:
    """The same for these entries, without any for all of them. The caller holds the benchmark's row."""
    entries = Entry.objects.filter(benchmark=benchmark)
    if entry_ids is not None:
        entries = entries.filter(pk__in=entry_ids)
    # Locked before their submissions are read, so that a decision of a team is not lost between the two.
    list(entries.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    if _show(benchmark, entry_ids):
        places.write(benchmark)
    # The number of tries is shown as well.
    Benchmark.objects.filter(pk=benchmark.pk).update(changed_at=timezone.now())


def _show(benchmark: Benchmark, entry_ids: Sequence[UUID] | None) -> bool:
    """Put the right submission of each of these entries on the board, and count their tries; whether figures moved."""
    params: dict[str, Any] = {"benchmark": benchmark.pk, "release": benchmark.current_release_id}
    params["direction"] = benchmark.rules.sort_key(1)
    some = ""
    if entry_ids is not None:
        ids = {f"entry_{number}": entry_id for number, entry_id in enumerate(entry_ids)}
        some = f"AND entry.id IN ({', '.join(f'%({name})s' for name in ids)})"
        params |= {name: Entry._meta.pk.get_db_prep_value(value, connection) for name, value in ids.items()}
    with connection.cursor() as cursor:
        cursor.execute(_CHOOSE.format(some=some), params)
        moved = []
        for statement in (_TAKE_DOWN, _PUT_UP):
            cursor.execute(statement.format(some=some, no_place=places.NONE), params)
            moved.append(cursor.rowcount)
    # SQLite does not count the rows of statements that begin so (-1): there it may have moved.
    return any(moved)


_CHOOSE = """
WITH candidate AS MATERIALIZED (
    SELECT submission.id, entry.id AS entry_id,
           ROW_NUMBER() OVER (
               PARTITION BY entry.id
               ORDER BY CASE WHEN submission.id = entry.chosen_id THEN 0 ELSE 1 END,
                        CASE WHEN submission.score IS NULL THEN 1 ELSE 0 END, submission.score * %(direction)s DESC,
                        submission.received_at, submission.id
           ) AS place
    FROM submissions_entry entry
    JOIN submissions_submission submission
      ON submission.entry_id = entry.id AND submission.status = 'scored'
         AND submission.visibility = 'public' AND submission.held_at IS NULL AND NOT submission.compare_due
         AND submission.release_id = %(release)s
    WHERE entry.benchmark_id = %(benchmark)s AND entry.hidden_at IS NULL {some}
),
tried AS MATERIALIZED (
    SELECT entry.id AS entry_id, COUNT(submission.id) AS tries
    FROM submissions_entry entry
    LEFT JOIN submissions_submission submission
      ON submission.entry_id = entry.id AND submission.status = 'scored'
    WHERE entry.benchmark_id = %(benchmark)s {some}
    GROUP BY entry.id
)
UPDATE submissions_entry
SET shown_id = candidate.id, tries = tried.tries, standing_due = FALSE
FROM tried LEFT JOIN candidate ON candidate.entry_id = tried.entry_id AND candidate.place = 1
WHERE tried.entry_id = submissions_entry.id
"""
# From the entries to their figures: asked the other way round, PostgreSQL looks once for each figure on the board.
_TAKE_DOWN = """
WITH stale AS MATERIALIZED (
    SELECT figure.id
    FROM submissions_entry entry
    JOIN submissions_submission submission ON submission.entry_id = entry.id
    JOIN submissions_figure figure ON figure.submission_id = submission.id AND figure.shown
    WHERE entry.benchmark_id = %(benchmark)s {some}
          AND (entry.shown_id IS NULL OR entry.shown_id <> submission.id OR figure.release_id <> %(release)s)
)
UPDATE submissions_figure SET shown = FALSE, {no_place}
FROM stale
WHERE stale.id = submissions_figure.id
"""
_PUT_UP = """
UPDATE submissions_figure SET shown = TRUE
WHERE NOT shown AND NOT archived AND release_id = %(release)s AND submission_id IN (
    SELECT entry.shown_id FROM submissions_entry entry
    WHERE entry.benchmark_id = %(benchmark)s AND entry.shown_id IS NOT NULL {some}
)
"""


def archive(benchmark: Benchmark) -> None:
    """Keep the board of the current release as it stands, with its ranks, before another release replaces it."""
    with connection.cursor() as cursor:
        cursor.execute(_ARCHIVE, [benchmark.pk, benchmark.current_release_id])


_ARCHIVE = """
UPDATE submissions_figure SET archived = TRUE, shown = FALSE
WHERE shown AND benchmark_id = %s AND release_id = %s
"""


def unarchive(benchmark: Benchmark) -> None:
    """Let go of what was kept of the release that has become the current one again: its board lives."""
    with connection.cursor() as cursor:
        cursor.execute(_UNARCHIVE.format(no_place=places.NONE), [benchmark.current_release_id])


_UNARCHIVE = """
UPDATE submissions_figure SET archived = FALSE, {no_place} WHERE archived AND release_id = %s
"""

"""Where entries stand. Written by the worker with the benchmark's row locked, never computed per request.

Rows are locked with `no_key`, here and elsewhere: a row that only points at a locked one need not wait for it.
"""

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from submissions.models import Benchmark, Entry, Figure, Submission


def place(entry: Entry) -> None:
    """Choose the entry's shown submission and rank the board anew. To be called in a transaction.

    Shown is the one that the team chose, else its best public one, among those scored on the current release: scores
    on different releases are not compared. Running it twice changes nothing.
    """
    benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=entry.benchmark_id)
    _show(entry, benchmark)
    rank(benchmark)


def place_all(benchmark: Benchmark) -> None:
    """The same for every entry, after the current release has changed. The caller holds the benchmark's row."""
    for entry in Entry.objects.filter(benchmark=benchmark).order_by("pk"):
        _show(entry, benchmark)
    rank(benchmark)


def _show(entry: Entry, benchmark: Benchmark) -> None:
    # Locked before its submissions are read, so that a decision of the team is not lost between the two.
    entry = Entry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    shown = _shown(entry, benchmark)
    tries = Submission.objects.filter(entry=entry).scored().count()
    Entry.objects.filter(pk=entry.pk).update(shown=shown, tries=tries, standing_due=False)
    of_entry = Figure.objects.filter(submission__entry=entry)
    current = Q(submission=shown, release=shown.release_id) if shown else Q(pk=None)
    of_entry.filter(shown=True).exclude(current).update(shown=False, rank=None, rank_closed=None)
    of_entry.filter(current, shown=False).update(shown=True)


def _shown(entry: Entry, benchmark: Benchmark) -> Submission | None:
    candidates = Submission.objects.filter(entry=entry, release=benchmark.current_release).scored().public()
    chosen = candidates.filter(pk=entry.chosen_id).first() if entry.chosen_id is not None else None
    return chosen or candidates.best_first().first()


def rank(benchmark: Benchmark) -> None:
    """Give every shown figure of the ranked columns its place, 1 to K without gaps.

    Ties go to the earlier submission; quoted results, missing figures and cells have no rank. Only rows whose
    rank changes are written. To be called in a transaction that holds the benchmark's row.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RANK.format(rank="rank", only=""), [benchmark.pk])
        cursor.execute(_RANK.format(rank="rank_closed", only="AND entry.division = 'closed'"), [benchmark.pk])
    Benchmark.objects.filter(pk=benchmark.pk).update(changed_at=timezone.now())


# One statement a division for all columns: the ORM has no UPDATE ... FROM.
# Materialized, because PostgreSQL, on tables that it has no statistics of, would rank everything anew for every row.
_RANK = """
WITH placed AS MATERIALIZED (
    SELECT figure.id,
           ROW_NUMBER() OVER (
               PARTITION BY figure."column" ORDER BY figure.sort_key DESC, figure.sent_at, figure.id
           ) AS place
    FROM submissions_figure figure
    JOIN submissions_submission submission ON submission.id = figure.submission_id
    JOIN submissions_entry entry ON entry.id = submission.entry_id
    WHERE figure.benchmark_id = %s AND figure.shown AND figure.score IS NOT NULL
          AND figure."column" NOT LIKE '%%/%%' {only}
)
UPDATE submissions_figure SET {rank} = placed.place
FROM placed
WHERE placed.id = submissions_figure.id
      AND (submissions_figure.{rank} IS NULL OR submissions_figure.{rank} <> placed.place)
"""

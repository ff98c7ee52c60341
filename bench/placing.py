"""How long a score keeps its benchmark's row locked to take its place: `python -m bench.placing [ENTRIES ...]`.

On PostgreSQL, for boards of so many entries (80, 500, 2,000): the median seconds of `standings.place` when the team
chooses another of its ten submissions, so that figures and ranks move, and when nothing changes. All scores of one
benchmark take their places one after the other, so this is what bounds them, however many workers there are.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from bench import board, environment
from tests.servers import postgres

PLACED = 30


def main() -> None:
    """Measure each size in a process and a database of its own, and print them."""
    parser = argparse.ArgumentParser(description="Seconds in which a benchmark is locked to place a score.")
    parser.add_argument("entries", type=int, nargs="*", default=[80, 500, 2_000])
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        inside(given.inside)
        return
    with tempfile.TemporaryDirectory(prefix="vernier-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "postgres").mkdir(mode=0o711)
        with postgres.running(folder / "postgres") as server:
            for entries in given.entries:
                found = measured_apart(entries, server.new_database(f"board_{entries}"), folder)
                said = ", ".join(f"{what} {1000 * median:.1f} ms" for what, median in found.items())
                print(f"{entries:>6,} entries: {said}", flush=True)  # noqa: T201


def measured_apart(entries: int, database: str, folder: Path) -> dict[str, float]:
    """The medians for a board of that size, in seconds."""
    done = subprocess.run(  # noqa: S603  # ourselves
        [sys.executable, "-m", "bench.placing", "--inside", str(entries)],
        env=environment(
            VERNIER_VAR=str(folder / str(entries)), VERNIER_DATABASE_URL=database, VERNIER_EMBEDDED="1"
        ),
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(json.loads(done.stdout))


def inside(entries: int) -> None:
    """Build, measure, and print the medians as JSON."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from scoring import definition, standin
    from scoring.benchmarks.mmad import importer
    from submissions.models import Entry, Submission

    call_command("migrate", verbosity=0)
    content = importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))
    board.build(entries, SUBMISSIONS, FIGURES, known=content)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    keys = list(Entry.objects.order_by("pk").values_list("pk", flat=True))
    chosen = Random(1).sample(range(entries), min(entries, PLACED))  # noqa: S311  # a choice, no secret
    tried = Submission.objects.filter(entry__in=[keys[position] for position in chosen])
    board.keep_outcomes(tried.exclude(pk__in=Entry.objects.values("shown")), content)
    print(json.dumps({"a move": placed(chosen, moves=True), "no move": placed(chosen, moves=False)}))  # noqa: T201


def placed(chosen: list[int], *, moves: bool) -> float:
    """The median of placing these entries, by their position on the board."""
    from functools import partial

    from submissions import ranges, standings
    from submissions.models import Entry, Submission

    keys = list(Entry.objects.order_by("pk").values_list("pk", flat=True))
    taken = []
    for position in chosen:
        entry = Entry.objects.get(pk=keys[position])
        if moves:
            others = [each for each in Submission.objects.filter(entry=entry) if each.pk != entry.shown_id]
            entry.chosen = others[position % len(others)]
            entry.save(update_fields=["chosen"])
        begun = time.perf_counter()
        ranges.up_to_date(partial(standings.place, entry))
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


# What bench.board makes, in PostgreSQL's words.
SUBMISSIONS = """
INSERT INTO submissions_submission
    (id, entry_id, benchmark_id, team_id, source, sha256, size, file_name, partial, status, visibility, published_at,
     received_at, finished_at, attempts, errors, errors_total, error_counts, withdrawn_reason, release_id, score,
     present, coverage, compare_due)
WITH number(n) AS (SELECT generate_series(1, %s)),
    moment(n, at) AS (SELECT n, %s::timestamptz + n * interval '10 s' FROM number)
SELECT gen_random_uuid(), e.id, e.benchmark_id, e.team_id, 'api', md5(random()::text) || md5(random()::text), 600000,
       '', '[]', 'scored', 'public', at, at, at, 1, '[]', 0, '{}', '', %s, 30 + 60 * random(), 1.0, 0.9 + n / 100.0,
       FALSE
FROM submissions_entry e, moment
"""
FIGURES = """
INSERT INTO submissions_figure
    (benchmark_id, submission_id, release_id, "column", score, sort_key, sent_at, shown, archived)
SELECT s.benchmark_id, s.id, s.release_id, c.value, made.score, made.score, s.received_at, s.id = e.shown_id, FALSE
FROM submissions_submission s
JOIN submissions_entry e ON e.id = s.entry_id
JOIN jsonb_array_elements_text(%s) WITH ORDINALITY c(value, key) ON c.key <= %s OR s.id = e.shown_id
CROSS JOIN LATERAL (
    SELECT CASE c.key WHEN 1 THEN s.score ELSE s.score - 20 + 40 * random() END AS score
) made
"""

if __name__ == "__main__":
    main()

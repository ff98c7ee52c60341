"""What a board costs the server: process CPU time of one uncached request, on SQLite, through Django's own handler.

`python -m bench.board [ENTRIES ...]` builds a database of that many entries with ten scored submissions each (1,000
and 10,000) in a folder that goes away afterwards, asks for the board as JSON and as a page of 50 rows, and prints
medians. It ends with 1 when one is over 15 ms, or when the largest board costs over a third more than the smallest.

The shown submission of each entry has all of its 45 figures (12 ranked columns, 28 cells, 5 rates of detection), the
others the 12 ranked ones: the board looks at neither their cells nor their rates. Ranks are set by the worker's own
statement. No ETag is sent, so nothing is answered from what somebody has already.

Printed is the median of the quietest round: what else runs on the machine costs a process its caches, and that is
counted as its own CPU time.
"""

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import product
from random import Random
from typing import TYPE_CHECKING

from bench import environment

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.test import Client

    from scoring.release import Release as Content
    from submissions.models import Submission

SUBMISSIONS_AN_ENTRY = 10
ENTRIES_A_TEAM = 20
ROUNDS = 20
REQUESTS = 20
BATCH = 2000
LIMIT_MS = 15.0
GROWTH = 4 / 3
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BOARD = "/api/v1/benchmarks/bench/leaderboard/"
PAGE = "/benchmarks/bench/"
ASKED = {
    "JSON": BOARD,
    "page": PAGE,
    "JSON by a subtask": f"{BOARD}?column=defect-analysis",
    "JSON, filtered": f"{BOARD}?shots=1&tools=none",
    "JSON, closed division": f"{BOARD}?division=closed",
    "JSON, second page": f"{BOARD}?cursor=",
    "page, second page": f"{PAGE}?cursor=",
    "JSON, known (304)": BOARD,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="CPU time of a board.")
    parser.add_argument("entries", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--profile", action="store_true", help="where the time goes, in place of medians")
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        inside(given.inside, profile=given.profile)
        return 0
    medians = [measured_apart(entries, profile=given.profile) for entries in given.entries]
    if given.profile:
        return 0
    print(f"{'median CPU ms of a request':<28}", *(f"{n * SUBMISSIONS_AN_ENTRY:>9,}" for n in given.entries))  # noqa: T201
    for name in ASKED:
        print(f"{name:<28}", *(f"{found[name]:9.2f}" for found in medians))  # noqa: T201
    return 0 if holds(medians) else 1


def holds(medians: list[dict[str, float]]) -> bool:
    """Whether JSON and page keep to the limit, and do not grow with the board."""
    kept = [found[name] <= LIMIT_MS for found in medians for name in ("JSON", "page")]
    flat = [medians[-1][name] <= GROWTH * medians[0][name] for name in ("JSON", "page")]
    return all(kept) and all(flat)


def measured_apart(entries: int, *, profile: bool) -> dict[str, float]:
    """The medians of a board of that size, in milliseconds, from a process and a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="vernier-bench-") as folder:
        command = [
            sys.executable,
            "-m",
            "bench.board",
            "--inside",
            str(entries),
            *(["--profile"] if profile else []),
        ]
        done = subprocess.run(  # noqa: S603  # ourselves
            command,
            env=environment(VERNIER_VAR=folder),
            stdout=subprocess.PIPE if not profile else None,
            check=True,
        )
    return {} if profile else dict(json.loads(done.stdout))


def inside(entries: int, *, profile: bool) -> None:
    """Build, measure, and print the medians as JSON."""
    import django
    from django.conf import settings

    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    }
    django.setup()
    logging.disable()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    build(entries)
    if profile:
        profiled(BOARD)
        profiled(PAGE)
    else:
        print(json.dumps(medians_ms()))  # noqa: T201


def medians_ms() -> dict[str, float]:
    """The median process CPU time of each request in its quietest round, after one to warm up.

    Every round asks for everything, so that a loud minute does not fall on one of them alone.
    """
    from django.test import Client

    client = Client(headers={"Host": "localhost"})
    following = client.get(BOARD).json()["next"].partition("cursor=")[2]
    asked = {name: url + following if url.endswith("cursor=") else url for name, url in ASKED.items()}
    known = {"If-None-Match": client.get(BOARD)["ETag"]}
    found: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS + 1):
        for name, url in asked.items():
            headers = known if name.endswith("(304)") else {}
            found[name].append(statistics.median(seconds(client, url, headers) for _ in range(REQUESTS)))
    return {name: 1000 * min(medians[1:]) for name, medians in found.items()}


def seconds(client: "Client", url: str, headers: dict[str, str]) -> float:
    """The process CPU time of one request, which must succeed."""
    start = time.process_time()
    response = client.get(url, headers=headers)
    taken = time.process_time() - start
    if response.status_code != (304 if headers else 200):
        raise RuntimeError(f"{url}: {response.status_code}")
    return taken


def profiled(url: str) -> None:
    """Print where the time of the same requests goes."""
    import cProfile
    import pstats

    from django.test import Client

    client = Client(headers={"Host": "localhost"})
    client.get(url)
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(ROUNDS * REQUESTS):
        client.get(url)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(30)


# ---- the database ----


def build(entries: int, submissions: str = "", figures: str = "", known: "Content | None" = None) -> None:
    """A benchmark `bench` of that many public entries, by these statements in place of SQLite's.

    With a release to answer, outcomes are kept of what is shown, and the ranges of ranks follow from them; without, no
    two entries can be told apart.
    """
    from django.db import connection, transaction

    from scoring import definition, standin
    from scoring.benchmarks.mmad import importer
    from submissions import places, ranges, truths
    from submissions.models import Benchmark, Entry, Question, Release, Submission, Team

    rules = definition.load("mmad")
    content = known or importer.read(json.dumps(standin.mmad_json()).encode(), rules)
    truths.keep(content)
    benchmark = Benchmark.objects.create(
        slug="bench", name="Bench", definition=rules.to_dict(), disclosure="cells", is_open=True
    )
    release = Release.objects.create(
        benchmark=benchmark, digest=content.digest, question_count=39672, image_count=8366
    )
    # One question a cell: what is asked about makes the board's columns.
    Question.objects.bulk_create(
        Question(
            release=release,
            position=position,
            question_id=f"{dataset}/thing/good/0.png#{position}",
            source_dataset=dataset,
            subtask=subtask,
            options={"A": "x", "B": "y"},
        )
        for position, (dataset, subtask) in enumerate(product(rules.source_datasets, rules.subtask_slugs))
    )
    Benchmark.objects.filter(pk=benchmark.pk).update(current_release=release)
    chance = Random(1)  # noqa: S311  # made-up settings
    teams = Team.objects.bulk_create(
        Team(slug=f"team-{number}", name=f"Team {number}") for number in range(-(-entries // ENTRIES_A_TEAM))
    )
    made = [
        Entry(
            benchmark=benchmark,
            team=teams[number // ENTRIES_A_TEAM],
            name=f"Qwen2.5-VL-72B-Instruct, run {number}",
            shots=chance.choice([0, 1, 1, None]),
            template=chance.choice(["", "random", "similar"]),
            knowledge=chance.choice(["", "none", "full"]),
            tools=chance.choice(["", "none", "none", "expert-agent"]),
            training=chance.choice(["", "none-known", "benchmark-images"]),
            parameters=chance.choice([None, 7.0, 72.0]),
            open_weights=chance.choice(["", "yes", "no"]),
            tries=SUBMISSIONS_AN_ENTRY,
        )
        for number in range(entries)
    ]
    for entry in made:
        entry.division = entry.proper_division()
    Entry.objects.bulk_create(made, BATCH)
    columns = ["overall", *rules.subtask_slugs, *rules.source_datasets]
    further = [f"{dataset}/{slug}" for dataset in rules.source_datasets for slug in rules.subtask_slugs]
    further += [f"detection/{rate}" for rate in ("recall", "precision", "f1", "overkill", "miss")]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            submissions or _SUBMISSIONS,
            [SUBMISSIONS_AN_ENTRY, NOON.strftime("%Y-%m-%d %H:%M:%S"), release.pk],
        )
        cursor.execute(_SHOW)
        cursor.execute(figures or _FIGURES, [json.dumps(columns + further), len(columns)])
    if known:
        keep_outcomes(Submission.objects.filter(pk__in=Entry.objects.values("shown")), known)
    logging.getLogger("submissions.ranges").setLevel(logging.CRITICAL)
    ranges.up_to_date(lambda: places.write(Benchmark.objects.select_for_update().get(pk=benchmark.pk)))


def keep_outcomes(of: "QuerySet[Submission]", content: "Content") -> None:
    """Let these submissions have answered as their score says, with a report to say so."""
    import numpy as np

    from scoring.evaluate import SCORER_VERSION
    from submissions import outcomes
    from submissions.models import Report

    made = []
    for submission in of:
        release, score = submission.release, submission.score
        if release is None or score is None:
            raise RuntimeError(f"{submission} is not scored")
        draw = np.random.default_rng(submission.pk.int)
        right = draw.random(content.size) < score / 100
        outcomes.keep(submission, release, np.packbits(right).tobytes())
        made.append(Report(submission=submission, release=release, scorer_version=SCORER_VERSION, body={}))
    Report.objects.bulk_create(made, BATCH)


# As many of each entry, ten seconds apart, each with a random score from 30 to 90.
_SUBMISSIONS = """
INSERT INTO submissions_submission
    (id, entry_id, benchmark_id, team_id, source, sha256, size, file_name, partial, status, visibility, published_at,
     received_at, finished_at, attempts, errors, errors_total, error_counts, withdrawn_reason, release_id, score,
     present, coverage, compare_due)
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < %s),
    moment(n, at) AS (SELECT n, datetime(%s, (n * 10) || ' seconds') FROM number)
SELECT lower(hex(randomblob(16))), e.id, e.benchmark_id, e.team_id, 'api', lower(hex(randomblob(32))), 600000, '', '[]',
       'scored', 'public', at, at, at, 1, '[]', 0, '{}', '', %s, 30 + abs(random()) %% 600000000 / 1e7,
       1.0, 0.9 + n / 100.0, FALSE
FROM submissions_entry e, moment
"""
_SHOW = """
UPDATE submissions_entry SET shown_id = (
    SELECT id FROM submissions_submission s WHERE s.entry_id = submissions_entry.id ORDER BY s.score DESC LIMIT 1
)
"""
# Overall as the submission has it; the others near it, by a multiplicative hash of row and column.
_FIGURES = """
INSERT INTO submissions_figure
    (benchmark_id, submission_id, release_id, "column", score, low, high, sort_key, sent_at, shown, archived)
SELECT benchmark_id, id, release_id, name, score, score - 0.6, score + 0.6, score, received_at, shown, FALSE
FROM (
    SELECT s.benchmark_id, s.id, s.release_id, c.value AS name, s.received_at, s.id = e.shown_id AS shown,
           CASE c.key WHEN 0 THEN s.score
           ELSE s.score - 20 + (s.rowid * 2654435761 + c.key * 40503) % 4000000 / 1e5 END AS score
    FROM submissions_submission s
    JOIN submissions_entry e ON e.id = s.entry_id
    JOIN json_each(%s) c ON c.key < %s OR s.id = e.shown_id
)
"""

if __name__ == "__main__":
    sys.exit(main())

"""What it costs to compare two entries: `python -m bench.comparing`.

Eight entries of 39,672 answers, on SQLite and folders: a new pair as a worker computes it, the first after its start
and the next ones, and what is stored as the API and the page answer it, through Django's own handler. Process CPU time,
the median of thirty. Ends with 1 when one is over its limit.
"""

import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from bench import environment

if TYPE_CHECKING:
    from scoring.release import Release as Content

ENTRIES = 8
RUNS = 30
NEW_MS = 2000.0
STORED_MS = 50.0
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def main() -> int:
    if "--inside" in sys.argv:
        return inside()
    with tempfile.TemporaryDirectory(prefix="vernier-bench-") as folder:
        command = [sys.executable, "-m", "bench.comparing", "--inside"]
        return subprocess.run(command, env=environment(VERNIER_VAR=folder), check=False).returncode  # noqa: S603  # ourselves


def inside() -> int:
    """Build, measure and print; the exit code."""
    import django
    from django.conf import settings

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    django.setup()
    logging.disable()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from scoring import definition, standin
    from scoring.benchmarks.mmad import importer
    from submissions import pairs, releases
    from submissions.models import Pair

    content = importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))
    release, _outcome = releases.publish(content, slug="bench")
    entries, submissions = build(content)
    pairs.ask(release, submissions, now=NOON)
    due = list(Pair.objects.due().values_list("pk", flat=True))
    first = spent(lambda: pairs.compute(due[0]))
    others = [spent(partial(pairs.compute, pk)) for pk in due[1:]]
    from django.test import Client

    client = Client(headers={"Host": "localhost"})
    two, six = (",".join(map(str, entries[:number])) for number in (2, 6))
    found = [
        told("a new pair, a worker's first", first, NEW_MS),
        told("a new pair", statistics.median(others), NEW_MS),
    ]
    for name, ids in (("two", two), ("six", six)):
        for what, path in (("API", "/api/v1/benchmarks"), ("page", "/benchmarks")):
            url = f"{path}/bench/compare/?entries={ids}"
            if client.get(url).status_code != 200:
                raise RuntimeError(f"{url} is not answered")
            times = [spent(partial(client.get, url)) for _ in range(RUNS)]
            found.append(told(f"{name} stored, {what}", statistics.median(times), STORED_MS))
    return 0 if all(found) else 1


def spent(work: Callable[[], object]) -> float:
    """Milliseconds of this process's CPU time."""
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


def told(name: str, found: float, limit: float) -> bool:
    print(f"{name:<30}{found:9.1f} ms CPU (limit {limit:.0f})")  # noqa: T201
    return found <= limit


def build(content: "Content") -> tuple[list[UUID], list[UUID]]:
    """Public entries with what a worker keeps of each; answers with their ids and those of their submissions."""
    from django.db import transaction

    from scoring.answers.sheet import Sheet
    from scoring.evaluate import score
    from submissions import outcomes, ranges, scores, standings
    from submissions.models import Benchmark, Entry, Submission, Team

    benchmark = Benchmark.objects.with_release().get(slug="bench")
    if benchmark.current_release is None:
        raise RuntimeError("the benchmark has no release")
    team = Team.objects.create(slug="bench", name="Bench")
    chance = np.random.default_rng(1)
    made = []
    for number in range(ENTRIES):
        entry = Entry.objects.create(
            benchmark=benchmark, team=team, name=f"model {number}", division="open", shots=number
        )
        submission = Submission.objects.create(
            entry=entry,
            benchmark=benchmark,
            team=team,
            source="command",
            sha256="0" * 64,
            size=1,
            status="scored",
            visibility="public",
            published_at=NOON,
            received_at=NOON + timedelta(seconds=number),
            finished_at=NOON,
            release=benchmark.current_release,
        )
        is_right = chance.random(content.size) < 0.7
        guessed = chance.integers(0, content.option_counts, dtype=np.uint8)
        codes = np.where(is_right, content.truth, guessed).astype(np.uint8)
        found = score(
            Sheet(codes, np.ones(content.size, dtype=np.bool_), {"letter": content.size}, "plain-csv"),
            content,
        )
        outcomes.keep(submission, benchmark.current_release, found.outcomes)
        with transaction.atomic():
            scores.write([scores.Score(submission, found.report)], benchmark.current_release)
            scores.adopt(benchmark, [submission])
        ranges.up_to_date(partial(standings.place, entry))
        made.append((entry.pk, submission.pk))
    return [entry for entry, _submission in made], [submission for _entry, submission in made]


if __name__ == "__main__":
    sys.exit(main())

"""How fast history is scored against a new release: `python -m bench.rescoring [SUBMISSIONS]`.

10,000 scored submissions of 39,672 answers each (100 different files, of 500 entries), on SQLite and folders, are
scored against a draft in which 40 answers are others: from the letters that are kept beside each file, through the
worker's own turns, to reports, figures and outcomes written. Printed are submissions a second of this process's CPU
time, and as a named baseline the same files read again from their bytes. Ends with 1 below 100 a second.
"""

import argparse
import json
import logging
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from bench import environment

if TYPE_CHECKING:
    from scoring.release import Release as Content
    from submissions.models import Benchmark, Release

FILES = 100
ENTRIES = 500
CHANGED = 40
LEAST = 100.0
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def main() -> int:
    parser = argparse.ArgumentParser(description="CPU time of scoring history against another release.")
    parser.add_argument("submissions", type=int, nargs="?", default=10_000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        return inside(given.submissions)
    with tempfile.TemporaryDirectory(prefix="vernier-bench-") as folder:
        command = [sys.executable, "-m", "bench.rescoring", "--inside", str(given.submissions)]
        return subprocess.run(command, env=environment(VERNIER_VAR=folder), check=False).returncode  # noqa: S603  # ourselves


def inside(count: int) -> int:
    """Build, measure and print; the exit code."""
    import django

    django.setup()
    logging.disable()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from scoring import definition, standin
    from scoring.benchmarks.mmad import importer
    from submissions import releases

    content = importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))
    releases.publish(content, slug="bench")
    files = build(content, count)
    draft, _outcome = releases.publish(corrected(content), slug="bench")
    baseline = read_again(files, content)
    taken = rescored(draft)
    rate = count / taken
    print(f"history: {count:,} submissions of {content.size:,} answers, {CHANGED} answers changed")  # noqa: T201
    print(f"from letters, to figures written   {rate:8.0f} a second of CPU (limit {LEAST:.0f})")  # noqa: T201
    print(f"baseline: the files read again     {1 / baseline:8.0f} a second, without writing")  # noqa: T201
    return 0 if rate >= LEAST else 1


def corrected(content: "Content") -> "Content":
    """The same questions, of which some have another answer."""
    truth = content.truth.copy()
    for position in random.Random(1).sample(range(content.size), CHANGED):  # noqa: S311 - which ones, no secret
        truth[position] = (truth[position] + 1) % len(content.options[position])
    return replace(content, truth=truth)


def build(content: "Content", count: int) -> list[bytes]:
    """As many scored submissions, with their letters kept; answers with the different files."""
    from scoring.answers.sheet import Sheet
    from scoring.evaluate import SCORER_VERSION
    from submissions import storage
    from submissions.models import Benchmark, Entry, Report, Submission, Team

    benchmark = Benchmark.objects.with_release().get(slug="bench")
    team = Team.objects.create(slug="bench", name="Bench")
    entries = Entry.objects.bulk_create(
        Entry(benchmark=benchmark, team=team, name=f"model {number}", division="open")
        for number in range(ENTRIES)
    )
    made = [
        Submission(
            entry=entries[number % ENTRIES],
            benchmark=benchmark,
            team=team,
            source="command",
            sha256="0" * 64,
            size=1,
            status="scored",
            received_at=NOON + timedelta(seconds=number),
            finished_at=NOON + timedelta(seconds=number),
            release=benchmark.current_release,
            score=50.0,
        )
        for number in range(count)
    ]
    Submission.objects.bulk_create(made, 1000)
    release = release_of(benchmark)
    Report.objects.bulk_create(
        (Report(submission=each, release=release, scorer_version=SCORER_VERSION, body={}) for each in made),
        1000,
    )
    chance = np.random.default_rng(1)
    files, sheets = [], []
    present = np.ones(content.size, dtype=np.bool_)
    for _ in range(FILES):
        codes = chance.integers(0, content.option_counts, dtype=np.uint8)
        sheets.append(Sheet(codes, present, {"letter": content.size}, "plain-csv").encode())
        pairs = zip(content.ids, codes.tolist(), strict=True)
        lines = [f"{question_id},{'ABCDEFGH'[code]}" for question_id, code in pairs]
        files.append("\n".join(["question_id,answer", *lines, ""]).encode())
    for number, each in enumerate(made):
        storage.answers().put(each.sheet_key(content.digest), sheets[number % FILES])
    return files


def release_of(benchmark: "Benchmark") -> "Release":
    if benchmark.current_release is None:
        raise RuntimeError("the benchmark has no release")
    return benchmark.current_release


def rescored(draft: "Release") -> float:
    """The CPU seconds of all turns."""
    from submissions import rescoring

    started = time.process_time()
    while draft.rescoring:
        rescoring.take_turn(draft.pk, draft.rescoring_turn)
        draft.refresh_from_db()
    return time.process_time() - started


def read_again(files: list[bytes], content: "Content") -> float:
    """CPU seconds a file takes to be read and scored from its bytes."""
    from scoring.evaluate import evaluate

    evaluate(files[0], content)
    started = time.process_time()
    for file in files:
        evaluate(file, content)
    return (time.process_time() - started) / len(files)


if __name__ == "__main__":
    sys.exit(main())

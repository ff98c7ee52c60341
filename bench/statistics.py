"""What it costs to say how sure the figures are: `python -m bench.statistics`.

CPU time of this process (user and system), as in bench.scoring; a submission of MMAD's size with 39,672 answers. Memory
is what the peak of this process grows by.
"""

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.scoring import cpu_ms, cpu_seconds, resident_mb, say
from scoring import definition, standin
from scoring.benchmarks.mmad import importer
from scoring.release import Release
from scoring.statistics.boards import Board
from scoring.statistics.clusters import Spread
from scoring.statistics.estimates import intervals
from scoring.statistics.pairs import compare

LIMITS = {
    "one standard error": 5.0,
    "all intervals": 60.0,
    "500 entries in all columns": 3000.0,
    "one entry against 10,000": 150.0,
    "a pair": 50.0,
}


def main() -> int:
    """Print every figure; 1 when one misses its limit."""
    release = importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))
    say(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    first = 1000 * cpu_seconds(lambda: release.replicates)
    say(f"a worker's first use of a release: {first:.0f} ms, the digest included\n")
    missed = [*measure_one(release), *measure_boards(release)]
    say(f"\nMISSED: {', '.join(missed)}" if missed else "\nAll within their limits.")
    return 1 if missed else 0


def measure_one(release: Release) -> list[str]:
    """Of one submission and of a pair."""
    correct, other = drawn(release, 1), drawn(release, 2)
    every = range(len(release.definition.subtasks))
    figures = release.strata.linear(every)

    def error() -> None:
        Spread.of(release.strata, release.strata.count(correct)).errors(figures)

    return [
        *told("one standard error", lambda: cpu_ms(error)),
        *told("all intervals", lambda: cpu_ms(lambda: intervals(correct, release, every))),
        *told("a pair", lambda: cpu_ms(lambda: compare(correct, other, release, every))),
    ]


def measure_boards(release: Release) -> list[str]:
    """Of boards of 500 and of 10,000 entries, whose overall scores lie between 60 and 80."""
    columns = ("overall", *release.definition.subtask_slugs, *release.definition.source_datasets)
    whole: Board[int] = Board(release, columns, 2)
    for entry in range(500):
        whole.add(entry, np.packbits(drawn(release, entry)).tobytes())
    # Every third stands in the closed division, too.
    everybody = {entry: (True, entry % 3 == 0) for entry in range(500)}
    missed = told("500 entries in all columns", lambda: 1000 * cpu_seconds(lambda: whole.settle(everybody)))
    one_less = {entry: everybody[entry] for entry in range(499)}

    def move() -> None:
        whole.settle(one_less)
        whole.add(499, np.packbits(drawn(release, 499)).tobytes())
        whole.settle(everybody)

    say(f"one of 500 goes and comes again, in all columns: {cpu_ms(move, runs=3):.0f} ms CPU")

    chance = np.random.default_rng(1)
    kept: Board[int] = Board(release, ["overall"], 1)
    # To draw as many as this takes long: each is one of five hundred, with two in a hundred answers turned.
    some = [drawn(release, entry) for entry in range(500)]
    for entry in range(10_000):
        kept.add(entry, np.packbits(some[entry % 500] ^ (chance.random(release.size) < 0.02)).tobytes())
    say(f"10,000 entries in memory: {kept.size / 2**20:.0f} MB")
    members = dict.fromkeys(range(10000), (True,))
    seconds = cpu_seconds(lambda: kept.settle(members))
    say(f"10,000 entries in one column, all pairs: {seconds:.0f} s CPU")

    newcomer = np.packbits(drawn(release, 500)).tobytes()

    def come() -> None:
        kept.add(10_000, newcomer)
        kept.settle({**members, 10_000: (True,)})

    return [*missed, *told("one entry against 10,000", lambda: 1000 * cpu_seconds(come))]


def told(name: str, work: Callable[[], float]) -> list[str]:
    """Measure and print; the name when it misses its limit."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    before = resident_mb("VmRSS")
    spent = work()
    growth = resident_mb("VmHWM") - before
    say(f"{name:28} {spent:8.2f} ms CPU (limit {LIMITS[name]:.0f})  memory +{growth:.0f} MB")
    return [name] if spent >= LIMITS[name] else []


def drawn(release: Release, seed: int) -> np.ndarray:
    """Right answers of about seven in ten questions."""
    random = np.random.default_rng(seed)
    return random.random(release.size) < 0.6 + 0.2 * random.random()


if __name__ == "__main__":
    sys.exit(main())

"""What scoring costs a worker: `python -m bench.scoring`.

Measured are the figures, as the baseline has them; one line says what their intervals add, whose own limit
bench.statistics keeps.

CPU time of this process (user and system), the median of the quietest of three rounds in a warm worker: the
release decoded and its tables built, as a worker keeps them. Each file's growth of memory is measured in a process
of its own. Load on the machine makes the milliseconds larger; the ratios hardly.
"""

import json
import math
import multiprocessing
import os
import platform
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from string import ascii_uppercase

from bench import baseline
from scoring import definition, standin
from scoring.answers.read import read
from scoring.answers.sheet import Sheet
from scoring.benchmarks.mmad import importer
from scoring.evaluate import evaluate, mark
from scoring.release import Release
from scoring.report import Report
from scoring.statistics.estimates import intervals
from scoring.tabulate import tabulate

ROUNDS = 3
LIMITS = {"native": 150.0, "plain": 50.0, "memory": 60.0, "baseline": 4.0, "alone": 100.0}


def main() -> int:
    """Print every figure; 1 when one misses its limit."""
    release = importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))
    packed = release.encode()
    files = answer_files(release)
    say(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    started = time.process_time()
    release = Release.decode(packed)
    say(f"a worker's first use of a release: decode {1000 * (time.process_time() - started):.0f} ms")
    started = time.process_time()
    first = evaluate(files["native list, as the authors write it"], release)
    say(f"first native file, building its tables: {1000 * (time.process_time() - started):.0f} ms CPU\n")

    missed = [name for name, data in files.items() if not measure(name, data, release, packed)]
    missed += compare(files["plain CSV"], release)
    if first.report.score is None or missed:
        say(f"\nMISSED: {', '.join(missed)}")
        return 1
    say("\nAll within their limits.")
    return 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def answer_files(release: Release) -> dict[str, bytes]:
    """The same answers in each form."""
    model = standin.published_models()[0]
    indented = standin.rebuild(model, release, native=True)
    plain = standin.rebuild(model, release)
    header, *rows = plain.decode().splitlines(keepends=True)
    random.Random(1).shuffle(rows)  # noqa: S311 - an order, no secret
    pairs = [row.split(",") for row in plain.decode().splitlines()[1:]]
    objects = [{"question_id": question_id, "answer": answer} for question_id, answer in pairs]
    return {
        "native list, as the authors write it": indented,
        "native list without indents": json.dumps(json.loads(indented)).encode(),
        "plain CSV": plain,
        "plain CSV, shuffled": "".join([header, *rows]).encode(),
        "plain JSON Lines": "".join(json.dumps(item) + "\n" for item in objects).encode(),
    }


def cpu_ms(work: Callable[[], object], runs: int = 9) -> float:
    """Median CPU milliseconds of a call, in its quietest round."""
    work()
    return 1000 * min(statistics.median(cpu_seconds(work) for _ in range(runs)) for _ in range(ROUNDS))


def cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def figures(sheet: Sheet, release: Release) -> Report:
    """A report without its intervals."""
    every = range(len(release.definition.subtasks))
    return tabulate(sheet, mark(sheet, release, every), release, every)


def measure(name: str, data: bytes, release: Release, packed: bytes) -> bool:
    spent = cpu_ms(lambda: figures(read(data, release), release))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        tables, growth = pool.apply(memory_growth, (data, packed))
    limit = LIMITS["native" if name.startswith("native") else "plain"]
    say(
        f"{name:38} {len(data) / 1e6:5.1f} MB  {spent:6.1f} ms CPU (limit {limit:.0f})  "
        f"memory +{growth:.0f} MB (limit {LIMITS['memory']:.0f}) beside {tables:.0f} MB of tables"
    )
    return spent < limit and growth < LIMITS["memory"]


def memory_growth(data: bytes, packed: bytes) -> tuple[float, float]:
    """MB of tables that stay after a first file, and MB that a second adds to a warm worker's peak."""
    release = Release.decode(packed)
    tracemalloc.start()
    evaluate(data, release)
    tables = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    before = resident_mb("VmRSS")
    evaluate(data, release)
    return tables, resident_mb("VmHWM") - before


def resident_mb(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def compare(data: bytes, release: Release) -> list[str]:
    """The plain file against the baseline, with equal output, and scoring alone."""
    questions = {
        str(question["question_id"]): {**question, "answer": ascii_uppercase[code]}
        for question, code in zip(release.public_questions(), release.truth.tolist(), strict=True)
    }
    expected = baseline.score(data, questions)
    assert_equal(evaluate(data, release).report.to_dict(), expected)
    sheet = read(data, release)
    every = range(len(release.definition.subtasks))
    correct = mark(sheet, release, every)
    theirs = cpu_ms(lambda: baseline.score(data, questions))
    whole = cpu_ms(lambda: figures(read(data, release), release))
    alone = cpu_ms(lambda: figures(sheet, release), runs=101)
    sure = cpu_ms(lambda: intervals(correct, release, every), runs=101)
    say(f"\nbaseline (a dict loop over parsed rows)  {theirs:6.1f} ms CPU, equal output")
    say(f"the plain file: {theirs / whole:.1f} times faster (limit {LIMITS['baseline']:.0f})")
    say(f"scoring alone: {alone:.2f} ms, {theirs / alone:.0f} times faster (limit {LIMITS['alone']:.0f})")
    say(f"the intervals of all figures add: {sure:.1f} ms")
    ratios = {"baseline": theirs / whole, "alone": theirs / alone}
    return [name for name, ratio in ratios.items() if ratio < LIMITS[name]]


def assert_equal(found: dict[str, object], expected: dict[str, object]) -> None:
    """Raises ValueError unless every score of the baseline stands in the report."""
    cells = found["cells"]
    if not isinstance(cells, list):
        raise TypeError("cells is no list")
    shown = found | {"cells": {(cell["dataset"], cell["subtask"]): cell["score"] for cell in cells}}
    for name, value in expected.items():
        pairs = value.items() if isinstance(value, dict) else [(None, value)]
        for key, number in pairs:
            other = shown[name] if key is None else shown[name][key]  # type: ignore[index]
            if not math.isclose(number, other, rel_tol=1e-12):  # type: ignore[arg-type]
                raise ValueError(f"{name} {key}: {number} is not {other}")


if __name__ == "__main__":
    sys.exit(main())

"""What it costs a worker to score boxes: `python -m bench.boxes`.

50,000 images of the stand-in and a file of a made-up model that reasons, as Anomaly-R1 writes it. CPU time (user and
system) and the peak of memory are those of a process of its own that reads the release and the file from disk, builds
the release's tables and scores. The baseline is the plain way, with equal output.
"""

import ast
import json
import math
import multiprocessing
import os
import platform
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.scoring import cpu_ms, cpu_seconds, resident_mb, say
from scoring.boxes import importer, standin
from scoring.boxes.evaluate import evaluate
from scoring.boxes.marks import Marks
from scoring.boxes.pairs import compare
from scoring.boxes.read import read
from scoring.boxes.release import BoxRelease
from scoring.statistics.boards import Board

IMAGES = 50_000
ENTRIES = 100
LIMITS = {"seconds": 10.0, "memory": 500.0}

Box = Sequence[float]


def main() -> int:
    """Print every figure; 1 when one misses its limit."""
    say(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        standin.write(folder / "annotations", IMAGES)
        started = time.process_time()
        release = importer.read(folder / "annotations").release
        say(f"the import of {release.size} images: {time.process_time() - started:.1f} s CPU")
        (folder / "release").write_bytes(release.encode())
        (folder / "answers").write_bytes(standin.answers(standin.MODELS[0], IMAGES))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, megabytes = pool.apply(score_once, (folder,))
        data = (folder / "answers").read_bytes()
    boxes = f"{len(release.boxes)} true boxes, {len(data) / 1e6:.0f} MB of answers"
    say(f"{release.size} images, {boxes}: {seconds:.1f} s CPU (limit {LIMITS['seconds']:.0f})")
    say(f"memory at its peak, all of the process: {megabytes:.0f} MB (limit {LIMITS['memory']:.0f})")
    again = cpu_seconds(lambda: evaluate(data, release))
    say(
        f"again in a warm worker: {again:.1f} s CPU, {cpu_seconds(lambda: read(data, release)):.1f} of it to read"
    )
    started = time.process_time()
    expected = dict(baseline(data, release))
    theirs = time.process_time() - started
    assert_equal(dict(evaluate(data, release).report.figures()), expected)
    say(
        f"baseline (a loop over parsed records, boxes in lists): {theirs:.1f} s CPU, equal output, no intervals"
    )
    measure_board(release)
    missed = [name for name, spent in (("seconds", seconds), ("memory", megabytes)) if spent > LIMITS[name]]
    say(f"\nMISSED: {', '.join(missed)}" if missed else "\nAll within their limits.")
    return 1 if missed else 0


def score_once(folder: Path) -> tuple[float, float]:
    """CPU seconds and the peak of resident megabytes of a worker's first file."""
    started = time.process_time()
    release = BoxRelease.decode((folder / "release").read_bytes())
    evaluate((folder / "answers").read_bytes(), release)
    return time.process_time() - started, resident_mb("VmHWM")


def assert_equal(found: dict[str, float | None], expected: dict[str, float]) -> None:
    """Raises ValueError unless every figure of the baseline stands in the report."""
    for name, value in expected.items():
        its = found[name]
        if its is None or not math.isclose(its, value, rel_tol=1e-12):
            raise ValueError(f"{name}: {value} is not {its}")


def measure_board(release: BoxRelease) -> None:
    """What ranks cost: a pair, and a board that all pairs are judged on, and one more entry on it."""
    chance = np.random.default_rng(1)
    true = release.true_counts.astype(np.uint8)

    def drawn() -> Marks:
        share = chance.uniform(0.5, 0.8)
        matched = chance.binomial(true, share).astype(np.uint8)
        predicted = matched + (chance.random(release.size) < 0.2)
        return Marks(chance.random(release.size) < share, predicted.astype(np.uint8), matched, matched)

    first, second = drawn(), drawn()
    say(f"a pair: {cpu_ms(lambda: compare(first, second, release, [0, 1]), runs=3):.0f} ms CPU")
    board: Board[int] = Board(release, release.columns, 2)
    for entry in range(ENTRIES):
        board.add(entry, drawn().encode())
    everybody = dict.fromkeys(range(ENTRIES), (True, False))
    spent = cpu_seconds(lambda: board.settle(everybody))
    say(
        f"{ENTRIES} entries in {len(release.columns)} columns: {spent:.1f} s CPU, {board.size / 2**20:.0f} MB kept"
    )
    board.add(ENTRIES, drawn().encode())
    one_more = everybody | {ENTRIES: (True, False)}
    say(f"one more: {1000 * cpu_seconds(lambda: board.settle(one_more)):.0f} ms CPU")


def baseline(data: bytes, release: BoxRelease) -> Iterator[tuple[str, float]]:
    """Records parsed into dicts, boxes matched in lists, counted in dicts by category."""
    replies = {record["image"]: record["reply"] for record in map(json.loads, data.splitlines())}
    names = release.definition.source_datasets
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 6)
    for at, image in enumerate(release.ids):
        truth = release.boxes[release.starts[at] : release.starts[at + 1]].tolist()
        extent = np.ceil(release.canvases[at]).tolist()
        says, boxes = parse(replies.get(image, ""), extent)
        right = says is not None and says == bool(release.anomalous[at])
        its = counts[names[release.source_datasets[at]], release.categories[at]]
        matched = match(boxes, truth)
        for place, more in enumerate(
            (1, right, len(boxes), len(truth), len(matched), sum(overlap >= 0.5 for overlap in matched))
        ):
            its[place] += more
    detection = {key: 100 * right / images for key, (images, right, *_) in counts.items()}
    localization = {
        key: 100 * tp / (found + true - tp) for key, (_, _, found, true, tp, _) in counts.items() if true
    }
    yield "detection", mean(detection.values())
    yield "localization", mean(localization.values())
    yield "overall", (mean(detection.values()) + mean(localization.values())) / 2
    strict = {
        key: 100 * tp / (found + true - tp) for key, (_, _, found, true, _, tp) in counts.items() if true
    }
    yield "localization/accuracy-50", mean(strict.values())
    for name in names:
        for subtask, scores in (("detection", detection), ("localization", localization)):
            yield f"{name}/{subtask}", mean([score for (of, _), score in scores.items() if of == name])


def parse(reply: str, extent: Sequence[float]) -> tuple[bool | None, list[Box]]:
    found = re.search(r"<answer>(Yes|No)\.(.*)</answer>", reply, re.DOTALL)
    if found is None:
        return None, []
    boxes = [each["bbox_2d"] for each in ast.literal_eval(f"[{found[2]}]")]
    if (found[1] == "Yes") != bool(boxes):
        return None, []
    if any(
        x < 0 or y < 0 or x2 <= x or y2 <= y or x2 > extent[0] or y2 > extent[1] for x, y, x2, y2 in boxes
    ):
        return None, []
    return found[1] == "Yes", boxes


def match(boxes: list[Box], truth: list[Box]) -> list[float]:
    pairs = [
        (round(overlap(box, true), 9), true, box, i, j)
        for i, box in enumerate(boxes)
        for j, true in enumerate(truth)
    ]
    used: set[tuple[str, int]] = set()
    found = []
    for value, _true, _box, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if value >= 0.1 and ("box", i) not in used and ("true", j) not in used:
            used |= {("box", i), ("true", j)}
            found.append(value)
    return found


def overlap(one: Box, other: Box) -> float:
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def mean(scores: Collection[float]) -> float:
    return sum(scores) / len(scores)


if __name__ == "__main__":
    sys.exit(main())

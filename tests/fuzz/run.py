"""A run of the fuzzer: many inputs in several processes, added up."""

import json
import multiprocessing
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.conf import settings

from scoring import definition
from scoring.benchmarks.mmad import importer
from scoring.evaluate import evaluate
from scoring.release import Release
from tests.fuzz import judge
from tests.fuzz.inputs import Inputs
from tests.fuzz.judge import Evaluate, Judge
from tests.questions import DATASETS, questions

FOLDER = Path(__file__).resolve().parents[2] / "build" / "fuzz"
CHUNK = 500
MOST_TOLD = 20
SAY_SECONDS = 10.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Guilty:
    """An input that led to what must not be."""

    number: int
    fault: str
    data: bytes


@dataclass(slots=True)
class Tally:
    """What became of inputs; printed, it is the last line of a run."""

    rejected: int = 0
    scored: int = 0
    unhandled: int = 0
    slowest: float = 0.0
    peak: int = 0  # kB of memory in one process
    guilty: list[Guilty] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        return self.rejected + self.scored + self.unhandled

    def add(self, other: "Tally") -> None:
        self.rejected += other.rejected
        self.scored += other.scored
        self.unhandled += other.unhandled
        self.slowest = max(self.slowest, other.slowest)
        self.peak = max(self.peak, other.peak)
        self.guilty = (self.guilty + other.guilty)[:MOST_TOLD]

    def __str__(self) -> str:
        return (
            f"{self.inputs} inputs, {self.rejected} rejected, {self.scored} scored, {self.unhandled} unhandled, "
            f"slowest {self.slowest:.2f} s, peak memory {self.peak // 1024} MB"
        )


def run(
    numbers: range,
    *,
    seed: int,
    processes: int,
    say: Say,
    folder: Path = FOLDER,
    evaluate: Evaluate = evaluate,
) -> Tally:
    """Try the inputs of these numbers; the guilty are kept in the folder, and it is said how to try them again."""
    tally = Tally()
    said_at = time.monotonic()
    for part in _parts(numbers, seed, processes, evaluate):
        for guilty in part.guilty[: MOST_TOLD - len(tally.guilty)]:
            _tell(guilty, seed, say, folder)
        tally.add(part)
        if time.monotonic() - said_at > SAY_SECONDS:
            said_at = time.monotonic()
            say(f"{tally.inputs} of {len(numbers)} inputs, {tally.unhandled} unhandled")
    return tally


def _parts(numbers: range, seed: int, processes: int, evaluate: Evaluate) -> Iterable[Tally]:
    chunks = [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]
    if processes == 1:
        yield from map(partial(_try, Trial(seed, evaluate)), chunks)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _begin, (seed, evaluate)) as pool:
        yield from pool.imap_unordered(_try_here, chunks)


class Trial:
    """What a process needs to try inputs."""

    def __init__(self, seed: int, evaluate: Evaluate = evaluate) -> None:
        if not settings.configured:
            settings.configure(USE_I18N=False)  # all that the sentences need of Django
        release = small_release(seed=7)
        self.inputs = Inputs(release, seed)
        self.judge = Judge(release, small_release(seed=8), evaluate)


_trial: Trial | None = None


def _begin(seed: int, evaluate: Evaluate) -> None:
    global _trial
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _trial = Trial(seed, evaluate)


def _try_here(numbers: range) -> Tally:
    assert _trial is not None
    return _try(_trial, numbers)


def _try(trial: Trial, numbers: range) -> Tally:
    tally = Tally()
    before = signal.signal(signal.SIGPROF, judge.ring)
    for number in numbers:
        given = trial.inputs.make(number)
        try:
            outcome = trial.judge.judge(given)
        except Exception:  # noqa: BLE001  # to find what the readers must not raise is what this is for
            tally.unhandled += 1
            tally.guilty.append(Guilty(number, traceback.format_exc(), given.data))
        else:
            tally.scored += outcome == "scored"
            tally.rejected += outcome == "rejected"
    signal.signal(signal.SIGPROF, before)
    tally.slowest = trial.judge.slowest
    tally.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return tally


def _tell(guilty: Guilty, seed: int, say: Say, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"seed-{seed}-{guilty.number}"
    kept.write_bytes(guilty.data)
    say(f"{guilty.fault}\nInput {guilty.number} is kept as {kept}; to try it again:")
    say(f"python -m tests.fuzz --seed {seed} --only {guilty.number}")


def small_release(seed: int) -> Release:
    """A few questions, so that reading an answer to all of them takes no time; the seed decides the truth alone."""
    body = {path: record for path, record in questions(1, seed).items() if path.startswith(DATASETS[:2])}
    for record in body.values():
        asked = record["conversation"]
        # Options of other words, and a question that is asked twice, about other options.
        asked[-1]["Options"] |= {"C": "left, of the “Öse”"}
        asked.append({**asked[0], "Options": {"A": "No.", "B": "Yes.", "C": "No one can say."}})
    return importer.read(json.dumps(body).encode(), definition.load("mmad"))

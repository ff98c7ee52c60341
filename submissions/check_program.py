"""A program of its own: whether the answer file on its standard input can be scored.

`submissions.checks` starts it with an order on the descriptor that its one argument numbers, and reads what it says on
its standard output. It knows the file, the public questions and the benchmark's rules, and nothing else: no settings,
no database, no credentials. It has the worker's limits on memory and time, and ends with whoever started it.
"""

import os
import resource
import sys
from typing import Any

import msgspec

from scoring.check import check
from scoring.definition import Definition
from scoring.errors import PredictionError, Problem
from submissions import fence, sealing
from submissions.orphans import die_with_parent

MOST_PROBLEMS = 20
SPARE_SECONDS = 5  # after which the system ends what would not be interrupted


class Order(msgspec.Struct):
    """What to check the file against, and within which limits; `parent` is the process that waits for it."""

    release: bytes
    definition: dict[str, Any]
    partial: list[str]
    frame: str
    seconds: float
    room: int
    parent: int


class Said(msgspec.Struct):
    """What is wrong with the file, as a submission's row has it, or else what its summary is."""

    errors: list[dict[str, Any]]
    errors_total: int
    error_counts: dict[str, int]
    summary: dict[str, Any] | None


def main() -> int:
    """Write what there is to say; the exit code is 0 if there was something."""
    with os.fdopen(int(sys.argv[1]), "rb") as pipe:
        order = msgspec.msgpack.decode(pipe.read(), type=Order)
    die_with_parent(parent=order.parent)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = int(order.seconds) + SPARE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard + 1))
    fence.limit_memory(order.room)
    found = sealing.outcome(lambda: _said(order), PredictionError)
    if isinstance(found, Exception):
        sys.stderr.write(str(found))
        return 1
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))
    return 0


def _said(order: Order) -> Said:
    try:
        with fence.limited_processor_time(order.seconds):
            definition = Definition.from_dict(order.definition)
            summary = check(
                sys.stdin.buffer.read(), order.release, definition, partial=order.partial, frame=order.frame
            )
    except PredictionError as error:
        return _at_fault(error)
    except (MemoryError, fence.OutOfProcessorTimeError) as error:
        code = "too-much-memory" if isinstance(error, MemoryError) else "too-much-time"
        return _at_fault(PredictionError.single(Problem(code)))
    return Said([], 0, {}, summary)


def _at_fault(error: PredictionError) -> Said:
    kept = [problem.to_dict() for problem in error.problems[:MOST_PROBLEMS]]
    return Said(kept, error.total, dict(error.counts), None)


if __name__ == "__main__":
    sys.exit(main())

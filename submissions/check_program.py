"""A program of its own: whether answer files can be scored.

`submissions.checks` starts it with a socket as its standard input, and keeps it: it has imported everything and knows
the questions of the last releases, so a file waits for neither. With every message on the socket come four descriptors:
an order, and the standard streams of a process that is forked for one file; the answer is how that process ended. Only
that process reads the file, and it has the worker's limits on memory and time. The program itself reads what is our
own: the public questions and the benchmark's rules. It has no settings, no database and no credentials, and no thread
besides its first, so that it can fork.

When the socket's other end closes, as it does however that process ends, the program ends, and whatever it began.
"""

import gc
import os
import resource
import select
import signal
import socket
import sys
from contextlib import suppress
from functools import lru_cache
from typing import Any

import msgspec

from scoring.check import Questions, check, questions
from scoring.definition import Definition
from scoring.errors import PredictionError, Problem
from submissions import fence, sealing
from submissions.orphans import die_with_parent

MOST_PROBLEMS = 20
SPARE_SECONDS = 5  # after which the system ends what would not be interrupted
MOST_KEPT = 3  # releases, of some 40 MB each if they are as large as MMAD


class Order(msgspec.Struct):
    """What to check the file against, and within which limits. `release` is encoded, `definition` is JSON."""

    release: bytes
    definition: bytes
    partial: list[str]
    frame: str
    seconds: float
    room: int


class Said(msgspec.Struct):
    """What is wrong with the file, as a submission's row has it, or else what its summary is."""

    errors: list[dict[str, Any]]
    errors_total: int
    error_counts: dict[str, int]
    summary: dict[str, Any] | None


def main() -> None:
    """Have file after file read, until nobody is there who could ask for it."""
    # When nobody is there to be told, the next message is the end.
    with socket.socket(fileno=sys.stdin.fileno()) as asker, suppress(BrokenPipeError):
        while (received := socket.recv_fds(asker, 1, 4))[0]:
            descriptor, *streams = received[1]
            with os.fdopen(descriptor, "rb") as file:
                order = msgspec.msgpack.decode(file.read(), type=Order)
            asker.send(b"%d" % _exit_code(order, streams, asker))


def _exit_code(order: Order, streams: list[int], asker: socket.socket) -> int:
    """How a process of its own ended that read the file; below zero, the signal that ended it."""
    asked = sealing.outcome(lambda: kept(order.release, order.definition))
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(_run(order, asked, streams, parent))
        finally:
            os._exit(1)
    os.setpgid(pid, pid)  # as it does itself: whoever comes first
    for stream in streams:
        os.close(stream)
    process = os.pidfd_open(pid)
    # Nobody asks for two files at a time: what comes meanwhile is the end.
    select.select([process, asker.fileno()], [], [])
    os.close(process)
    # No other process has its number until it is waited for. With it goes the one that reads Parquet, if there is one.
    os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@lru_cache(MOST_KEPT)
def kept(release: bytes, definition: bytes) -> Questions:
    """The release under the definition; of the last few asked for, the same object."""
    found = questions(release, Definition.from_dict(msgspec.json.decode(definition)))
    # What is there now stays: no process that is forked has to look through it, and so copy it.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return found


def _run(order: Order, asked: Questions | Exception, streams: list[int], parent: int) -> int:
    """Write what there is to say; the exit code is 0 if there was something."""
    os.setpgid(0, 0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)  # of which the first was the socket
    found = asked if isinstance(asked, Exception) else sealing.outcome(lambda: _said(order, asked, parent))
    if isinstance(found, Exception):
        sys.stderr.write(str(found))
        sys.stderr.flush()
        return 1
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))
    sys.stdout.flush()
    return 0


def _said(order: Order, asked: Questions, parent: int) -> Said:
    die_with_parent(parent=parent)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = int(order.seconds) + SPARE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard + 1))
    fence.limit_memory(order.room)
    try:
        with fence.limited_processor_time(order.seconds), os.fdopen(sys.stdin.fileno(), "rb") as file:
            summary = check(file.read(), asked, partial=order.partial, frame=order.frame)
    except PredictionError as error:
        return _at_fault(error)
    except (MemoryError, fence.OutOfProcessorTimeError) as error:
        code = "too-much-memory" if isinstance(error, MemoryError) else "too-much-time"
        return _at_fault(PredictionError.single(Problem(code)))
    return Said([], 0, {}, summary)


def _at_fault(error: PredictionError) -> Said:
    told = [problem.to_dict() for problem in error.problems[:MOST_PROBLEMS]]
    return Said(told, error.total, dict(error.counts), None)


if __name__ == "__main__":
    main()

"""Dry runs: an answer file is checked as a worker would check it, in a process of its own, and nothing is kept.

The web role may not read the truth and needs none for it (see `scoring.check`). What is sent in is read in a process
that has the worker's limits and no credentials; the web thread waits for it. So that pages stay served, each web
process has one such process at a time.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

import msgspec
from django.conf import settings

from scoring.errors import Problem
from submissions import outlines
from submissions.check_program import Order, Said
from submissions.models import Benchmark
from submissions.refusals import Refusal

logger = logging.getLogger(__name__)

AT_ONCE = 1  # of a web process; it has two threads
BUSY_SECONDS = 1
NOT_READY_SECONDS = 10
SPARE_SECONDS = 10  # in which the process may wait for its turn
_PROGRAM = (sys.executable, "-P", "-m", "submissions.check_program")
_turns = threading.BoundedSemaphore(AT_ONCE)


class CheckBrokeOffError(Exception):
    """The process ended without a word on the file: our fault."""


def check(benchmark: Benchmark, answers: IO[bytes], *, partial: Sequence[str] = (), frame: str = "") -> Said:
    """What a worker would find wrong with the file, a real one, or else what can be said of it without the truth.

    Raises Refusal when the benchmark has no release, when another file is being checked, or when it takes too long.
    """
    if benchmark.current_release_id is None:
        raise Refusal("benchmark-without-release", benchmark=benchmark.name)
    release = outlines.of(benchmark.current_release_id)
    if release is None:
        raise Refusal("check-not-ready", seconds=NOT_READY_SECONDS)
    if not _turns.acquire(blocking=False):
        raise Refusal("check-busy", seconds=BUSY_SECONDS)
    try:
        order = Order(
            release=release,
            definition=benchmark.definition,
            partial=list(partial),
            frame=frame,
            seconds=settings.READ_SECONDS,
            room=settings.WORKER_ROOM_BYTES,
            parent=os.getpid(),
        )
        return _done(order, answers)
    finally:
        _turns.release()


def _done(order: Order, answers: IO[bytes]) -> Said:
    answers.flush()
    os.lseek(answers.fileno(), 0, os.SEEK_SET)
    with os.fdopen(os.memfd_create("order"), "w+b") as file:
        file.write(msgspec.msgpack.encode(order))
        file.flush()
        file.seek(0)
        process = subprocess.Popen(  # noqa: S603  # our own program, and nothing of the file in its arguments
            (*_PROGRAM, str(file.fileno())),
            stdin=answers,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(file.fileno(),),
            # Not ours, which names the stores' credentials.
            env={"PYTHONPATH": str(settings.BASE_DIR), "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
    with process:
        try:
            output, complaint = process.communicate(timeout=order.seconds + SPARE_SECONDS)
        except subprocess.TimeoutExpired:
            raise Refusal("check-unfinished", seconds=NOT_READY_SECONDS) from None
        finally:
            if process.returncode is None:
                # With the process that reads Parquet, if there is one.
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode == -signal.SIGXCPU:
        return Said([Problem("too-much-time").to_dict()], 1, {"too-much-time": 1}, None)
    if process.returncode != 0:
        logger.error("a check ended with %d: %s", process.returncode, complaint.decode(errors="replace"))
        raise CheckBrokeOffError(process.returncode)
    return msgspec.msgpack.decode(output, type=Said)

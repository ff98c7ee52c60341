"""Dry runs: an answer file is checked as a worker would check it, in a process of its own, and nothing is kept.

The web role may not read the truth and needs none for it (see `scoring.check`). What is sent in is read in a process
that has the worker's limits and no credentials; the web thread waits for it. Each web process keeps a program that
begins such processes (see `submissions.check_program`), and so that pages stay served, it has one at a time.
"""

import atexit
import logging
import os
import signal
import socket
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

AT_ONCE = 1  # of a web process, which has two threads: its program takes one file at a time
BUSY_SECONDS = 1
NOT_READY_SECONDS = 10
SPARE_SECONDS = 10  # in which the process may wait for its turn
ENDING_SECONDS = 1
_COMMAND = (sys.executable, "-P", "-m", "submissions.check_program")
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
            definition=msgspec.json.encode(benchmark.definition),
            partial=list(partial),
            frame=frame,
            seconds=settings.READ_SECONDS,
            room=settings.WORKER_ROOM_BYTES,
        )
        return _done(order, answers)
    finally:
        _turns.release()


def _done(order: Order, answers: IO[bytes]) -> Said:
    answers.flush()
    with _unnamed("order") as file, _unnamed("said") as output, _unnamed("complaint") as complaint:
        file.write(msgspec.msgpack.encode(order))
        file.flush()
        for begun in (file, answers):
            os.lseek(begun.fileno(), 0, os.SEEK_SET)
        try:
            code = _program.exit_code(file, answers, output, complaint, seconds=order.seconds + SPARE_SECONDS)
        except TimeoutError:
            raise Refusal("check-unfinished", seconds=NOT_READY_SECONDS) from None
        if code == 0:
            return msgspec.msgpack.decode(_content(output), type=Said)
        if code == -signal.SIGXCPU:
            return Said([Problem("too-much-time").to_dict()], 1, {"too-much-time": 1}, None)
        logger.error("a check ended with %d: %s", code, _content(complaint).decode(errors="replace"))
        raise CheckBrokeOffError(code)


def _unnamed(name: str) -> IO[bytes]:
    return os.fdopen(os.memfd_create(name), "w+b")


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


class _Program:
    """This web process's `submissions.check_program`: started when it is needed, and again when it has ended."""

    process: subprocess.Popen[bytes] | None = None
    line: socket.socket

    def exit_code(self, *files: IO[bytes], seconds: float) -> int:
        """How the process ended that read the file.

        Raises TimeoutError, or CheckBrokeOffError: then nothing is left of it.
        """
        if self.process is None or self.process.poll() is not None:
            self._start()
        self.line.settimeout(seconds)
        try:
            socket.send_fds(self.line, [b"."], [file.fileno() for file in files])
            answer = self.line.recv(10)
        except ConnectionError:
            answer = b""
        except BaseException:
            # The next file must not be told of this one.
            self.end()
            raise
        if not answer:
            self.end()
            raise CheckBrokeOffError("the program ended")
        return int(answer)

    def end(self) -> None:
        """End it, and what it has begun. Again: no change."""
        if self.process is None:
            return
        self.line.close()  # its sign
        try:
            self.process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _start(self) -> None:
        self.end()
        self.line, its = socket.socketpair()
        with its:
            self.process = subprocess.Popen(  # noqa: S603  # our own program, and nothing of a file in its arguments
                _COMMAND,
                stdin=its.fileno(),
                stdout=subprocess.DEVNULL,
                # Not ours, which names the stores' credentials.
                env={"PYTHONPATH": str(settings.BASE_DIR), "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
            )


_program = _Program()
atexit.register(_program.end)

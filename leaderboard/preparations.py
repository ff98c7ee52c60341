"""What has to be brought up to date before the embedded site can start, found without doing it.

Most starts need nothing, and finding that out here is much faster than running the commands.
"""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrations_are_pending() -> bool:
    """Whether the database lacks a migration; true of one that does not exist."""
    try:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    finally:
        # Processes are forked from here, and they must not share it.
        connection.close()


def static_fingerprint() -> str:
    """A digest that changes with every static file's path, size or time."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def static_is_collected(fingerprint: str) -> bool:
    """Whether the files of that fingerprint were collected, and are still there."""
    mark = _static_mark()
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    return manifest.exists() and mark.exists() and mark.read_text() == fingerprint


def note_static(fingerprint: str) -> None:
    """Note that the files of that fingerprint were collected."""
    _static_mark().write_text(fingerprint)


def _static_mark() -> Path:
    # Beside the folder and not in it: what lies there is served.
    return Path(settings.STATIC_ROOT).with_suffix(".collected")

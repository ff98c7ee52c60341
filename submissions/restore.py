"""Bring a site back from a backup: into an empty one, all of it, row by row and byte by byte as it was.

The whole file is checked before anything is written. Then the objects, then the rows in one transaction: as with an
upload, no row is there before its object. What broke off is taken up by running it again with the same file.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from submissions import archive, legal_steps, storage, tables
from submissions.backup import FORMAT, HEAD, OBJECTS, ROWS, places
from submissions.storage import Store

# What `migrate` writes by itself, in whatever order: the backup's take their place.
MADE_BY_MIGRATE = (Permission, ContentType)
MARK = "restoring/"  # an object of this name says that the others are of a restore that has not ended


class NotRestoredError(Exception):
    """The backup cannot be restored here; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Restored:
    """How much was brought back."""

    rows: int
    objects: int


def restore(path: Path) -> Restored:
    """Bring the backup back. Needs the rights of an organizer, and a database that is migrated and empty.

    Raises NotRestoredError, DamagedArchiveError, OSError or StorageUnavailableError. Whatever is raised, the database
    is as it was.
    """
    head = _checked_head(path)
    mark = f"{MARK}{archive.sha256_of_file(path)}"
    _refuse_rows()
    _refuse_objects(mark)
    with suppress(storage.ObjectExistsError):
        storage.answers().put(mark, b"")
    objects = _put_objects(path)
    rows = _insert_rows(path, head)
    storage.answers().delete(mark)
    return Restored(rows, objects)


def _checked_head(path: Path) -> Mapping[str, Any]:
    """What the backup says of itself, after every member has been read."""
    head: Mapping[str, Any] | None = None
    for number, member in enumerate(archive.members(path)):
        if number == 0 and member.name == HEAD:
            head = json.load(member.content)
        elif not member.name.startswith((ROWS, OBJECTS)):
            raise archive.DamagedArchiveError(f"{member.name} is nothing that a backup writes")
    if head is None or head["format"] != FORMAT:
        raise NotRestoredError(f"This version restores backups of format {FORMAT} alone.")
    if not tables.applied_migrations():
        raise NotRestoredError("This database has no tables yet. Run manage.py migrate, then restore again.")
    if head["migrations"] != tables.applied_migrations():
        raise NotRestoredError(
            "The backup is of another version of the database. Install the version of Vernier that wrote it, run its "
            "migrate and restore, and update then."
        )
    here = [(model._meta.label, tables.columns(model)) for model in tables.models()]
    if [(table["name"], table["columns"]) for table in head["tables"]] != here:
        raise NotRestoredError("The backup is of another version of Vernier, with other tables.")
    return head


def _refuse_rows() -> None:
    for model in tables.models():
        if model not in MADE_BY_MIGRATE and model._base_manager.exists():
            raise NotRestoredError(
                f"There are rows in this database already ({model._meta.label}). A backup is restored into an empty "
                "site alone: make a new database, and run migrate on it."
            )


def _refuse_objects(mark: str) -> None:
    if storage.answers().exists(mark):
        return
    for place, store in places():
        for listed in store.objects():
            raise NotRestoredError(
                f"There are objects in the store for {place} already ({listed.key}). A backup is restored into an "
                "empty site alone: give it new stores, or take up a restore that broke off with the same file."
            )


def _put_objects(path: Path) -> int:
    stores = dict(places())
    objects = 0
    for member in archive.members(path):
        if member.name.startswith(OBJECTS):
            place, _slash, key = member.name.removeprefix(OBJECTS).partition("/")
            _put(stores[place], key, member.content)
            objects += 1
    return objects


def _put(store: Store, key: str, content: IO[bytes]) -> None:
    try:
        store.put(key, content)
    except storage.ObjectExistsError:
        with store.open(key) as there:
            if archive.sha256_of(there) == archive.sha256_of(content):
                return
        raise NotRestoredError(f"There is another object of the name {key} in the store.") from None


def _insert_rows(path: Path, head: Mapping[str, Any]) -> int:
    by_label = {model._meta.label: model for model in tables.models()}
    with transaction.atomic():
        _refuse_rows()  # again, now that nobody can come in between unseen
        for model in MADE_BY_MIGRATE:
            model._base_manager.all().delete()
        # Steps are rows of the backup: none is to be written for bringing a submission back.
        legal_steps.remove(connection)
        rows = sum(tables.insert(by_label[label], chunk) for label, chunk in _row_chunks(path))
        for table in head["tables"]:
            if table["last_id"] is not None:
                tables.continue_after(by_label[table["name"]], table["last_id"])
        # All references at once: PostgreSQL touches no trigger while some have yet to be checked.
        connection.check_constraints()
        legal_steps.install(connection)
    ContentType.objects.clear_cache()
    return rows


def _row_chunks(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for member in archive.members(path):
        if member.name.startswith(ROWS):
            yield member.name.removeprefix(ROWS).partition("/")[0], member.content

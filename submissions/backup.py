"""Write the whole site into one file: every row of the database, and every object that rows name.

The database first, as it is at one moment, then the objects. An object is stored before its row is written, is never
overwritten, and is deleted only after its row's deletion has been committed: so whatever a row of that moment names
is there when the objects are copied, while uploads go on. The other way round, a row could name an object that came
after the copy. What came later, and what no row names, is not copied.

The secret key and the credentials, which are the operator's, are not in it; the truth, the addresses of people, the
digests of their passwords and their second factors are.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from submissions import archive, reconciler, storage, tables
from submissions.models import Release, Submission
from submissions.storage import Store

FORMAT = 1
HEAD = "vernier.json"
ROWS = "rows/"
OBJECTS = "objects/"
MUST_BE_THERE = ("answers/", "releases/")  # what a row cannot do without


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written: how much, the SHA-256 of the file, and the
    submissions and releases whose answers or truth no store has."""

    rows: int
    objects: int
    size: int  # bytes before they were compressed
    sha256: str
    missing: list[str]


def write(path: Path, *, now: datetime) -> Backup:
    """Back the site up while it runs; nobody waits for it.

    Needs the rights of an organizer. Raises FileExistsError, OSError or StorageUnavailableError, and then there is no
    file. An object that is lost already does not keep the rest from being saved: it is named in `missing`.
    """
    with archive.writing(path) as writer:
        with _one_moment():
            rows = _copy_rows(writer, now)
            owners: set[UUID | str] = {*Submission.objects.values_list("pk", flat=True).iterator()}
            owners.update(Release.objects.values_list("digest", flat=True))
        found = set()
        objects = 0
        for place, store in places():
            for listed in store.objects():
                owner = reconciler.owner(listed.key)
                if owner in owners and _copy_object(writer, place, store, listed.key):
                    objects += 1
                    if listed.key.startswith(MUST_BE_THERE):
                        found.add(owner)
        sha256 = writer.close()
    return Backup(rows, objects, writer.tally.size, sha256, sorted(map(str, owners - found)))


def places() -> tuple[tuple[str, Store], ...]:
    """The stores by the name that they have in a backup."""
    return ("answers", storage.answers()), ("truth", storage.truth())


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let every query see the database as it is at the first of them; nobody is kept from writing."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # Not `atomic`: on SQLite it would take the lock that writers need.
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def _copy_rows(writer: archive.Writer, now: datetime) -> int:
    models = tables.models()
    head = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "migrations": tables.applied_migrations(),
        "tables": [
            {"name": model._meta.label, "columns": tables.columns(model), "last_id": tables.last_id(model)}
            for model in models
        ],
    }
    writer.add(HEAD, json.dumps(head).encode())
    rows = 0
    for model in models:
        for number, chunk in enumerate(tables.chunks(model)):
            writer.add(f"{ROWS}{model._meta.label}/{number:06}.jsonl", chunk)
            rows += chunk.count(b"\n")
    return rows


def _copy_object(writer: archive.Writer, place: str, store: Store, key: str) -> bool:
    """Whether it was there still: a list of problems may be written anew at the moment."""
    try:
        with store.open(key) as content:
            writer.add(f"{OBJECTS}{place}/{key}", content)
    except storage.MissingObjectError:
        return False
    return True

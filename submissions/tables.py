"""Every row of the database as JSON that does not depend on the engine: what a backup keeps and a restore writes."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import AutoField, Field, ForeignKey, Model

from submissions.models import Mail, Outline, StoreFault

Row = list[Any]
ROWS_A_CHUNK = 2000

# Who has a session's key is signed in as that person, and a mail that waits leads into an account: people sign in again
# after a restore. A store's faults are those of the store that was used here. What is counted against guessing (the
# cache's table) is no model and stays out as well. Outlines follow from the releases, and workers write them again.
LEFT_OUT = (Session, Mail, StoreFault, Outline)


def models() -> list[type[Model]]:
    """Those whose rows make the site, tables between two models included."""
    return [model for model in apps.get_models(include_auto_created=True) if model not in LEFT_OUT]


def applied_migrations() -> list[list[str]]:
    """The shape of the database."""
    return sorted([app, name] for app, name in MigrationRecorder(connection).applied_migrations())


def columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.local_concrete_fields]


def chunks(model: type[Model]) -> Iterator[bytes]:
    """All rows by primary key, a few thousand at a time, one JSON list a line."""
    rows = model._base_manager.order_by("pk").values_list(*columns(model)).iterator(ROWS_A_CHUNK)
    while some := list(islice(rows, ROWS_A_CHUNK)):
        yield "".join(f"{json.dumps(row, default=_written)}\n" for row in some).encode()


def insert(model: type[Model], chunk: Iterator[bytes]) -> int:
    """Write the rows of a chunk, as they were; how many."""
    names = columns(model)
    readers = [_reader(field) for field in model._meta.local_concrete_fields]
    rows = [
        model(
            **{name: read(value) for name, read, value in zip(names, readers, json.loads(line), strict=True)}
        )
        for line in chunk
    ]
    model._base_manager.bulk_create(rows)
    return len(rows)


def last_id(model: type[Model]) -> int | None:
    """The last number that the table gave to a row, which may be gone; None when it numbers nothing."""
    if not isinstance(model._meta.pk, AutoField):
        return None
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        else:
            cursor.execute("SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s))", _sequence(model))
        found = cursor.fetchone()
    # SQLite says 0 of a table that was made anew and has given none.
    return (found[0] or None) if found else None


def continue_after(model: type[Model], last: int) -> None:
    """Let the table give higher numbers alone: the log names rows by number, and none may be given to another."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
            cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [model._meta.db_table, last])
        else:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [*_sequence(model), last])


def _sequence(model: type[Model]) -> Sequence[str]:
    return connection.ops.quote_name(model._meta.db_table), "id"  # what numbers rows is called so everywhere


def _written(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"A backup cannot hold a {type(value).__name__}.")


def _reader(field: "Field[Any, Any]") -> Callable[[Any], Any]:
    """What makes the column's value of its JSON; a reference is read as what it refers to."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field.to_python

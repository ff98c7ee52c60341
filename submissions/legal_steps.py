"""The steps of a submission's life as the database itself enforces and writes them down.

Triggers, because only they see every writer: the ORM, a statement written out, somebody at a prompt. SQLite forgets
a table's triggers when a migration makes the table anew; `install` is harmless to run again, and a test asks for it.
"""

from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper

# From -> to. A worker that puts a submission back queues it again; so does an organizer one that failed.
LEGAL = {
    "queued": ("scoring", "cancelled"),
    "scoring": ("queued", "scored", "rejected", "failed"),
    "failed": ("queued",),
}

_LEGAL = " OR ".join(
    f"(OLD.status = '{before}' AND NEW.status IN ({', '.join(repr(after) for after in allowed)}))"
    for before, allowed in LEGAL.items()
)
_INTO = "INSERT INTO submissions_transition (submission_id, at, status, attempts)"
# Made of the constants above alone.
# ruff: noqa: S608

_SQLITE = (
    "DROP TRIGGER IF EXISTS submissions_take_legal_steps",
    "DROP TRIGGER IF EXISTS submissions_begin",
    "DROP TRIGGER IF EXISTS submissions_step",
    f"""
    CREATE TRIGGER submissions_take_legal_steps BEFORE UPDATE OF status ON submissions_submission
    WHEN OLD.status <> NEW.status AND NOT ({_LEGAL})
    BEGIN SELECT RAISE(ABORT, 'not a step in the life of a submission'); END
    """,
    f"""
    CREATE TRIGGER submissions_begin AFTER INSERT ON submissions_submission
    BEGIN {_INTO} VALUES (NEW.id, NEW.received_at, NEW.status, NEW.attempts); END
    """,
    f"""
    CREATE TRIGGER submissions_step AFTER UPDATE OF status, lease ON submissions_submission
    WHEN OLD.status <> NEW.status OR (NEW.status = 'scoring' AND OLD.lease IS NOT NEW.lease)
    BEGIN {_INTO} VALUES (NEW.id, strftime('%Y-%m-%d %H:%M:%f', 'now'), NEW.status, NEW.attempts); END
    """,
)
_POSTGRESQL = (
    f"""
    CREATE OR REPLACE FUNCTION submissions_take_legal_steps() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.status <> NEW.status AND NOT ({_LEGAL}) THEN
            RAISE EXCEPTION 'not a step in the life of a submission: % to %', OLD.status, NEW.status
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE OR REPLACE FUNCTION submissions_step() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            {_INTO} VALUES (NEW.id, NEW.received_at, NEW.status, NEW.attempts);
        ELSIF OLD.status <> NEW.status OR (NEW.status = 'scoring' AND OLD.lease IS DISTINCT FROM NEW.lease) THEN
            {_INTO} VALUES (NEW.id, clock_timestamp(), NEW.status, NEW.attempts);
        END IF;
        RETURN NULL;
    END $$
    """,
    "DROP TRIGGER IF EXISTS submissions_take_legal_steps ON submissions_submission",
    "DROP TRIGGER IF EXISTS submissions_step ON submissions_submission",
    """
    CREATE TRIGGER submissions_take_legal_steps BEFORE UPDATE OF status ON submissions_submission
    FOR EACH ROW EXECUTE FUNCTION submissions_take_legal_steps()
    """,
    """
    CREATE TRIGGER submissions_step AFTER INSERT OR UPDATE OF status, lease ON submissions_submission
    FOR EACH ROW EXECUTE FUNCTION submissions_step()
    """,
)
_GONE = {
    "sqlite": _SQLITE[:3],
    "postgresql": (
        *_POSTGRESQL[2:4],
        "DROP FUNCTION submissions_take_legal_steps()",
        "DROP FUNCTION submissions_step()",
    ),
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the present triggers in the place of earlier ones."""
    _execute(connection, _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Let every step be taken, unwritten."""
    _execute(connection, _GONE[connection.vendor])


def _execute(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

"""What every in-process test stands on: fresh stores, a doorbell that is only heard, plain static files."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.core.cache import caches
from django.db import connection
from pytest_django import Settings

from submissions import releases, ringing

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture(autouse=True)
def stores(tmp_path: Path, settings: Settings) -> Path:
    """Fresh folders for answers and truth, so that no test sees another's files."""
    settings.VERNIER_ANSWERS_URL = (tmp_path / "answers").as_uri()
    settings.VERNIER_TRUTH_URL = (tmp_path / "truth").as_uri()
    settings.VERNIER_ROLE = "organizer"
    releases.decoded.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | int, ...]]:
    """What the doorbell was asked to ring; the journeys ring the real one."""
    heard: list[tuple[str | int, ...]] = []
    monkeypatch.setattr(ringing, "_ring", lambda *rung: heard.append(rung))
    return heard


@pytest.fixture(autouse=True)
def pages(settings: Settings) -> None:
    """Static files under their own names (nothing has collected them), nothing remembered, cheap passwords."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.VERNIER_SECOND_FACTOR = False  # on for PostgreSQL, which is a production setting
    settings.SECURE_SSL_REDIRECT = False  # on for PostgreSQL, which is a production setting
    caches["local"].clear()  # the other is in the database, which every test has to itself


@pytest.fixture
def commits(transactional_db: None) -> Iterator[None]:
    """A database that several threads see, emptied afterwards: the log as well, which lets nobody remove a line."""
    yield
    guards = import_module("submissions.migrations.0007_events")
    with connection.cursor() as cursor:
        for statement in guards.LETTING_GO[connection.vendor]:
            cursor.execute(statement)
        cursor.execute("DELETE FROM submissions_event")
        for statement in guards.GUARDS[connection.vendor]:
            cursor.execute(statement)

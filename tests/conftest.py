"""What every in-process test stands on: fresh stores, a doorbell that is only heard, plain static files."""

import os
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.core.cache import caches
from django.db import connection, transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from submissions import ringing, truths

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def in_tests(folder: Path) -> dict[str, Any]:
    """Settings: stores in the folder, static files under their own names (nobody collects them), cheap passwords."""
    return {
        "VERNIER_ANSWERS_URL": (folder / "answers").as_uri(),
        "VERNIER_TRUTH_URL": (folder / "truth").as_uri(),
        "VERNIER_ROLE": "organizer",
        "STORAGES": {**site_settings.STORAGES, "staticfiles": PLAIN},
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        # On for PostgreSQL, which is a production setting.
        "VERNIER_SECOND_FACTOR": False,
        "SECURE_SSL_REDIRECT": False,
    }


@pytest.fixture(autouse=True, scope="session")
def disks() -> Iterator[None]:
    """Nothing waits until a disk has written, as PostgreSQL does not: here no machine loses its power."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture(autouse=True)
def stores(tmp_path: Path, settings: Settings) -> Path:
    """Fresh folders for answers and truth, so that no test sees another's files; and nothing remembered."""
    for name, value in in_tests(tmp_path).items():
        setattr(settings, name, value)
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    truths.decoded.cache_clear()
    for name in ("local", "pages"):  # the other is in the database, which every test has to itself
        caches[name].clear()
    return tmp_path


def hear(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | int, ...]]:
    """Let the doorbell be heard and not rung; gives what it was asked to ring."""
    heard: list[tuple[str | int, ...]] = []
    monkeypatch.setattr(ringing, "_ring", lambda *rung: heard.append(rung))
    return heard


@pytest.fixture(autouse=True)
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | int, ...]]:
    """What the doorbell was asked to ring; the journeys ring the real one."""
    return hear(monkeypatch)


@pytest.fixture(scope="module")
def kept(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A database and stores for what a module makes once and all its tests start from; gives the stores' folder.

    Every test of the module that uses the database finds it there. Other connections do not, so none may commit.
    """
    folder = tmp_path_factory.mktemp("kept")
    with (
        django_db_blocker.unblock(),
        override_settings(**in_tests(folder)),
        pytest.MonkeyPatch.context() as monkeypatch,
        transaction.atomic(),
    ):
        hear(monkeypatch)
        yield folder
        transaction.set_rollback(True)


@pytest.fixture
def copied(kept: Path, stores: Path) -> Path:
    """The test's own copy of the stores that its module keeps."""
    return Path(shutil.copytree(kept, stores, dirs_exist_ok=True))


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

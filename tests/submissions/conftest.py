from pathlib import Path

import pytest
from pytest_django.fixtures import SettingsWrapper

from submissions import releases, ringing


@pytest.fixture(autouse=True)
def stores(tmp_path: Path, settings: SettingsWrapper) -> Path:
    """Fresh folders for answers and truth, so that no test sees another's files."""
    settings.VERNIER_ANSWERS_URL = (tmp_path / "answers").as_uri()
    settings.VERNIER_TRUTH_URL = (tmp_path / "truth").as_uri()
    settings.VERNIER_ROLE = "organizer"
    releases.decoded.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the doorbell was asked to ring; the journeys ring the real one."""
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(ringing, "_ring", lambda task, argument: heard.append((task, argument)))
    return heard

"""Releases to score against: a small cut of the stand-in, and all of it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from scoring import definition, standin
from scoring.benchmarks.mmad import importer
from scoring.definition import Definition
from scoring.release import Release

# How long an example takes says more about the machine than about the code.
settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")


@pytest.fixture(scope="session")
def mmad() -> Definition:
    return definition.load("mmad")


@pytest.fixture(scope="session")
def standin_body() -> dict[str, Any]:
    return standin.mmad_json()


@pytest.fixture(scope="session")
def standin_release(standin_body: dict[str, Any], mmad: Definition) -> Release:
    return importer.read(json.dumps(standin_body).encode(), mmad)


@pytest.fixture(scope="session")
def small_body(standin_body: dict[str, Any]) -> dict[str, Any]:
    """Every sixtieth image, and those whose path starts with the folded dataset's name."""
    return {
        image: record
        for position, (image, record) in enumerate(standin_body.items())
        if position % 60 == 0 or image.startswith("MVTec-AD/")
    }


@pytest.fixture(scope="session")
def release(small_body: dict[str, Any], mmad: Definition) -> Release:
    return importer.read(json.dumps(small_body).encode(), mmad)


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of real questions, replies and tables."""
    folder = os.environ.get("VERNIER_REFERENCE")
    if not folder:
        pytest.skip("VERNIER_REFERENCE is not set")
    return Path(folder)

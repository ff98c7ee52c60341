"""Dry runs: the same words as a rejection, without the truth, for nothing, and nothing kept."""

import io
import json
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from scoring.answers import json_records
from submissions import checks, evaluation, limits, outlines, releases, storage, sweeper
from submissions.models import Benchmark, Entry, Outline, Submission
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db
URL = "/api/v1/benchmarks/mmad/validate/"


@pytest.fixture
def token() -> str:
    material.benchmark()
    return material.token(material.team("a"))


def send(client: Client, token: str | None = None, *, file: bytes | None = None, **fields: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    upload = SimpleUploadedFile("answers.csv", material.answers() if file is None else file)
    return client.post(URL, {"file": upload, **fields}, headers=headers)


def test_a_good_file_is_told_what_would_be_read_of_it(client: Client, token: str) -> None:
    answer = send(client, token)
    assert answer.status_code == 200, answer.content
    found = answer.json()
    print(found)
    assert (found["valid"], found["errors"], found["errors_total"]) == (True, [], 0)

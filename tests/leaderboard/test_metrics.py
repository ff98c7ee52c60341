"""Figures for Prometheus: right whoever counted, and for nobody without the token."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from submissions import evaluation, metrics, store_faults
from submissions.models import Submission
from tests import material
from tests.servers.site import PROJECT, clean_environment

pytestmark = pytest.mark.django_db
TOKEN = "a token of the operator"
WRONG = b"question_id,answer\nnone,A\n"
# Three processes, one after another and beside each other, count in one folder.
COUNTING = """
import os, sys
import django
django.setup()
from submissions import metrics
for _ in range(1000):
    metrics.REQUESTS.labels("home", "GET", 200).inc()
child = os.fork()
for _ in range(1000):
    metrics.REQUESTS.labels("home", "GET", 200).inc()
if child:
    os.waitpid(child, 0)
"""


@pytest.fixture(autouse=True)
def metrics_are_on(settings: Settings, tmp_path: Path) -> Path:
    settings.VERNIER_METRICS_TOKEN = TOKEN
    settings.VERNIER_METRICS_DIR = tmp_path / "metrics"
    settings.VERNIER_METRICS_DIR.mkdir()
    return tmp_path / "metrics"


def figures() -> dict[str, float]:
    """Every sample, by its name and labels."""
    answer = Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    families = text_string_to_metric_families(answer.content.decode())
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "given", ["", "Bearer ", "Bearer a", f"Bearer {TOKEN} ", f"Basic {TOKEN}", "Bearer ü"]
)
def test_nobody_without_the_token_finds_anything(given: str) -> None:
    assert Client().get("/metrics", headers={"authorization": given}).status_code == 404


def test_without_a_token_of_the_sites_nobody_finds_anything(settings: Settings) -> None:
    settings.VERNIER_METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_an_empty_site_has_figures() -> None:
    found = figures()
    assert found["vernier_queued"] == found["vernier_queued_oldest_seconds"] == 0
    assert found["vernier_submission_steps_total scored"] == 0
    assert found["vernier_wait_seconds_count"] == 0


def test_what_became_of_submissions_is_counted() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    now = timezone.now()
    material.scored(benchmark, team, "scored", now=now - timedelta(seconds=20))
    evaluation.run(material.submitted(benchmark, team, "rejected", file=WRONG, now=now).pk)
    waiting = material.submitted(benchmark, team, "waits", now=now - timedelta(seconds=100))
    Submission.objects.filter(pk=waiting.pk).update(not_before=now + timedelta(seconds=60))
    failing = material.submitted(benchmark, team, "failing", file=material.answers(0.4), now=now)
    evaluation.claim(failing.pk, now=now)
    Submission.objects.filter(pk=failing.pk).update(lease_until=now)
    found = figures()
    assert found["vernier_queued"] == found["vernier_queued_held_back"] == 1
    assert 100 <= found["vernier_queued_oldest_seconds"] < 110
    assert found["vernier_scoring"] == found["vernier_scoring_abandoned"] == 1
    steps = {status: found[f"vernier_submission_steps_total {status}"] for status in Submission.Status.values}
    assert steps == {"queued": 4, "scoring": 3, "scored": 1, "rejected": 1, "failed": 0, "cancelled": 0}
    assert found["vernier_scoring_seconds_count"] == 2
    assert found["vernier_wait_seconds_count"] == found["vernier_wait_seconds_bucket +Inf"] == 3
    assert found["vernier_wait_seconds_bucket 10.0"] == 2
    assert found["vernier_wait_seconds_bucket 30.0"] == 3
    assert 20 <= found["vernier_wait_seconds_sum"] < 25


def test_a_stores_faults_are_counted_whoever_met_them(django_capture_on_commit_callbacks: Any) -> None:
    assert figures()["vernier_storage_errors_total away"] == 0
    with django_capture_on_commit_callbacks(execute=True):
        for kind in ("away", "refused", "away"):
            store_faults.count(kind)
    found = figures()
    assert found["vernier_storage_errors_total away"] == 2
    assert found["vernier_storage_errors_total refused"] == 1


def test_all_processes_are_added_up_and_nothing_is_lost_when_they_end(metrics_are_on: Path) -> None:
    env = clean_environment() | {
        "DJANGO_SETTINGS_MODULE": "leaderboard.settings",
        "VERNIER_VAR": str(metrics_are_on / "var"),
        "VERNIER_METRICS_TOKEN": TOKEN,
        "VERNIER_ROLE": "web",
        "VERNIER_METRICS_DIR": str(metrics_are_on),
    }
    for _ in range(2):
        run = [subprocess.Popen([sys.executable, "-c", COUNTING], cwd=PROJECT, env=env) for _ in range(2)]
        assert [process.wait() for process in run] == [0, 0]
    assert figures()["vernier_http_requests_total GET 200 home"] == 2 * 2 * 3000
    assert len(list(metrics_are_on.glob("counter_*.db"))) <= 4


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match=r"VERNIER_METRICS_DIR=.*Not a directory.*may write"):
        metrics.share(tmp_path / "file" / "metrics")

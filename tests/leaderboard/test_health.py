"""Whether the site says the truth of itself."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from scoring import definition
from submissions import standin, storage
from submissions.models import Benchmark, Team
from tests import material
from tests.leaderboard import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(settings: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All parts of a site, without stand-ins."""
    settings.VERNIER_REDIS_URL = redis_url
    monkeypatch.setattr(standin, "ALL", ())
    rows.benchmark()
    Benchmark.objects.create(slug="mmr-ad", name="MMR-AD", definition=definition.load("mmr-ad").to_dict())


def parts(client: Client, status: int) -> dict[str, bool]:
    response = client.get("/readyz")
    assert response.status_code == status
    assert response["Cache-Control"] == "no-store"
    return dict(response.json()["parts"])


def test_a_process_that_answers_is_up(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "up"}


def test_a_site_with_all_its_parts_is_ready(client: Client, ready: None) -> None:
    assert set(parts(client, 200).values()) == {True}


def test_a_queue_that_does_not_answer_is_named(client: Client, ready: None, settings: Any) -> None:
    settings.VERNIER_REDIS_URL = "redis://127.0.0.1:1"
    found = parts(client, 503)
    assert [name for name, answers in found.items() if not answers] == ["queue"]
    assert b"127.0.0.1" not in client.get("/readyz").content


def test_a_store_that_does_not_answer_is_named(
    client: Client, ready: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def exists(self, key: str) -> bool:
            raise storage.StorageUnavailableError

    monkeypatch.setattr(storage, "answers", Away)
    assert parts(client, 503)["storage"] is False


def test_a_site_without_its_first_benchmark_is_not_ready(
    client: Client, settings: Any, redis_url: str
) -> None:
    settings.VERNIER_REDIS_URL = redis_url
    assert parts(client, 503)["first_data"] is False


def test_a_site_without_one_of_the_real_benchmarks_is_not_ready(client: Client, ready: None) -> None:
    Benchmark.objects.filter(slug="mmr-ad").delete()
    assert parts(client, 503)["first_data"] is False


def test_a_site_is_ready_when_the_stand_ins_models_are_scored(
    client: Client, ready: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [standin.Model(name, "", lambda _release: b"", {}) for name in ("one", "two")]
    monkeypatch.setattr(standin, "ALL", (replace(standin.MMAD, models=lambda: models),))
    assert parts(client, 503)["first_data"] is False
    benchmark = rows.benchmark(standin.MMAD.slug, is_standin=True)
    Team.objects.create(slug=standin.MMAD.team[0], name="Rebuilt", is_standin=True)
    rows.scored(benchmark, "one", 70.0, team=standin.MMAD.team[0])
    assert parts(client, 503)["first_data"] is False
    last = rows.submission(
        rows.entry(benchmark, "two", team=standin.MMAD.team[0]),
        60.0,
        minute=1,
        status="queued",
        finished_at=None,
    )
    assert parts(client, 503)["first_data"] is False
    material.brought(last, "scored")
    assert parts(client, 200)["first_data"] is True

"""A running site is followed: one id from the request into the worker, figures of all processes, lines for machines."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.servers.site import Site

TOKEN = "of-the-operator"
QUESTIONS = material.questions(10, seed=77)
ASKED = 60


@pytest.fixture(scope="module")
def running(
    site: Callable[..., AbstractContextManager[Site]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("questions") / "questions.json"
    path.write_text(json.dumps(QUESTIONS))
    with site(
        "embedded", first_data=False, VERNIER_LOG_FORMAT="json", VERNIER_METRICS_TOKEN=TOKEN
    ) as running:
        running.manage("import_mmad", str(path), "--slug", "followed")
        yield running


@pytest.fixture(scope="module")
def pipe(running: Site) -> Pipeline:
    return pipeline(running, "home", slug="followed")


def lines(running: Site, name: str) -> list[dict[str, Any]]:
    """What a process has logged; a worker's banner and what a start prints are not lines of the log."""
    log = (running.var / "log" / f"{name}.log").read_text()
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_the_requests_id_goes_into_the_worker(running: Site, pipe: Pipeline) -> None:
    url = f"{pipe.api}/benchmarks/followed/submissions/"
    answer = httpx.post(
        url,
        headers=pipe.headers | {"X-Request-ID": "from-a-pipeline.4711"},
        files={"file": ("answers.csv", material.answers(0.7, material=QUESTIONS))},
        data={"entry": "model"},
        trust_env=False,
        timeout=60,
    )
    assert answer.headers["X-Request-ID"] == "from-a-pipeline.4711"
    submission = pipe.finished(answer.json())["id"]

    def told() -> list[dict[str, Any]]:
        return [line for line in lines(running, "worker") if submission in json.dumps(line)]

    pipe.until(lambda: any("succeeded" in line["message"] for line in told()))
    assert "received" in told()[0]["message"]
    done = next(line for line in told() if "succeeded" in line["message"])
    assert done["request_id"] == "from-a-pipeline.4711"
    assert any(
        line["view"] == "api-submissions" or "submissions" in line["view"]
        for line in lines(running, "web")
        if line.get("request_id") == "from-a-pipeline.4711" and "view" in line
    )


def test_figures_are_of_all_web_processes_and_grow_one_by_one(running: Site, pipe: Pipeline) -> None:
    def answered() -> float:
        answer = httpx.get(
            f"{running.base_url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
        )
        found = text_string_to_metric_families(answer.raise_for_status().text)
        return sum(
            sample.value
            for family in found
            for sample in family.samples
            if sample.name == "vernier_http_requests_total" and sample.labels["view"] == "how-to-read"
        )

    before = answered()
    url = f"{running.base_url}/how-to-read/"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: httpx.get(url, trust_env=False, timeout=60).raise_for_status(), range(ASKED)))
    assert {answered() for _ in range(6)} == {before + ASKED}
    assert httpx.get(f"{running.base_url}/metrics", trust_env=False).status_code == 404

"""Waiting for the end of a submission on a running site: by asking when told, and by a webhook."""

import base64
import hashlib
import hmac
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from submissions import pacing
from tests import material
from tests.journeys.client import FINISHED, Pipeline
from tests.servers import receiver, site
from tests.servers.site import Site

SLUG = "waited-for"
WAITERS = 24
ADD = """
from django.utils import timezone
from submissions import webhooks
from submissions.models import Team, User
team = Team.objects.get(slug="team-0")
by = User.objects.create_user("o@example.org", "correct horse battery")
print(webhooks.add(team, url="{url}", by=by, now=timezone.now())[1])
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "mmad.json").write_text(json.dumps(material.questions()))
    opened = {"VERNIER_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    with site.embedded(folder, first_data=False, **opened) as started:
        started.manage("import_mmad", str(folder / "mmad.json"), "--slug", SLUG, "--daily-limit", "100")
        yield started


@pytest.fixture(scope="module")
def sender(running: Site) -> Pipeline:
    return Pipeline(running.base_url, running.make_teams(1)[0][0], SLUG)


@contextmanager
def workers_standing_still(running: Site) -> Iterator[None]:
    """Nothing is scored during the block, and all goes on after it."""
    pids = [pid for pid in running.pids() if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_many_who_wait_ask_seldom_hold_nothing_and_all_learn_of_the_end(
    running: Site, sender: Pipeline
) -> None:
    def wait(url: str) -> tuple[int, list[int], str]:
        asks, told = 0, list[int]()
        while True:
            asks += 1
            answer = sender.get(url, wait=60)
            state = answer.json()
            if state["status"] in FINISHED:
                assert "Retry-After" not in answer.headers
                return asks, told, state["status"]
            told.append(int(answer.headers["Retry-After"]))
            time.sleep(told[-1])

    # Six for each thread of the site: if an ask were held, the board would stand behind them.
    with ThreadPoolExecutor(WAITERS) as pool:
        with workers_standing_still(running):
            sent = [
                sender.upload(material.answers(seed=number), f"model {number % 5}")
                for number in range(WAITERS)
            ]
            assert {answer.status_code for answer in sent} == {202}
            waiting = [pool.submit(wait, answer.json()["links"]["self"]) for answer in sent]
            board = [sender.get(f"/benchmarks/{SLUG}/leaderboard/").status_code for _ in range(20)]
            assert not any(each.done() for each in waiting)
        found = [each.result(timeout=180) for each in waiting]
    assert set(board) == {200}
    assert {status for _asks, _told, status in found} == {"scored"}
    assert all(1 <= seconds <= pacing.MOST for _asks, told, _status in found for seconds in told)
    assert all(asks <= 20 for asks, _told, _status in found)


def test_a_webhook_is_told_by_the_real_worker(running: Site, sender: Pipeline, tmp_path: Path) -> None:
    with receiver.running() as server:
        secret = running.manage("shell", "--no-imports", "-c", ADD.format(url=server.url)).stdout.strip()
        answer = sender.upload(material.answers(seed=99), "told of")
        sender.until(lambda: bool(server.told), seconds=60)
    (told,) = server.told
    body = json.loads(told.body)
    assert (body["type"], body["data"]["id"]) == ("submission.scored", answer.json()["id"])
    assert body["data"] == sender.get(answer.json()["links"]["self"]).json()
    signed = f"{told.headers['webhook-id']}.{told.headers['webhook-timestamp']}.{told.body}".encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    good = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert told.headers["webhook-signature"] == f"v1,{good}"
    for log in running.logs():
        assert secret not in log.read_text(errors="replace")

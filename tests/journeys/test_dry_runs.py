"""Dry runs on a running site: pages are served meanwhile, and no process outlives whoever waits for it."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import material
from tests.hostile import WORST
from tests.journeys.client import Pipeline, pipeline
from tests.servers.process import is_alive
from tests.servers.site import Site

SLUG = "dry"


@pytest.fixture(scope="module")
def lone(
    site: Callable[..., AbstractContextManager[Site]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site with one web process, of two threads."""
    path = tmp_path_factory.mktemp("benchmark") / "mmad.json"
    path.write_text(json.dumps(material.questions()))
    with site("embedded", first_data=False, VERNIER_WEB_WORKERS="1") as running:
        running.manage("import_mmad", str(path), "--slug", SLUG)
        yield running


@pytest.fixture(scope="module")
def sender(lone: Site) -> Pipeline:
    return pipeline(lone, "dry", slug=SLUG)


def programs(site: Site) -> list[int]:
    """The program that a web process keeps, and the process that it has begun for a file."""
    found = []
    for pid in site.pids():
        try:
            if b"check_program" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def reading(site: Site) -> list[int]:
    """The processes that read a file."""
    found = programs(site)
    return [pid for pid in found if parent_of(pid) in found]


def parent_of(pid: int) -> int:
    """0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def until(holds: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
    return found


def start(sender: Pipeline, answers: list[Any]) -> threading.Thread:
    """Have a file checked that keeps its process busy for seconds."""
    file = WORST["objects in objects"]()

    def check() -> None:
        try:
            answers.append(sender.check(file).status_code)
        except httpx.HTTPError as error:
            answers.append(error)

    thread = threading.Thread(target=check)
    thread.start()
    return thread


def test_while_a_file_is_checked_the_board_is_served_and_another_file_comes_back_later(
    sender: Pipeline, lone: Site
) -> None:
    answers: list[Any] = []
    thread = start(sender, answers)
    until(lambda: reading(lone))
    second = sender.send(
        "POST", f"{sender.api}/benchmarks/{SLUG}/validate/", files={"file": ("a.csv", material.answers())}
    )
    assert (second.status_code, second.json()["code"], second.headers["Retry-After"]) == (
        503,
        "check-busy",
        "1",
    )
    began = time.monotonic()
    assert sender.get(f"/benchmarks/{SLUG}/leaderboard/").status_code == 200
    assert time.monotonic() - began < 2
    assert reading(lone), "the check was over before the board was asked for"
    thread.join()
    assert answers == [422]
    until(lambda: not reading(lone))


def test_with_the_web_process_its_check_and_the_program_end(sender: Pipeline, lone: Site) -> None:
    answers: list[Any] = []
    thread = start(sender, answers)
    [child] = until(lambda: reading(lone))
    program = parent_of(child)
    os.kill(parent_of(program), signal.SIGKILL)
    until(lambda: not is_alive(child) and not is_alive(program), seconds=3)
    thread.join()
    assert not isinstance(answers[0], int)
    # Another web process takes its place.
    until(lambda: served(sender))
    assert sender.check(material.answers()).status_code == 200


def test_with_the_web_process_a_program_that_waits_ends(sender: Pipeline, lone: Site) -> None:
    assert sender.check(material.answers()).status_code == 200
    [program] = programs(lone)
    os.kill(parent_of(program), signal.SIGKILL)
    until(lambda: not is_alive(program), seconds=3)
    until(lambda: served(sender))


def test_with_its_program_a_check_ends(sender: Pipeline, lone: Site) -> None:
    answers: list[Any] = []
    assert sender.check(material.answers()).status_code == 200
    thread = start(sender, answers)
    [child] = until(lambda: reading(lone))
    os.kill(parent_of(child), signal.SIGKILL)
    until(lambda: not is_alive(child), seconds=3)
    thread.join()
    assert answers == [500]
    assert sender.check(material.answers()).status_code == 200


def served(sender: Pipeline) -> bool:
    try:
        return sender.get(f"/benchmarks/{SLUG}/").status_code == 200
    except httpx.HTTPError:
        return False

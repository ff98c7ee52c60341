"""A worker's fence, drawn close, reached by real files and a store that never answers: all end in words, none twice."""

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests import material
from tests.hostile import WORST
from tests.journeys.client import Pipeline, pipeline
from tests.servers.process import descendants, is_alive
from tests.servers.site import Site

SLUG = "fenced"
GOOD = material.answers(seed=60)


@pytest.fixture(scope="module")
def tight(
    site: Callable[..., AbstractContextManager[Site]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("benchmark") / "mmad.json"
    path.write_text(json.dumps(material.questions()))
    settings = {"DJANGO_SETTINGS_MODULE": "tests.journeys.tight_settings"}
    with site("embedded", first_data=False, **settings) as running:
        running.manage("import_mmad", str(path), "--slug", SLUG)
        yield running


@pytest.fixture(scope="module")
def sender(tight: Site) -> Pipeline:
    return pipeline(tight, "fenced", slug=SLUG)


@pytest.mark.parametrize(
    ("name", "code"), [("one wide answer", "too-much-memory"), ("objects in objects", "too-much-time")]
)
def test_a_file_that_takes_too_much_is_rejected_at_once(sender: Pipeline, name: str, code: str) -> None:
    file = WORST[name]()
    state = sender.outcome(file, name)
    assert (state["status"], state["error_counts"]) == ("rejected", {code: 1})
    assert "than any answer file needs" in state["errors"][0]["detail"]
    dry = sender.check(file).json()
    assert (dry["errors"], dry["error_counts"]) == (state["errors"], state["error_counts"])
    # The same worker goes on.
    assert sender.outcome(GOOD, f"after {name}")["status"] == "scored"


def test_scoring_that_hangs_is_broken_off_softly_or_hard_and_fails_in_the_end(
    sender: Pipeline, tight: Site
) -> None:
    workers = [pid for pid in tight.pids() if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    [boss] = [pid for pid in workers if descendants(pid)]
    children = descendants(boss)
    tell(workers, signal.SIGSTOP)
    sent = sender.upload(GOOD + b"\n", "hangs").json()
    [kept] = [
        path for path in (tight.var / "answers").rglob("*") if sent["id"] in str(path) and path.is_file()
    ]
    kept.unlink()
    os.mkfifo(kept)  # whoever opens it waits for ever
    tell(workers, signal.SIGCONT)
    sender.until(lambda: sender.get(sent["links"]["self"]).json()["status"] == "scoring")
    # Stopped, it does not hear the soft limit. The next attempts do.
    tell(children, signal.SIGSTOP)
    sender.until(lambda: not all(map(is_alive, children)), seconds=30)
    tell(filter(is_alive, children), signal.SIGCONT)
    assert sender.finished(sent)["status"] == "failed"
    assert sender.outcome(GOOD + b"\n\n", "after it")["status"] == "scored"


def tell(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)

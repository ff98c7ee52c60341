"""A site is backed up while uploads come in, brought back on an empty machine, and grows from one engine to another."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import material
from tests.journeys.client import Pipeline
from tests.journeys.visitor import PASSWORD, Visitor
from tests.servers.site import Site, clean_environment, embedded, run_manage

QUESTIONS = material.questions(10, seed=61)
BOARD = "/benchmarks/kept/leaderboard/"
PUBLIC = 6


def file(number: int) -> bytes:
    return material.answers(0.4 + number / 40, material=QUESTIONS, seed=number)


def imported(site: Site, folder: Path, questions: dict[str, Any]) -> str:
    path = folder / "questions.json"
    path.write_text(json.dumps(questions))
    limits = ("--daily-limit", "1000", "--total-limit", "1000")
    return site.manage("import_mmad", str(path), "--slug", "kept", *limits).stdout.strip()


@dataclass
class Seen:
    """What a site answers, as text."""

    answers: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, pipe: Pipeline, submissions: list[str], entries: list[str]) -> "Seen":
        """The board, every entry, every report and every answer file."""
        seen = cls()
        paths = [BOARD, *(f"/entries/{key}/" for key in entries)]
        paths += [f"/submissions/{key}/{what}" for key in submissions for what in ("", "report/")]
        for path in paths:
            answer = pipe.get(path)
            assert answer.status_code == 200, (path, answer.text)
            # Each site says where it is itself.
            seen.answers[path] = answer.text.replace(pipe.base_url, "")
        return seen


@dataclass
class Kept:
    """A site before its loss."""

    pipe: Pipeline
    member: Visitor
    seen: Seen
    submissions: list[str]
    entries: list[str]
    busy: str  # the token of another team
    promised: list[str]  # its submissions, accepted before the backup began, perhaps not yet scored
    archive: Path
    sha256: str

    def on(self, site: Site) -> Pipeline:
        """The same pipeline on another site."""
        return Pipeline(site.base_url, self.pipe.token, "kept")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    with embedded(folder, first_data=False) as site:
        imported(site, folder, QUESTIONS)
        member = Visitor(site.base_url, "member@example.org").sign_up()
        member.post("/teams/new/", name="Home", slug="home").raise_for_status()
        pipe = Pipeline(site.base_url, site.manage("create_token", "home").stdout.strip(), "kept")
        sent = [pipe.outcome(file(n), f"model {n}", visibility="public") for n in range(PUBLIC)]
        sent.append(pipe.outcome(b"question_id,answer\nnone,A\n", "wrong"))
        ids, entries = [each["id"] for each in sent], [each["entry"]["id"] for each in sent]
        seen = Seen.of(pipe, ids[:-1], entries)
        site.manage("create_team", "busy")
        busy = Pipeline(site.base_url, site.manage("create_token", "busy").stdout.strip(), "kept")
        with uploads(busy) as promised:
            archive = folder / "site.tar.gz"
            before = list(promised())
            sha256 = site.manage("backup", str(archive)).stdout.split()[0]
        assert len(promised()) > len(before), "nothing came in while it was written"
        assert Seen.of(pipe, ids[:-1], entries) == seen
    return Kept(pipe, member, seen, ids[:-1], entries, busy.token, before, archive, sha256)


@contextmanager
def uploads(pipe: Pipeline) -> Iterator[Callable[[], list[str]]]:
    """Private uploads that go on until the block ends; gives the ids of those accepted so far."""
    stop = threading.Event()
    ids: list[str] = []

    def send() -> None:
        # Each token sends sixty files a minute at most.
        for number in range(59):
            if stop.wait(0.2):
                return
            answer = pipe.upload(file(number % 20), f"busy {number}")
            assert answer.status_code == 202, answer.text
            ids.append(answer.json()["id"])

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(send)
        try:
            while len(ids) < 3 and not running.done():
                stop.wait(0.1)
            yield lambda: list(ids)
        finally:
            stop.set()
        running.result()


def same(kept: Kept, site: Site, *, to_the_byte: bool) -> None:
    """Hold what the site answers against what the lost one answered.

    PostgreSQL keeps the keys of a JSON object in an order of its own: there, and after it, values alone are the same.
    """
    pipe = kept.on(site)
    seen = Seen.of(pipe, kept.submissions, kept.entries)
    for path, before in kept.seen.answers.items():
        after = seen.answers[path]
        assert after == before if to_the_byte else json.loads(after) == json.loads(before), path
    member = Visitor(site.base_url, kept.member.address)
    member.post("/accounts/login/", login=member.address, password=PASSWORD).raise_for_status()
    for number, key in enumerate(kept.submissions):
        assert member.get(f"/submissions/{key}/answers/").content == file(number)
    for key in kept.promised:
        state = pipe.send("GET", f"{pipe.api}/submissions/{key}/")
        assert state.status_code == 404  # another team's, and private
    assert site.manage("reconcile").stderr.startswith("orphans removed: 0 ")


def corrected() -> dict[str, Any]:
    questions: dict[str, Any] = json.loads(json.dumps(QUESTIONS))
    for image in list(questions)[:20]:
        question = questions[image]["conversation"][1]
        question["Answer"] = "B" if question["Answer"] == "A" else "A"
    return questions


def test_it_is_brought_back_grows_and_comes_back(
    kept: Kept, site: Callable[..., AbstractContextManager[Site]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    env = clean_environment() | {"VERNIER_VAR": str(home / "var")}
    run_manage(env, "migrate", "--verbosity", "0")
    run_manage(env, "restore", str(kept.archive), "--sha256", kept.sha256)
    with embedded(home, first_data=False) as restored:
        same(kept, restored, to_the_byte=True)
        promised_ones_end(kept, restored)
    with site("production", first_data=False) as large:
        large.manage("restore", str(kept.archive))
        same(kept, large, to_the_byte=False)
        promised_ones_end(kept, large)
        large.manage("backup", str(tmp_path / "large.tar.gz"))
        again = large.manage("restore", str(kept.archive), check=False)
        assert again.returncode == 1
        assert "rows in this database already" in again.stderr
    back = tmp_path / "back"
    env = clean_environment() | {"VERNIER_VAR": str(back / "var")}
    run_manage(env, "migrate", "--verbosity", "0")
    run_manage(env, "restore", str(tmp_path / "large.tar.gz"))
    with embedded(back, first_data=False) as small:
        same(kept, small, to_the_byte=False)
        imported(small, tmp_path, corrected())
        told = small.manage("rescore", "kept").stderr
        assert "lack too many" not in told


def promised_ones_end(kept: Kept, site: Site) -> None:
    """Whatever was accepted before the backup began is there and is scored."""
    busy = Pipeline(site.base_url, kept.busy, "kept")
    for key in kept.promised:
        state = busy.finished({"links": {"self": f"/submissions/{key}/"}})
        assert state["status"] == "scored"

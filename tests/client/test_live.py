"""The client against a real site: what the guide promises a pipeline."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import material
from tests.client.process import body, run
from tests.journeys.client import Pipeline, pipeline
from tests.servers.site import Site

SLUG = "client"


@pytest.fixture(scope="module")
def sender(embedded_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    path = tmp_path_factory.mktemp("benchmark") / "mmad.json"
    path.write_text(json.dumps(material.questions()))
    embedded_site.manage("import_mmad", str(path), "--slug", SLUG, "--daily-limit", "100")
    return pipeline(embedded_site, SLUG, slug=SLUG)


def env(sender: Pipeline, url: str | None = None) -> dict[str, str]:
    return {"VERNIER_URL": url or sender.base_url, "VERNIER_TOKEN": sender.token, "VERNIER_BENCHMARK": SLUG}


def test_from_a_file_to_a_public_score(sender: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(material.answers(0.9, seed=11))
    asked = ("submit", "a.csv", "--entry", "live", "--shots", "1", "--tools", "none", "--json")
    done = run(tmp_path, *asked, "--fail-if", "rejected", "--fail-if", "below=10", env=env(sender))
    assert done.returncode == 0, done.stderr
    state = body(done)
    assert state["status"] == "scored"
    assert state["entry"]["settings"]["shots"] == 1
    assert [gate["passed"] for gate in state["gates"]] == [True, True]
    again = run(tmp_path, *asked, "--fail-if", "below=99.9", env=env(sender))
    assert (again.returncode, body(again)["id"]) == (7, state["id"])
    assert (
        body(run(tmp_path, "status", state["id"], "--wait", "--json", env=env(sender)))["score"]
        == state["score"]
    )
    rows = body(run(tmp_path, "list", "--entry", "live", "--json", env=env(sender)))["results"]
    assert [row["id"] for row in rows] == [state["id"]]
    public = run(tmp_path, "publish", state["id"], "--json", env=env(sender))
    assert body(public)["visibility"] == "public"
    for command in (["board"], ["list"], ["status", state["id"]]):
        said = run(tmp_path, *command, env=env(sender))
        assert said.returncode == 0, said.stderr
        assert f"{state['score']:.2f}" in said.stdout


def test_a_rejected_file_ends_with_three_and_the_lines_at_fault(sender: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"question_id,answer\nnone#0,A\n")
    done = run(tmp_path, "submit", "a.csv", "--entry", "spoilt", "--wait", env=env(sender))
    assert done.returncode == 3
    assert "line 2: " in done.stdout


def test_a_wrong_token_ends_with_five(sender: Pipeline, tmp_path: Path) -> None:
    wrong = env(sender) | {"VERNIER_TOKEN": "vrn_wrong"}
    done = run(tmp_path, "list", env=wrong)
    assert done.returncode == 5
    assert "This is not a Vernier token" in done.stderr
    assert run(tmp_path, "login", env=env(sender), stdin="vrn_wrong").returncode == 5
    assert run(tmp_path, "login", env=env(sender), stdin=sender.token).returncode == 0


def test_a_setting_that_is_not_taken_ends_with_five_and_its_reason(sender: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(material.answers(seed=12))
    done = run(tmp_path, "submit", "a.csv", "--entry", "set", "--tools", "hammer", env=env(sender))
    assert done.returncode == 5
    assert "“hammer” is not taken here" in done.stderr


def test_better_and_worse_by_the_board(sender: Pipeline, tmp_path: Path) -> None:
    ids = {}
    for name, right in (("good", 1.0), ("poor", 0.2)):
        (tmp_path / "a.csv").write_bytes(material.answers(right, seed=14))
        more = ("--visibility", "public", "--wait", "--json")
        done = run(tmp_path, "submit", "a.csv", "--entry", name, *more, env=env(sender))
        assert done.returncode == 0, done.stderr
        ids[name] = body(done)["entry"]["id"]
    found = body(run(tmp_path, "compare", ids["good"], ids["poor"], "--json", env=env(sender)))
    assert found["pairs"][0]["verdict"] == "first-better"
    (tmp_path / "a.csv").write_bytes(material.answers(0.2, seed=14))
    gate = ("--fail-if", f"significantly-worse-than={ids['good']}", "--json")
    done = run(tmp_path, "submit", "a.csv", "--entry", "poor", *gate, env=env(sender))
    assert done.returncode == 7
    assert body(done)["gates"][0]["passed"] is False


def test_a_private_try_is_held_against_the_entrys_previous_one(sender: Pipeline, tmp_path: Path) -> None:
    gate = ("--fail-if", "significantly-worse-than=previous", "--json")
    passed = []
    for seed, share in enumerate((0.9, 0.2, 0.25, 0.95)):
        (tmp_path / "a.csv").write_bytes(material.answers(share, seed=30 + seed))
        done = run(tmp_path, "submit", "a.csv", "--entry", "nightly", *gate, env=env(sender))
        [judged] = body(done)["gates"]
        passed.append((done.returncode, judged["passed"]))
        assert judged["pair"] is not None or seed == 0, judged
    assert passed == [(0, True), (7, False), (0, True), (0, True)]


def test_partial_tries_are_held_against_each_other(sender: Pipeline, tmp_path: Path) -> None:
    gate = ("--fail-if", "significantly-worse-than=previous", "--json")
    some = ("--partial", "anomaly-detection", "--partial", "defect-analysis")
    passed, ids = [], []
    for seed, share in enumerate((0.9, 0.2, 0.25)):
        (tmp_path / "a.csv").write_bytes(material.answers(share, seed=50 + seed))
        done = run(tmp_path, "submit", "a.csv", "--entry", "part", *some, *gate, env=env(sender))
        [judged] = body(done)["gates"]
        passed.append((done.returncode, judged["passed"]))
        ids.append(body(done)["id"])
    assert passed == [(0, True), (7, False), (0, True)]
    assert "on the subtasks that both answered: " in judged["detail"]
    done = run(tmp_path, "compare", "--submissions", ids[0], ids[1], env=env(sender))
    assert done.stdout.startswith(
        f"part ({ids[0]}) is better than part ({ids[1]}) on the subtasks that both"
    ), done
    below = run(
        tmp_path, "submit", "a.csv", "--entry", "part", *some, "--fail-if", "below=1", env=env(sender)
    )
    assert (below.returncode, "no overall score" in below.stderr) == (2, True)


def test_a_file_is_checked_for_nothing(sender: Pipeline, tmp_path: Path) -> None:
    before = sender.get(f"/benchmarks/{SLUG}/submissions/").json()["results"]
    (tmp_path / "a.csv").write_bytes(material.answers(seed=40))
    done = run(tmp_path, "validate", "a.csv", env=env(sender))
    assert (done.returncode, done.stderr) == (0, "")
    assert "The file would be scored: plain-csv, records for 100.0 %" in done.stdout
    (tmp_path / "a.csv").write_bytes(material.answers(seed=40) + b"none#0,A\n" * 30)
    done = run(tmp_path, "validate", "a.csv", env=env(sender))
    assert done.returncode == 3
    assert "The file would be rejected; problems: 30." in done.stdout
    assert done.stdout.count("line ") == 20
    assert "30 problems in all" in done.stdout
    (tmp_path / "a.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    done = run(tmp_path, "validate", "a.csv", "--json", env=env(sender))
    assert (done.returncode, body(done)["errors"][0]["code"]) == (3, "file-image")
    assert sender.get(f"/benchmarks/{SLUG}/submissions/").json()["results"] == before


@contextmanager
def breaking(site: str, *, up: int | None) -> Iterator[str]:
    """A way to the site that breaks once: after so many bytes of a request; with None, before an answer passes."""
    parts = urlsplit(site)
    assert parts.hostname
    assert parts.port
    to = (parts.hostname, parts.port)
    broken = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, other: socket.socket, limit: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while chunk := source.recv(16 * 1024):
                passed += len(chunk)
                if limit is not None and passed > limit and not broken.is_set():
                    broken.set()
                    break
                other.sendall(chunk)
        for end in (source, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def connect(client: socket.socket) -> None:
        with client, socket.create_connection(to) as server:
            answers = threading.Thread(target=carry, args=(server, client, 0 if up is None else None))
            answers.start()
            carry(client, server, up)
            answers.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _address = listener.accept()
                connections.append(threading.Thread(target=connect, args=(client,)))
                connections[-1].start()

    connections: list[threading.Thread] = []
    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert broken.is_set(), "nothing was cut"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
        listener.close()
        for each in connections:
            each.join()


@pytest.mark.parametrize("up", [1500, None], ids=["in the middle of the file", "before the answer"])
def test_a_cut_network_makes_one_submission(up: int | None, sender: Pipeline, tmp_path: Path) -> None:
    name = f"cut {up}"
    (tmp_path / "a.csv").write_bytes(material.answers(seed=20 + bool(up)))
    with breaking(sender.base_url, up=up) as way:
        done = run(tmp_path, "submit", "a.csv", "--entry", name, "--wait", "--json", env=env(sender, way))
    assert done.returncode == 0, done.stderr
    assert "Trying again" in done.stderr
    rows = body(run(tmp_path, "list", "--entry", name, "--json", env=env(sender)))["results"]
    assert [row["id"] for row in rows] == [body(done)["id"]]

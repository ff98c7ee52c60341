"""Whatever breaks on the way, an upload is made once: every try has the same key and the same bytes."""

import signal
import sys
import time
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen

import pytest

from tests.client.process import body, environment, run
from tests.client.scripted import ID, Answer, Cut, Scripted, Step, problem, serving, submission

TAKEN = Answer(submission("queued"), 202)
# Spoilt bytes of a length that no buffer of a socket holds whole.
CONTENT = bytes(range(256)) * 16 * 1024


def submit(folder: Path, site: Scripted, *more: str) -> CompletedProcess[str]:
    (folder / "answers.csv").write_bytes(CONTENT)
    env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad"}
    return run(folder, "submit", "answers.csv", "--entry", "my model", "--json", *more, env=env)


@pytest.mark.parametrize(
    "broken",
    [
        Cut(),
        Cut(after=100_000),
        Cut(after=0),
        problem(503, "storage-unavailable", Retry_After="0"),
        problem(429, "too-many-uploads", Retry_After="0"),
        problem(429, "too-many-uploads"),
        problem(409, "idempotency-key-in-flight", Retry_After="0"),
        Answer(b"<h1>Bad Gateway</h1>", 502),
    ],
    ids=["before the answer", "in the middle", "at once", "503", "429", "429 without a time", "409", "502"],
)
def test_the_same_upload_is_sent_again(broken: Step, tmp_path: Path) -> None:
    with serving(broken, broken, TAKEN) as site:
        done = submit(tmp_path, site)
    assert done.returncode == 0, done.stderr
    assert body(done)["status"] == "queued"
    assert len(site.asked) == 3
    assert len(site.keys) == 1
    assert None not in site.keys
    assert site.asked[-1].file == CONTENT
    assert site.asked[-1].fields == [("entry", "my model")]


def test_two_uploads_have_two_keys(tmp_path: Path) -> None:
    with serving(TAKEN) as site:
        for _twice in range(2):
            submit(tmp_path, site)
    assert len(site.keys) == 2


def test_a_pipeline_may_name_its_own_key(tmp_path: Path) -> None:
    with serving(Cut(), TAKEN) as site:
        submit(tmp_path, site, "--idempotency-key", "job 7")
    assert site.keys == {"job 7"}


def test_it_gives_up_when_its_patience_is_used_up(tmp_path: Path) -> None:
    with serving(Cut()) as site:
        done = submit(tmp_path, site, "--patience", "1")
    assert done.returncode == 6
    assert body(done)["error"]["code"] == "unreachable"
    assert 2 <= len(site.asked) <= 4


def test_nobody_listens(tmp_path: Path) -> None:
    with serving(TAKEN) as site:
        pass
    assert submit(tmp_path, site, "--patience", "0").returncode == 6


def test_a_time_to_wait_that_is_too_long_is_told_at_once(tmp_path: Path) -> None:
    with serving(problem(429, "quota-daily", "Today’s five are used.", Retry_After="40000")) as site:
        done = submit(tmp_path, site)
    assert done.returncode == 5
    assert body(done)["error"]["detail"] == "Today’s five are used."
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (problem(401, "token-unknown"), 5),
        (problem(403, "benchmark-closed"), 5),
        (problem(413, "file-too-large"), 5),
        (problem(422, "idempotency-key-reused"), 5),
        (Answer(b"moved", 301, {"Location": "https://elsewhere.example/x"}), 5),
        (problem(500, "server-error"), 4),
        (Answer(b"<h1>Welcome to the hotel</h1>"), 6),
    ],
    ids=["401", "403", "413", "422", "301", "500", "no JSON"],
)
def test_what_does_not_pass_is_not_tried_again(answer: Answer, code: int, tmp_path: Path) -> None:
    with serving(answer) as site:
        done = submit(tmp_path, site)
    assert done.returncode == code, done.stderr
    assert body(done)["exit_code"] == code
    assert len(site.asked) == 1


def test_while_waiting_the_site_may_be_away(tmp_path: Path) -> None:
    queued = Answer(submission("queued"), 200, {"Retry-After": "0"})
    scored = Answer(submission())
    with serving(TAKEN, queued, Cut(), problem(503, "away", Retry_After="0"), queued, scored) as site:
        done = submit(tmp_path, site, "--wait")
    assert done.returncode == 0, done.stderr
    assert body(done)["score"] == 74.2225
    assert len(site.asked) == 6


@pytest.mark.parametrize(("status", "code"), [("rejected", 3), ("failed", 4), ("cancelled", 8)])
def test_every_end_has_its_code(status: str, code: int, tmp_path: Path) -> None:
    with serving(TAKEN, Answer(submission(status))) as site:
        assert submit(tmp_path, site, "--wait").returncode == code


def test_it_waits_no_longer_than_it_was_told(tmp_path: Path) -> None:
    with serving(TAKEN, Answer(submission("scoring"), 200, {"Retry-After": "0"})) as site:
        done = submit(tmp_path, site, "--wait", "--timeout", "0.3")
    assert done.returncode == 8
    error = body(done)["error"]
    assert (error["code"], error["submission"]) == ("not-finished", ID)
    assert f"vernier status {ID} --wait." in error["detail"]


@pytest.mark.parametrize("gate", [(), ("--fail-if", "rejected", "--outputs", "outputs")])
def test_whoever_interrupts_the_wait_is_told_how_to_go_on(gate: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("x")
    with serving(TAKEN, Answer(submission("scoring"), 200, {"Retry-After": "60"})) as site:
        env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad"}
        done = interrupted(
            tmp_path, site, "submit", "answers.csv", "--entry", "m", "--wait", "--json", *gate, env=env
        )
    assert done.returncode == 130, done.stderr
    error = body(done)["error"]
    assert (error["code"], error["submission"], body(done)["exit_code"]) == ("interrupted", ID, 130)
    assert f"vernier status {ID} --wait" in error["detail"]
    assert ("the same file sent again" in error["detail"]) is bool(gate)
    if gate:
        assert (tmp_path / "outputs").read_text() == f"vernier_id={ID}\nvernier_passed=no\n"


def test_interrupted_before_there_is_a_submission_it_says_where_to_look(tmp_path: Path) -> None:
    with serving(problem(503, "away", Retry_After="60")) as site:
        env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad"}
        done = interrupted(tmp_path, site, "list", "--json", env=env, after=1)
    assert done.returncode == 130
    error = body(done)["error"]
    assert (error["code"], error["submission"]) == ("interrupted", None)
    assert "vernier list" in done.stderr


def interrupted(
    folder: Path, site: Scripted, *arguments: str, env: dict[str, str], after: int = 2
) -> CompletedProcess[str]:
    """Ctrl-C once the site has been asked so often."""
    command = [sys.executable, "-m", "vernier", *arguments]
    with Popen(
        command, cwd=folder, env=environment(folder, **env), stdout=PIPE, stderr=PIPE, text=True
    ) as process:
        until = time.monotonic() + 30
        while len(site.asked) < after and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    return CompletedProcess(command, process.returncode, stdout, stderr)


def test_the_next_page_is_asked_of_the_same_site_whatever_address_it_names(tmp_path: Path) -> None:
    first = Answer({"next": "http://127.0.0.1:1/steal/?cursor=abc", "results": [submission()]})
    last = Answer({"next": None, "results": [submission()]})
    with serving(first, last) as site:
        env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad"}
        done = run(tmp_path, "list", "--json", env=env)
    assert len(body(done)["results"]) == 2
    assert site.asked[1].path == "/api/v1/benchmarks/mmad/submissions/?cursor=abc"


def test_what_the_site_tries_again_is_said_once(tmp_path: Path) -> None:
    def state(status: str, attempts: int) -> Answer:
        return Answer(submission(status, attempts=attempts), headers={"Retry-After": "0"})

    told = [state("scoring", 1), state("queued", 1), state("scoring", 2), state("scored", 2)]
    with serving(TAKEN, *told) as site:
        done = submit(tmp_path, site, "--wait")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("broke off by a fault of the site") == 1

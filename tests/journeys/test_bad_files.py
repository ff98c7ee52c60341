"""Bad files through the front door: each gets the right answer, nothing is lost and nothing charged."""

import gzip
import json
import pickle
import zlib
from collections.abc import Callable

import pytest

from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.servers.site import Site

SLUG = "bad-files"
GOOD = material.answers(seed=50)
LINES = GOOD.decode().splitlines()
ROWS = [dict(zip(("question_id", "answer"), line.rsplit(",", 1), strict=True)) for line in LINES[1:]]


@pytest.fixture(scope="module")
def sender(embedded_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    path = tmp_path_factory.mktemp("benchmark") / "mmad.json"
    path.write_text(json.dumps(material.questions()))
    embedded_site.manage(
        "import_mmad", str(path), "--slug", SLUG, "--daily-limit", "3", "--total-limit", "100"
    )
    return pipeline(embedded_site, "bad-files", slug=SLUG)


def bomb() -> bytes:
    """A gzip of a megabyte that unfolds to one gigabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(b"question_id,answer\n")
    block = b"x" * 1024 * 1024
    return start + b"".join(packer.compress(block) for _ in range(1024)) + packer.flush()


REFUSED: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "empty": (lambda: b"", 422, "file-empty"),
    "pickle": (lambda: pickle.dumps(ROWS), 415, "file-pickle"),
    "image": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), 415, "file-image"),
    "utf-16": (lambda: GOOD.decode().encode("utf-16"), 415, "file-utf-16"),
    "100 MB": (lambda: bytes(100_000_000), 413, "file-too-large"),
    "noise": (lambda: bytes(range(128, 256)) * 20, 415, "file-unknown-format"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_an_answer_file_is_refused_at_the_door(sender: Pipeline, case: str) -> None:
    make, status, code = REFUSED[case]
    answer = sender.upload(make(), f"refused {case}")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["detail"]
    assert problem["errors"][0]["field"] == "file"


def changed(line: int, text: str) -> bytes:
    """The good file with another text on the line, counted from 1."""
    return "\n".join([*LINES[: line - 1], text, *LINES[line:]]).encode()


REJECTED: dict[str, tuple[Callable[[], bytes], str, int | None]] = {
    "truncated JSON": (lambda: json.dumps(ROWS, indent=0).encode()[:-40], "truncated", None),
    "wrong columns": (lambda: GOOD.replace(b"question_id,answer", b"id,reply", 1), "columns", 1),
    "unknown id": (lambda: GOOD + b"DS-MVTec/none.png#0,A\n", "unknown", len(LINES) + 1),
    "duplicate id": (lambda: GOOD + LINES[4].encode() + b"\n", "duplicate", len(LINES) + 1),
    "letter outside the options": (lambda: changed(3, LINES[2].rsplit(",", 1)[0] + ",Z"), "options", 3),
    "0 % present": (lambda: b"question_id,answer\n", "", None),
    "50 % present": (lambda: "\n".join(LINES[: len(LINES) // 2]).encode(), "few", None),
    "another benchmark's file": (
        lambda: b"question_id,answer\n" + b"".join(b"other/%d.png#0,A\n" % n for n in range(90)),
        "unknown",
        2,
    ),
    "a gzip that unfolds to 1 GB": (bomb, "", None),
    "NaN": (lambda: json.dumps([{**ROWS[0], "answer": float("nan")}]).encode(), "", 1),
    "nested 100,000 deep": (lambda: b'[{"question_id": ' + b"[" * 100_000, "", None),
    "an integer of 10,000 digits": (
        lambda: b'[{"question_id": ' + b"1" * 10_000 + b', "answer": "A"}]',
        "",
        None,
    ),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_file_at_fault_is_rejected_and_says_where(sender: Pipeline, case: str) -> None:
    make, word, line = REJECTED[case]
    state = sender.outcome(make(), f"rejected {case}")
    assert state["status"] == "rejected"
    assert state["errors_total"] >= 1
    assert state["errors"], "the sender is told what is wrong"
    first = state["errors"][0]
    assert first["detail"]
    assert word in " ".join(state["error_counts"])
    if line is not None:
        assert first["line"] == line


READ: dict[str, Callable[[], bytes]] = {
    "CRLF": lambda: GOOD.replace(b"\n", b"\r\n"),
    "BOM": lambda: b"\xef\xbb\xbf" + GOOD,
    "gzip": lambda: gzip.compress(GOOD),
}


def test_harmless_oddities_are_read_alike(sender: Pipeline) -> None:
    scores = {name: sender.outcome(make(), f"read {name}")["score"] for name, make in READ.items()}
    assert len(set(scores.values())) == 1
    assert None not in scores.values()


def test_after_all_that_the_quota_is_used_by_what_scored_alone(sender: Pipeline) -> None:
    refused = sender.upload(material.answers(seed=51), "one too many")
    assert refused.status_code == 429
    assert refused.json()["code"] == "quota-daily"
    assert int(refused.headers["Retry-After"]) > 0
    listed = sender.get(f"/benchmarks/{SLUG}/submissions/").json()["results"]
    assert {state["status"] for state in listed} == {"scored", "rejected"}
    assert sum(state["status"] == "scored" for state in listed) == len(READ)


def test_a_closed_benchmark_refuses(sender: Pipeline) -> None:
    answer = sender.upload(GOOD, "closed", slug="mmad")
    assert answer.status_code == 403
    assert answer.json()["code"] == "benchmark-without-release"


def test_tokens_that_open_nothing_say_why(sender: Pipeline) -> None:
    for text, code in (("vrn_short", "token-malformed"), ("vrn_" + "0" * 36, "token-malformed")):
        answer = Pipeline(sender.base_url, text, SLUG).upload(GOOD, "no token")
        assert answer.status_code == 401
        assert answer.json()["code"] == code


def test_a_strangers_team_is_not_found(sender: Pipeline) -> None:
    answer = sender.upload(GOOD, "not ours", team="published-results")
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown-team"

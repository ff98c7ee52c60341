"""Answers that are no Vernier site's, though they are JSON: told as such, with exit code 6 and never a traceback."""

from pathlib import Path
from typing import Any

import pytest

from tests.client.process import body, run
from tests.client.scripted import ID, OTHER, Answer, problem, serving, submission
from vernier import shapes

COMMANDS = [
    ("login",),
    ("validate", "answers.csv"),
    ("submit", "answers.csv", "--entry", "m"),
    ("submit", "answers.csv", "--entry", "m", "--fail-if", "below=1"),
    ("status", ID, "--wait"),
    ("list",),
    ("publish", ID),
    ("board",),
    ("compare", ID, OTHER),
]
DEEP = b"[" * 100_000 + b"]" * 100_000


def said(folder: Path, *command: str, answer: Answer) -> dict[str, Any]:
    (folder / "answers.csv").write_text("x")
    with serving(answer) as site:
        env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad"}
        done = run(folder, *command, "--patience", "0", "--json", env=env, stdin="vrn_x")
    assert "Traceback" not in done.stderr
    return body(done)


@pytest.mark.parametrize(
    "stranger",
    [
        {},
        {"results": 5, "pairs": 5, "links": [], "id": 1, "rules": 1, "subtasks": 1},
        {"results": [1], "pairs": [1], "subtasks": ["x"]},
        submission(links=[], coverage="much") | {"results": [{"entry": "m"}], "rules": []},
        DEEP,
        b"9" * 5000,
    ],
    ids=["empty", "of other types", "of other rows", "half", "deep", "a number"],
)
def test_every_command_says_so(stranger: Any, tmp_path: Path) -> None:
    for command in COMMANDS:
        found = said(tmp_path, *command, answer=Answer(stranger))
        assert (found["exit_code"], found["error"]["code"]) == (6, "not-vernier"), command
        assert "not as a Vernier site does" in found["error"]["detail"]


@pytest.mark.parametrize("next_page", [5, "http://[", ["x"]])
def test_a_next_page_that_is_no_address(next_page: Any, tmp_path: Path) -> None:
    found = said(tmp_path, "list", answer=Answer({"next": next_page, "results": []}))
    assert (found["exit_code"], found["error"]["code"]) == (6, "not-vernier")


@pytest.mark.parametrize("time", ["²", "٣", "Mon, 01 Jan 0001 00:00:00 +2359", "soon", "9" * 400])
def test_a_time_to_wait_that_is_none(time: str, tmp_path: Path) -> None:
    answer = problem(503, "away")
    headers = {"Retry-After": time.encode().decode("latin-1")}
    found = said(tmp_path, "list", answer=Answer(answer.body, 503, headers))
    assert (found["exit_code"], found["error"]["code"]) == (6, "away")


@pytest.mark.parametrize("to", ["http://[", ""])
def test_a_redirect_to_no_address(to: str, tmp_path: Path) -> None:
    found = said(tmp_path, "list", answer=Answer(b"moved", 301, {"Location": to}))
    assert found["error"]["code"] in ("redirect", "http")


def test_a_problem_document_that_is_too_deep(tmp_path: Path) -> None:
    assert said(tmp_path, "list", answer=Answer(DEEP, 500))["exit_code"] == 6


@pytest.mark.parametrize(
    ("value", "shape", "fits"),
    [
        (True, shapes.number, False),
        (float("nan"), shapes.number, False),
        (10**400, shapes.number, False),
        (74.2, shapes.number, True),
        ([1, 2, 3], shapes.interval, False),
        ("../../x", shapes.an_id, False),
        (None, shapes.maybe({"a": shapes.text}), True),
        ({"b": 1}, {"a": shapes.text}, False),
        ({"a": "x", "b": 1}, {"a": shapes.text}, True),
        ([{"a": "x"}, {}], [{"a": shapes.text}], False),
    ],
)
def test_what_has_a_shape(value: Any, shape: Any, fits: bool) -> None:
    assert shapes.fits(value, shape) is fits

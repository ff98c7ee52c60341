"""`--fail-if`: what lets a build pass, what stops it, and what cannot be decided, which stops it too."""

from pathlib import Path
from typing import Any

import pytest

from tests.client.process import body, run
from tests.client.scripted import ENTRY, ID, OTHER, RIVAL, Answer, Step, problem, serving, submission

TAKEN = Answer(submission("queued"), 202)
SCORED = Answer(submission())
DEFINITION = Answer({"slug": "mmad", "rules": {"lower_is_better": False}})
COMPUTING = Answer({"status": "computing", "entries": [], "pairs": []}, 202, {"Retry-After": "0"})


def history(*rows: dict[str, Any]) -> Answer:
    return Answer({"next": None, "results": [submission(), *rows]})


def compared(verdict: str | None, *, mine: str = ID, other: str = OTHER) -> Answer:
    overall = {"difference": -1.5, "interval": [-2.0, -1.0]} if verdict else None
    said = {"verdict": verdict, "sentence": "It is so.", "fault": None}
    pair = {"first": ENTRY, "second": RIVAL, **said, "overall": overall}
    return Answer(
        {"status": "done", "entries": [{"submission": mine}, {"submission": other}], "pairs": [pair]}
    )


def gated(folder: Path, gate: str, *steps: Step, partial: str = "") -> tuple[int, dict[str, Any], list[str]]:
    """The exit code, the gate as `--json` tells it, and what was asked after the submission."""
    (folder / "answers.csv").write_text("x")
    with serving(*steps) as site:
        env = {
            "VERNIER_URL": site.url,
            "VERNIER_TOKEN": "vrn_x",
            "VERNIER_BENCHMARK": "mmad",
            "VERNIER_ENTRY": "m",
            "VERNIER_PARTIAL": partial,
        }
        done = run(folder, "submit", "answers.csv", "--fail-if", gate, "--json", env=env)
    found = body(done)
    return done.returncode, found.get("gates", [{}])[0], [asked.path for asked in site.asked]


@pytest.mark.parametrize(("least", "code"), [("74.2225", 0), ("74.3", 7), ("-1e3", 0)])
def test_below(least: str, code: int, tmp_path: Path) -> None:
    assert gated(tmp_path, f"below={least}", DEFINITION, TAKEN, SCORED)[0] == code


def test_below_of_a_partial_file_is_not_decided(tmp_path: Path) -> None:
    partial = Answer(submission(score=None, partial=["anomaly-detection"]))
    code, gate, _asked = gated(tmp_path, "below=1", DEFINITION, TAKEN, partial)
    assert (code, gate["passed"]) == (7, None)


@pytest.mark.parametrize("subtasks", [[], [{"slug": "anomaly-detection"}, {"slug": "defect-analysis"}]])
def test_below_of_a_partial_file_is_refused_before_anything_is_sent(
    subtasks: list[dict[str, str]], tmp_path: Path
) -> None:
    definition = Answer({"rules": {"lower_is_better": False}, "subtasks": subtasks})
    code, _gate, asked = gated(tmp_path, "below=1", definition, TAKEN, SCORED, partial="anomaly-detection")
    assert (code, asked) == (2, ["/api/v1/benchmarks/mmad/"])
    if subtasks:
        every = "anomaly-detection,defect-analysis"
        assert gated(tmp_path, "below=1", definition, TAKEN, SCORED, partial=every)[0] == 0


def test_below_where_lower_is_better_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    code, _gate, asked = gated(tmp_path, "below=1", Answer({"rules": {"lower_is_better": True}}))
    assert code == 2
    assert asked == ["/api/v1/benchmarks/mmad/"]


def test_rejected(tmp_path: Path) -> None:
    assert gated(tmp_path, "rejected", TAKEN, SCORED)[0] == 0
    assert gated(tmp_path, "rejected", TAKEN, Answer(submission("rejected")))[0] == 3


@pytest.mark.parametrize(
    ("verdict", "code", "passed"),
    [("first-better", 0, True), ("not-separable", 0, True), ("second-better", 7, False), (None, 7, None)],
)
def test_worse_than_the_previous_one(
    verdict: str | None, code: int, passed: bool | None, tmp_path: Path
) -> None:
    before = history(
        submission("rejected", id_=RIVAL),
        submission(id_=RIVAL, visibility="withdrawn"),
        submission(id_=RIVAL, entry={"id": RIVAL, "name": "another"}),
        submission(id_=RIVAL, partial=["anomaly-detection"]),
        submission(id_=OTHER),
        submission(id_=RIVAL),
    )
    gate = "significantly-worse-than=previous"
    found = gated(tmp_path, gate, TAKEN, SCORED, before, COMPUTING, compared(verdict))
    assert (found[0], found[1]["passed"]) == (code, passed)
    assert found[2][-1] == f"/api/v1/benchmarks/mmad/compare/?submissions={ID}%2C{OTHER}"
    assert found[1]["pair"]["verdict"] == verdict


@pytest.mark.parametrize(("verdict", "code"), [("first-better", 0), ("second-better", 7)])
def test_a_file_that_was_sent_before_is_held_against_what_came_since(
    verdict: str, code: int, tmp_path: Path
) -> None:
    came_since = [submission(id_=OTHER), submission(status="rejected", id_=RIVAL), submission()]
    known, listed = Answer(submission(), 200), Answer({"next": None, "results": came_since})
    gate = "significantly-worse-than=previous"
    found = gated(tmp_path, gate, known, listed, compared(verdict))
    assert (found[0], found[1]["passed"]) == (code, code == 0)
    assert found[2][-1] == f"/api/v1/benchmarks/mmad/compare/?submissions={ID}%2C{OTHER}"


@pytest.mark.parametrize(
    ("verdict", "passed"),
    [("first-better", True), ("not-separable", True), ("second-better", False), (None, None)],
)
def test_partial_ones_are_judged_on_the_subtasks_that_both_answered(
    verdict: str | None, passed: bool | None, tmp_path: Path
) -> None:
    some = ["anomaly-detection"]
    mine, last = submission(partial=some, score=None), submission(id_=OTHER, partial=some, score=None)
    listed = Answer({"next": None, "results": [mine, submission(id_=RIVAL), last]})
    shared = {"difference": -1.5, "interval": [-2.0, -1.0], "verdict": verdict} if verdict else None
    pair = {"verdict": None, "sentence": "They have none.", "fault": None, "overall": None, "shared": shared}
    steps = (TAKEN, Answer(mine), listed, Answer({"status": "done", "pairs": [pair]}))
    gate = "significantly-worse-than=previous"
    code, judged, asked = gated(tmp_path, gate, *steps, partial="anomaly-detection")
    assert (code, judged["passed"]) == (0 if passed else 7, passed)
    assert asked[-1].endswith(f"?submissions={ID}%2C{OTHER}")
    told = (
        "on the subtasks that both answered: −1.50 points (−2.00 to −1.00)." if verdict else "They have none."
    )
    assert judged["detail"].endswith(told)


def test_the_first_one_of_an_entry_is_worse_than_nothing(tmp_path: Path) -> None:
    code, gate, _asked = gated(tmp_path, "significantly-worse-than=previous", TAKEN, SCORED, history())
    assert (code, gate["passed"]) == (0, True)


@pytest.mark.parametrize(
    ("last", "passed"),
    [
        (compared("first-better"), True),
        (compared("second-better"), False),
        (problem(404, "compare-unknown", "There is no such submission."), None),
        (Answer({"status": "done", "entries": [], "pairs": []}), None),
    ],
    ids=["better", "worse", "private", "nothing"],
)
def test_worse_than_what_stands_for_an_entry(last: Answer, passed: bool | None, tmp_path: Path) -> None:
    entry = Answer({"id": RIVAL, "name": "rival", "benchmark": "mmad", "submission": OTHER})
    steps = (entry, TAKEN, SCORED, entry, last)
    code, gate, asked = gated(tmp_path, f"significantly-worse-than={RIVAL}", *steps)
    assert (code, gate["passed"]) == (0 if passed else 7, passed)
    assert asked[-1] == f"/api/v1/benchmarks/mmad/compare/?submissions={ID}%2C{OTHER}"


def test_worse_than_an_entry_for_which_nothing_stands_is_not_decided(tmp_path: Path) -> None:
    entry = Answer({"id": RIVAL, "name": "rival", "benchmark": "mmad", "submission": None})
    steps = (entry, TAKEN, SCORED, entry)
    code, gate, _asked = gated(tmp_path, f"significantly-worse-than={RIVAL}", *steps)
    assert (code, gate["passed"]) == (7, None)


def test_two_gates_ask_for_one_comparison_once(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("x")
    entry = Answer({"id": RIVAL, "name": "rival", "benchmark": "mmad", "submission": OTHER})
    steps = (entry, TAKEN, SCORED, history(submission(id_=OTHER)), compared("first-better"), entry)
    asked_for = (
        "--fail-if",
        "significantly-worse-than=previous",
        "--fail-if",
        f"significantly-worse-than={RIVAL}",
    )
    with serving(*steps) as site:
        env = {
            "VERNIER_URL": site.url,
            "VERNIER_TOKEN": "vrn_x",
            "VERNIER_BENCHMARK": "mmad",
            "VERNIER_ENTRY": "m",
        }
        done = run(tmp_path, "submit", "answers.csv", *asked_for, "--json", env=env)
    assert done.returncode == 0, done.stderr
    assert sum("/compare/" in asked.path for asked in site.asked) == 1


@pytest.mark.parametrize("answer", [problem(404, "not-found"), Answer({"id": RIVAL, "benchmark": "other"})])
def test_an_entry_that_there_is_not_is_told_of_before_anything_is_sent(
    answer: Answer, tmp_path: Path
) -> None:
    code, _gate, asked = gated(tmp_path, f"significantly-worse-than={RIVAL}", answer)
    assert code == 2
    assert asked == [f"/api/v1/entries/{RIVAL}/"]


def test_two_of_one_entry_are_told_apart_in_words(tmp_path: Path) -> None:
    steps = (TAKEN, SCORED, history(submission(id_=OTHER)), compared("second-better"))
    _code, gate, _asked = gated(tmp_path, "significantly-worse-than=previous", *steps)
    assert (
        gate["detail"] == "This submission is worse than the entry’s last one: −1.50 points (−2.00 to −1.00)."
    )

"""What a pipeline shows of a submission: a Markdown summary, and values for later steps."""

from pathlib import Path
from typing import Any

from tests.client.process import run
from tests.client.scripted import ENTRY, ID, OTHER, Answer, Step, problem, serving, submission

TAKEN = Answer(submission("queued"), 202)
PUBLIC = submission(visibility="public", entry={"id": ENTRY, "name": "my <b>*model*</b>", "settings": {}})
ON_BOARD = Answer({"submission": ID, "rank": 4, "rank_low": 3, "rank_high": 6})
HISTORY = Answer({"next": None, "results": [PUBLIC, PUBLIC | {"id": OTHER}]})
PAIR = {
    "verdict": "second-better",
    "sentence": "It is worse.",
    "fault": None,
    "overall": {"difference": -0.42, "interval": [-0.8, -0.04]},
}
COMPARED = Answer({"status": "done", "pairs": [PAIR]})


def written(folder: Path, *steps: Step, gates: tuple[str, ...] = ()) -> tuple[int, str, dict[str, str]]:
    """The exit code, the summary and the values."""
    (folder / "answers.csv").write_text("x")
    (folder / "outputs").write_text("before=1\n")
    asked = [word for gate in gates for word in ("--fail-if", gate)]
    with serving(*steps) as site:
        env = {
            "VERNIER_URL": site.url,
            "VERNIER_TOKEN": "vrn_x",
            "VERNIER_BENCHMARK": "mmad",
            "VERNIER_ENTRY": "m",
        }
        files = ("--summary", "summary.md", "--outputs", "outputs")
        done = run(folder, "submit", "answers.csv", *asked, *files, env=env)
    lines = (folder / "outputs").read_text().splitlines()
    values: dict[str, Any] = dict(line.split("=", 1) for line in lines)
    assert values.pop("before") == "1"
    return done.returncode, (folder / "summary.md").read_text(), values


def test_a_scored_one(tmp_path: Path) -> None:
    steps = (TAKEN, Answer(PUBLIC), HISTORY, COMPARED, ON_BOARD)
    code, said, values = written(tmp_path, *steps, gates=("significantly-worse-than=previous",))
    assert code == 7
    assert said == (
        "### my &lt;b&gt;\\*model\\*&lt;/b&gt; on mmad: 74.22 \\(73.60 to 74.80\\) %\n"
        "\n"
        "| | |\n"
        "|---|---|\n"
        "| Rank | 4, between 3 and 6 |\n"
        "| Change | −0.42 points (−0.80 to −0.04) against the last submission: worse |\n"
        "| significantly-worse-than=previous | not passed. This submission is worse than the entry’s last one: "
        "−0.42 points \\(−0.80 to −0.04\\). |\n"
        "\n"
        "[The submission’s page](http://site/submissions/1/)\n"
    )
    assert values == {
        "vernier_id": ID,
        "vernier_status": "scored",
        "vernier_page": "http://site/submissions/1/",
        "vernier_score": "74.2225",
        "vernier_score_low": "73.6",
        "vernier_score_high": "74.8",
        "vernier_coverage": "0.998",
        "vernier_rank": "4",
        "vernier_rank_low": "3",
        "vernier_rank_high": "6",
        "vernier_change": "-0.42",
        "vernier_change_low": "-0.8",
        "vernier_change_high": "-0.04",
        "vernier_verdict": "second-better",
        "vernier_passed": "no",
    }


def test_a_partial_one_changed_on_the_subtasks_that_both_answered(tmp_path: Path) -> None:
    mine = submission(partial=["anomaly-detection"], score=None, interval=None)
    history = Answer({"next": None, "results": [mine, mine | {"id": OTHER}]})
    shared = {"difference": -0.42, "interval": [-0.8, -0.04], "verdict": "second-better"}
    pair = {"verdict": None, "sentence": "None.", "fault": None, "overall": None, "shared": shared}
    _code, said, values = written(tmp_path, TAKEN, Answer(mine), history, Answer({"pairs": [pair]}))
    change = (
        "−0.42 points (−0.80 to −0.04) against the last submission on the subtasks that both answered: worse"
    )
    assert f"| Change | {change} |" in said
    assert (values["vernier_change"], values["vernier_verdict"]) == ("-0.42", "second-better")


def test_a_private_first_one_has_neither_rank_nor_change(tmp_path: Path) -> None:
    steps = (TAKEN, Answer(submission()), Answer({"next": None, "results": [submission()]}))
    code, said, values = written(tmp_path, *steps)
    assert code == 0
    assert "| Rank | none: it is private |" in said
    assert "| Change | the entry’s first scored submission |" in said
    assert values["vernier_passed"] == "yes"
    assert not {"vernier_rank", "vernier_change"} & set(values)


def test_a_rejected_one_lists_its_errors(tmp_path: Path) -> None:
    errors = [{"line": 2, "field": None, "code": "x", "detail": "There is no question | `a`."}]
    rejected = submission("rejected", errors=errors, errors_total=30)
    code, said, values = written(tmp_path, TAKEN, Answer(rejected))
    assert code == 3
    assert "- line 2: There is no question \\| \\`a\\`." in said
    assert "30 problems in all." in said
    assert values["vernier_status"] == "rejected"
    assert "vernier_score" not in values


def test_what_is_refused_says_why_and_sets_nothing(tmp_path: Path) -> None:
    code, said, values = written(
        tmp_path, problem(429, "quota-day", "No try is left today.", Retry_After="9999")
    )
    assert code == 5
    assert said.count("No try is left today.") == 1
    assert values == {"vernier_passed": "no"}


def test_a_value_stays_on_its_line(tmp_path: Path) -> None:
    sly = submission(links={"page": "http://site/\nvernier_score=100", "self": "", "problems": ""})
    steps = (TAKEN, Answer(sly), Answer({"next": None, "results": [sly]}))
    _code, said, values = written(tmp_path, *steps)
    assert values["vernier_score"] == "74.2225"
    assert "vernier_score=100" not in said.splitlines()

"""`vernier compare`: two entries of the board, or two submissions by their ids."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.client.process import body, run
from tests.client.scripted import ID, OTHER, Answer, Scripted, Step, problem, serving

PAIR = {
    "verdict": "second-better",
    "sentence": "old is better than new.",
    "fault": None,
    "overall": {"difference": -1.5, "interval": [-2.0, -1.0], "verdict": "second-better"},
    "shared": None,
}
SIDES = [{"name": "model", "submission": ID}, {"name": "model", "submission": OTHER}]
COMPARED = Answer({"status": "done", "entries": SIDES, "pairs": [PAIR]})


def compared(
    folder: Path, *steps: Step, more: tuple[str, ...] = ()
) -> tuple[CompletedProcess[str], Scripted]:
    with serving(*steps) as site:
        env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad"}
        return run(folder, "compare", ID, OTHER, *more, env=env), site


def test_two_entries_in_the_sites_words(tmp_path: Path) -> None:
    done, site = compared(tmp_path, COMPARED)
    assert (done.returncode, done.stdout) == (0, "old is better than new.\n")
    assert site.asked[0].path == f"/api/v1/benchmarks/mmad/compare/?entries={ID}%2C{OTHER}"


def test_two_submissions_are_told_apart_by_their_ids(tmp_path: Path) -> None:
    computing = Answer({"status": "computing", "entries": SIDES, "pairs": []}, 202, {"Retry-After": "0"})
    done, site = compared(tmp_path, computing, COMPARED, more=("--submissions",))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"model ({ID}) is worse than model ({OTHER}): −1.50 points (−2.00 to −1.00).\n"
    assert {asked.path for asked in site.asked} == {
        f"/api/v1/benchmarks/mmad/compare/?submissions={ID}%2C{OTHER}"
    }
    assert site.asked[0].headers["Authorization"] == "Bearer vrn_x"


def test_partial_submissions(tmp_path: Path) -> None:
    pair = PAIR | {"verdict": None, "overall": None, "shared": PAIR["overall"]}
    done, _site = compared(tmp_path, Answer({"entries": SIDES, "pairs": [pair]}), more=("--submissions",))
    assert f"({OTHER}) on the subtasks that both answered: −1.50 points" in done.stdout


@pytest.mark.parametrize("pair", [{"sentence": "They cannot be compared.", "fault": "x"}, {"verdict": "new"}])
def test_without_a_verdict_it_says_the_sites_sentence(pair: dict[str, str], tmp_path: Path) -> None:
    done, _site = compared(tmp_path, Answer({"entries": SIDES, "pairs": [pair]}), more=("--submissions",))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == pair.get("sentence", "The site compared them without a verdict.")


def test_for_scripts_it_is_the_sites_own_answer(tmp_path: Path) -> None:
    done, _site = compared(tmp_path, COMPARED, more=("--submissions", "--json"))
    assert body(done) == COMPARED.body


def test_ids_that_are_no_entries_may_be_of_submissions(tmp_path: Path) -> None:
    done, _site = compared(tmp_path, problem(404, "compare-unknown", "There is no such entry."))
    assert done.returncode == 5
    assert "There is no such entry. Of two submissions, give their ids with --submissions." in done.stderr

"""The second month: a populated site of an earlier schema is brought up to date, and its truth is corrected."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scoring.evaluate import evaluate
from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.servers.site import Site, embedded, run_manage

FIRST_SCHEMA = "0004_counts_of_all_processes"
ENTRIES = 30
SUBMISSIONS = 300
QUESTIONS = material.questions(10, seed=31)
BOARD = "/benchmarks/month/leaderboard/"
# One team sends everything, which has more public entries than another would get.
WITHOUT_LIMIT = """
from submissions.models import Benchmark
Benchmark.objects.filter(slug="month").update(public_entries_limit=None)
"""


def file(number: int) -> bytes:
    """The answers of the submission of that number, each of its own quality."""
    return material.answers(0.3 + number / 500, material=QUESTIONS, seed=number)


def corrected() -> dict[str, Any]:
    """The same questions, of which forty have another answer."""
    questions: dict[str, Any] = json.loads(json.dumps(QUESTIONS))
    for image in list(questions)[:40]:
        question = questions[image]["conversation"][1]
        question["Answer"] = "B" if question["Answer"] == "A" else "A"
    return questions


def imported(site: Site, path: Path, questions: dict[str, Any]) -> str:
    path.write_text(json.dumps(questions))
    limits = ("--daily-limit", "1000", "--total-limit", "1000")
    digest = site.manage("import_mmad", str(path), "--slug", "month", *limits).stdout.strip()
    site.manage("shell", "--no-imports", "-c", WITHOUT_LIMIT)
    return digest


@dataclass
class Month:
    """A site before and after its second month."""

    pipe: Pipeline
    first: str
    second: str
    submissions: dict[str, int]  # id -> number of the file
    reports: dict[str, Any]  # on the first release, as they were
    frozen: list[dict[str, Any]]  # the board just before the switch
    pages: list[str]
    withdrawn: str


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    folder = tmp_path_factory.mktemp("month")
    with embedded(folder, first_data=False) as site:
        first = imported(site, folder / "first.json", QUESTIONS)
        pipe = pipeline(site, "home", slug="month")
        # Each token sends sixty files a minute at most.
        pipes = [Pipeline(site.base_url, another_token(site), "month") for _ in range(SUBMISSIONS // 50)]
        with ThreadPoolExecutor(4) as pool:
            sent = list(pool.map(lambda number: send(pipes[number % len(pipes)], number), range(SUBMISSIONS)))
        submissions = {state["id"]: number for number, state in enumerate(sent)}
        some = [state["id"] for state in sent[::60]]
        reports = {key: pipe.get(f"/submissions/{key}/report/").json() for key in some}
        pages = [f"/submissions/{key}/" for key in some]
        pages += [f"/entries/{row['entry']['id']}/" for row in rows(pipe)[:3]]
    earlier(site, folder)
    with embedded(folder, first_data=False, VERNIER_PORT=site.env["VERNIER_PORT"]) as site:
        withdrawn = rows(pipe)[0]["submission"]  # of an entry that has others
        second = imported(site, folder / "second.json", corrected())
        # Uploads and a withdrawal go on while history is scored.
        late = [
            pipe.upload(file(number), f"late {number}", visibility="public") for number in range(300, 310)
        ]
        submissions |= {answer.json()["id"]: 300 + place for place, answer in enumerate(late)}
        pipe.post(f"/submissions/{withdrawn}/withdraw/", reason="the wrong checkpoint").raise_for_status()
        for answer in late:
            pipe.finished(answer.json())
        site.manage("rescore", "month")
        pipe.until(lambda: withdrawn not in {row["submission"] for row in rows(pipe)})
        frozen = rows(pipe)
        site.manage("publish_release", "month")
        yield Month(pipe, first, second, submissions, reports, frozen, pages, withdrawn)


def another_token(site: Site) -> str:
    return site.manage("create_token", "home").stdout.strip()


def send(pipe: Pipeline, number: int) -> dict[str, Any]:
    """The state of a public submission once it is scored."""
    state = pipe.outcome(file(number), f"model {number % ENTRIES}", visibility="public")
    assert state["status"] == "scored", state
    return state


def earlier(site: Site, folder: Path) -> None:
    """Take the stopped site back to the first schema, which kept no letters beside the answers."""
    run_manage(site.env, "migrate", "submissions", FIRST_SCHEMA, "--verbosity", "0")
    shutil.rmtree(folder / "var" / "answers" / "sheets")


def rows(pipe: Pipeline, **asked: str) -> list[dict[str, Any]]:
    """The whole board, page after page."""
    found: list[dict[str, Any]] = []
    answer = pipe.get(BOARD, **asked).json()
    while True:
        found += answer["results"]
        if not answer["next"]:
            return found
        answer = pipe.get(answer["next"]).json()


def test_every_rank_is_of_the_second_release_alone(month: Month) -> None:
    board = rows(month.pipe)
    assert len(board) == ENTRIES + 10
    assert {row["release"] for row in board} == {month.second}
    assert [row["rank"] for row in board] == list(range(1, len(board) + 1))


def test_scores_are_those_of_the_files_sent_anew(month: Month) -> None:
    release = material.content_of(corrected())
    for row in rows(month.pipe):
        report = evaluate(file(month.submissions[row["submission"]]), release).report
        assert row["score"] == pytest.approx(report.score, rel=1e-12)
        assert row["subtasks"] == pytest.approx(dict(report.subtasks), rel=1e-12)


def test_the_best_of_each_entry_stands_for_it(month: Month) -> None:
    release = material.content_of(corrected())
    numbers = [
        number
        for key, number in month.submissions.items()
        if number < SUBMISSIONS and key != month.withdrawn and number % ENTRIES in (0, 7)
    ]
    best = {
        place: max(
            evaluate(file(number), release).report.score or 0
            for number in numbers
            if number % ENTRIES == place
        )
        for place in (0, 7)
    }
    board = {row["entry"]["name"]: row["score"] for row in rows(month.pipe)}
    assert {place: board[f"model {place}"] for place in best} == pytest.approx(best)


def test_the_old_board_is_the_same_to_the_byte(month: Month) -> None:
    assert rows(month.pipe, release=month.first) == month.frozen
    assert json.dumps(rows(month.pipe, release=month.first)) == json.dumps(month.frozen)


def test_old_reports_are_the_same(month: Month) -> None:
    moving = {"visibility", "entry"}  # what its team decides of it
    for key, before in month.reports.items():
        after = month.pipe.get(f"/submissions/{key}/report/", release=month.first).json()
        for name in before.keys() - moving:
            assert after[name] == before[name], name


def test_old_links_still_answer(month: Month) -> None:
    for path in month.pages:
        answer = month.pipe.send("GET", month.pipe.base_url + path)
        withdrawn = month.withdrawn in path
        assert answer.status_code == (404 if withdrawn else 200), path


def test_who_moved_is_told(month: Month) -> None:
    url = f"{month.pipe.base_url}/benchmarks/month/releases/{month.second[:12]}/"
    page = month.pipe.send("GET", url)
    assert page.status_code == 200
    assert "40 answers changed" in page.text

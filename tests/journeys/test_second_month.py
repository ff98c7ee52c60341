"""The second month: a populated site of an earlier schema is brought up to date, and its truth is corrected."""

import json
import re
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
from tests.journeys.visitor import PASSWORD, Visitor
from tests.servers.site import Site, embedded, run_manage

FIRST_SCHEMA = "0004_counts_of_all_processes"
ENTRIES = 30
SUBMISSIONS = 300
QUESTIONS = material.questions(10, seed=31)
BOARD = "/benchmarks/month/leaderboard/"
TEAMS = ("home", "north", "south")  # a team has twenty public entries at most


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
    return site.manage("import_mmad", str(path), "--slug", "month", *limits).stdout.strip()


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
    people: "People"
    refused_while_closed: str


@dataclass
class People:
    """A team with its people: who made it, and who is to have it."""

    maker: Visitor
    heir: Visitor
    organizer: Visitor
    entry: str = ""  # the address of the team's entry
    submission: str = ""  # the id of its submission, of file 400


def gathered(site: Site) -> People:
    """People who sign up; a team that one makes and invites another to, with a public entry."""
    maker, heir, organizer = (
        Visitor(site.base_url, f"{name}@example.org").sign_up() for name in ("maker", "heir", "organizer")
    )
    people = People(maker, heir, organizer)
    shell = f"from submissions.models import User; User.objects.filter(email='{people.organizer.address}')"
    site.manage("shell", "--no-imports", "-c", shell + ".update(is_staff=True, is_superuser=True)")
    people.maker.post("/teams/new/", name="A team", slug="a-team").raise_for_status()
    invited = people.maker.post("/teams/a-team/invite/", page="/teams/a-team/").text
    link = re.search(r"/invitations/[\w-]+/", invited)
    assert link
    people.heir.post(link.group()).raise_for_status()
    pipe = Pipeline(site.base_url, another_token(site, "a-team"), "month")
    sent = pipe.outcome(file(400), "first name", visibility="public")
    people.entry, people.submission = f"/entries/{sent['entry']['id']}/", sent["id"]
    return people


def change_hands(people: People) -> None:
    """The team's entry is renamed, the team handed over, and its maker's account ends."""
    renamed = people.maker.post(f"{people.entry}correct/", name="second name")
    assert "second name" in renamed.text
    page = people.maker.get("/teams/a-team/").text
    deed = re.search(r"/teams/a-team/members/\d+/hand-over/", page)
    assert deed
    assert "you are a member" in people.maker.post(deed.group(), page="/teams/a-team/").text
    ended = people.maker.post("/accounts/delete/", password=PASSWORD)
    assert "Your account is deleted." in ended.text


def close_and_reopen(people: People, pipe: Pipeline) -> str:
    """The organizer closes the benchmark and opens it again; what an upload is told in between."""
    desk = people.organizer
    listed = desk.get("/admin/submissions/benchmark/").text
    row = re.search(r'"(/admin/submissions/benchmark/\d+/)change/">[^<]*\(month\)', listed)
    assert row, listed
    deeds = f"{row.group(1)}deeds/"
    assert "The benchmark is closed." in desk.post(f"{deeds}close/").text
    refused = pipe.upload(file(399), "too late")
    assert refused.status_code == 403, refused.text
    assert "The benchmark is open." in desk.post(f"{deeds}open/").text
    return str(refused.json()["detail"])


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    folder = tmp_path_factory.mktemp("month")
    with embedded(folder, first_data=False) as site:
        first = imported(site, folder / "first.json", QUESTIONS)
        for team in TEAMS[1:]:
            site.manage("create_team", team)
        pipe = pipeline(site, TEAMS[0], slug="month")
        # Each token sends sixty files a minute at most.
        tokens = [another_token(site, TEAMS[number % len(TEAMS)]) for number in range(SUBMISSIONS // 50)]
        pipes = [Pipeline(site.base_url, token, "month") for token in tokens]
        with ThreadPoolExecutor(4) as pool:
            sent = list(pool.map(lambda number: send(pipes[number % len(pipes)], number), range(SUBMISSIONS)))
        submissions = {state["id"]: number for number, state in enumerate(sent)}
        some = [state["id"] for state in sent[::60]]
        reports = {key: pipe.get(f"/submissions/{key}/report/").json() for key in some}
        pages = [f"/submissions/{key}/" for key in some]
        people = gathered(site)
        submissions[people.submission] = 400
        pages += [f"/entries/{row['entry']['id']}/" for row in rows(pipe)[:3]] + [people.entry]
    earlier(site, folder)
    with embedded(folder, first_data=False, VERNIER_PORT=site.env["VERNIER_PORT"]) as site:
        own = [row for row in rows(pipe) if row["team"] == TEAMS[0]]
        withdrawn = own[0]["submission"]  # of an entry that has others
        second = imported(site, folder / "second.json", corrected())
        # Uploads and a withdrawal go on while history is scored.
        late = [
            pipe.upload(file(number), f"late {number}", visibility="public") for number in range(300, 310)
        ]
        submissions |= {answer.json()["id"]: 300 + place for place, answer in enumerate(late)}
        pipe.post(f"/submissions/{withdrawn}/withdraw/", reason="the wrong checkpoint").raise_for_status()
        told = close_and_reopen(people, pipe)
        change_hands(people)
        for answer in late:
            pipe.finished(answer.json())
        site.manage("rescore", "month")
        pipe.until(lambda: withdrawn not in {row["submission"] for row in rows(pipe)})
        frozen = rows(pipe)
        site.manage("publish_release", "month")
        yield Month(pipe, first, second, submissions, reports, frozen, pages, withdrawn, people, told)


def another_token(site: Site, team: str) -> str:
    return site.manage("create_token", team).stdout.strip()


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
    assert len(board) == ENTRIES + 10 + 1
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


def test_an_entry_keeps_its_address_and_its_former_name(month: Month) -> None:
    page = Visitor(month.pipe.base_url).get(month.people.entry).text
    assert "second name" in page
    assert "first name" in page
    assert {row["entry"]["name"] for row in rows(month.pipe) if row["team"] == "a-team"} == {"second name"}


def test_a_team_is_its_new_owners_when_its_makers_account_is_gone(month: Month) -> None:
    page = month.people.heir.get("/teams/a-team/").text
    assert "you are an owner" in page
    assert month.people.maker.address not in page
    again = Visitor(month.pipe.base_url, month.people.maker.address)
    assert "/accounts/login/" in str(
        again.post("/accounts/login/", login=again.address, password=PASSWORD).url
    )


def test_while_it_was_closed_uploads_were_told_so(month: Month) -> None:
    assert "closed for submissions" in month.refused_while_closed


def test_who_moved_is_told(month: Month) -> None:
    url = f"{month.pipe.base_url}/benchmarks/month/releases/{month.second[:12]}/"
    page = month.pipe.send("GET", url)
    assert page.status_code == 200
    assert "40 answers changed" in page.text


def test_what_a_team_does_later_leaves_the_old_figures_as_they_were(month: Month) -> None:
    """The last of the journey: it changes what the others look at."""
    before = rows(month.pipe, release=month.first)
    renamed = month.people.heir.post(f"{month.people.entry}correct/", name="third name")
    assert "third name" in renamed.text
    after = rows(month.pipe, release=month.first)
    assert [row["entry"].pop("name") for row in after] != [row["entry"].pop("name") for row in before]
    assert json.dumps(after) == json.dumps(before)

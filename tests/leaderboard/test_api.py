"""The other read calls, and who may see what through them."""

import csv
import io
import json
import re
from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.management import call_command
from django.http import Http404
from django.middleware.locale import LocaleMiddleware
from django.test import Client

from submissions.models import Benchmark, Entry, Membership, Submission, Team, User
from tests import material
from tests.leaderboard import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def mmad() -> Benchmark:
    return rows.benchmark()


def body(client: Client, url: str, **headers: str) -> Any:
    response = client.get(url, headers=headers)
    assert response.status_code == 200, response.content
    return response.json()


def test_benchmarks_are_listed_with_the_real_ones_first(client: Client, mmad: Benchmark) -> None:
    rows.benchmark("a-standin", is_standin=True)
    results = body(client, "/api/v1/benchmarks/")["results"]
    assert [(one["slug"], one["is_standin"]) for one in results] == [("mmad", False), ("a-standin", True)]


def test_a_benchmark_says_what_it_is(client: Client, mmad: Benchmark) -> None:
    said = body(client, "/api/v1/benchmarks/mmad/")
    assert said["release"]["digest"] == mmad.current_release.digest if mmad.current_release else False
    assert [subtask["slug"] for subtask in said["subtasks"]] == list(rows.SUBTASKS)
    assert said["source_datasets"] == list(rows.DATASETS)
    assert said["columns"] == ["overall", *rows.SUBTASKS, *rows.DATASETS]
    assert said["metrics"].keys() == {"accuracy", "balanced_accuracy"}
    for sentence in said["metrics"].values():
        assert sentence.endswith(".")
        assert "`" not in sentence
    assert said["rules"]["present_minimum"] == 0.95
    assert said["rules"]["answers_public"] is True
    assert said["limits"] == {"daily": 5, "total": 200, "public_entries": 20}
    assert said["is_open"] is True
    assert said["links"]["leaderboard"] == "http://testserver/api/v1/benchmarks/mmad/leaderboard/"
    assert said["links"]["paper"].startswith("https://")


def test_a_benchmark_without_a_release_is_not_open(client: Client, mmad: Benchmark) -> None:
    Benchmark.objects.update(current_release=None)
    said = body(client, "/api/v1/benchmarks/mmad/")
    assert (said["release"], said["is_open"]) == (None, False)
    assert client.get("/api/v1/benchmarks/mmad/questions/").status_code == 404


# ---- questions ----


@pytest.fixture
def asked() -> Benchmark:
    """96 questions with truth."""
    return material.benchmark(images_a_class=3)


QUESTIONS = "/api/v1/benchmarks/mmad/questions/"
KEYS = ["question_id", "image", "source_dataset", "subtask", "kind", "text", "options", "is_excluded"]


def test_questions_come_in_pages_in_their_order(client: Client, asked: Benchmark) -> None:
    first = body(client, QUESTIONS)
    second = body(client, first["next"])
    assert (len(first["results"]), len(second["results"]), second["next"]) == (50, 46, None)
    assert first["previous"] is None
    assert body(client, second["previous"]) == first
    ids = [question["question_id"] for question in (*first["results"], *second["results"])]
    assert ids == list(material.truth(material.questions()))
    assert list(first["results"][0]) == KEYS


def test_questions_as_files_say_the_same(client: Client, asked: Benchmark) -> None:
    first = body(client, QUESTIONS)
    found = [*first["results"], *body(client, first["next"])["results"]]
    jsonl = client.get(QUESTIONS, {"format": "jsonl"})
    assert jsonl["Content-Type"] == "application/jsonl; charset=utf-8"
    assert [json.loads(line) for line in content(jsonl).splitlines()] == found
    table = client.get(QUESTIONS, {"format": "csv"})
    assert table["Content-Disposition"].endswith('-questions.csv"')
    lines = list(csv.DictReader(io.StringIO(content(table).decode())))
    cells = ("options", "is_excluded")
    assert [{**line, **{name: json.loads(line[name]) for name in cells}} for line in lines] == found


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_questions_that_are_known_are_not_sent_again(
    client: Client, asked: Benchmark, django_assert_num_queries: Any
) -> None:
    etag = client.get(QUESTIONS, {"format": "csv"})["ETag"]
    with django_assert_num_queries(1):
        again = client.get(QUESTIONS, {"format": "csv"}, headers={"If-None-Match": etag})
    assert again.status_code == 304


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "Wy0xLGZhbHNlXQ", "é"])
def test_a_cursor_of_somebody_else_is_refused(client: Client, asked: Benchmark, cursor: str) -> None:
    assert client.get(QUESTIONS, {"cursor": cursor}).status_code == 422


def test_no_read_call_or_page_gives_an_answer_away(client: Client, asked: Benchmark) -> None:
    sent = material.scored(asked, material.team("team-a"), public=True)
    truth = list(material.truth(material.questions()).values())
    run = "".join(truth[:30])
    for url in (
        "/api/v1/benchmarks/mmad/",
        QUESTIONS,
        f"{QUESTIONS}?format=csv",
        f"{QUESTIONS}?format=jsonl",
        "/api/v1/benchmarks/mmad/prompts/",
        "/api/v1/benchmarks/mmad/leaderboard/",
        f"/api/v1/entries/{sent.entry_id}/",
        f"/entries/{sent.entry_id}/",
        "/benchmarks/mmad/",
        "/benchmarks/mmad/about/",
    ):
        response = client.get(url)
        text = (content(response) if response.streaming else response.content).decode()
        for words in ("Answer files", "Answer: ", "Answer with the option's letter"):
            text = text.replace(words, "")
        assert "Answer" not in text or "about" in url
        assert run not in "".join(letter for letter in text if letter in "ABCD")


def test_a_scored_file_stands_on_the_board_with_its_reports_figures(client: Client, asked: Benchmark) -> None:
    sent = material.scored(asked, material.team("team-a"), public=True, shots=1)
    (row,) = body(client, "/api/v1/benchmarks/mmad/leaderboard/")["results"]
    report = sent.reports.get().body
    assert row["score"] == report["score"] == sent.score
    for group in ("subtasks", "datasets", "detection"):
        assert row[group] == report[group]
    assert row["coverage"] == report["coverage"]


def test_intervals_stand_wherever_the_score_does(client: Client, asked: Benchmark) -> None:
    sent = material.scored(asked, material.team("team-a"), public=True)
    low, high = interval = sent.reports.get().body["interval"]
    assert low < (sent.score or 0) < high
    board = "/api/v1/benchmarks/mmad/leaderboard/"
    (row,), (by_subtask,) = (
        body(client, board + query)["results"] for query in ("", "?column=defect-analysis")
    )
    assert row["interval"] == interval
    assert by_subtask["interval"] == sent.reports.get().body["intervals"]["subtasks"]["defect-analysis"]
    state = body(client, f"/api/v1/submissions/{sent.pk}/")
    report = body(client, f"/api/v1/submissions/{sent.pk}/report/")
    assert state["interval"] == report["interval"] == interval
    entry = body(client, f"/api/v1/entries/{sent.entry_id}/")
    assert entry["interval"] == entry["intervals"]["overall"] == entry["history"][0]["interval"] == interval
    assert [cell["interval"] for cell in entry["cells"]] == [cell["interval"] for cell in report["cells"]]
    assert entry["intervals"]["detection/f1"] == report["intervals"]["detection"]["f1"]
    shown = f"{low:.1f}–{high:.1f}"
    assert shown in client.get("/benchmarks/mmad/").content.decode()
    for page in (f"/entries/{sent.entry_id}/", f"/submissions/{sent.pk}/"):
        assert f"{low:.2f}–{high:.2f}" in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("disclosure", "kept"), [("overall", set()), ("subtasks", {"subtasks", "datasets", "detection"})]
)
def test_intervals_are_disclosed_as_their_figures_are(
    client: Client, asked: Benchmark, disclosure: str, kept: set[str]
) -> None:
    sent = material.scored(asked, material.team("team-a"), public=True)
    Benchmark.objects.filter(pk=asked.pk).update(disclosure=disclosure)
    report = body(client, f"/api/v1/submissions/{sent.pk}/report/")
    assert set(report["intervals"]) == kept
    assert report["interval"]
    entry = body(client, f"/api/v1/entries/{sent.entry_id}/")
    assert ("defect-analysis" in entry["intervals"]) == bool(kept)
    assert "VisA/defect-analysis" not in entry["intervals"]


@pytest.mark.parametrize("disclosure", ["overall", "subtasks", "cells"])
def test_the_commonest_letter_is_told_and_by_subtask_as_far_as_figures_are(
    client: Client, asked: Benchmark, disclosure: str
) -> None:
    sent = material.scored(asked, material.team("team-a"), public=True)
    Benchmark.objects.filter(pk=asked.pk).update(disclosure=disclosure)
    (row,) = body(client, "/api/v1/benchmarks/mmad/leaderboard/")["results"]
    report = body(client, f"/api/v1/submissions/{sent.pk}/report/")
    assert report["commonest"]["share"] == row["commonest"] == sent.commonest
    assert ("commonest_by_subtask" in report) == (disclosure != "overall")


# ---- entries, and who may see them ----


@pytest.fixture
def people() -> dict[str, Client]:
    """Nobody, a stranger, a member of team-a, an organizer, each with a session; and the member's CI job."""
    team, _made = Team.objects.get_or_create(slug="team-a", defaults={"name": "Team-A"})
    member = material.person("member@example.org")
    Membership.objects.create(team=team, user=member)
    clients = {
        "nobody": Client(),
        "token": Client(headers={"Authorization": f"Bearer {material.token(team)}"}),
    }
    for name, user in (
        ("stranger", material.person("stranger@example.org")),
        ("member", member),
        ("staff", material.person("staff@example.org", is_staff=True)),
    ):
        clients[name] = logged_in(user)
    return clients


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


EVERYBODY = ["nobody", "stranger", "member", "token", "staff"]
INSIDERS = ["member", "token", "staff"]


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_public_entry_is_everyones(mmad: Benchmark, people: dict[str, Client], who: str) -> None:
    sent = rows.scored(mmad, "model", 70.0, shots=1, training="none-known", tools="none")
    rows.submission(sent.entry, 60.0, minute=5, public=False)
    gone = rows.submission(sent.entry, 50.0, minute=6)
    Submission.objects.filter(pk=gone.pk).update(
        visibility="withdrawn", withdrawn_at=gone.finished_at, withdrawn_reason="wrong file"
    )
    rows.place(sent.entry)
    said = body(people[who], f"/api/v1/entries/{sent.entry_id}/")
    assert (said["name"], said["team"], said["division"], said["tries"]) == ("model", "team-a", "closed", 3)
    assert (said["score"], said["rank"], said["submission"]) == (70.0, 1, str(sent.pk))
    assert said["ranks"]["closed"]["VisA"] == 1
    assert len(said["cells"]) == 28
    history = [(line["visibility"], line["score"], line["withdrawn_reason"]) for line in said["history"]]
    hidden = [("private", 60.0, None)] if who in INSIDERS else []
    assert history == [("withdrawn", 50.0, "wrong file"), *hidden, ("public", 70.0, None)]
    page = people[who].get(f"/entries/{sent.entry_id}/")
    assert page.status_code == 200
    assert ("60.00" in page.content.decode()) == (who in ("member", "staff"))
    assert "wrong file" in page.content.decode()


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_private_entry_is_its_teams(mmad: Benchmark, people: dict[str, Client], who: str) -> None:
    sent = rows.scored(mmad, "secret", 70.0, public=False)
    for url in (f"/api/v1/entries/{sent.entry_id}/", f"/entries/{sent.entry_id}/"):
        # A token opens the API alone.
        allowed = who in INSIDERS and not (who == "token" and not url.startswith("/api/"))
        assert people[who].get(url).status_code == (200 if allowed else 404)


@pytest.mark.parametrize("who", EVERYBODY)
def test_what_is_public_is_the_same_for_everyone(
    mmad: Benchmark, people: dict[str, Client], who: str
) -> None:
    rows.scored(mmad, "model", 70.0)
    rows.scored(mmad, "secret", 80.0, public=False)
    for url in (
        "/api/v1/benchmarks/",
        "/api/v1/benchmarks/mmad/",
        "/api/v1/benchmarks/mmad/leaderboard/",
        "/api/v1/benchmarks/mmad/leaderboard/?format=csv",
        "/api/v1/benchmarks/mmad/questions/",
    ):
        response = people[who].get(url)
        assert response.status_code == 200
        assert response.content == Client().get(url).content
        assert b"secret" not in response.content
    for url in ("/", "/benchmarks/mmad/", "/benchmarks/mmad/about/", "/how-to-read/", "/api/v1/docs/"):
        response = people[who].get(url)
        assert response.status_code == 200
        assert b"secret" not in response.content


def test_an_entry_keeps_what_its_benchmark_does_not_disclose(client: Client) -> None:
    sent = rows.scored(rows.benchmark(disclosure="overall"), "model", 70.0)
    said = body(client, f"/api/v1/entries/{sent.entry_id}/")
    assert (said["score"], said["subtasks"], said["cells"]) == (70.0, {}, [])
    assert said["ranks"] == {"open": {"overall": 1}, "closed": {}}


def long_history(mmad: Benchmark, private: int = 0) -> Submission:
    """An entry with 120 public submissions, two a minute, and as many private ones."""
    first = rows.scored(mmad, "model", 70.0)
    for number in range(1, 120):
        rows.submission(first.entry, 50 + number / 10, minute=number // 2, figures={})
    for number in range(private):
        rows.submission(first.entry, 1.0, minute=number, figures={}, public=False)
    return first


def test_a_history_comes_in_pages_of_fifty_and_back(mmad: Benchmark, people: dict[str, Client]) -> None:
    sent = long_history(mmad, private=10)
    known = Submission.objects.filter(entry=sent.entry).newest_first()
    for who, all_of_them in (("token", known), ("nobody", known.public())):
        pages = [body(people[who], f"/api/v1/entries/{sent.entry_id}/")]
        while pages[-1]["next"]:
            pages.append(body(people[who], pages[-1]["next"]))
        assert [len(page["history"]) for page in pages] == [50, 50, len(all_of_them) - 100]
        found = [line["submission"] for page in pages for line in page["history"]]
        assert found == [str(submission.pk) for submission in all_of_them]
        assert body(people[who], pages[2]["previous"])["history"] == pages[1]["history"]
        back = body(people[who], pages[1]["previous"])
        assert (back["history"], back["previous"]) == (pages[0]["history"], None)
        assert all(page["name"] == "model" and page["score"] == 70.0 for page in pages)


def test_an_entrys_page_leads_through_its_history(client: Client, mmad: Benchmark) -> None:
    url = f"/entries/{long_history(mmad).entry_id}/"
    pages: list[list[str]] = []
    while url:
        page = client.get(url).content.decode()
        pages.append(re.findall(r'<td class="nowrap">\s*<a href="/submissions/([^"]+)/">', page))
        links = re.findall(r'<a href="([^"]+)" rel="(next|prev)"', page)
        url = next((link for link, word in links if word == "next"), "")
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({submission for page in pages for submission in page}) == 120


@pytest.mark.parametrize("cursor", ["x", "WzAsZmFsc2Vd", "é"])
def test_a_cursor_into_another_list_opens_no_history(client: Client, mmad: Benchmark, cursor: str) -> None:
    sent = rows.scored(mmad, "model", 70.0)
    assert client.get(f"/api/v1/entries/{sent.entry_id}/", {"cursor": cursor}).status_code == 422
    page = client.get(f"/entries/{sent.entry_id}/", {"cursor": cursor})
    assert page.status_code == 200
    assert "the history begins at its first page" in page.content.decode()


# ---- schema and problems ----


def test_the_schema_is_written_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_the_schema_knows_every_read_call(client: Client) -> None:
    response = client.get("/api/v1/schema/", {"format": "json"})
    assert response.status_code == 200
    assert {
        "/api/v1/benchmarks/",
        "/api/v1/benchmarks/{slug}/",
        "/api/v1/benchmarks/{slug}/leaderboard/",
        "/api/v1/benchmarks/{slug}/questions/",
        "/api/v1/benchmarks/{slug}/prompts/",
        "/api/v1/entries/{entry_id}/",
    } <= response.json()["paths"].keys()


def test_the_docs_page_holds_no_inline_script_or_style(client: Client) -> None:
    text = client.get("/api/v1/docs/").content.decode()
    assert "<style" not in text
    assert "<script>" not in text
    # What there is for those without JavaScript.
    assert "curl -H" in text
    assert 'href="/api/v1/schema/"' in text
    assert "<noscript>" in text
    script = client.get("/api/v1/docs/", {"script": ""})
    assert script["Content-Type"].startswith("application/javascript")


@pytest.mark.parametrize(
    "url",
    [
        "/api/nothing",
        "/api/v1/nothing/",
        "/api/v2/benchmarks/",
        "/api/v1/entries/7/",
        "/api/v1/entries/00000000-0000-0000-0000-000000000000/",
        "/api/v1/benchmarks/nothing/",
        "/api/v1/benchmarks/nothing/questions/",
    ],
)
def test_nothing_there_is_a_problem_document(client: Client, mmad: Benchmark, url: str) -> None:
    response = client.get(url)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    problem = response.json()
    assert problem.keys() == {"type", "title", "status", "code", "detail", "errors", "errors_total"}
    assert (problem["code"], problem["errors_total"]) == ("not-found", 1)
    assert problem["errors"] == [
        {"line": None, "field": None, "code": "not-found", "detail": problem["detail"]}
    ]


@pytest.mark.parametrize(
    ("call", "formats"),
    [
        ("benchmarks/", "json"),
        ("benchmarks/mmad/leaderboard/", "json, csv"),
        ("benchmarks/mmad/questions/", "json, csv, jsonl"),
        ("benchmarks/mmad/prompts/", "jsonl"),
        ("schema/", "yaml, json"),
    ],
)
def test_a_format_that_there_is_not_is_answered_with_those_there_are(
    client: Client, mmad: Benchmark, call: str, formats: str
) -> None:
    response = client.get(f"/api/v1/{call}", {"format": "xml"})
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    (error,) = response.json()["errors"]
    assert (error["field"], error["code"]) == ("format", "unknown-format")
    assert f": {formats}." in error["detail"]


def test_the_index_leads_to_every_other_call(client: Client) -> None:
    said = body(client, "/api/v1/")
    assert said == {
        "benchmarks": "http://testserver/api/v1/benchmarks/",
        "schema": "http://testserver/api/v1/schema/",
        "docs": "http://testserver/api/v1/docs/",
    }


def test_a_page_of_benchmarks_makes_no_cursor(client: Client, mmad: Benchmark) -> None:
    assert client.get("/api/v1/benchmarks/", {"cursor": "x"}).status_code == 422


def test_a_fault_of_ours_is_a_problem_document_without_a_word_of_what_broke(
    client: Client, mmad: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("leaderboard.board.page", broken)
    client.raise_request_exception = False
    response = client.get("/api/v1/benchmarks/mmad/leaderboard/")
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert b"secret" not in response.content
    page = client.get("/benchmarks/mmad/")
    assert (page.status_code, b"secret" in page.content) == (500, False)


def problem_of(response: Any, status: int) -> str:
    """The problem's code."""
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    problem = response.json()
    told = {"request_id"} if status >= 500 else set()  # of a fault of ours, to find it in the logs
    assert problem.keys() == told | {"type", "title", "status", "code", "detail", "errors", "errors_total"}
    return str(problem["code"])


@pytest.mark.parametrize("host", ["elsewhere.example", "not a host", "[::", "a/b"])
def test_a_host_that_cannot_be_is_a_problem_under_api_and_a_page_elsewhere(client: Client, host: str) -> None:
    for url in ("/api/v1/", "/api/v1/benchmarks/", "/api/nothing"):
        assert problem_of(client.get(url, headers={"Host": host}), 400) == "unknown-host"
    page = client.get("/", headers={"Host": host})
    assert (page.status_code, page["Content-Type"].split(";")[0]) == (400, "text/html")


def test_a_body_that_django_gives_up_on_is_a_problem(mmad: Benchmark, people: dict[str, Client]) -> None:
    url = "/api/v1/benchmarks/mmad/submissions/"
    ci = people["token"]
    assert problem_of(ci.post(url, {"entry": "x" * (1024 * 1024 + 1)}), 400) == "body-too-large"
    many = {f"field-{number}": "x" for number in range(1001)}
    assert problem_of(ci.post(url, many), 400) == "too-many-fields"
    form = "&".join(f"{name}=x" for name in many)
    withdraw = "/api/v1/submissions/{}/withdraw/".format(rows.scored(mmad, "model", 70.0).pk)
    answer = ci.post(withdraw, form, content_type="application/x-www-form-urlencoded")
    assert problem_of(answer, 400) == "too-many-fields"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (SuspiciousOperation("a secret detail"), 400, "bad-request"),
        (BadRequest("a secret detail"), 400, "bad-request"),
        (PermissionDenied("a secret detail"), 403, "permission-denied"),
        (Http404("a secret detail"), 404, "not-found"),
        (RuntimeError("a secret detail"), 500, "server-error"),
    ],
)
def test_what_stops_a_call_before_its_view_is_a_problem_too(
    client: Client, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int, code: str
) -> None:
    def stopped(*_args: object, **_names: object) -> None:
        raise fault

    monkeypatch.setattr(LocaleMiddleware, "process_request", stopped)
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/")
    assert problem_of(answer, status) == code
    assert b"secret" not in answer.content
    page = client.get("/")
    assert (page.status_code, page["Content-Type"].split(";")[0]) == (status, "text/html")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_read_calls_only_read(client: Client, mmad: Benchmark, method: str) -> None:
    response = getattr(client, method)("/api/v1/benchmarks/mmad/leaderboard/")
    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")


def test_the_closed_division_is_said_as_it_counts(client: Client) -> None:
    benchmark = rows.benchmark()
    said = client.get("/api/v1/benchmarks/mmad/").json()["rules"]["closed_division"]
    assert said == {"training": "none-known", "tools": "none"}
    assert rows.scored(benchmark, "model", 70.0, **said).entry.division == Entry.Division.CLOSED
    rules = {**benchmark.definition, "closed_division": {"shots": "0"}}  # of a folder that was loaded before
    Benchmark.objects.update(definition=rules)
    assert client.get("/api/v1/benchmarks/mmad/").json()["rules"]["closed_division"] == said

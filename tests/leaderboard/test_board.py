"""The board over HTTP: its rows, their order, ranks, columns, filters and pages."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leaderboard.board_view import tie_groups
from scoring.statistics.tries import expected_gain
from submissions import audit, benchmarks, standings
from submissions.models import Benchmark, Figure, Submission
from tests import material
from tests.leaderboard import rows

pytestmark = pytest.mark.django_db
URL = "/api/v1/benchmarks/mmad/leaderboard/"


@pytest.fixture
def mmad() -> Benchmark:
    return rows.benchmark()


def ask(client: Client, **query: Any) -> list[dict[str, Any]]:
    response = client.get(URL, query)
    assert response.status_code == 200, response.content
    return list(response.json()["results"])


def ranked(results: list[dict[str, Any]]) -> list[tuple[int | None, str]]:
    return [(row["rank"], row["entry"]["name"]) for row in results]


def test_a_row_has_exactly_the_fields_of_the_contract(client: Client, mmad: Benchmark) -> None:
    sent = rows.scored(mmad, "model", 74.2225, shots=1)
    (row,) = ask(client)
    assert set(row) == {
        "rank",
        "rank_low",
        "rank_high",
        "entry",
        "team",
        "kind",
        "interval",
        "intervals",
        "commonest",
        "expected_gain",
        "tier",
        "under_review",
        "submission",
        "score",
        "coverage",
        "tries",
        "subtasks",
        "datasets",
        "detection",
        "scored_at",
        "release",
        "team_name",
        "partial",
    }
    assert row["rank"] == 1
    assert row["score"] == 74.2225
    assert row["submission"] == str(sent.pk)
    assert row["entry"]["id"] == str(sent.entry_id)
    assert row["entry"]["settings"]["shots"] == 1
    assert row["entry"]["settings"]["tools"] is None
    assert len(row["entry"]["settings"]) == 14
    assert (row["team"], row["team_name"]) == ("team-a", "Team-A")
    assert row["tries"] == 1
    assert row["coverage"] == 0.998
    assert list(row["subtasks"]) == list(rows.SUBTASKS)
    assert list(row["datasets"]) == list(rows.DATASETS)
    assert list(row["detection"]) == list(rows.DETECTION)
    assert row["scored_at"] == "2026-03-02T12:00:02Z"
    figures = rows.all_figures(74.2225)
    assert row["subtasks"] == {name: figures[name] for name in rows.SUBTASKS}
    assert row["detection"]["miss"] == figures["detection/miss"]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param([("a", 70.0, 0), ("b", 80.0, 1)], ["b", "a"], id="best first"),
        pytest.param(
            [("late", 70.0, 2), ("early", 70.0, 1)], ["early", "late"], id="a tie goes to the earlier"
        ),
        pytest.param(
            [("none", None, 0), ("zero", 0.0, 1)], ["zero", "none"], id="a missing figure comes last"
        ),
    ],
)
def test_order(
    client: Client, mmad: Benchmark, scores: list[tuple[str, float | None, int]], expected: list[str]
) -> None:
    for name, score, minute in scores:
        rows.scored(mmad, name, score, minute=minute)
    assert rows.names(ask(client)) == expected


def test_a_partial_entry_ranks_in_its_own_columns_only(client: Client, mmad: Benchmark) -> None:
    rows.scored(mmad, "whole", 60.0)
    nothing = dict.fromkeys(rows.all_figures(None))
    rows.scored(mmad, "part", None, figures=nothing | {"defect-analysis": 99.0}, partial=["defect-analysis"])
    assert ranked(ask(client)) == [(1, "whole"), (None, "part")]
    assert ranked(ask(client, column="defect-analysis")) == [(1, "part"), (2, "whole")]
    assert ranked(ask(client, column="VisA")) == [(1, "whole"), (None, "part")]


def test_private_and_withdrawn_submissions_are_not_there(client: Client, mmad: Benchmark) -> None:
    rows.scored(mmad, "private", 90.0, public=False)
    gone = rows.scored(mmad, "gone", 80.0)
    rows.scored(mmad, "there", 70.0)
    gone.visibility, gone.withdrawn_at, gone.withdrawn_reason = "withdrawn", gone.finished_at, "wrong file"
    gone.save()
    rows.place(gone.entry)
    assert ranked(ask(client)) == [(1, "there")]


def test_columns_rank_by_themselves(client: Client, mmad: Benchmark) -> None:
    rows.scored(mmad, "a", 80.0, figures={"VisA": 10.0})
    rows.scored(mmad, "b", 70.0, figures={"VisA": 20.0}, minute=1)
    assert [(row["rank"], row["score"]) for row in ask(client, column="VisA")] == [(1, 20.0), (2, 10.0)]


def test_the_closed_division_holds_and_ranks_its_own(client: Client, mmad: Benchmark) -> None:
    rows.scored(mmad, "open", 80.0)
    rows.scored(mmad, "closed", 70.0, training="none-known", tools="none", minute=1)
    assert ranked(ask(client)) == [(1, "open"), (2, "closed")]
    assert ranked(ask(client, division="closed")) == [(1, "closed")]


def test_quoted_results_have_no_rank_and_only_lines_stand_in_the_closed_division(
    client: Client, mmad: Benchmark
) -> None:
    rows.scored(mmad, "ours", 70.0)
    rows.quoted(mmad, "theirs", {"overall": 90.0}, shots=1, flags="their own split")
    rows.quoted(mmad, "Human expert", {"overall": 86.65}, kind="human")
    rows.quoted(mmad, "Blind chance", {"overall": 28.6}, kind="chance")
    found = ask(client)
    assert ranked(found) == [(None, "theirs"), (None, "Human expert"), (1, "ours"), (None, "Blind chance")]
    theirs, human, _ours, _chance = found
    assert (theirs["kind"], theirs["line"], theirs["source"]) == ("quoted", None, "a paper, Table 2")
    assert (theirs["flags"], theirs["entry"]["settings"]["shots"]) == ("their own split", 1)
    assert (human["kind"], human["line"]) == ("quoted", "human")
    assert rows.names(ask(client, division="closed")) == ["Human expert", "Blind chance"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"shots": "1"}, ["one", "paper"]),
        ({"shots": ["0", "1"]}, ["one", "zero", "paper"]),
        ({"shots": "undeclared"}, ["bare"]),
        ({"shots": "declared", "kind": "scored"}, ["one", "zero"]),
        ({"tools": "none"}, ["one"]),
        ({"tools": "undeclared", "kind": "scored"}, ["zero", "bare"]),
        ({"tools": "none", "shots": "0"}, []),
        ({"quantisation": "awq"}, ["zero"]),
        ({"parameters": "72"}, ["zero"]),
        ({"reasoning": "yes"}, ["one"]),
        ({"paper": "declared"}, ["one"]),
        ({"note": "NIGHT"}, ["one"]),
        ({"kind": "quoted"}, ["paper"]),
        ({"q": "E"}, ["one", "zero", "bare", "paper"]),
        ({"q": "zer"}, ["zero"]),
        ({"q": ""}, ["one", "zero", "bare", "paper"]),
    ],
)
def test_filters_hide_rows(
    client: Client, mmad: Benchmark, query: dict[str, Any], expected: list[str]
) -> None:
    links: dict[str, Any] = {"paper": "https://example.org/a", "note": "a nightly run"}
    rows.scored(mmad, "one", 80.0, shots=1, tools="none", reasoning="yes", **links)
    rows.scored(mmad, "zero", 70.0, shots=0, quantisation="AWQ", parameters=72)
    rows.scored(mmad, "bare", 60.0)
    rows.quoted(mmad, "paper", {"overall": 50.0}, shots=1)
    assert rows.names(ask(client, **query)) == expected


def test_filters_do_not_rank_anew(client: Client, mmad: Benchmark) -> None:
    rows.scored(mmad, "first", 80.0)
    rows.scored(mmad, "second", 70.0, shots=1)
    assert ranked(ask(client, shots="1")) == [(2, "second")]


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({"column": "nonsense"}, "column", "anomaly-detection"),
        ({"column": "VisA/defect-analysis"}, "column", "VisA"),
        ({"division": "middle"}, "division", "closed"),
        ({"kind": "guessed"}, "kind", "quoted"),
        ({"tier": "undeclared"}, "tier", "verified"),
        ({"tools": "hammer"}, "tools", "expert-agent"),
        ({"shots": "-1"}, "shots", "64"),
        ({"shots": "65"}, "shots", "64"),
        ({"shots": "1.5"}, "shots", "64"),
        ({"parameters": "nan"}, "parameters", "billions"),
        ({"q": "\0"}, "q", "characters"),
        ({"cursor": "xyz"}, "cursor", "first page"),
        ({"cursor": "WzEsMiwzXQ"}, "cursor", "first page"),
        ({"colour": "red"}, "colour", "column"),
    ],
)
def test_what_there_is_not_is_named(
    client: Client, mmad: Benchmark, query: dict[str, str], field: str, said: str
) -> None:
    response = client.get(URL, query)
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert said in error["detail"]


def test_what_a_benchmark_keeps_to_itself_is_no_column(client: Client) -> None:
    kept = rows.benchmark(disclosure="overall")
    rows.scored(kept, "model", 80.0)
    (row,) = ask(client)
    assert (row["subtasks"], row["datasets"], row["detection"]) == ({}, {}, {})
    assert client.get(URL, {"column": "VisA"}).status_code == 422
    page = client.get("/benchmarks/mmad/", {"column": "VisA"})
    assert page.context["column_name"] == "Overall"
    assert "was left out" in page.content.decode()
    assert b"65." not in client.get("/benchmarks/mmad/").content


def walk(client: Client, url: str, direction: str) -> list[list[str]]:
    pages = []
    while url:
        body = client.get(url).json()
        pages.append(rows.names(body["results"]))
        url = body[direction] or ""
    return pages


def test_pages_follow_each_other_both_ways(client: Client, mmad: Benchmark) -> None:
    rows.many(mmad, (90 - number // 2 / 4 for number in range(120)))
    rows.scored(mmad, "partial", None, minute=200)
    forwards = walk(client, URL, "next")
    assert [len(page) for page in forwards] == [50, 50, 21]
    assert list(chain.from_iterable(forwards)) == [f"model {number:03}" for number in range(120)] + [
        "partial"
    ]
    last = URL
    while following := client.get(last).json()["next"]:
        last = following
    assert walk(client, last, "previous") == forwards[::-1]


def test_a_page_stays_where_it_is_when_a_better_entry_comes(client: Client, mmad: Benchmark) -> None:
    rows.many(mmad, range(90, 30, -1))
    following = client.get(URL).json()["next"]
    before = rows.names(client.get(following).json()["results"])
    rows.scored(mmad, "better", 99.0, minute=99)
    assert rows.names(client.get(following).json()["results"]) == before


def test_a_filter_is_kept_from_page_to_page(client: Client, mmad: Benchmark) -> None:
    rows.many(mmad, range(90, 30, -1), shots=1)
    rows.scored(mmad, "another", 89.5, minute=99, shots=0)
    following = client.get(URL, {"shots": "1", "kind": "scored"}).json()["next"]
    found = rows.names(client.get(following).json()["results"])
    assert found == [f"model {number:03}" for number in range(50, 60)]


def test_an_unknown_benchmark_is_a_problem(client: Client) -> None:
    response = client.get("/api/v1/benchmarks/nothing/leaderboard/")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("number", [5, 60])
@pytest.mark.parametrize(("url", "queries"), [(URL, 3), ("/benchmarks/mmad/", 4)])
def test_the_number_of_queries_is_constant(
    client: Client,
    mmad: Benchmark,
    django_assert_num_queries: Any,
    number: int,
    url: str,
    queries: int,
) -> None:
    rows.many(mmad, range(90, 90 - number, -1))
    client.get("/benchmarks/mmad/")  # the header's benchmarks are kept for a while
    caches["pages"].clear()
    with django_assert_num_queries(queries):
        assert client.get(url).status_code == 200


def test_what_was_drawn_for_one_is_there_for_the_next_until_it_changes(
    client: Client, mmad: Benchmark, django_assert_num_queries: Any
) -> None:
    entry = rows.scored(mmad, "model", 80.0).entry
    for url in (URL, "/benchmarks/mmad/"):
        first = client.get(url)
        with django_assert_num_queries(1):
            again = Client().get(url)
        assert (again.status_code, again.content, again["ETag"]) == (200, first.content, first["ETag"])
        own = {"X-Request-ID": "", "Vary": ""}
        assert dict(again.headers) | own == dict(first.headers) | own
        assert set(again["Vary"].split(", ")) == set(first["Vary"].split(", "))
        assert Client().get(f"{url}?q=none").content != first.content
    rows.scored(mmad, "another", 81.0)
    Benchmark.objects.update(changed_at=F("changed_at") + timedelta(seconds=1))
    assert b"another" in client.get("/benchmarks/mmad/").content
    assert [row["entry"]["name"] for row in client.get(URL).json()["results"]] == ["another", entry.name]


def test_what_a_session_reads_is_drawn_for_it_alone(client: Client, mmad: Benchmark) -> None:
    client.get("/benchmarks/mmad/")
    person = material.person("reader@example.org")
    signed_in = Client()
    signed_in.force_login(person)
    assert b"reader@example.org" in signed_in.get("/benchmarks/mmad/").content
    assert b"reader@example.org" not in Client().get("/benchmarks/mmad/").content


def test_what_is_known_is_not_sent_again(
    client: Client, mmad: Benchmark, django_assert_num_queries: Any
) -> None:
    rows.scored(mmad, "model", 80.0)
    for url in (URL, "/benchmarks/mmad/", f"{URL}?format=csv"):
        first = client.get(url)
        etag = first["ETag"]
        with django_assert_num_queries(1):
            again = client.get(url, headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
        assert client.get(url + ("&" if "?" in url else "?") + "division=closed")["ETag"] != etag
        standings.place_some(mmad)
        assert client.get(url, headers={"If-None-Match": etag}).status_code == 200


EDITABLE = {
    "name": "Another name",
    "summary": "In other words.",
    "is_open": False,
    "opens_at": datetime(2999, 1, 2, tzinfo=UTC),
    "closes_at": datetime(2999, 1, 3, tzinfo=UTC),
    "disclosure": "overall",
    "daily_limit": 6,
    "total_limit": 300,
    "public_entries_limit": 7,
    "holds_alike": False,
}


def test_everything_that_organizers_set_is_tried_below() -> None:
    assert set(EDITABLE) == set(benchmarks.SETTABLE)


@pytest.mark.parametrize("field", EDITABLE)
def test_what_an_organizer_sets_is_sent_anew_where_it_shows(
    client: Client, mmad: Benchmark, field: str
) -> None:
    rows.scored(mmad, "model", 80.0)
    urls = (URL, f"{URL}?format=csv", "/benchmarks/mmad/", "/api/v1/benchmarks/mmad/")
    before = {url: client.get(url) for url in urls}
    benchmarks.change(mmad, by=audit.COMMAND, **{field: EDITABLE[field]})
    unchanged = {url for url in urls if client.get(url).content == before[url].content}
    known = {
        url
        for url in urls
        if client.get(url, headers={"If-None-Match": before[url]["ETag"]}).status_code == 304
    }
    assert known <= unchanged
    assert "/api/v1/benchmarks/mmad/" not in known


def test_a_page_whose_header_names_another_benchmark_is_sent_anew_when_that_is_renamed(
    client: Client, mmad: Benchmark
) -> None:
    rows.benchmark("other")
    etag = client.get("/benchmarks/mmad/")["ETag"]
    Benchmark.objects.filter(slug="other").update(name="Renamed")
    caches["local"].clear()  # the half minute that the header is kept for is over
    answer = client.get("/benchmarks/mmad/", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert "Renamed" in answer.content.decode()


def test_links_that_come_with_an_upload_are_sent_anew(client: Client) -> None:
    benchmark, team = material.benchmark(), material.team("a")
    material.scored(benchmark, team, "model", public=True)
    etag = client.get(URL)["ETag"]
    material.submitted(benchmark, team, "model", file=material.answers(0.5), note="with a new prompt")
    answer = client.get(URL, headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.json()["results"][0]["entry"]["settings"]["note"] == "with a new prompt"


def test_a_page_with_a_session_is_not_shared(client: Client, mmad: Benchmark, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("a@example.org", "x"))
    response = client.get("/benchmarks/mmad/")
    assert "ETag" not in response
    assert "public" not in response.get("Cache-Control", "")


def test_csv_says_what_json_says(client: Client, mmad: Benchmark) -> None:
    rows.scored(mmad, "one, of two", 70.123456789012345, shots=1, quantisation="AWQ")
    only = dict.fromkeys(rows.all_figures(None)) | {"VisA": 1 / 3}
    rows.scored(mmad, "part", None, figures=only, partial=["defect-analysis", "object-analysis"])
    rows.quoted(mmad, "Human", {"overall": 86.65}, kind="human", flags="a sample")
    for query in ({}, {"shots": "1"}, {"column": "VisA"}):
        found = ask(client, **query)
        response = client.get(URL, {**query, "format": "csv"})
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        lines = list(csv.DictReader(io.StringIO(response.content.decode())))
        assert [flat(row) for row in found] == [numbers(line) for line in lines]


def flat(row: dict[str, Any]) -> dict[str, Any]:
    entry = row["entry"]
    return {
        "rank": row["rank"],
        "kind": row["kind"],
        "line": row.get("line"),
        "entry_id": entry["id"],
        "entry": entry["name"],
        "team": row["team"],
        "submission": row["submission"],
        "score": row["score"],
        "coverage": row["coverage"],
        "tries": row["tries"],
        "scored_at": row["scored_at"] and row["scored_at"].replace("Z", "+00:00"),
        **entry["settings"],
        **row["subtasks"],
        **row["datasets"],
        **{f"detection/{name}": value for name, value in row["detection"].items()},
        "source": row.get("source"),
        "flags": row.get("flags") or None,
        "team_name": row.get("team_name"),
        "partial": " ".join(row.get("partial", ())) or None,
        "tier": row["tier"],
        "interval_low": row["interval"] and row["interval"][0],
        "interval_high": row["interval"] and row["interval"][1],
        "under_review": row["under_review"],
        "rank_low": row["rank_low"],
        "rank_high": row["rank_high"],
        **{
            f"{name}_{end}": row["intervals"].get(name, (None, None))[place]
            for name in (
                *row["subtasks"],
                *row["datasets"],
                *(f"detection/{name}" for name in row["detection"]),
            )
            for place, end in enumerate(("low", "high"))
        },
        "commonest": row["commonest"],
        "expected_gain": row["expected_gain"],
    }


def numbers(line: dict[str, str]) -> dict[str, Any]:
    return {key: number(value) for key, value in line.items()}


def number(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value or None


def test_a_name_cannot_be_a_formula_in_a_spreadsheet(client: Client, mmad: Benchmark) -> None:
    rows.scored(mmad, "=1+1", 70.0)
    assert b",'=1+1," in client.get(URL, {"format": "csv"}).content


def test_the_page_shows_the_same_rows(client: Client, mmad: Benchmark) -> None:
    rows.many(mmad, range(90, 30, -1))
    mmad.entries.update(name=Concat(Value("<"), "name"))
    body = client.get(URL).json()
    page = client.get("/benchmarks/mmad/").content.decode()
    for row in body["results"]:
        assert row["entry"]["name"].replace("<", "&lt;") in page
    assert "&lt;model 049" in page
    assert "&lt;model 050" not in page
    assert "format=csv" in page


@pytest.mark.parametrize("query", ["", "?column=VisA", "?division=closed", "?cursor={cursor}"])
def test_rows_are_found_along_the_boards_index(client: Client, mmad: Benchmark, query: str) -> None:
    rows.many(mmad, range(90, 30, -1))
    following = client.get(URL).json()["next"].partition("cursor=")[2]
    caches["pages"].clear()
    with CaptureQueriesContext(connection) as asked:
        client.get(URL + query.format(cursor=following))
    (of_rows,) = [each["sql"] for each in asked if "LIMIT 51" in each["sql"]]
    assert "OFFSET" not in of_rows
    assert not any("COUNT(" in each["sql"] for each in asked)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {of_rows}")
            plan = " / ".join(step[-1] for step in cursor.fetchall())
        assert "USING INDEX figures_on_the_board" in plan
        assert "SCAN" not in plan
        assert "TEMP B-TREE" not in plan  # nothing is sorted


@pytest.mark.parametrize(
    ("firsts", "groups"),
    [
        ([], []),
        ([None, None], ["", ""]),
        ([1, 2, 3], ["", "", ""]),
        ([1, 1, 3, 3, 3], ["start", "end", "start", "middle", "end"]),
        ([None, 1, None, 2, None, 2, None], ["", "", "", "start", "middle", "end", ""]),
    ],
)
def test_rows_that_share_their_first_rank_are_a_group(firsts: list[int | None], groups: list[str]) -> None:
    assert tie_groups([{"rank_low": first} for first in firsts]) == groups


def test_a_row_shows_the_range_of_its_ranks(mmad: Benchmark, client: Client) -> None:
    for minute, (name, score) in enumerate([("first", 80.0), ("second", 79.0), ("third", 60.0)]):
        rows.scored(mmad, name, score, minute=minute)
    for name, low, high in (("first", 1, 2), ("second", 1, 2), ("third", 3, 3)):
        Figure.objects.filter(submission__entry__name=name, column="overall").update(
            rank_low=low, rank_high=high
        )
    body = client.get("/api/v1/benchmarks/mmad/leaderboard/").json()["results"]
    assert [(row["rank"], row["rank_low"], row["rank_high"]) for row in body] == [
        (1, 1, 2),
        (2, 1, 2),
        (3, 3, 3),
    ]
    page = client.get("/benchmarks/mmad/").content.decode()
    assert page.count('class="rank">1–2<') == 2
    assert page.count("tied with the first") == 1
    assert page.index("tie tie-start") < page.index("tie tie-end")
    entry = client.get(f"/api/v1/entries/{body[1]['entry']['id']}/").json()
    assert (entry["rank"], entry["rank_low"], entry["rank_high"]) == (2, 1, 2)
    assert entry["rank_ranges"]["open"]["overall"] == [1, 2]
    csv = client.get("/api/v1/benchmarks/mmad/leaderboard/?format=csv").content.decode().splitlines()
    head = csv[0].split(",")
    assert dict(zip(head, csv[2].split(","), strict=False))["rank_low"] == "1"


# ---- what a score hides ----


def sure(submission: Submission) -> None:
    """Give all its figures an interval of a point to either side."""
    Figure.objects.filter(submission=submission, score__isnull=False).update(
        low=F("score") - 1, high=F("score") + 1
    )


def test_a_row_has_the_intervals_of_all_its_figures(client: Client, mmad: Benchmark) -> None:
    sure(rows.scored(mmad, "model", 70.0))
    (row,) = ask(client)
    assert row["interval"] == [69.0, 71.0]
    figures = (
        row["subtasks"] | row["datasets"] | {f"detection/{name}": x for name, x in row["detection"].items()}
    )
    assert row["intervals"] == {name: [score - 1, score + 1] for name, score in figures.items()}
    response = client.get("/benchmarks/mmad/").content.decode()
    assert response.count("±1.0") == len(rows.SUBTASKS)


def test_what_several_tries_gain_stands_on_the_row(client: Client, mmad: Benchmark) -> None:
    first = rows.scored(mmad, "model", 70.0)
    sure(first)
    assert ask(client)[0]["expected_gain"] is None
    rows.submission(first.entry, 65.0, minute=1)
    rows.submission(first.entry, 60.0, minute=2, public=False)
    rows.place(first.entry)
    (row,) = ask(client)
    assert row["tries"] == 3
    assert row["expected_gain"] == pytest.approx(expected_gain(3, 70.0, (69.0, 71.0)))
    page = client.get("/benchmarks/mmad/").content.decode()
    assert f"−{row['expected_gain']:.1f}" in page
    assert 'class="gain"' in page
    entry = client.get(f"/api/v1/entries/{first.entry_id}/").json()
    assert entry["expected_gain"] == row["expected_gain"]


def test_a_row_without_an_interval_gains_nothing(client: Client, mmad: Benchmark) -> None:
    first = rows.scored(mmad, "model", 70.0)
    rows.submission(first.entry, 65.0, minute=1)
    rows.place(first.entry)
    assert ask(client)[0]["expected_gain"] is None
    assert 'class="gain"' not in client.get("/benchmarks/mmad/").content.decode()


@pytest.mark.parametrize(("share", "is_said"), [(0.951, True), (0.95, False), (None, False)])
def test_one_letter_throughout_is_marked(
    client: Client, mmad: Benchmark, share: float | None, is_said: bool
) -> None:
    rows.scored(mmad, "model", 70.0, commonest=share)
    assert ask(client)[0]["commonest"] == share
    assert ("one letter" in client.get("/benchmarks/mmad/").content.decode()) == is_said


def test_detection_has_its_rates_beside_it(client: Client, mmad: Benchmark) -> None:
    rows.scored(mmad, "model", 70.0, figures={"detection/overkill": 99.94})
    elsewhere = client.get("/benchmarks/mmad/").content.decode()
    page = client.get("/benchmarks/mmad/?column=anomaly-detection").content.decode()
    for head in ("Overkill", "Miss", "F1"):
        assert f'<th scope="col" class="n">{head}</th>' in page
        assert f'<th scope="col" class="n">{head}</th>' not in elsewhere
    assert '<td class="n">99.9</td>' in page


def test_rates_of_detection_are_not_shown_where_they_are_not_disclosed(client: Client) -> None:
    rows.scored(rows.benchmark(disclosure="overall"), "model", 70.0)
    assert "Overkill" not in client.get("/benchmarks/mmad/?column=anomaly-detection").content.decode()


def test_the_marks_of_a_board_cost_no_query(client: Client, mmad: Benchmark) -> None:
    def queries() -> int:
        caches["pages"].clear()
        with CaptureQueriesContext(connection) as seen:
            client.get("/benchmarks/mmad/")
        return len(seen)

    first = rows.scored(mmad, "model", 70.0)
    queries()  # what is asked once and kept
    before = queries()
    sure(first)
    Submission.objects.update(commonest=1.0)
    rows.submission(first.entry, 65.0, minute=1)
    rows.place(first.entry)
    assert queries() == before

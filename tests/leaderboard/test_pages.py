"""The public pages."""

import pytest
from django.test import Client

from submissions.models import Benchmark
from tests.leaderboard import rows

pytestmark = pytest.mark.django_db


def text(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status
    return response.content.decode()


def test_the_first_page_of_an_empty_site_says_what_to_do(client: Client) -> None:
    assert "import_mmad" in text(client, "/")


def test_the_first_page_shows_the_first_of_each_benchmark(client: Client) -> None:
    mmad = rows.benchmark()
    for number in range(5):
        rows.scored(mmad, f"model {number}", 90 - number, minute=number)
    rows.quoted(mmad, "quoted one", {"overall": 99.0})
    page = text(client, "/")
    assert "model 0" in page
    assert "model 2" in page
    assert "model 3" not in page
    assert "quoted one" not in page
    assert "5 entries" in page


def test_a_board_without_questions_says_how_to_get_them(client: Client) -> None:
    Benchmark.objects.filter(pk=rows.benchmark().pk).update(current_release=None, is_open=False)
    page = text(client, "/benchmarks/mmad/")
    assert "has still to import" in page
    assert "manage.py import_mmad" in text(client, "/benchmarks/mmad/about/")


def test_a_card_says_that_its_benchmark_takes_no_answers(client: Client) -> None:
    mmad = rows.benchmark()
    assert "closed for submissions" not in text(client, "/")
    Benchmark.objects.filter(pk=mmad.pk).update(is_open=False)
    assert "closed for submissions" in text(client, "/")


def test_a_printed_board_says_what_it_shows(client: Client) -> None:
    rows.scored(rows.benchmark(), "model", 70.0, shots=1)
    page = " ".join(text(client, "/benchmarks/mmad/?column=VisA&shots=1").split())
    assert "Ranked by VisA, open division." in page
    assert "at http://testserver/benchmarks/mmad/?column=VisA&amp;shots=1" in page


def test_a_stand_in_says_that_it_is_one_on_every_page(client: Client) -> None:
    standin = rows.benchmark("mmad-standin", is_standin=True)
    sent = rows.scored(standin, "model", 70.0)
    for url in (
        "/benchmarks/mmad-standin/",
        "/benchmarks/mmad-standin/about/",
        f"/entries/{sent.entry_id}/",
        "/",
    ):
        assert "synthetic stand-in data" in text(client, url).lower()


def test_a_stand_in_says_what_it_is_and_leads_nobody_to_the_real_questions(client: Client) -> None:
    rows.benchmark("mmad-standin", is_standin=True)
    assert "They are not those of MMAD." in text(client, "/")
    page = text(client, "/benchmarks/mmad-standin/about/")
    assert "They are not those of MMAD." in page
    assert "huggingface" not in page
    assert "huggingface" not in text(client, "/api/v1/benchmarks/mmad-standin/")


def test_the_board_in_words_and_links(client: Client) -> None:
    mmad = rows.benchmark()
    rows.scored(mmad, "model", 70.0, shots=1, tools="none")
    rows.quoted(mmad, "Human expert", {"overall": 86.65}, kind="human", source="the paper", flags="a sample")
    page = text(client, "/benchmarks/mmad/?shots=1&kind=scored")
    assert "1-shot" in page
    assert "8 not declared" in page
    assert 'href="/benchmarks/mmad/?kind=scored"' in page  # without the first filter
    assert "/api/v1/benchmarks/mmad/leaderboard/?kind=scored&amp;shots=1&amp;format=csv" in page
    assert "Human expert" not in page
    whole = text(client, "/benchmarks/mmad/")
    assert "the paper" in whole
    assert "a sample" in whole
    assert "No entry matches" in text(client, "/benchmarks/mmad/?shots=5")


def test_a_filter_that_cannot_be_is_left_out_and_said(client: Client) -> None:
    rows.scored(rows.benchmark(), "model", 70.0)
    page = text(client, "/benchmarks/mmad/?parameters=7B&utm_source=x")
    assert "The filter “parameters (billions)” was left out: “7B” is no number." in page
    assert "model" in page


def test_a_typed_filter_that_cannot_be_stands_in_its_open_form_to_be_mended(client: Client) -> None:
    rows.scored(rows.benchmark(), "model", 70.0)
    page = text(client, "/benchmarks/mmad/?parameters=7B")
    assert 'name="parameters" value="7B"' in " ".join(page.split())
    assert '<details class="filters no-print" open>' in page
    for query in ("parameters=7", "q=%00", "tier=best"):
        page = text(client, f"/benchmarks/mmad/?{query}")
        assert "\0" not in page
        assert 'value="best"' not in page
    assert '<details class="filters no-print" >' in text(client, "/benchmarks/mmad/?parameters=7")


@pytest.mark.parametrize("column", ["overall", "anomaly-detection", "object-analysis", "VisA", "DS-MVTec"])
@pytest.mark.parametrize("division", ["open", "closed"])
def test_every_column_of_both_divisions_draws_its_rows(client: Client, column: str, division: str) -> None:
    mmad = rows.benchmark()
    rows.scored(mmad, "model of rank one", 81.5, training="none-known", tools="none")
    rows.quoted(mmad, "quoted one", {"overall": 99.0, column: 98.0})
    assert "model of rank one" in text(client, f"/benchmarks/mmad/?column={column}&division={division}")


def test_a_board_of_quoted_results_alone_says_how_many(client: Client) -> None:
    mmad = rows.benchmark()
    rows.quoted(mmad, "theirs", {"overall": 90.0})
    rows.quoted(mmad, "Human expert", {"overall": 86.65}, kind="human")
    for url in ("/", "/benchmarks/mmad/"):
        page = text(client, url)
        assert "0 entries" in page
        assert "1 quoted result<" in page
    rows.scored(mmad, "model", 70.0)
    assert "quoted result<" not in text(client, "/")


def test_an_empty_closed_board_says_what_opens_it(client: Client) -> None:
    mmad = rows.benchmark()
    rows.scored(mmad, "open one", 81.5)
    assert "declares its training as “none known”" in text(client, "/benchmarks/mmad/?division=closed")
    rows.quoted(mmad, "Human expert", {"overall": 86.65}, kind="human")
    assert "declares its training as “none known”" in text(client, "/benchmarks/mmad/?division=closed")
    assert "in the closed division yet" not in text(client, "/benchmarks/mmad/")
    rows.scored(mmad, "closed one", 70.0, training="none-known", tools="none", minute=1)
    assert "in the closed division yet" not in text(client, "/benchmarks/mmad/?division=closed")


@pytest.mark.parametrize("query", ["column=nothing", "division=middle", "cursor=x"])
def test_a_part_of_the_address_that_cannot_be_is_left_out_and_said(client: Client, query: str) -> None:
    rows.scored(rows.benchmark(), "model", 70.0)
    page = text(client, f"/benchmarks/mmad/?{query}")
    assert f"“{query.partition('=')[0]}” in the address was left out" in page
    assert "model" in page


def test_a_history_begins_at_its_first_page_where_the_cursor_cannot_be_read(client: Client) -> None:
    sent = rows.scored(rows.benchmark(), "model", 70.0)
    assert "the history begins at its first page" in text(client, f"/entries/{sent.entry_id}/?cursor=x")


def test_the_board_names_teams_as_people_do(client: Client) -> None:
    rows.scored(rows.benchmark(), "model", 70.0, team="gauge-lab")
    page = text(client, "/benchmarks/mmad/")
    assert '<td class="team">Gauge-Lab</td>' in page


def test_partial_is_what_was_sent_as_partial(client: Client) -> None:
    mmad = rows.benchmark()
    rows.scored(mmad, "complete", 70.0, figures={"defect-analysis": None})
    assert ">partial<" not in text(client, "/benchmarks/mmad/")
    rows.scored(mmad, "of one subtask", None, partial=["defect-analysis"], minute=1)
    assert text(client, "/benchmarks/mmad/").count(">partial<") == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "ranks 1 to 4"),
        ("?q=odd", "2 entries, ranks 2 to 4"),
        ("?q=first", "rank 1<"),
        ("?q=quoted", ""),
    ],
)
def test_the_ranks_of_a_page_are_those_of_its_rows(client: Client, query: str, said: str) -> None:
    mmad = rows.benchmark()
    for number, name in enumerate(("first", "odd one", "third", "odd too")):
        rows.scored(mmad, name, 90 - number, minute=number)
    rows.quoted(mmad, "quoted", {"overall": 99.0})
    page = text(client, f"/benchmarks/mmad/{query}")
    assert said in page
    assert (
        "rank 1" in page or "ranks " in page.partition("<tbody>")[2].partition('class="notes"')[0]
    ) == bool(said)


def test_names_and_links_are_escaped(client: Client) -> None:
    mmad = rows.benchmark()
    sent = rows.scored(mmad, "<script>x</script>", 70.0, note="<b>", quantisation='"><i>')
    for url in ("/benchmarks/mmad/", "/", f"/entries/{sent.entry_id}/"):
        page = text(client, url)
        assert "<script>x" not in page
        assert "<i>" not in page


def test_an_entry_without_a_public_score_says_so(client: Client) -> None:
    sent = rows.scored(rows.benchmark(), "model", 70.0)
    sent.visibility, sent.withdrawn_at, sent.withdrawn_reason = "withdrawn", sent.finished_at, "by mistake"
    sent.save()
    rows.place(sent.entry)
    page = text(client, f"/entries/{sent.entry_id}/")
    assert "Nothing of this entry is on the board" in page
    assert "by mistake" in page


@pytest.mark.parametrize(
    "url", ["/benchmarks/nothing/", "/benchmarks/nothing/about/", "/entries/x/", "/nothing"]
)
def test_nothing_there_is_a_page(client: Client, url: str) -> None:
    response = client.get(url)
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")

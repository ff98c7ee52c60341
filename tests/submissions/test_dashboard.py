"""A team's page says what it may still send, and what readers see of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from submissions import askers, publication
from submissions.models import Benchmark, Team
from submissions.pages import dashboard
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return material.team("a", material.person("o@example.org"))


def test_it_says_what_is_left_and_when_it_renews(team: Team) -> None:
    benchmark = material.benchmark(daily_limit=5)
    material.submitted(benchmark, team)
    material.submitted(benchmark, team, "rejected", file=b"question_id,answer\nnone#0,A\n")
    said = dashboard.context(team, page=None, now=NOON + timedelta(hours=1))
    (account,) = said["accounts"]
    assert (account.today, account.total) == ("3 of 5", "198 of 200")
    assert 'datetime="2026-03-03T00:00:00+00:00"' in said["renews"]
    assert said["renews"].endswith("UTC</time>")
    tomorrow = datetime(2026, 3, 3, tzinfo=UTC)
    assert dashboard.context(team, page=None, now=tomorrow)["accounts"][0].today == "5 of 5"


def test_a_closed_benchmark_is_told_of_to_those_who_sent_to_it(team: Team) -> None:
    material.submitted(material.benchmark(), team)
    Benchmark.objects.update(is_open=False)
    assert [a.upload_url for a in dashboard.context(team, page=None, now=NOON)["accounts"]] == [""]
    other = material.team("b")
    assert dashboard.context(other, page=None, now=NOON)["accounts"] == []


def test_each_entry_has_what_the_board_shows_of_it(team: Team) -> None:
    benchmark = material.benchmark()
    shown = material.scored(benchmark, team, "first", public=True)
    material.scored(benchmark, team, "first", file=material.answers(0.2, seed=4))
    material.scored(benchmark, team, "second")
    rows = {row.name: row for row in dashboard.context(team, page=None, now=NOON)["entries"]}
    first, second = rows["first"], rows["second"]
    assert (first.shown_url, str(first.rank)) == (shown.get_absolute_url(), "1")
    assert (first.public, second.public) == ("1 of 2 scored", "0 of 1 scored")
    assert (second.shown, second.shown_url) == ("nothing yet", "")


def test_what_is_being_withdrawn_is_not_said_to_be_shown(team: Team) -> None:
    submission = material.scored(material.benchmark(), team, public=True)
    publication.withdraw(
        submission, reason="a slip", by=askers.for_user(team.memberships.get().user), now=NOON
    )
    (row,) = dashboard.context(team, page=None, now=NOON)["entries"]
    assert (row.shown, row.shown_url, row.public) == ("being ranked anew", "", "0 of 1 scored")


def test_the_page_leads_on_and_asks_no_more_for_many_entries(team: Team) -> None:
    benchmark = material.benchmark()
    client = Client()
    client.force_login(team.memberships.get().user)
    material.submitted(benchmark, team, "model 0", now=timezone.now())

    def asked(url: str) -> tuple[int, str]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            html = client.get(url).content.decode()
        return len(queries), html

    asked("/teams/a/")  # the header remembers the benchmarks
    few, html = asked("/teams/a/")
    assert "Send answers" in html
    for number in range(1, 5):
        material.submitted(
            benchmark, team, f"model {number}", file=material.answers(seed=number), now=timezone.now()
        )
    many, html = asked("/teams/a/?entries=1")
    assert many == few
    assert "45 of 50" in html
    assert "model 4" in html

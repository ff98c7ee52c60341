"""What the desk lists, in words that are read."""

import pytest
from django.test import Client
from django.utils import timezone

from submissions.admin import waiting
from submissions.models import Benchmark, Submission, User
from tests import material

pytestmark = pytest.mark.django_db
LIST = "/admin/submissions/submission/"


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org", "correct horse battery"))
    return client


@pytest.fixture
def rejected() -> Submission:
    file = b"question_id,answer\nnone#0,A\n"
    return material.scored(material.benchmark(), material.team("a"), "model", file=file)


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_submission_is_listed_by_its_entry_with_a_short_id(desk: Client, rejected: Submission) -> None:
    listed = page(desk, LIST)
    assert f'/change/">{rejected.entry.name}</a>' in listed
    assert f">{str(rejected.pk)[:8]}<" in listed
    assert f">{rejected.pk}<" not in listed
    assert rejected.entry.name in page(desk, f"{LIST}?q={str(rejected.pk)[:8]}")


def test_times_are_said_with_their_zone(desk: Client, rejected: Submission) -> None:
    for url in (LIST, f"{LIST}{rejected.pk}/change/", "/admin/submissions/user/", "/admin/submissions/team/"):
        assert " UTC<" in page(desk, url)


def test_what_is_wrong_is_said_in_sentences(desk: Client, rejected: Submission) -> None:
    shown = page(desk, f"{LIST}{rejected.pk}/change/")
    assert "line 2: No question has the id “none#0”." in shown
    assert "params" not in shown


def test_a_benchmarks_summary_is_changed_at_the_desk(desk: Client, client: Client) -> None:
    benchmark = material.benchmark()
    fields = {"name": benchmark.name, "summary": "Ours."}
    assert desk.post(f"/admin/submissions/benchmark/{benchmark.pk}/deeds/name/", fields).status_code == 302
    assert Benchmark.objects.get().summary == "Ours."
    assert client.get("/api/v1/benchmarks/mmad/").json()["summary"] == "Ours."


def test_the_icon_is_where_browsers_look_for_it(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"].endswith("favicon.svg")


@pytest.mark.parametrize(("number", "said"), [(1, "submission that failed"), (2, "submissions that failed")])
def test_what_waits_is_counted_in_words(number: int, said: str) -> None:
    benchmark, team = material.benchmark(), material.team("a")
    for name in range(number):
        sent = material.submitted(benchmark, team, f"model {name}")
        material.brought(sent, "failed", attempts=3, finished_at=timezone.now())
    assert [(each.number, each.label) for each in waiting.for_organizers()] == [(number, said)]

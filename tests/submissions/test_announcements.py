"""What organizers tell everybody: that uploads are closed, and what else there is."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from submissions import announcements, audit, intake, limits, upload_switch
from submissions.models import Announcement, Benchmark, Entry, Event, Submission, Team, User
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db
SENTENCE = "Closed for maintenance until 14:00 UTC."


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def owner() -> User:
    return material.person("owner@example.org")


@pytest.fixture
def team(owner: User) -> Team:
    return material.team("home", owner)


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org", "correct horse battery"))
    return client


def form(**fields: Any) -> dict[str, Any]:
    return {"entry": "model", "file": SimpleUploadedFile("answers.csv", material.answers()), **fields}


def close() -> None:
    upload_switch.close(sentence=SENTENCE, by=audit.COMMAND, now=material.NOON)


def test_while_uploads_are_closed_the_api_says_why_and_when_to_ask_again(
    benchmark: Benchmark, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(limits, "count_upload", counted.append)
    client = Client(headers={"Authorization": f"Bearer {material.token(team)}"})
    close()
    answer = client.post(reverse("api-submissions", args=["mmad"]), form())
    assert (answer.status_code, answer["Retry-After"]) == (503, "300")
    assert (answer.json()["code"], answer.json()["detail"]) == ("uploads-closed", SENTENCE)
    assert not counted
    assert not Entry.objects.exists()
    upload_switch.reopen(by=audit.COMMAND)
    assert client.post(reverse("api-submissions", args=["mmad"]), form()).status_code == 202


def test_while_uploads_are_closed_no_benchmark_is_open(benchmark: Benchmark) -> None:
    detail, listed = reverse("api-benchmark", args=["mmad"]), reverse("api-benchmarks")
    before = Client().get(detail)
    assert before.json()["is_open"]
    close()
    assert not Client().get(detail, headers={"If-None-Match": before["ETag"]}).json()["is_open"]
    assert [each["is_open"] for each in Client().get(listed).json()["results"]] == [False]


def test_while_uploads_are_closed_the_page_says_why(benchmark: Benchmark, team: Team, owner: User) -> None:
    client = Client()
    client.force_login(owner)
    url = reverse("upload", args=["mmad"])
    close()
    page = client.get(url)
    assert page.status_code == 200
    assert SENTENCE in page.content.decode()
    answer = client.post(url, form(team="home", visibility="private"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "300")
    assert SENTENCE in answer.content.decode()
    assert not Submission.objects.exists()


def test_a_file_that_comes_in_while_uploads_close_is_not_taken(
    benchmark: Benchmark, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_check_file", lambda offer: close())
    with pytest.raises(Refusal, match="uploads-closed"):
        material.submitted(benchmark, team)
    assert not Submission.objects.exists()


def test_the_switch_is_turned_at_the_desk_and_written_down(desk: Client) -> None:
    answer = desk.get(reverse("admin:submissions_uploadswitch_changelist"), follow=True)
    assert "Close all uploads" in answer.content.decode()
    url = reverse("admin:submissions_uploadswitch_deed", args=[1, "close"])
    assert desk.post(url, {"sentence": " "}).status_code == 422
    assert desk.post(url, {"sentence": SENTENCE}).status_code == 302
    assert upload_switch.sentence() == SENTENCE
    reopen = reverse("admin:submissions_uploadswitch_deed", args=[1, "reopen"])
    assert desk.post(reopen).status_code == 302
    assert upload_switch.sentence() == ""
    assert desk.post(reopen).status_code == 422
    told = Event.objects.order_by("id").values_list("action", "details")
    assert list(told) == [("uploads-closed", {"sentence": SENTENCE}), ("uploads-reopened", {})]


def announce(
    text: str, begins: timedelta = timedelta(0), ends: timedelta = timedelta(days=1)
) -> Announcement:
    now = timezone.now()
    made = Announcement(text=text, begins_at=now + begins, ends_at=now + ends)
    announcements.make(made, by=audit.COMMAND)
    return made


@pytest.mark.parametrize("page", ["home", "how-to-read", "account_login"])
def test_an_announcement_stands_above_every_page_as_plain_text(page: str) -> None:
    announce("Closed <i>on</i> Sunday.\nBack on Monday.")
    announce("to come", begins=timedelta(hours=1))
    text = Client().get(reverse(page)).content.decode()
    assert "Closed &lt;i&gt;on&lt;/i&gt; Sunday.<br>Back on Monday." in text
    assert "to come" not in text


def test_a_board_that_is_known_is_drawn_anew_with_an_announcement(benchmark: Benchmark) -> None:
    url = reverse("board", args=["mmad"])
    etag = Client().get(url)["ETag"]
    made = announce("Closed on Sunday.")
    answer = Client().get(url, headers={"If-None-Match": etag})
    assert answer.status_code == 200
    announcements.end(made, by=audit.COMMAND, now=timezone.now())
    assert Client().get(url)["ETag"] == etag


def test_an_announcement_comes_and_goes_on_time_though_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    announce("for an hour", begins=timedelta(hours=1), ends=timedelta(hours=2))
    shown = []
    real = timezone.now
    for hours in (0, 1.5, 2.5):
        monkeypatch.setattr(timezone, "now", lambda hours=hours: real() + timedelta(hours=hours))
        shown.append("for an hour" in Client().get(reverse("how-to-read")).content.decode())
    assert shown == [False, True, False]
    caches["local"].clear()


def test_an_announcement_is_made_and_ended_at_the_desk(desk: Client) -> None:
    now = timezone.now()
    said = {
        "text": "Closed on Sunday.",
        "begins_at_0": f"{now:%Y-%m-%d}",
        "begins_at_1": f"{now:%H:%M:%S}",
        "ends_at_0": f"{now + timedelta(days=2):%Y-%m-%d}",
        "ends_at_1": "12:00",
    }
    url = reverse("admin:submissions_announcement_add")
    backwards = {**said, "ends_at_0": "2001-01-01"}
    assert "end before it begins" in desk.post(url, backwards).content.decode()
    assert desk.post(url, said).status_code == 302
    made = Announcement.objects.get()
    end = reverse("admin:submissions_announcement_deed", args=[made.pk, "end"])
    assert desk.post(end).status_code == 302
    assert desk.post(end).status_code == 422
    assert not Announcement.objects.current(at=timezone.now()).exists()
    assert list(Event.objects.order_by("id").values_list("action", flat=True)) == [
        "announced",
        "announcement-ended",
    ]


@pytest.mark.parametrize("page", ["home", "board", "benchmark-about"])
def test_while_uploads_are_closed_pages_offer_no_upload(benchmark: Benchmark, page: str) -> None:
    url = reverse(page, args=[] if page == "home" else ["mmad"])
    upload = reverse("upload", args=["mmad"])
    before = Client().get(url)
    assert upload in before.content.decode()
    close()
    closed = Client().get(url, headers={"If-None-Match": before.get("ETag", "")})
    assert closed.status_code == 200
    assert upload not in closed.content.decode()
    assert SENTENCE in closed.content.decode()

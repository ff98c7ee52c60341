"""What organizers set of a benchmark, and what it does at the door and on the pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from submissions import askers, benchmarks
from submissions.models import Benchmark, Event, User
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def organizer() -> User:
    return User.objects.create_superuser("staff@example.org", "correct horse battery")


@pytest.fixture
def desk(organizer: User) -> Client:
    client = Client()
    client.force_login(organizer)
    return client


def do(desk: Client, benchmark: Benchmark, deed: str, **said: Any) -> int:
    url = reverse("admin:submissions_benchmark_deed", args=[benchmark.pk, deed])
    return desk.post(url, said).status_code


def fresh(benchmark: Benchmark) -> Benchmark:
    return Benchmark.objects.with_release().get(pk=benchmark.pk)


@pytest.mark.parametrize(
    ("opens", "closes", "state"),
    [
        (None, None, "open"),
        (-HOUR, HOUR, "open"),
        (timedelta(0), None, "open"),
        (HOUR, None, "not-yet"),
        (HOUR, 2 * HOUR, "not-yet"),
        (None, timedelta(0), "over"),
        (-2 * HOUR, -HOUR, "over"),
    ],
)
def test_an_open_benchmark_takes_answers_within_its_dates(
    benchmark: Benchmark, opens: timedelta | None, closes: timedelta | None, state: str
) -> None:
    benchmark.opens_at = material.NOON + opens if opens is not None else None
    benchmark.closes_at = material.NOON + closes if closes is not None else None
    assert benchmark.intake_at(material.NOON) == state
    benchmark.is_open = False
    assert benchmark.intake_at(material.NOON) == "closed"


@pytest.mark.parametrize(
    ("dates", "code", "sentence"),
    [
        (
            {"opens_at": datetime(2999, 1, 2, 3, 4, tzinfo=UTC)},
            "benchmark-not-yet",
            "from 2999-01-02 03:04 UTC",
        ),
        (
            {"closes_at": datetime(2001, 1, 2, 3, 4, tzinfo=UTC)},
            "benchmark-over",
            "until 2001-01-02 03:04 UTC",
        ),
    ],
)
def test_the_api_tells_when_it_takes_answers(
    benchmark: Benchmark, dates: dict[str, datetime], code: str, sentence: str
) -> None:
    Benchmark.objects.update(**dates)
    headers = {"Authorization": f"Bearer {material.token(material.team('home'))}"}
    form = {"entry": "model", "file": SimpleUploadedFile("answers.csv", material.answers())}
    answer = Client(headers=headers).post(reverse("api-submissions", args=["mmad"]), form)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert sentence in answer.json()["detail"]
    said = Client().get(reverse("api-benchmark", args=["mmad"])).json()
    assert said["is_open"] is False
    assert {name: said[name] for name in dates} == {
        name: at.isoformat().replace("+00:00", "Z") for name, at in dates.items()
    }


@pytest.mark.parametrize("page", ["board", "benchmark-about", "upload"])
def test_the_pages_tell_the_dates_with_their_time_zone(benchmark: Benchmark, page: str) -> None:
    member = material.person("member@example.org")
    material.team("home", member)
    client = Client()
    client.force_login(member)
    opens, closes = datetime(2998, 1, 2, 3, 4, tzinfo=UTC), datetime(2999, 1, 2, 3, 4, tzinfo=UTC)
    Benchmark.objects.update(opens_at=opens, closes_at=closes)
    text = client.get(reverse(page, args=["mmad"])).content.decode()
    assert "takes answers from" in text
    assert "2 Jan 2998, 03:04\u00a0UTC" in text
    assert "2 Jan 2999, 03:04\u00a0UTC" in text
    assert "Not taking answers now." in text


def test_a_board_that_is_known_is_drawn_anew_once_the_benchmark_has_closed(benchmark: Benchmark) -> None:
    url = reverse("board", args=["mmad"])
    etag = Client().get(url)["ETag"]
    assert Client().get(url, headers={"If-None-Match": etag}).status_code == 304
    Benchmark.objects.update(closes_at=timezone.now())
    assert Client().get(url, headers={"If-None-Match": etag}).status_code == 200


def test_a_benchmark_that_closes_while_a_file_comes_in_does_not_take_it(benchmark: Benchmark) -> None:
    Benchmark.objects.update(is_open=False)
    assert benchmark.is_open, "as the request had read it before"
    with pytest.raises(Refusal, match="benchmark-closed"):
        material.submitted(benchmark, material.team("home"))


def test_each_change_is_written_down_with_what_it_was_and_what_it_is(
    benchmark: Benchmark, desk: Client, organizer: User
) -> None:
    assert do(desk, benchmark, "close") == 302
    assert do(desk, benchmark, "dates", closes_at="2026-12-24T12:00") == 302
    assert do(desk, benchmark, "limits", daily_limit="7", total_limit="200") == 302
    assert fresh(benchmark).public_entries_limit is None
    assert do(desk, benchmark, "disclosure", disclosure="overall") == 302
    changed = fresh(benchmark)
    assert (changed.is_open, changed.daily_limit, changed.disclosure) == (False, 7, "overall")
    assert changed.closes_at == datetime(2026, 12, 24, 12, tzinfo=UTC)
    events = Event.objects.filter(action="benchmark-changed").order_by("id")
    assert [tuple(event.details.values()) for event in events] == [
        ("is_open", True, False),
        ("closes_at", None, "2026-12-24T12:00:00+00:00"),
        ("daily_limit", 50, 7),
        ("public_entries_limit", 20, None),
        ("disclosure", "cells", "overall"),
    ]
    assert {(event.actor_key, event.is_public) for event in events} == {(str(organizer.pk), True)}


def test_a_change_leaves_what_the_worker_has_written_meanwhile(benchmark: Benchmark, organizer: User) -> None:
    later = timezone.now() + HOUR
    Benchmark.objects.update(changed_at=later)
    benchmarks.change(benchmark, by=askers.for_user(organizer), daily_limit=1)
    assert (fresh(benchmark).changed_at, fresh(benchmark).daily_limit) == (later, 1)


def test_dates_that_do_not_follow_each_other_are_refused(benchmark: Benchmark, desk: Client) -> None:
    dates = {"opens_at": "2026-12-24T12:00", "closes_at": "2026-12-24T12:00"}
    assert do(desk, benchmark, "dates", **dates) == 422
    assert fresh(benchmark).opens_at is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Benchmark.objects.update(opens_at=material.NOON, closes_at=material.NOON)


def test_the_page_of_a_deed_shows_what_is_set(benchmark: Benchmark, desk: Client) -> None:
    Benchmark.objects.update(opens_at=datetime(2026, 12, 24, 12, tzinfo=UTC))
    url = reverse("admin:submissions_benchmark_deed", args=[benchmark.pk, "dates"])
    assert 'value="2026-12-24T12:00"' in desk.get(url).content.decode()

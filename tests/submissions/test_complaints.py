"""What readers report of entries: organizers read it, nobody else does."""

import threading
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from submissions import accounts, askers, audit, complaints, impatient_redis, limits
from submissions.models import Complaint, Entry, Event, Submission, User
from submissions.refusals import Refusal
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db
SAID = {"about": "copied", "text": "Its answers are <b>those</b> of another paper."}


@pytest.fixture
def sent() -> Submission:
    team = material.team("a", material.person("o@example.org"))
    return material.scored(material.benchmark(), team, "ours", public=True)


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org", "correct horse battery"))
    return client


def address(entry: Entry) -> str:
    return reverse("entry-report", args=[entry.pk])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def reported(entry: Entry) -> Complaint:
    return complaints.report(entry, about=Complaint.About.OTHER, text="odd", asker=askers.NOBODY, now=NOON)


def test_a_reader_without_an_account_reports_an_entry(sent: Submission) -> None:
    client = Client(enforce_csrf_checks=True)
    url = address(sent.entry)
    assert url in client.get(sent.entry.get_absolute_url()).content.decode()
    client.get(url)
    token = client.cookies["csrftoken"].value
    answer = client.post(url, SAID, headers={"X-CSRFToken": token}, follow=True)
    assert answer.redirect_chain == [(sent.entry.get_absolute_url(), 303)]
    assert "The organizers have your report" in answer.content.decode()
    complaint = Complaint.objects.get()
    assert (complaint.entry, complaint.about, complaint.reported_by) == (sent.entry, "copied", None)


def test_who_is_signed_in_is_known_to_the_organizers(sent: Submission) -> None:
    reader = material.person("r@example.org")
    signed_in(reader).post(address(sent.entry), SAID)
    assert Complaint.objects.get().reported_by == reader
    event = Event.objects.get(action="entry-reported")
    assert (event.actor_key, event.is_public, event.team_id) == (str(reader.pk), False, None)
    accounts.delete(reader, now=NOON)
    assert Complaint.objects.get().reported_by is None


@pytest.mark.parametrize("wrong", [{"text": " "}, {"about": "nothing"}, {"text": "x" * 2001}])
def test_what_is_wrong_comes_back_with_what_was_typed(sent: Submission, wrong: dict[str, str]) -> None:
    answer = Client().post(address(sent.entry), SAID | wrong)
    assert answer.status_code == 422
    assert "Not sent yet" in answer.content.decode()
    assert not Complaint.objects.exists()


def test_what_nobody_may_see_nobody_reports(sent: Submission) -> None:
    private = material.scored(sent.benchmark, sent.team, "private")
    assert Client().get(address(private.entry)).status_code == 404
    assert Client().post(address(private.entry), SAID).status_code == 404
    assert signed_in(sent.team.memberships.get().user).get(address(private.entry)).status_code == 200


def test_neither_its_team_nor_the_public_reads_of_it(sent: Submission) -> None:
    Client().post(address(sent.entry), SAID)
    owner = sent.team.memberships.get().user
    for client in (Client(), signed_in(owner)):
        client.get("/")
        page = client.get(sent.entry.get_absolute_url()).content.decode()
        assert "another paper" not in page
        assert "reported" not in page.lower()
    assert not Event.objects.visible_to(askers.for_user(owner)).filter(action="entry-reported").exists()


def test_the_desk_lists_it_and_closes_it_with_an_answer(sent: Submission, desk: Client) -> None:
    done = reported(sent.entry)
    complaints.close(done, reply="fine", by=audit.SITE, now=NOON)
    Client().post(address(sent.entry), SAID)
    complaint = Complaint.objects.open().get()
    listed = desk.get(reverse("admin:submissions_complaint_changelist")).context["cl"].result_list
    assert [each.pk for each in listed] == [complaint.pk, done.pk]
    row = desk.get(reverse("admin:submissions_complaint_change", args=[complaint.pk])).content.decode()
    assert "&lt;b&gt;those&lt;/b&gt;" in row
    entries = desk.get(reverse("admin:submissions_entry_changelist")).content.decode()
    assert f"?entry={sent.entry_id}&amp;closed_at__isempty=1" in entries
    assert (
        desk.get(f"/admin/submissions/complaint/?entry={sent.entry_id}&closed_at__isempty=1").status_code
        == 200
    )
    url = reverse("admin:submissions_complaint_deed", args=[complaint.pk, "close"])
    assert desk.post(url, {"reply": ""}).status_code == 422
    assert desk.post(url, {"reply": "looked at, fine"}).status_code == 302
    assert desk.post(url, {"reply": "again"}).status_code == 422
    assert Complaint.objects.get(pk=complaint.pk).reply == "looked at, fine"
    assert Event.objects.filter(action="complaint-closed", is_public=False).count() == 2


def test_closing_needs_an_answer_in_the_database_too(sent: Submission) -> None:
    reported(sent.entry)
    with pytest.raises(IntegrityError), transaction.atomic():
        Complaint.objects.update(closed_at=NOON)


@pytest.fixture
def _redis(redis_url: str, settings: Settings) -> Iterator[None]:
    settings.VERNIER_REDIS_URL = redis_url
    impatient_redis.client.cache_clear()
    yield
    impatient_redis.client.cache_clear()


@pytest.mark.usefixtures("_redis")
def test_an_address_and_a_person_report_five_in_an_hour(sent: Submission) -> None:
    url = address(sent.entry)
    for _ in range(5):
        assert Client(REMOTE_ADDR="203.0.113.7").post(url, SAID).status_code == 303
    refused = Client(REMOTE_ADDR="203.0.113.7").post(url, SAID)
    assert refused.status_code == 429
    assert "More than 5 reports in an hour" in refused.content.decode()
    assert Client(REMOTE_ADDR="203.0.113.8").post(url, SAID).status_code == 303
    reader = signed_in(material.person("r@example.org"))
    statuses = [reader.post(url, SAID, REMOTE_ADDR=f"198.51.100.{n}").status_code for n in range(6)]
    assert statuses == [303] * 5 + [429]
    assert Complaint.objects.count() == 11


@pytest.mark.usefixtures("_redis")
def test_of_the_newer_addresses_a_network_counts() -> None:
    for number in range(5):
        limits.count_complaint(f"2001:db8::{number}", None)
    with pytest.raises(Refusal, match="too-many-complaints"):
        limits.count_complaint("2001:db8::ffff", None)
    limits.count_complaint("2001:db8:1::1", None)


@pytest.mark.usefixtures("commits")
def test_of_two_who_close_it_at_once_one_does() -> None:
    entry = material.scored(material.benchmark(), material.team("a"), public=True).entry
    complaint = reported(entry)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def close(reply: str) -> None:
        start.wait()
        try:
            complaints.close(complaint, reply=reply, by=audit.SITE, now=NOON)
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=close, args=[reply]) for reply in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["complaint-closed", "done"]
    assert Event.objects.filter(action="complaint-closed").count() == 1

"""A team sets an entry's name, links and note right, and readers can tell."""

import pytest
from django.test import Client
from django.urls import reverse

from submissions import askers, corrections, decisions, publication
from submissions.models import Benchmark, Entry, Event, Submission, Team
from submissions.refusals import Refusal
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return material.team("a", material.person("o@example.org"))


@pytest.fixture
def shown(team: Team) -> Submission:
    return material.scored(material.benchmark(), team, "model", public=True, shots=1)


@pytest.fixture
def member(team: Team) -> Client:
    client = Client()
    client.force_login(team.memberships.get().user)
    return client


def corrected(client: Client, entry: Entry, **fields: str) -> str:
    url = reverse("entry-correct", args=[entry.pk])
    return client.post(url, {"name": entry.name, **fields}, follow=True).content.decode()


def test_the_board_and_the_page_say_the_new_name_and_the_page_the_old_one(
    member: Client, shown: Submission
) -> None:
    board = Client().get("/benchmarks/mmad/")
    corrected(member, shown.entry, name="  Model\u20072 ", code="https://example.org/code")
    page = Client().get(shown.entry.get_absolute_url()).content.decode()
    assert "<h1>Model 2</h1>" in page
    assert "formerly “model”" in page
    assert "https://example.org/code" in page
    after = Client().get("/benchmarks/mmad/", headers={"If-None-Match": board["ETag"]})
    assert after.status_code == 200
    assert "Model 2" in after.content.decode()


def test_settings_and_figures_stay(member: Client, shown: Submission) -> None:
    corrected(member, shown.entry, name="other", shots="5", division="closed", score="100")
    entry = Entry.objects.get()
    assert (entry.name, entry.shots, entry.division) == ("other", 1, "open")
    assert Submission.objects.get().score == shown.score


def test_a_name_is_one_entrys(member: Client, shown: Submission, team: Team) -> None:
    material.submitted(shown.benchmark, team, "other", file=material.answers(seed=3))
    html = corrected(member, shown.entry, name="other")
    assert "has an entry “other” on this benchmark already" in html
    assert Entry.objects.filter(name="model").exists()
    html = corrected(member, shown.entry, name="o\u202ether", paper="javascript:x()")
    assert "characters that cannot be shown" in html


def test_another_benchmarks_entry_may_bear_the_name(team: Team, shown: Submission) -> None:
    other = material.submitted(material.benchmark("other"), team, "theirs")
    corrections.correct(shown.entry, name="theirs", links={}, by=askers.for_user(team.memberships.get().user))
    assert Entry.objects.filter(name="theirs").count() == 2
    assert other.entry.name == "theirs"


def test_nothing_new_is_no_decision(member: Client, shown: Submission) -> None:
    at = Benchmark.objects.get().changed_at
    corrected(member, shown.entry)
    assert Benchmark.objects.get().changed_at == at
    assert not Event.objects.filter(object_kind="entry").exists()


def test_the_old_name_of_what_nobody_knew_stays_within_the_team(member: Client, team: Team) -> None:
    private = material.scored(material.benchmark(), team, "secret project")
    by = askers.for_user(team.memberships.get().user)
    assert "Renamed, formerly “secret project”" in corrected(member, private.entry, name="model")
    publication.publish(private, by=by, now=NOON)
    publication.place(private.entry_id)
    page = Client().get(private.entry.get_absolute_url()).content.decode()
    assert "Made public" in page
    assert "secret project" not in page


def test_names_come_back_and_are_former_ones_once(team: Team, shown: Submission) -> None:
    by = askers.for_user(team.memberships.get().user)
    for name in ("two", "model", "three", "model"):
        corrections.correct(shown.entry, name=name, links={}, by=by)
    assert decisions.former_names(Entry.objects.get()) == ["three", "two"]


def test_others_read_only_what_was_public(member: Client, team: Team, shown: Submission) -> None:
    by = askers.for_user(team.memberships.get().user)
    waiting = material.submitted(shown.benchmark, team, "model", file=material.answers(seed=3))
    publication.publish(waiting, by=by, now=NOON)
    publication.withdraw(waiting, reason="too early", by=by, now=NOON)
    corrected(member, shown.entry, note="new")
    # What was sent as public, and not what never had a score.
    assert [decision.text for decision in decisions.of_entry(shown.entry, askers.NOBODY)] == ["Made public"]
    told = [decision.text for decision in decisions.of_entry(shown.entry, by)]
    assert told == ["Links or note corrected", "Withdrawn", "Made public", "Made public"]


def test_a_withdrawal_is_told_with_its_reason_and_leads_nowhere(team: Team, shown: Submission) -> None:
    by = askers.for_user(team.memberships.get().user)
    publication.withdraw(shown, reason="wrong prompt", by=by, now=NOON)
    told, before = decisions.of_entry(shown.entry, askers.NOBODY)
    assert before.text == "Made public"
    assert (told.text, told.reason, told.url) == ("Withdrawn", "wrong prompt", "")


def test_the_form_shows_what_stands(member: Client, shown: Submission) -> None:
    html = member.get(reverse("entry-correct", args=[shown.entry_id])).content.decode()
    assert 'value="model"' in html


def test_a_name_that_was_taken_since_is_refused(team: Team, shown: Submission) -> None:
    by = askers.for_user(team.memberships.get().user)
    other = material.submitted(shown.benchmark, team, "other", file=material.answers(seed=3)).entry
    corrections.correct(other, name="third", links={}, by=by)
    with pytest.raises(Refusal, match="entry-name-taken"):
        corrections.correct(shown.entry, name="third", links={}, by=by)

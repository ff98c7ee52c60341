"""What organizers say of an entry, from the desk to the board and to the entry's page."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from submissions import askers, audit, moderation, publication, releases, rescoring, verification
from submissions.askers import Asker
from submissions.models import Benchmark, Entry, Event, Submission, Team, User
from submissions.refusals import Refusal
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db
BOARD = "/api/v1/benchmarks/mmad/leaderboard/"


@pytest.fixture
def team() -> Team:
    return material.team("a", material.person("o@example.org"))


@pytest.fixture
def sent(team: Team) -> Submission:
    return material.scored(material.benchmark(), team, "ours", public=True)


@pytest.fixture
def organizer() -> User:
    return User.objects.create_superuser("staff@example.org", "correct horse battery")


@pytest.fixture
def by(organizer: User) -> Asker:
    return askers.for_user(organizer)


@pytest.fixture
def desk(organizer: User) -> Client:
    client = Client()
    client.force_login(organizer)
    return client


def verify(sent: Submission, by: audit.Actor = audit.SITE) -> None:
    verification.verify(sent.entry, submission_id=sent.pk, note="from its weights", by=by, now=NOON)


def tiers(**asked: str) -> dict[str, tuple[str, bool]]:
    rows = Client().get(BOARD, asked).json()["results"]
    return {row["entry"]["name"]: (row["tier"], row["under_review"]) for row in rows}


def deed(entry: Entry, name: str) -> str:
    return reverse("admin:submissions_entry_deed", args=[entry.pk, name])


def test_the_board_and_the_page_tell_what_was_reproduced_and_how(sent: Submission, desk: Client) -> None:
    board = Client().get("/benchmarks/mmad/")
    url = deed(sent.entry, "verify")
    assert str(sent.pk) in desk.get(url).content.decode()
    assert desk.post(url, {"submission": sent.pk, "note": " "}).status_code == 422
    assert tiers() == {"ours": ("scored", False)}
    assert desk.post(url, {"submission": sent.pk, "note": "from <i>its</i> weights"}).status_code == 302
    assert tiers() == {"ours": ("verified", False)}
    again = Client().get("/benchmarks/mmad/", headers={"If-None-Match": board["ETag"]})
    assert 'title="Verified: reproduced by the organizers"' in again.content.decode()
    page = Client().get(sent.entry.get_absolute_url()).content.decode()
    assert "Verified: reproduced by the organizers." in page
    assert "from &lt;i&gt;its&lt;/i&gt; weights" in page
    said = Client().get(reverse("api-entry", args=[sent.entry_id])).json()
    assert (said["tier"], said["verified_submission"]) == ("verified", str(sent.pk))


def test_the_mark_belongs_to_what_was_reproduced(sent: Submission, team: Team) -> None:
    verify(sent)
    better = material.scored(sent.benchmark, team, "ours", public=True, file=material.answers(0.95, seed=3))
    assert tiers() == {"ours": ("scored", False)}
    page = Client().get(sent.entry.get_absolute_url()).content.decode()
    assert "Verified in another submission than the one shown." in page
    publication.choose(sent, by=audit.SITE)
    publication.place(sent.entry_id)
    assert tiers() == {"ours": ("verified", False)}
    publication.choose(better, by=audit.SITE)
    publication.place(sent.entry_id)
    assert Client().get(reverse("api-entry", args=[sent.entry_id])).json()["tier"] == "scored"


def test_a_hidden_entry_does_not_say_that_another_submission_is_shown(sent: Submission, by: Asker) -> None:
    verify(sent)
    moderation.hide(sent.entry, reason="wrong model", by=by, now=NOON)
    publication.place(sent.entry_id)
    page = Client().get(sent.entry.get_absolute_url()).content.decode()
    assert "than the one shown" not in page
    assert "A submission of it is verified: reproduced by the organizers." in page


def test_nobody_marks_what_they_have_not_looked_at(sent: Submission, team: Team, by: Asker) -> None:
    material.scored(sent.benchmark, team, "ours", public=True, file=material.answers(0.95, seed=3))
    with pytest.raises(Refusal, match="shows-another"):
        verify(sent, by)
    private = material.scored(sent.benchmark, team, "private")
    with pytest.raises(Refusal, match="shows-another"):
        verify(private, by)


def test_the_mark_is_taken_back_with_a_reason_that_stays(sent: Submission, desk: Client) -> None:
    verify(sent)
    assert desk.post(deed(sent.entry, "unverify"), {"reason": "its weights are gone"}).status_code == 302
    assert tiers() == {"ours": ("scored", False)}
    page = Client().get(sent.entry.get_absolute_url()).content.decode()
    assert "No longer marked as verified by the organizers" in page
    assert "its weights are gone" in page
    assert desk.post(deed(sent.entry, "unverify"), {"reason": "once more"}).status_code == 422


def test_a_review_is_said_and_moves_no_rank(sent: Submission, desk: Client) -> None:
    assert desk.post(deed(sent.entry, "review"), {"reason": "a reader asks"}).status_code == 302
    (row,) = Client().get(BOARD).json()["results"]
    assert (row["rank"], row["tier"], row["under_review"]) == (1, "scored", True)
    assert "under review" in Client().get("/benchmarks/mmad/").content.decode()
    page = Client().get(sent.entry.get_absolute_url()).content.decode()
    assert "Their reason: a reader asks" in page
    assert desk.post(deed(sent.entry, "end-review"), {"answer": "all is well"}).status_code == 302
    assert tiers() == {"ours": ("scored", False)}
    page = Client().get(sent.entry.get_absolute_url()).content.decode()
    assert "all is well" in page
    assert "Under review by the organizers." not in page
    assert desk.post(deed(sent.entry, "end-review"), {"answer": "again"}).status_code == 422


def test_boards_are_filtered_by_tier(sent: Submission) -> None:
    material.scored(sent.benchmark, material.team("b"), "theirs", file=material.answers(0.4), public=True)
    sent.benchmark.quoted_results.create(name="paper", source="a paper")
    quoted = sent.benchmark.quoted_results.get()
    quoted.figures.create(
        benchmark=sent.benchmark, column="overall", score=9, sort_key=9, sent_at=NOON, shown=True
    )
    verify(sent)
    for tier, name in (("verified", "ours"), ("scored", "theirs"), ("quoted", "paper")):
        assert tiers(tier=tier) == {name: (tier, False)}
        assert f">{name}" in Client().get("/benchmarks/mmad/", {"tier": tier}).content.decode()
    assert list(tiers(kind="scored")) == ["ours", "theirs"]


def test_an_earlier_board_marks_what_it_shows(sent: Submission, team: Team) -> None:
    old = sent.benchmark.current_release
    assert old is not None
    release, _outcome = releases.publish(material.content(seed=8), slug="mmad")
    while release.rescoring:
        rescoring.take_turn(release.pk, release.rescoring_turn)
        release.refresh_from_db()
    releases.make_current(release, now=NOON)
    verify(sent)
    assert tiers(release=old.short_digest) == {"ours": ("verified", False)}
    better = material.scored(
        Benchmark.objects.with_release().get(),
        team,
        "ours",
        public=True,
        file=material.answers(0.95, material=material.questions(seed=8)),
    )
    verify(better)
    assert tiers() == {"ours": ("verified", False)}
    assert tiers(release=old.short_digest) == {"ours": ("scored", False)}


def test_each_decision_is_public_and_names_its_organizer(
    sent: Submission, by: Asker, organizer: User
) -> None:
    verify(sent, by)
    verification.take_back(sent.entry, reason="a slip", by=by)
    verification.review(sent.entry, reason="a reader asks", by=by, now=NOON)
    verification.end_review(sent.entry, answer="all is well", by=by)
    told = Event.objects.of("entry", sent.entry_id).visible_to(askers.NOBODY).order_by("id")
    assert [event.action for event in told] == [
        "entry-verified",
        "entry-not-verified",
        "review-begun",
        "review-ended",
    ]
    assert {event.actor_key for event in told} == {str(organizer.pk)}


@pytest.mark.parametrize("field", ["verified_at", "review_since"])
def test_the_database_wants_a_word_of_every_decision(sent: Submission, field: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.update(**{field: NOON})


@pytest.mark.usefixtures("commits")
def test_of_two_who_take_the_mark_back_at_once_one_does() -> None:
    sent = material.scored(material.benchmark(), material.team("a"), public=True)
    verify(sent)
    start = threading.Barrier(2)
    outcomes: list[Any] = []

    def take_back(reason: str) -> None:
        start.wait()
        try:
            verification.take_back(sent.entry, reason=reason, by=audit.SITE)
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=take_back, args=[reason]) for reason in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "not-verified"]
    assert Event.objects.filter(action="entry-not-verified").count() == 1

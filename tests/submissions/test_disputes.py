"""Questions that people hold to be wrong, and what organizers rule upon them."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import reverse

from submissions import accounts, askers, disputes, impatient_redis, limits, questions, releases, rescoring
from submissions.models import (
    Benchmark,
    Dispute,
    DisputedQuestion,
    Event,
    Question,
    Release,
    Report,
    Submission,
    User,
)
from submissions.models.dispute import About, Decision
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db

FIRST = "DS-MVTec/thing/image/good/000.png#0"
LATER = "DS-MVTec/thing/image/good/003.png#0"  # of a fourth image


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def question(benchmark: Benchmark) -> Question:
    return asked(FIRST)


@pytest.fixture
def organizer() -> User:
    return User.objects.create_superuser("staff@example.org", "correct horse battery")


@pytest.fixture
def person() -> User:
    return material.person("p@example.org")


def asked(question_id: str) -> Question:
    found = questions.find(Benchmark.objects.with_release().get(), question_id, askers.NOBODY)
    assert found is not None
    return found


def dispute(question: Question, by: User, reason: str = "a scratch", about: About = About.ANSWER) -> Dispute:
    return disputes.dispute(question, about=about, reason=reason, by=askers.for_user(by), now=material.NOON)


def rule(by: User, decision: Decision, reply: str = "So it is.", minute: int = 0) -> DisputedQuestion:
    now = material.NOON + timedelta(minutes=minute)
    disputes.rule(
        DisputedQuestion.objects.get(), decision=decision, reply=reply, by=askers.for_user(by), now=now
    )
    return DisputedQuestion.objects.get()


def draft(*, seed: int = 8, images_a_class: int = 3) -> Release:
    """A draft made as an organizer's import makes one."""
    return releases.publish(material.content(images_a_class, seed), slug="mmad")[0]


def make_current(release: Release) -> None:
    releases.make_current(release, now=material.NOON)


def test_a_second_dispute_of_the_same_person_takes_the_first_ones_place(
    question: Question, person: User
) -> None:
    dispute(question, person)
    dispute(question, person)
    dispute(question, person, "no, the wording", About.WORDING)
    kept = Dispute.objects.get()
    assert (kept.about, kept.reason, kept.release) == (About.WORDING, "no, the wording", question.release)
    told = Event.objects.filter(object_kind="disputedquestion").order_by("id")
    assert list(told.values_list("action", "object_name", "is_public", "details")) == [
        ("question-disputed", FIRST, False, {"about": "answer"}),
        ("dispute-changed", FIRST, False, {"about": "wording"}),
    ]


def test_several_people_dispute_one_question_in_one_row(question: Question) -> None:
    for number in range(3):
        dispute(question, material.person(f"p{number}@example.org"))
    found = disputes.of_question(question)
    assert found is not None
    assert getattr(found, "people") == 3  # noqa: B009  # the query's own


def test_after_a_ruling_the_same_person_may_dispute_anew(
    question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    rule(organizer, Decision.STANDS)
    assert not DisputedQuestion.objects.unanswered().exists()
    dispute(question, person, "look at the edge")
    assert DisputedQuestion.objects.unanswered().exists()
    assert [each.reason for each in disputes.by_person(DisputedQuestion.objects.get(), person)] == [
        "look at the edge",
        "a scratch",
    ]
    found = disputes.of_question(question)
    assert found is not None
    assert getattr(found, "people") == 1  # noqa: B009  # the query's own


@pytest.mark.parametrize("reason", ["", " \n ", "\x00"])
def test_a_dispute_says_why(question: Question, person: User, reason: str) -> None:
    with pytest.raises(Refusal, match="dispute-without-reason"):
        dispute(question, person, reason)


def test_a_very_long_reason_is_cut(question: Question, person: User) -> None:
    assert len(dispute(question, person, "x" * 5000).reason) == 2000


def test_who_was_shut_out_or_has_gone_disputes_nothing(question: Question, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    with pytest.raises(Refusal, match="account-inactive"):
        dispute(question, person)
    User.objects.filter(pk=person.pk).delete()
    with pytest.raises(Refusal, match="account-inactive"):
        dispute(question, person)
    assert not DisputedQuestion.objects.exists()


def test_only_what_the_current_release_asks_is_disputed(question: Question, person: User) -> None:
    later = draft(images_a_class=4)
    of_draft = Question.objects.get(release=later, question_id=LATER)
    with pytest.raises(Refusal, match="question-not-asked"):
        dispute(of_draft, person)
    make_current(later)
    with pytest.raises(Refusal, match="question-not-asked"):
        dispute(question, person)
    dispute(of_draft, person)


def test_a_person_disputes_so_many_in_an_hour(
    question: Question, person: User, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(impatient_redis, "client", lambda: redis.Redis.from_url(redis_url))
    monkeypatch.setattr(limits, "DISPUTES_AN_HOUR", 2)
    for reason in ("one", "two"):
        dispute(question, person, reason)
    with pytest.raises(Refusal, match="too-many-disputes"):
        dispute(question, person, "three")
    dispute(question, material.person("other@example.org"))


def test_an_account_that_ends_leaves_its_disputes_without_it(question: Question, person: User) -> None:
    dispute(question, person)
    accounts.delete(person, now=material.NOON)
    kept = Dispute.objects.get()
    assert (kept.reported_by, kept.reason) == (None, "a scratch")
    found = disputes.of_question(question)
    assert found is not None
    assert getattr(found, "people") == 1  # noqa: B009  # the query's own


def test_a_ruling_answers_all_disputes_and_is_written_down_for_everybody(
    question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    dispute(question, organizer)
    ruled = rule(organizer, Decision.EXCLUDED, " Two answers are right. ")
    assert (ruled.decision, ruled.reply, ruled.release) == ("excluded", "Two answers are right.", None)
    assert not Dispute.objects.filter(ruled_at=None).exists()
    event = Event.objects.visible_to(askers.NOBODY).get(object_kind="disputedquestion")
    assert (event.action, event.is_organizer, event.benchmark_id) == (
        "question-ruled-upon",
        True,
        question.release.benchmark_id,
    )
    assert event.details == {"decision": "excluded", "reply": "Two answers are right."}


def test_a_ruling_needs_a_reply(question: Question, person: User, organizer: User) -> None:
    dispute(question, person)
    with pytest.raises(Refusal, match="decision-without-reason"):
        rule(organizer, Decision.STANDS, " ")
    assert DisputedQuestion.objects.get().decision == ""


def test_what_stands_and_is_counted_anyway_waits_for_nothing(
    question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    assert rule(organizer, Decision.STANDS).release == question.release
    assert rule(organizer, Decision.CORRECTED).release is None
    assert rule(organizer, Decision.STANDS).release == question.release


def test_an_exclusion_comes_into_force_with_the_release_that_carries_it(
    benchmark: Benchmark, question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    before = draft(seed=9)
    rule(organizer, Decision.EXCLUDED)
    assert disputes.excluded("mmad") == [FIRST]
    make_current(before)
    assert DisputedQuestion.objects.get().is_waiting, "the draft was older than the ruling"
    carries = draft()
    assert carries.excluded_count == 1
    make_current(carries)
    assert DisputedQuestion.objects.get().release == carries
    later = draft(seed=10)
    assert later.excluded_count == 1, "it stays excluded"
    make_current(later)
    assert DisputedQuestion.objects.get().release == carries


def test_an_excluded_question_counts_again_from_the_release_after_the_ruling(
    benchmark: Benchmark, question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    rule(organizer, Decision.EXCLUDED)
    make_current(draft())
    assert rule(organizer, Decision.STANDS).is_waiting
    assert disputes.excluded("mmad") == []
    again = draft(seed=9)
    assert again.excluded_count == 0
    make_current(again)
    assert DisputedQuestion.objects.get().release == again


def test_the_same_file_imported_after_a_ruling_is_a_release_that_does_not_count_the_question(
    benchmark: Benchmark, question: Question, person: User, organizer: User
) -> None:
    sent = material.scored(benchmark, material.team("home"), file=material.answers(0.5), public=True)
    dispute(question, person)
    rule(organizer, Decision.EXCLUDED)
    release, outcome = releases.publish(material.content(), slug="mmad")
    assert outcome == releases.Outcome.DRAFT
    assert release.changes["excluded"] == {"anomaly-detection": 1}
    assert rescoring.take_turn(release.pk, release.rescoring_turn)
    make_current(release)
    found = Report.objects.get(submission=sent, release=release).body
    assert sum(cell["asked"] for cell in found["cells"]) == release.question_count - 1
    assert releases.publish(material.content(), slug="mmad") == (release, releases.Outcome.SAME)
    late = material.scored(benchmark, material.team("away"), file=material.answers(0.5), public=True)
    assert (late.status, late.score) == ("scored", Submission.objects.get(pk=sent.pk).score)


def test_a_correction_comes_into_force_with_the_next_release(
    question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    rule(organizer, Decision.CORRECTED)
    release = draft()
    make_current(release)
    assert DisputedQuestion.objects.get().release == release


def test_a_ruling_on_what_is_no_longer_asked_is_settled(benchmark: Benchmark, organizer: User) -> None:
    make_current(draft(images_a_class=4))
    dispute(asked(LATER), organizer)
    rule(organizer, Decision.EXCLUDED)
    make_current(draft(seed=9))
    assert not DisputedQuestion.objects.waiting().exists()


def test_rulings_of_another_benchmark_are_its_own(question: Question, person: User, organizer: User) -> None:
    other = material.benchmark("other")
    dispute(question, person)
    rule(organizer, Decision.EXCLUDED)
    assert disputes.excluded("other") == []
    assert other.current_release is not None
    disputes.settle(other.current_release)
    assert DisputedQuestion.objects.get().is_waiting


def test_a_draft_tells_which_promises_it_keeps(
    question: Question, person: User, organizer: User, django_assert_num_queries: Any
) -> None:
    second = asked("DS-MVTec/thing/image/good/000.png#1")
    for each in (question, second):
        dispute(each, person)
    release = draft()
    for disputed, decision in zip(
        DisputedQuestion.objects.order_by("question_id"), (Decision.EXCLUDED, Decision.CORRECTED), strict=True
    ):
        disputes.rule(
            disputed, decision=decision, reply="Yes.", by=askers.for_user(organizer), now=material.NOON
        )
    with django_assert_num_queries(3):
        older, to_check = disputes.waiting_for(release)
    assert (older.is_carried, to_check.is_carried, to_check.is_reworded) == (False, True, False)
    Question.objects.filter(release=release, question_id=second.question_id).update(text="Which one?")
    assert disputes.waiting_for(release)[1].is_reworded
    release = draft()
    assert all(waiting.is_carried for waiting in disputes.waiting_for(release))


@pytest.fixture
def desk(organizer: User) -> Client:
    client = Client()
    client.force_login(organizer)
    return client


LIST = "/admin/submissions/disputedquestion/"


def test_the_desk_groups_disputes_by_question_in_few_queries(
    benchmark: Benchmark, desk: Client, django_assert_max_num_queries: Any
) -> None:
    people = [material.person(f"p{number}@example.org") for number in range(25)]
    rows = list(Question.objects.filter(release=benchmark.current_release).order_by("position")[:20])
    disputed = DisputedQuestion.objects.bulk_create(
        DisputedQuestion(benchmark=benchmark, question_id=row.question_id) for row in rows
    )
    Dispute.objects.bulk_create(
        Dispute(
            question=each,
            release=benchmark.current_release,
            reported_by=person,
            about=About.WORDING if place % 5 == 0 else About.ANSWER,
            reason=f"reason {place}",
            reported_at=material.NOON,
        )
        for each in disputed
        for place, person in enumerate(people)
    )
    with django_assert_max_num_queries(14):
        page = desk.get(LIST).content.decode()
    assert page.count("25 open") == 20
    assert page.count('<td class="field-of_answer">20</td>') == 20
    with django_assert_max_num_queries(14):
        page = desk.get(f"{LIST}{disputed[0].pk}/change/").content.decode()
    assert all(f"reason {place}" in page and f"p{place}@example.org" in page for place in range(25))
    assert "Is there any defect in the object?" in page


def test_the_desk_shows_who_waits_first(
    question: Question, desk: Client, person: User, organizer: User
) -> None:
    dispute(question, person)
    rule(organizer, Decision.EXCLUDED)
    dispute(asked("VisA/thing/image/good/000.png#0"), person)
    page = desk.get(LIST).content.decode()
    assert page.index("VisA/thing") < page.index(FIRST)
    for state, first, other in (("open", 0, 1), ("ruled", 1, 0), ("waiting", 1, 0)):
        page = desk.get(LIST, {"state": state}).content.decode()
        assert (page.count(f">{FIRST}<"), page.count(">VisA/thing/image/good/000.png#0<")) == (first, other)


@pytest.mark.parametrize(
    ("deed", "decision"), [("stand", "stands"), ("exclude", "excluded"), ("correct", "corrected")]
)
def test_an_organizer_rules_at_the_desk(
    question: Question, desk: Client, person: User, deed: str, decision: str
) -> None:
    pk = dispute(question, person).question_id
    url = reverse("admin:submissions_disputedquestion_deed", args=[pk, deed])
    assert desk.post(url, {"reply": ""}).status_code == 422
    assert desk.post(url, {"reply": "Thank you."}).status_code == 302
    assert DisputedQuestion.objects.get().decision == decision
    page = desk.get(f"{LIST}{pk}/change/").content.decode()
    assert "Thank you." in page
    assert "not answered yet" not in page


def test_others_neither_read_nor_rule_at_the_desk(question: Question, person: User) -> None:
    pk = dispute(question, person).question_id
    helper = material.person("new@example.org", is_staff=True)
    for user, status in ((None, 302), (person, 302), (helper, 403)):
        client = Client()
        if user is not None:
            client.force_login(user)
        for url in (LIST, f"{LIST}{pk}/change/", f"{LIST}{pk}/deeds/exclude/"):
            assert client.get(url).status_code == status
        assert client.post(f"{LIST}{pk}/deeds/exclude/", {"reply": "x"}).status_code == status
    assert DisputedQuestion.objects.get().decision == ""

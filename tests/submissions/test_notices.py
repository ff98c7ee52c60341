"""What teams and people are told, each by the way on which it comes about, and who reads it on the site."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scoring.likeness import Likeness
from submissions import (
    accounts,
    alarms,
    askers,
    audit,
    complaints,
    disputes,
    evaluation,
    messages,
    moderation,
    notice_texts,
    notices,
    publication,
    releases,
    rescoring,
    sweeper,
    teams,
    verification,
)
from submissions.models import (
    Alarm,
    Benchmark,
    Complaint,
    Membership,
    Notice,
    Release,
    Submission,
    Team,
    User,
)
from submissions.models.dispute import About, Decision
from submissions.pages.notices import NOTICES_A_PAGE
from submissions.sealing import SealedError
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def owner() -> User:
    return material.person("owner@example.org")


@pytest.fixture
def team(owner: User) -> Team:
    return material.team("home", owner)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def told(team: Team) -> list[tuple[str, str, str]]:
    """Kind, subject and all the sentences of everything that the team was told, in its order."""
    found = Notice.objects.filter(team=team).order_by("pk")
    return [(each.kind, notice_texts.subject(each), "\n".join(notice_texts.body(each))) for each in found]


def test_a_scored_submission_is_told_with_its_score(benchmark: Benchmark, team: Team) -> None:
    submission = material.scored(benchmark, team, "my model")
    ((kind, subject, body),) = told(team)
    assert kind == "submission-scored"
    assert subject == f"MMAD: “my model” scored {submission.score:.2f}"
    assert "100\N{NARROW NO-BREAK SPACE}% of the questions" in body
    assert Notice.objects.get().path == submission.get_absolute_url()


def test_a_partial_submission_is_told_without_a_score(benchmark: Benchmark, team: Team) -> None:
    material.scored(benchmark, team, partial=["defect-analysis"])
    ((_kind, subject, body),) = told(team)
    assert subject == "MMAD: “model” is scored in part"
    assert "as partial (defect-analysis)" in body
    assert "overall" not in body


def test_a_partial_submission_is_not_promised_scores_that_are_not_disclosed(
    benchmark: Benchmark, team: Team
) -> None:
    Benchmark.objects.update(disclosure="overall")
    benchmark.refresh_from_db()
    material.scored(benchmark, team, partial=["defect-analysis"])
    ((_kind, _subject, body),) = told(team)
    assert "(defect-analysis), which has no overall score, and this benchmark tells no other" in body
    assert "the page has the scores" not in body


def test_a_rejected_file_is_told_with_its_first_problems_and_their_lines(
    benchmark: Benchmark, team: Team
) -> None:
    file = material.answers()
    wrong = b"".join(b"no/such/%d.png#0,A\n" % number for number in range(5))
    material.scored(benchmark, team, file=file + wrong)
    ((kind, subject, body),) = told(team)
    assert (kind, subject) == ("submission-rejected", "MMAD: the file for “model” is rejected")
    first = file.count(b"\n") + 1
    assert [f"Line {line}: No question has the id" in body for line in (first, first + 2)] == [True, True]
    assert "no/such/3.png" not in body
    assert "and 2 more, on the page." in body


def test_a_fault_of_ours_is_told_once_it_has_failed(
    benchmark: Benchmark, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_names: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(evaluation, "evaluate", broken)
    submission = material.submitted(benchmark, team)
    for attempt in range(3):
        assert len(told(team)) == 0, attempt
        with pytest.raises(SealedError):
            evaluation.run(submission.pk)
    assert [kind for kind, _subject, _body in told(team)] == ["submission-failed"]


def test_what_the_sweeper_ends_is_told_once(benchmark: Benchmark, team: Team) -> None:
    submission = material.submitted(benchmark, team)
    Submission.objects.update(attempts=2)
    evaluation.claim(submission.pk, now=NOON)
    for _twice in range(2):
        sweeper.sweep(now=NOON + timedelta(hours=1))
    assert [subject for _kind, subject, _body in told(team)] == ["MMAD: the scoring of “model” failed"]


def test_what_a_team_cancels_it_is_not_told(benchmark: Benchmark, team: Team) -> None:
    publication.cancel(material.submitted(benchmark, team), by=audit.SITE, now=NOON)
    assert told(team) == []


def test_a_worker_that_lost_its_lease_tells_nothing(benchmark: Benchmark, team: Team) -> None:
    submission = material.submitted(benchmark, team)
    held = evaluation.claim(submission.pk, now=NOON)
    assert held is not None
    Submission.objects.update(lease_until=NOON)
    evaluation.run(submission.pk)
    with pytest.raises(evaluation.LeaseLostError):
        evaluation._finish(held, status=Submission.Status.FAILED)
    assert [kind for kind, _subject, _body in told(team)] == ["submission-scored"]


def test_what_organizers_decide_is_told_with_their_reason(benchmark: Benchmark, team: Team) -> None:
    entry = material.submitted(benchmark, team, "ours").entry
    moderation.hide(entry, reason="a copy", by=audit.COMMAND, now=NOON)
    moderation.restore(entry, by=audit.COMMAND)
    moderation.ban(team, reason="spam", by=audit.COMMAND, now=NOON)
    moderation.unban(team, by=audit.COMMAND)
    said = told(team)
    assert [(kind, subject) for kind, subject, _body in said] == [
        ("entry-hidden", "MMAD: “ours” is hidden"),
        ("entry-restored", "MMAD: “ours” is no longer hidden"),
        ("team-banned", "Home may not send at present"),
        ("team-restored", "Home may send again"),
    ]
    assert "Their reason: a copy" in said[0][2]
    assert "Their reason: spam" in said[2][2]


def test_a_decision_that_is_taken_back_is_not_told(benchmark: Benchmark, team: Team) -> None:
    entry = material.submitted(benchmark, team).entry
    with transaction.atomic():
        moderation.hide(entry, reason="a copy", by=audit.COMMAND, now=NOON)
        transaction.set_rollback(True)
    assert told(team) == []


def corrected() -> dict[str, Any]:
    """The same questions, of which each has another answer: what was wrong is right."""
    questions = material.questions()
    for record in questions.values():
        for question in record["conversation"]:
            question["Answer"] = "B" if question["Answer"] == "A" else "A"
    return questions


def test_a_release_that_moves_ranks_is_told_once_to_each_team_it_moves(
    benchmark: Benchmark, team: Team
) -> None:
    away, steady = material.team("away"), material.team("steady")
    material.scored(benchmark, steady, "best", file=material.answers(1.0), public=True)
    material.scored(benchmark, team, "ours", file=material.answers(0.9), public=True)
    for number in range(2):
        wrong = material.answers(0.2, seed=number)
        material.scored(benchmark, away, f"theirs {number}", file=wrong, public=True)
    material.scored(benchmark, team, "not public", file=material.answers(0.5))
    Notice.objects.all().delete()
    release, _outcome = releases.publish(material.content_of(corrected()), slug="mmad")
    for submission in Submission.objects.filter(entry__name__in=["best", "ours", "theirs 0"]):
        score_on(release, submission)
    releases.make_current(release, now=NOON)
    ((kind, subject, body),) = told(away)
    assert (kind, subject) == ("release-moved", "MMAD: a new release has moved entries of Away")
    assert "“theirs 0”: now 1, was 4" in body
    assert "“theirs 1”: was 3, has no score on this release so far" in body
    assert body.index("theirs 0") < body.index("theirs 1")
    assert [subject for _kind, subject, _body in told(steady)] == [
        "MMAD: a new release has moved entries of Steady"
    ]
    assert told(team) == [], "it stands where it stood"
    assert Notice.objects.get(team=away).path == f"/benchmarks/mmad/releases/{release.short_digest}/"


def score_on(release: Release, submission: Submission) -> None:
    """As a turn of rescoring would."""
    rescoring._keep(list(rescoring._scores([submission], release)), release)


def test_a_release_names_twenty_moves_and_counts_the_others(benchmark: Benchmark, team: Team) -> None:
    entries = [material.submitted(benchmark, team, f"model {number:02}").entry for number in range(23)]
    assert benchmark.current_release is not None
    notices.tell_moves(benchmark.current_release, {entry.pk: rank for rank, entry in enumerate(entries, 1)})
    ((_kind, _subject, body),) = told(team)
    assert body.count("was ") == 20
    assert "and 3 more, on the page." in body


def test_the_first_release_moves_nobody() -> None:
    material.benchmark()
    assert not Notice.objects.exists()


def test_the_stand_ins_own_team_is_told_nothing(benchmark: Benchmark, rings: list[Any]) -> None:
    team = material.team("stand-in")
    Team.objects.update(is_standin=True)
    team.refresh_from_db()
    material.scored(benchmark, team, public=True)
    moderation.ban(team, reason="r", by=audit.COMMAND, now=NOON)
    material.next_release()
    assert not Notice.objects.exists()


def test_the_end_of_a_submission_costs_one_insert(benchmark: Benchmark, team: Team) -> None:
    submission = material.submitted(benchmark, team)
    with CaptureQueriesContext(connection) as queries:
        evaluation.run(submission.pk)
    touched = [query["sql"] for query in queries if "submissions_notice" in query["sql"]]
    assert len(touched) == 1
    assert not any("submissions_letter" in query["sql"] for query in queries)
    assert not any("membership" in query["sql"] for query in queries)


def test_it_rings_for_the_post_once_it_is_written(
    benchmark: Benchmark, team: Team, rings: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        material.scored(benchmark, team)
    assert ("submissions.tasks.post",) in rings


# What each kind is given beside team, benchmark and entry.
PARAMS: dict[str, dict[str, Any]] = {
    "submission-scored": {"score": 74.2225, "coverage": 0.998, "partial": []},
    "submission-rejected": {"problems": [], "total": 1},
    "submission-failed": {},
    "entry-hidden": {"reason": "r"},
    "entry-restored": {},
    "team-banned": {"reason": "r"},
    "team-restored": {},
    "release-moved": {"release": "abc", "moves": [["x", 1, 2]], "total": 1},
    "entry-held": {},
    "hold-lifted": {},
    "entry-verified": {"note": "n"},
    "entry-under-review": {"reason": "r"},
    "review-ended": {"note": "n"},
    "dispute-answered": {"question": "q#0", "answer": "It is right."},
    "complaint-answered": {"answer": "We looked."},
    "team-handed-over": {},
    "token-made": {"token": "nightly", "scope": "submit", "benchmarks": ["mmad"], "ends": "then"},
    "publisher-registered": {
        "repository": "example/inspector",
        "workflow": "submit.yml",
        "environment": "release",
    },
    "token-rotated": {"token": "nightly", "ends": "then", "overlap_ends": "soon"},
    "token-network": {"token": "nightly", "at": "now"},
    "entry-not-verified": {"reason": "r"},
    "webhook-failing": {"host": "ci.example.org"},
    "webhook-paused-gone": {"host": "ci.example.org"},
    "webhook-paused-failing": {"host": "ci.example.org"},
}


@pytest.mark.parametrize("kind", notice_texts.KINDS)
def test_every_kind_has_sentences_whose_names_are_given(kind: str) -> None:
    names = {"team": "Home", "benchmark": "MMAD", "entry": "ours", **PARAMS[kind]}
    notice = Notice(kind=kind, params=names)
    for text in (notice_texts.subject(notice), *notice_texts.body(notice)):
        assert not messages.placeholders(text)
        assert "None" not in text
    assert notice_texts.body(notice)
    assert "\n" not in notice_texts.subject(notice)


def test_the_optional_words_of_a_kind_are_left_out() -> None:
    notice = Notice(kind="entry-verified", params={"benchmark": "MMAD", "entry": "ours"})
    assert len(notice_texts.body(notice)) == 1


def test_a_name_with_braces_is_said_as_it_is(benchmark: Benchmark, team: Team) -> None:
    material.scored(benchmark, team, "{score} {x}")
    assert "“{score} {x}” scored" in told(team)[0][1]


def test_a_notice_is_to_a_team_or_to_a_person(team: Team, owner: User) -> None:
    for to in ({"team": team, "user": owner}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.create(kind="team-restored", path="/", **to)


def test_an_unknown_kind_is_a_fault_at_once(team: Team) -> None:
    with pytest.raises(KeyError):
        notices.tell(team, "nothing", team)


# On the site


def page(user: User, query: str = "") -> str:
    answer = signed_in(user).get(f"/notices/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def tell_many(team: Team, number: int) -> None:
    made = [
        Notice(team=team, kind="team-restored", path=f"/n/{n}/", params={"team": f"number {n}"})
        for n in range(number)
    ]
    Notice.objects.bulk_create(made)


def test_its_members_read_it_and_nobody_else(benchmark: Benchmark, team: Team, owner: User) -> None:
    stranger = material.person("stranger@example.org")
    staff = material.person("staff@example.org", is_staff=True)
    material.team("away", stranger)
    material.scored(benchmark, team, "my secret model")
    assert "my secret model" in page(owner)
    for other in (stranger, staff):
        assert "my secret model" not in page(other)


def test_who_leaves_the_team_reads_it_no_more(benchmark: Benchmark, team: Team) -> None:
    member = material.person("member@example.org")
    membership = team.memberships.create(user=member)
    material.scored(benchmark, team, "ours")
    assert "ours" in page(member)
    teams.remove(membership, by=member, now=NOON)
    assert "ours" not in page(member)


def test_what_is_to_one_person_is_for_that_person(benchmark: Benchmark, team: Team, owner: User) -> None:
    member = material.person("member@example.org")
    team.memberships.create(user=member)
    with transaction.atomic():
        notices.tell_person(member, "dispute-answered", benchmark, question="x.png#0", answer="It is right.")
    assert "An answer to your report on x.png#0" in page(member)
    assert "x.png#0" not in page(owner)
    token = askers.Asker(team_ids=frozenset([team.pk]))
    assert not Notice.objects.visible_to(token).exists()


def test_an_account_takes_its_own_notices_with_it(benchmark: Benchmark, team: Team) -> None:
    member = material.person("member@example.org")
    team.memberships.create(user=member)
    with transaction.atomic():
        notices.tell_person(member, "dispute-answered", benchmark, question="x.png#0", answer="Right.")
        notices.tell(team, "team-restored", team)
    accounts.delete(member, now=NOON)
    assert [notice.team for notice in Notice.objects.all()] == [team]


def unread(client: Client) -> int:
    return int(client.get("/teams/").context["unread_notices"]())


def test_the_header_counts_what_is_unread_until_the_page_is_opened(team: Team, owner: User) -> None:
    client = signed_in(owner)
    assert unread(client) == 0
    tell_many(team, 3)
    assert unread(client) == 3
    assert 'class="bell-count" aria-hidden="true">3<' in "".join(
        client.get("/teams/").content.decode().split("\n")
    ).replace("  ", "")
    shown = client.get("/notices/")
    assert [row.is_new for row in shown.context["notices"]] == [True] * 3
    assert unread(client) == 0
    assert [row.is_new for row in client.get("/notices/").context["notices"]] == [False] * 3
    tell_many(team, 120)
    assert "99+" in client.get("/teams/").content.decode()


def test_only_looking_at_the_newest_marks_as_read(team: Team, owner: User) -> None:
    tell_many(team, NOTICES_A_PAGE + 1)
    client = signed_in(owner)
    client.head("/notices/")
    client.get(f"/notices/?before={Notice.objects.latest('pk').pk}")
    assert unread(client) == NOTICES_A_PAGE + 1


def test_what_was_before_somebody_joined_is_not_unread_to_them(team: Team) -> None:
    late = material.person("late@example.org")
    tell_many(team, 2)
    Membership.objects.create(team=team, user=late, joined_at=timezone.now() + timedelta(minutes=1))
    assert unread(signed_in(late)) == 0
    assert "number 1" in page(late)


def test_who_is_not_signed_in_is_asked_for_nothing(client: Client, benchmark: Benchmark) -> None:
    client.get("/benchmarks/mmad/")
    with CaptureQueriesContext(connection) as queries:
        assert "bell" not in client.get("/benchmarks/mmad/").content.decode()
    assert not any("submissions_notice" in query["sql"] for query in queries)


def test_many_notices_are_paged_and_cost_no_more_queries(team: Team, owner: User) -> None:
    client = signed_in(owner)
    tell_many(team, 1)
    client.get("/notices/")

    def asked(url: str) -> tuple[int, list[str], Any]:
        with CaptureQueriesContext(connection) as queries:
            context = client.get(url).context
        return len(queries), [row.url for row in context["notices"]], context

    few, _rows, _context = asked("/notices/")
    Notice.objects.all().delete()
    tell_many(team, 200)
    client.get("/notices/")
    seen: list[str] = []
    url, back = "/notices/", []
    while url:
        number, rows, context = asked(url)
        assert number <= few
        assert len(rows) == NOTICES_A_PAGE
        seen += rows
        back.append((context["previous_url"], rows))
        url = context["next_url"]
    assert seen == [f"/n/{n}/" for n in reversed(range(200))]
    for earlier, (previous_url, _rows) in itertools.pairwise(back):
        assert asked(previous_url)[1] == earlier[1]


@pytest.mark.parametrize("query", ["?before=x", "?after=-1", "?before=²", "?before=" + "9" * 30])
def test_a_place_that_cannot_be_is_the_first_page(team: Team, owner: User, query: str) -> None:
    tell_many(team, 1)
    assert "number 0" in page(owner, query)


def test_what_others_wrote_is_escaped(team: Team, owner: User) -> None:
    moderation.ban(team, reason="<b>no</b>", by=audit.COMMAND, now=NOON)
    assert "&lt;b&gt;no&lt;/b&gt;" in page(owner)


def test_a_person_without_notices_is_told_what_will_stand_here(owner: User) -> None:
    assert "Nothing to tell yet" in page(owner)


def test_verification_and_review_are_told_with_what_was_said(benchmark: Benchmark, team: Team) -> None:
    sent = material.scored(benchmark, team, "ours", public=True)
    entry = sent.entry
    Notice.objects.all().delete()
    verification.verify(entry, submission_id=sent.pk, note="Run again.", by=audit.COMMAND, now=NOON)
    verification.take_back(entry, reason="Another seed differs.", by=audit.COMMAND)
    verification.review(entry, reason="Asked about.", by=audit.COMMAND, now=NOON)
    verification.end_review(entry, answer="All is well.", by=audit.COMMAND)
    said = told(team)
    assert [kind for kind, _subject, _body in said] == [
        "entry-verified",
        "entry-not-verified",
        "entry-under-review",
        "review-ended",
    ]
    for (_kind, subject, body), words in zip(
        said, ("Run again.", "Another seed differs.", "Asked about.", "All is well."), strict=True
    ):
        assert "“ours”" in subject
        assert words in body


def test_a_held_entry_is_told_and_when_it_is_let_go(benchmark: Benchmark, team: Team) -> None:
    other = material.scored(benchmark, material.team("away"), "theirs", public=True)
    sent = material.scored(benchmark, team, "ours", file=material.answers(seed=2), public=True)
    Notice.objects.all().delete()
    comparison = alarms.Comparison(sent, release=benchmark.current_release, compared={other.pk})
    comparison.alarming[other.pk] = Likeness(same=0.99, same_wrong=0.99, both_wrong=50)
    Submission.objects.filter(pk=other.pk).update(received_at=NOON - timedelta(hours=1))
    with transaction.atomic():
        comparison.settle(benchmark, now=NOON)
        comparison.settle(benchmark, now=NOON)
    alarms.let_stand(Alarm.objects.get(), reply="The same model.", by=audit.COMMAND, now=NOON)
    assert [kind for kind, _subject, _body in told(team)] == ["entry-held", "hold-lifted"]
    assert "Nothing is decided" in told(team)[0][2]
    assert "The same model." in told(team)[1][2]
    assert "theirs" not in str(told(team))
    assert not Notice.objects.exclude(team=team).exists()


def test_who_reported_something_is_told_the_answer_and_nobody_else(benchmark: Benchmark, team: Team) -> None:
    sent = material.scored(benchmark, team, "ours", public=True)
    reader, other = (material.person(f"{name}@example.org") for name in ("reader", "other"))
    Notice.objects.all().delete()
    complaint = Complaint.objects.create(
        entry=sent.entry, about="other", text="It seems odd.", reported_by=reader, reported_at=NOON
    )
    complaints.close(complaint, reply="We looked.", by=audit.COMMAND, now=NOON)
    question = benchmark.current_release.questions.get(position=0)  # type: ignore[union-attr]
    disputed = disputes.dispute(
        question, about=About.ANSWER, reason="No.", by=askers.for_user(reader), now=NOON
    ).question
    organizer = askers.for_user(material.person("staff@example.org", is_staff=True))
    for reply in ("It stands.", "It still stands."):
        disputes.rule(disputed, decision=Decision.STANDS, reply=reply, by=organizer, now=NOON)
    said = [
        (each.kind, notice_texts.body(each)[0]) for each in Notice.objects.filter(user=reader).order_by("pk")
    ]
    assert [kind for kind, _body in said] == ["complaint-answered", "dispute-answered"]
    assert "We looked." in said[0][1]
    assert "It stands." in said[1][1]
    assert not Notice.objects.exclude(user=reader).exists()
    assert not Notice.objects.visible_to(askers.for_user(other)).exists()

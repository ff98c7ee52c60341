"""Two people who act at the same moment: whoever comes first, nothing is left half done.

Each pair is done by two threads on connections of their own; afterwards the workers do what is due, and what holds of
every site has to hold.
"""

import io
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from submissions import (
    accounts,
    askers,
    benchmarks,
    corrections,
    disputes,
    evaluation,
    intake,
    moderation,
    publication,
    queue,
    reconciler,
    releases,
    rescoring,
    storage,
    sweeper,
    teams,
    tokens,
)
from submissions.models import (
    Benchmark,
    Dispute,
    DisputedQuestion,
    Entry,
    Event,
    Figure,
    Invitation,
    Membership,
    Notice,
    Question,
    Release,
    Submission,
    Team,
    Token,
    User,
)
from submissions.models.dispute import About, Decision
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.usefixtures("commits")

NOW = material.NOON
ROUNDS = 4
Role = Membership.Role


@dataclass
class World:
    """A team of an owner and two members, with an entry of three submissions; another team; two organizers."""

    benchmark: Benchmark = field(default_factory=material.benchmark)

    def __post_init__(self) -> None:
        self.owner, self.member, self.third = (
            material.person(f"{name}@example.org") for name in ("owner", "member", "third")
        )
        self.staff, self.staff_too = (
            askers.for_user(material.person(f"{name}@example.org", is_staff=True))
            for name in ("staff", "too")
        )
        self.team = material.team("home", self.owner)
        for person in (self.member, self.third):
            self.team.memberships.create(user=person)
        self.by, self.by_too = askers.for_user(self.owner), askers.for_user(self.member)
        self.best = self.scored("ours", 0.9)
        self.second = self.scored("ours", 0.6)
        self.private = self.scored("ours", 0.8, public=False)
        self.entry = self.best.entry
        self.other_entry = self.scored("theirs too", 0.5).entry
        self.invitation, self.secret = teams.invite(self.team, by=self.owner, now=timezone.now())
        self.token = tokens.create(self.team, name="ci", scope=Token.Scope.SUBMIT, days=30, now=NOW)[0]
        away = material.team("away", material.person("away@example.org"))
        material.scored(self.benchmark, away, "theirs", file=material.answers(0.7, seed=9), public=True)
        self.draft = releases.publish(material.content(seed=8), slug="mmad")[0]
        while rescoring.take_turn(self.draft.pk, Release.objects.get(pk=self.draft.pk).rescoring_turn):
            pass

    def scored(self, name: str, right: float, *, public: bool = True) -> Submission:
        file = material.answers(right, seed=int(100 * right))
        return material.scored(self.benchmark, self.team, name, file=file, public=public)

    def queued(self) -> Submission:
        file = material.answers(0.4, seed=Submission.objects.count() + 50)
        return material.submitted(self.benchmark, self.team, "ours", file=file, public=True)

    def offer(self, name: str = "ours", right: float = 0.3) -> Submission:
        offer = intake.Offer(
            benchmark=self.benchmark,
            team=self.team,
            entry_name=name,
            answers=io.BytesIO(material.answers(right, seed=77)),
            visibility=Submission.Visibility.PUBLIC,
            user=self.owner,
        )
        return intake.accept(offer, now=NOW).submission

    def of(self, person: User) -> Membership:
        return Membership.objects.select_related("team", "user").get(team=self.team, user=person)


Act = Callable[[World], Any]


def withdraw(submission: str) -> Act:
    return lambda world: publication.withdraw(getattr(world, submission), reason="no", by=world.by, now=NOW)


def publish(submission: str) -> Act:
    return lambda world: publication.publish(getattr(world, submission), by=world.by, now=NOW)


def choose(submission: str) -> Act:
    return lambda world: publication.choose(getattr(world, submission), by=world.by_too)


def hide(world: World) -> None:
    moderation.hide(world.entry, reason="looked at", by=world.staff, now=NOW)


def hide_too(world: World) -> None:
    moderation.hide(world.entry, reason="looked at as well", by=world.staff_too, now=NOW)


def restore(world: World) -> None:
    moderation.restore(world.entry, by=world.staff_too)


def rename(entry: str) -> Act:
    return lambda world: corrections.correct(
        getattr(world, entry), name="one name", links={"note": entry}, by=world.by
    )


def archive(world: World) -> None:
    teams.archive(world.team, by=world.owner, now=timezone.now())


def ban(world: World) -> None:
    moderation.ban(world.team, reason="looked at", by=world.staff, now=NOW)


def leave(person: str) -> Act:
    def act(world: World) -> None:
        teams.remove(world.of(getattr(world, person)), by=getattr(world, person), now=timezone.now())

    return act


def remove(person: str) -> Act:
    return lambda world: teams.remove(world.of(getattr(world, person)), by=world.owner, now=timezone.now())


def hand_over(person: str) -> Act:
    return lambda world: teams.hand_over(world.of(getattr(world, person)), by=world.owner)


def delete_account(person: str) -> Act:
    return lambda world: accounts.delete(getattr(world, person), now=timezone.now())


def accept(world: World) -> None:
    teams.accept(world.secret, user=User.objects.get(email="away@example.org"), now=timezone.now())


def revoke_invitation(world: World) -> None:
    teams.revoke_invitation(world.invitation, by=world.owner, now=timezone.now())


def revoke_token(world: World) -> None:
    tokens.revoke(world.token, by=world.by, now=timezone.now())


def rotate_token(world: World) -> None:
    tokens.rotate(world.token, overlap=tokens.OVERLAP, by=world.by, now=NOW)


def switch(world: World) -> None:
    releases.make_current(world.draft, now=NOW)


def another_draft(world: World) -> None:
    releases.publish(material.content(seed=9), slug="mmad")


def close(world: World) -> None:
    benchmarks.change(world.benchmark, by=world.staff, is_open=False)


def reopen(world: World) -> None:
    benchmarks.change(world.benchmark, by=world.staff_too, is_open=True)


def send(world: World) -> None:
    world.offer()


def send_new(world: World) -> None:
    world.offer("one name")


def score(world: World) -> None:
    for submission_id in Submission.objects.queued().values_list("pk", flat=True):
        evaluation.run(submission_id)


def cancel(world: World) -> None:
    waiting = Submission.objects.exclude(finished_at__isnull=False).get()
    publication.cancel(waiting, by=world.by, now=NOW)


def place(world: World) -> None:
    publication.place(world.entry.pk)


def retry(world: World) -> None:
    queue.retry(Submission.objects.get(status="failed"), by=world.staff)


def ask_rescoring(world: World) -> None:
    rescoring.ask(world.draft, by=world.staff)


def sweep(world: World) -> None:
    sweeper.sweep()


def reconcile(world: World) -> None:
    reconciler.reconcile(now=timezone.now() + timedelta(minutes=1), age=timedelta(minutes=1))


def dispute(person: str, reason: str = "a scratch") -> Act:
    def act(world: World) -> None:
        question = Question.objects.filter(release=world.benchmark.current_release, position=0).get()
        by = askers.for_user(getattr(world, person))
        disputes.dispute(question, about=About.ANSWER, reason=reason, by=by, now=NOW)

    return act


def rule(organizer: str, decision: Decision) -> Act:
    return lambda world: disputes.rule(
        DisputedQuestion.objects.get(),
        decision=decision,
        reply=f"It is {decision}.",
        by=getattr(world, organizer),
        now=NOW,
    )


def with_dispute(world: World) -> None:
    dispute("third")(world)


def with_queued(world: World) -> None:
    world.queued()


def with_failed(world: World) -> None:
    material.brought(world.queued(), "failed")


def with_abandoned(world: World) -> None:
    """One that a worker has left behind for the third time."""
    material.brought(world.queued(), "scoring", attempts=Submission.MOST_ATTEMPTS)


def with_orphan(world: World) -> None:
    storage.answers().put(f"answers/{uuid4()}", b"nobody's")


def with_two_owners(world: World) -> None:
    teams.change_role(world.of(world.member), Role.OWNER, by=world.owner)


def with_hidden(world: World) -> None:
    hide(world)
    publication.place(world.entry.pk)


def as_it_is(world: World) -> None:
    pass


# What is done at once, before which preparation, and how many of the two may come through.
PAIRS: dict[str, tuple[Act, Act, Act, tuple[int, ...]]] = {
    "withdraw twice": (withdraw("best"), withdraw("best"), as_it_is, (1,)),
    "withdraw what is chosen": (withdraw("second"), choose("second"), as_it_is, (1, 2)),
    "publish twice": (publish("private"), publish("private"), as_it_is, (2,)),
    "publish and withdraw": (publish("private"), withdraw("private"), as_it_is, (1, 2)),
    "publish and ban": (publish("private"), ban, as_it_is, (1, 2)),
    "choose two": (choose("second"), choose("best"), as_it_is, (2,)),
    "hide twice": (hide, hide_too, as_it_is, (2,)),
    "hide and restore": (hide, restore, with_hidden, (2,)),
    "hide and choose": (hide, choose("second"), as_it_is, (2,)),
    "hide and place": (hide, place, as_it_is, (2,)),
    "hide and send": (hide, send, as_it_is, (2,)),
    "restore twice": (restore, restore, with_hidden, (1,)),
    "give two entries one name": (rename("entry"), rename("other_entry"), as_it_is, (1,)),
    "rename to what is being sent": (rename("entry"), send_new, as_it_is, (1, 2)),
    "cancel twice": (cancel, cancel, with_queued, (1, 2)),
    "cancel and score": (cancel, score, with_queued, (1, 2)),
    "score twice": (score, score, with_queued, (2,)),
    "send the same twice": (send, send, as_it_is, (2,)),
    "archive and send": (archive, send, as_it_is, (1, 2)),
    "ban and send": (ban, send, as_it_is, (1, 2)),
    "close and send": (close, send, as_it_is, (1, 2)),
    "close and open": (close, reopen, as_it_is, (2,)),
    "two owners leave": (leave("owner"), leave("member"), with_two_owners, (1,)),
    "hand over to two": (hand_over("member"), hand_over("third"), as_it_is, (1,)),
    "hand over and remove": (hand_over("member"), remove("member"), as_it_is, (1,)),
    "hand over to who leaves": (hand_over("member"), leave("member"), as_it_is, (1,)),
    "hand over to who deletes the account": (
        hand_over("member"),
        delete_account("member"),
        as_it_is,
        (1,),
    ),
    "two owners delete their accounts": (
        delete_account("owner"),
        delete_account("member"),
        with_two_owners,
        (1,),
    ),
    "delete an account twice": (delete_account("third"), delete_account("third"), as_it_is, (1, 2)),
    "join and revoke": (accept, revoke_invitation, as_it_is, (1, 2)),
    "join twice": (accept, accept, as_it_is, (2,)),
    "revoke a token twice": (revoke_token, revoke_token, as_it_is, (2,)),
    "rotate a token twice": (rotate_token, rotate_token, as_it_is, (1,)),
    "rotate and revoke a token": (rotate_token, revoke_token, as_it_is, (1, 2)),
    "switch twice": (switch, switch, as_it_is, (1,)),
    "switch and score": (switch, score, with_queued, (2,)),
    "switch and withdraw": (switch, withdraw("best"), as_it_is, (2,)),
    "switch and publish": (switch, publish("private"), as_it_is, (2,)),
    "switch and another draft": (switch, another_draft, as_it_is, (1, 2)),
    "ask twice for scores": (ask_rescoring, ask_rescoring, as_it_is, (2,)),
    "dispute twice": (dispute("third"), dispute("third", "the wording"), as_it_is, (2,)),
    "two people dispute": (dispute("third"), dispute("member"), as_it_is, (2,)),
    "dispute and delete the account": (dispute("third"), delete_account("third"), with_dispute, (1, 2)),
    "dispute and rule": (dispute("member"), rule("staff", Decision.STANDS), with_dispute, (2,)),
    "rule and delete the account": (
        rule("staff", Decision.EXCLUDED),
        delete_account("third"),
        with_dispute,
        (2,),
    ),
    "rule twice": (
        rule("staff", Decision.EXCLUDED),
        rule("staff_too", Decision.STANDS),
        with_dispute,
        (2,),
    ),
    "rule and switch": (rule("staff", Decision.CORRECTED), switch, with_dispute, (2,)),
    "retry twice": (retry, retry, with_failed, (1,)),
    "sweep twice": (sweep, sweep, with_abandoned, (2,)),
    "sweep and score": (sweep, score, with_queued, (2,)),
    "reconcile twice": (reconcile, reconcile, with_orphan, (2,)),
    "reconcile and publish": (reconcile, publish("private"), with_orphan, (2,)),
}


def at_once(world: World, *acts: Act) -> int:
    """How many came through; the others were refused, or found nothing left to act on."""
    start, done, faults = threading.Barrier(len(acts)), [], []

    def run(act: Act) -> None:
        start.wait()
        try:
            act(world)
            done.append(act)
        except (Refusal, Submission.DoesNotExist, Membership.DoesNotExist, User.DoesNotExist):
            pass
        except Exception as error:  # noqa: BLE001  # raised below, in the test's own thread
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for fault in faults:
        raise fault
    return len(done)


def settle() -> None:
    """What the workers do afterwards."""
    for submission_id in Submission.objects.queued().values_list("pk", flat=True):
        evaluation.run(submission_id)
    for release in Release.objects.filter(rescoring=True):
        while rescoring.take_turn(release.pk, Release.objects.get(pk=release.pk).rescoring_turn):
            pass
    for entry_id in Entry.objects.filter(standing_due=True).values_list("pk", flat=True):
        publication.place(entry_id)


def check_whole() -> None:
    """What holds of every site, whatever was done to it."""
    benchmark = Benchmark.objects.get()
    release = benchmark.current_release
    assert release is not None
    for entry in Entry.objects.select_related("shown", "chosen"):
        fit = Submission.objects.filter(entry=entry, release=release).scored().public()
        assert (entry.shown is not None) == (fit.exists() and not entry.is_hidden)
        if entry.shown is not None:
            chosen = entry.chosen if entry.chosen in fit else None
            assert entry.shown == (chosen or fit.best_first().first())
        if entry.chosen is not None:
            assert entry.chosen.is_public
    shown = Figure.objects.filter(shown=True, submission__isnull=False)
    assert set(shown.values_list("release", flat=True)) <= {release.pk}
    assert {found.submission_id for found in shown} == set(
        Entry.objects.exclude(shown=None).values_list("shown", flat=True)
    )
    ranks = Counter(shown.filter(rank__isnull=False).values_list("column", flat=True))
    for column, number in ranks.items():
        found = shown.filter(column=column, rank__isnull=False).order_by("rank")
        assert list(found.values_list("rank", flat=True)) == list(range(1, number + 1))
    assert not Submission.objects.filter(status__in=["queued", "scoring"]).exists()
    told = Notice.objects.filter(kind="submission-failed")
    assert told.count() <= Submission.objects.filter(status="failed").count()
    assert not Submission.objects.exclude(team=F("entry__team")).exists()
    for team in Team.objects.all():
        roles = set(team.memberships.values_list("role", flat=True))
        assert Role.OWNER in roles or not roles
        assert roles or team.archived_at is not None
    assert not Invitation.objects.filter(team__archived_at__isnull=False).usable(at=timezone.now()).exists()
    check_rulings()
    withdrawn = Event.objects.filter(action="withdrawn")
    assert withdrawn.count() == Submission.objects.filter(visibility="withdrawn").count()
    assert Event.objects.filter(action="retried").count() <= 1


def check_rulings() -> None:
    """What was ruled last stands, with its reply, and has answered all that were there."""
    for disputed in DisputedQuestion.objects.all():
        ruled = Event.objects.of("disputedquestion", disputed.pk).filter(action="question-ruled-upon")
        last = ruled.order_by("-id").values_list("details", flat=True).first()
        stands = {"decision": disputed.decision, "reply": disputed.reply}
        assert stands == (last or {"decision": "", "reply": ""})
        waiting = Dispute.objects.filter(question=disputed, ruled_at=None, reported_by__isnull=False)
        assert len(set(waiting.values_list("reported_by", flat=True))) == waiting.count()


@pytest.mark.parametrize("name", PAIRS)
def test_nothing_is_left_half_done(name: str) -> None:
    one, other, prepare, may_come_through = PAIRS[name]
    world = World()
    prepare(world)
    assert at_once(world, one, other) in may_come_through
    settle()
    check_whole()


def test_the_log_holds_what_the_rows_say() -> None:
    world = World()
    at_once(world, hide, choose("second"), rename("entry"), ban)
    settle()
    check_whole()
    actions = set(Event.objects.filter(actor_kind=Event.Actor.PERSON).values_list("action", flat=True))
    assert {"entry-hidden", "chosen", "renamed", "team-banned"} <= actions

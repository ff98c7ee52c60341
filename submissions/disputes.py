"""Questions that people hold to be wrong: their disputes, the organizers' rulings, and what these ask of releases.

The truth is nowhere near: an exclusion is carried out when the next release is made, and a correction is what the
organizer has to have made in the file that they import.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from submissions import audit, limits, names, notices
from submissions.askers import Asker
from submissions.models import Benchmark, Dispute, DisputedQuestion, Question, Release, User
from submissions.models.dispute import About, Decision
from submissions.refusals import Refusal


def dispute(question: Question, *, about: About, reason: str, by: Asker, now: datetime) -> Dispute:
    """Write down that the person holds the question's answer or wording to be wrong.

    While a dispute of theirs waits for a ruling, this one takes its place; the same again is no change. Raises Refusal
    without a reason, for a question that the current release does not ask, for somebody who was shut out, and past 60
    in an hour.
    """
    reason = names.sentence(reason, most=Dispute.LONGEST_REASON)
    if not reason:
        raise Refusal("dispute-without-reason", field="reason")
    if by.user is None:
        raise ValueError("nobody disputes nothing")
    limits.count_dispute(f"user:{by.user.pk}")
    with transaction.atomic():
        # Locked against the end of the account, and against another one of theirs at the same time.
        person = User.objects.select_for_update(no_key=True).filter(pk=by.user.pk, is_active=True).first()
        if person is None:
            raise Refusal("account-inactive", email=by.user.email)
        if not Benchmark.objects.filter(current_release=question.release_id).exists():
            raise Refusal("question-not-asked")
        disputed = _locked(question)
        known = disputed.disputes.filter(reported_by=person, ruled_at=None).first()
        if known is not None and (known.about, known.reason) == (about, reason):
            return known
        written = known or Dispute(question=disputed, reported_by=person)
        written.release_id, written.about, written.reason = question.release_id, about, reason
        written.reported_at = now
        written.save()
        audit.record(by, "question-disputed" if known is None else "dispute-changed", disputed, about=about)
    return written


def _locked(question: Question) -> DisputedQuestion:
    """The question's row, made with its first dispute; against a ruling at the same time."""
    made, _is_new = DisputedQuestion.objects.get_or_create(
        benchmark_id=question.release.benchmark_id, question_id=question.question_id
    )
    return DisputedQuestion.objects.select_for_update(no_key=True).get(pk=made.pk)


def rule(disputed: DisputedQuestion, *, decision: Decision, reply: str, by: Asker, now: datetime) -> None:
    """Answer all who dispute the question, in public, and say what becomes of it; over an earlier ruling, this one.

    It is in force at once where the current release is so already, else with the next one that is. Raises Refusal
    without a reply.
    """
    reply = names.sentence(reply, most=DisputedQuestion.LONGEST_REPLY)
    if not reply:
        raise Refusal("decision-without-reason", field="reply")
    with transaction.atomic():
        # First, as in a switch of releases, which settles rulings.
        benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=disputed.benchmark_id)
        disputed = DisputedQuestion.objects.select_for_update(no_key=True).get(pk=disputed.pk)
        disputed.decision, disputed.reply, disputed.decided_at = decision, reply, now
        disputed.release = None
        disputed.save()
        current = benchmark.current_release
        if current is not None and decision != Decision.CORRECTED:
            DisputedQuestion.objects.filter(pk=disputed.pk).carried_by(current).update(release=current)
        _tell(disputed)
        disputed.disputes.filter(ruled_at=None).update(ruled_at=now)
        audit.record(by, "question-ruled-upon", disputed, is_public=True, decision=decision, reply=reply)


def _tell(disputed: DisputedQuestion) -> None:
    """Tell everybody whose dispute waited for this ruling."""
    # Locked before their disputes are, as by an account that ends.
    people = User.objects.select_for_update(no_key=True).order_by("pk")
    for person in people.filter(pk__in=disputed.disputes.filter(ruled_at=None).values("reported_by")):
        notices.tell_person(
            person,
            "dispute-answered",
            disputed,
            benchmark=disputed.benchmark.name,
            question=disputed.question_id,
            answer=disputed.reply,
        )


def of_question(question: Question) -> DisputedQuestion | None:
    """What is disputed of it, in this or in another release, with the number of `people`; None if nothing is."""
    known = DisputedQuestion.objects.filter(benchmark=question.release.benchmark_id)
    return known.with_people().select_related("release").filter(question_id=question.question_id).first()


def by_person(disputed: DisputedQuestion, user: User) -> list[Dispute]:
    """What the person wrote of it, the newest first."""
    return list(disputed.disputes.filter(reported_by=user).order_by("-reported_at", "-id"))


def excluded(slug: str) -> list[str]:
    """The ids of the questions that no figure of the benchmark's next release is to count; none of a new one."""
    found = DisputedQuestion.objects.filter(benchmark__slug=slug).excluded()
    return list(found.order_by("question_id").values_list("question_id", flat=True))


def settle(release: Release) -> None:
    """Put the rulings that the release carries in force; to be called in the transaction that makes it current.

    What it does not carry, because it was made before the ruling, waits on. Again: no change.
    """
    waiting = DisputedQuestion.objects.filter(benchmark=release.benchmark_id).waiting()
    waiting.carried_by(release).update(release=release)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ruling that waits for the next release, and the question in a draft of it; None where it is not in it."""

    disputed: DisputedQuestion
    question: Question | None
    is_reworded: bool  # text or options differ from the current release's

    @property
    def is_carried(self) -> bool:
        """Whether the draft is as the ruling asks, as far as the site can see."""
        is_excluded = self.disputed.decision == Decision.EXCLUDED
        return self.question is None or self.question.is_excluded == is_excluded


def waiting_for(draft: Release) -> list[Waiting]:
    """The rulings that wait for the benchmark's next release, in the order of their questions' ids. Three queries."""
    known = DisputedQuestion.objects.filter(benchmark=draft.benchmark_id).waiting()
    waiting = list(known.select_related("benchmark").order_by("question_id"))
    ids = [disputed.question_id for disputed in waiting]
    then = _questions(draft.pk, ids)
    now = _questions(draft.previous_id, ids)
    return [
        Waiting(disputed, then.get(disputed.question_id), _differ(now, then, disputed.question_id))
        for disputed in waiting
    ]


def _questions(release_id: int | None, ids: Sequence[str]) -> dict[str, Question]:
    found = Question.objects.filter(release=release_id, question_id__in=ids)
    return {question.question_id: question for question in found}


def _differ(before: dict[str, Question], after: dict[str, Question], question_id: str) -> bool:
    one, other = before.get(question_id), after.get(question_id)
    return one is not None and other is not None and (one.text, one.options) != (other.text, other.options)

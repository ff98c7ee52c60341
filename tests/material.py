"""Small but complete material for tests: a benchmark in MMAD's shape, its truth a known random sequence."""

import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from scoring import definition
from scoring.benchmarks.mmad import importer
from scoring.release import Release as Content
from submissions import evaluation, intake, releases, tokens
from submissions.models import Benchmark, Submission, Team, Token, User
from tests.questions import DATASETS, LETTERS, answers, questions, truth

__all__ = [
    "DATASETS",
    "LETTERS",
    "NOON",
    "answers",
    "benchmark",
    "brought",
    "content",
    "content_of",
    "next_release",
    "person",
    "questions",
    "scored",
    "submitted",
    "team",
    "token",
    "truth",
]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def content(images_a_class: int = 3, seed: int = 7) -> Content:
    """The same as a release with its truth."""
    return content_of(questions(images_a_class, seed))


def content_of(material: Mapping[str, Any]) -> Content:
    """mmad.json's shape as a release with its truth."""
    return importer.read(json.dumps(material).encode(), definition.load("mmad"))


def benchmark(
    slug: str = "mmad", *, images_a_class: int = 3, seed: int = 7, daily_limit: int = 50
) -> Benchmark:
    """An open benchmark with a current release."""
    releases.publish(content(images_a_class, seed), slug=slug, daily_limit=daily_limit, total_limit=200)
    return Benchmark.objects.with_release().get(slug=slug)


def next_release(slug: str = "mmad", *, images_a_class: int = 3, seed: int = 8) -> Benchmark:
    """The benchmark after a draft of other questions has become current."""
    release, _outcome = releases.publish(content(images_a_class, seed), slug=slug)
    releases.make_current(release, now=NOON)
    return Benchmark.objects.with_release().get(slug=slug)


def person(email: str, *, is_staff: bool = False) -> User:
    return User.objects.create_user(email, "correct horse battery", is_staff=is_staff)


def team(slug: str, *owners: User) -> Team:
    made = Team.objects.create(slug=slug, name=slug.title())
    for owner in owners:
        made.memberships.create(user=owner, role="owner")
    return made


def token(team: Team, scope: Token.Scope = Token.Scope.SUBMIT) -> str:
    """The text of a fresh token."""
    return tokens.create(team, name="ci", scope=scope, days=30, now=datetime.now(UTC))[1]


def submitted(
    benchmark: Benchmark,
    team: Team,
    name: str = "model",
    *,
    file: bytes | None = None,
    public: bool = False,
    partial: Iterable[str] = (),
    frame: str = "",
    now: datetime = NOON,
    **settings: Any,
) -> Submission:
    """A queued submission that went in through intake."""
    offer = intake.Offer(
        benchmark=benchmark,
        team=team,
        entry_name=name,
        answers=io.BytesIO(answers() if file is None else file),
        settings=settings,
        visibility=Submission.Visibility.PUBLIC if public else Submission.Visibility.PRIVATE,
        partial=tuple(partial),
        frame=frame,
    )
    return intake.accept(offer, now=now).submission


def brought(submission: Submission, status: str, **fields: Any) -> Submission:
    """A queued submission after the steps that lead to this status."""
    ended = status in ("rejected", "failed", "cancelled", "scored")
    if status not in ("queued", "cancelled"):
        lease = {"lease": uuid4(), "lease_until": NOON, "attempts": 1}
        if status == "scoring":
            lease |= fields
        Submission.objects.filter(pk=submission.pk).update(status="scoring", **lease)
    if ended:
        last = {"lease": None, "lease_until": None, "finished_at": NOON, **fields}
        Submission.objects.filter(pk=submission.pk).update(status=status, **last)
    submission.refresh_from_db()
    return submission


def scored(*args: Any, **kwargs: Any) -> Submission:
    """A submission after the worker has run."""
    submission = submitted(*args, **kwargs)
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    return submission

"""Ranks: global, without gaps, decided by score and then by time."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError
from pytest_django import DjangoCaptureOnCommitCallbacks

from submissions import audit, evaluation, places, publication, ranges, standings
from submissions.models import Benchmark, Entry, Figure, Submission, Team
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db


def entry(
    benchmark: Benchmark,
    team: Team,
    name: str,
    score: float | None,
    *,
    minute: int = 0,
    closed: bool = False,
    visibility: str = "public",
) -> Submission:
    """A scored submission with an overall figure, as the worker would leave it before placing."""
    declared = {"training": "none-known", "tools": "none"} if closed else {}
    made, _ = Entry.objects.get_or_create(benchmark=benchmark, team=team, name=name, defaults=declared)
    Entry.objects.filter(pk=made.pk).update(division=made.proper_division())
    sent = material.NOON + timedelta(minutes=minute)
    submission = Submission.objects.create(
        entry=made,
        benchmark=benchmark,
        team=team,
        source="api",
        size=1,
        status="scored",
        visibility=visibility,
        published_at=sent,
        received_at=sent,
        finished_at=sent,
        release=benchmark.current_release,
        score=score,
    )
    Figure.objects.create(
        benchmark=benchmark,
        submission=submission,
        release=benchmark.current_release,
        column="overall",
        score=score,
        sort_key=-1 if score is None else score,
        sent_at=sent,
    )
    ranges.up_to_date(partial(standings.place, made))
    return submission


def ranks(column: str = "overall", field: str = "rank") -> dict[str, int | None]:
    shown = Figure.objects.filter(column=column, shown=True)
    return dict(shown.values_list("submission__entry__name", field))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([70.0], {"e0": 1}),
        ([70.0, 80.0], {"e0": 2, "e1": 1}),
        ([70.0, 70.0, 90.0], {"e0": 2, "e1": 3, "e2": 1}),
        ([None, 10.0], {"e0": None, "e1": 1}),
        ([100.0, 0.0, None], {"e0": 1, "e1": 2, "e2": None}),
    ],
)
def test_ranks_follow_score_then_time_and_skip_what_is_missing(
    scores: list[float | None], expected: dict[str, int | None]
) -> None:
    benchmark, team = material.benchmark(), material.team("a")
    for minute, score in enumerate(scores):
        entry(benchmark, team, f"e{minute}", score, minute=minute)
    assert ranks() == expected


def test_ranks_do_not_depend_on_the_order_in_which_scores_came() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    entry(benchmark, team, "late", 70, minute=5)
    entry(benchmark, team, "early", 70, minute=1)
    assert ranks() == {"early": 1, "late": 2}


def test_the_closed_division_has_ranks_of_its_own() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    entry(benchmark, team, "open", 90)
    entry(benchmark, team, "closed", 80, closed=True)
    assert ranks() == {"open": 1, "closed": 2}
    assert ranks(field="rank_closed") == {"open": None, "closed": 1}


@pytest.mark.parametrize("rank", ["rank", "rank_closed"])
@pytest.mark.parametrize("wrong", [{"shown": False}, {"score": None}], ids=["not shown", "no score"])
def test_only_a_shown_score_has_a_rank(rank: str, wrong: dict[str, Any]) -> None:
    entry(material.benchmark(), material.team("a"), "closed", 80, closed=True)
    Figure.objects.update(**dict.fromkeys(places.FIELDS))
    Figure.objects.update(**{rank: 1})
    with pytest.raises(IntegrityError, match="only_shown_scores_rank"):
        Figure.objects.update(**wrong)


def test_an_entry_shows_its_best_public_submission() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    entry(benchmark, team, "m", 60)
    best = entry(benchmark, team, "m", 80, minute=1)
    entry(benchmark, team, "m", 90, minute=2, visibility="private")
    made = Entry.objects.get()
    assert made.shown == best
    assert made.tries == 3


def test_the_team_may_choose_another(
    rings: list[tuple[str | int, ...]], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    benchmark, team = material.benchmark(), material.team("a")
    lesser = entry(benchmark, team, "m", 60)
    entry(benchmark, team, "m", 80, minute=1)
    with django_capture_on_commit_callbacks(execute=True):
        publication.choose(lesser, by=audit.SITE)
    assert rings == [("submissions.tasks.place", str(lesser.entry_id))]
    publication.place(lesser.entry_id)
    assert Entry.objects.get().shown == lesser
    assert Figure.objects.get(shown=True).score == 60


def test_a_withdrawn_entry_leaves_the_ranks_and_others_move_up() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    best = entry(benchmark, team, "best", 90)
    entry(benchmark, team, "next", 80)
    publication.withdraw(best, reason="wrong prompt", by=audit.SITE, now=material.NOON)
    assert Entry.objects.get(name="best").standing_due
    publication.place(best.entry_id)
    assert ranks() == {"next": 1}
    assert not Entry.objects.get(name="best").standing_due
    assert Figure.objects.filter(submission=best, rank__isnull=False).count() == 0


def test_withdrawing_needs_a_reason_and_is_final() -> None:
    submission = entry(material.benchmark(), material.team("a"), "m", 70)
    with pytest.raises(Refusal, check=lambda error: error.code == "reason-missing"):
        publication.withdraw(submission, reason="  ", by=audit.SITE, now=material.NOON)
    publication.withdraw(submission, reason="leak", by=audit.SITE, now=material.NOON)
    with pytest.raises(Refusal, check=lambda error: error.code == "already-withdrawn"):
        publication.publish(submission, by=audit.SITE, now=material.NOON)


def test_publishing_puts_a_private_one_on_the_board() -> None:
    submission = entry(material.benchmark(), material.team("a"), "m", 70, visibility="private")
    assert ranks() == {}
    publication.publish(submission, by=audit.SITE, now=material.NOON)
    publication.place(submission.entry_id)
    assert ranks() == {"m": 1}


def test_placing_again_writes_no_rank_and_keeps_the_order() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    submission = entry(benchmark, team, "m", 70)
    before = list(Figure.objects.values())
    publication.place(submission.entry_id)
    assert list(Figure.objects.values()) == before


def test_withdrawn_before_it_is_scored_it_is_never_scored() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    submission = material.submitted(benchmark, team, public=True)
    publication.withdraw(submission, reason="a slip", by=audit.SITE, now=material.NOON)
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert submission.status == Submission.Status.CANCELLED
    assert submission.published_at is None

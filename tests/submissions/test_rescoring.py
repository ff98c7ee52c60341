"""A new release: a draft that is scored beside the board, then takes its place in one step."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from scoring.evaluate import SCORER_VERSION
from submissions import (
    audit,
    evaluation,
    legal_steps,
    outcomes,
    post_office,
    publication,
    releases,
    rescoring,
    storage,
    sweeper,
)
from submissions.models import Benchmark, Entry, Figure, Release, Report, Submission, Team
from submissions.refusals import Refusal
from submissions.sealing import SealedError
from tests import material

pytestmark = pytest.mark.django_db


@pytest.fixture
def mmad() -> Benchmark:
    return material.benchmark()


def sent(benchmark: Benchmark, number: int, *, public: bool = True, **offered: Any) -> Submission:
    """The answers of one of several models, each of its own quality."""
    file = material.answers(0.5 + number / 20, seed=number)
    offered |= {"file": file, "public": public, "now": material.NOON + timedelta(minutes=number)}
    return material.scored(benchmark, _team(), f"model {number}", **offered)


def _team() -> Team:
    return Team.objects.filter(slug="a").first() or material.team("a")


def corrected(benchmark: Benchmark, changed: int = 6) -> Release:
    """A draft in which that many answers are others."""
    questions = material.questions()
    images = iter(questions)
    for _ in range(changed):
        question = questions[next(images)]["conversation"][1]
        question["Answer"] = "B" if question["Answer"] == "A" else "A"
    content = material.content_of(questions)
    return releases.publish(content, slug=benchmark.slug)[0]


def rescored(release: Release) -> None:
    """All turns, as a worker takes them."""
    release.refresh_from_db()
    while release.rescoring:
        assert rescoring.take_turn(release.pk, release.rescoring_turn)
        release.refresh_from_db()


def standing(**found: Any) -> list[tuple[Any, ...]]:
    """The figures of the live board, or of the archive."""
    figures = Figure.objects.filter(**(found or {"shown": True})).order_by(
        "column", "-sort_key", "submission__entry__name"
    )
    return list(figures.values_list("submission__entry__name", "column", "score", "rank", "rank_closed"))


def test_a_draft_moves_nothing_until_it_becomes_current(mmad: Benchmark) -> None:
    submission = sent(mmad, 1)
    before = standing()
    draft = corrected(mmad)
    rescored(draft)
    mmad.refresh_from_db()
    submission.refresh_from_db()
    assert (mmad.draft_release, mmad.current_release) == (draft, submission.release)
    assert standing() == before
    assert Report.objects.filter(release=draft, submission=submission).exists()


def test_a_current_draft_scores_as_if_the_files_were_sent_to_it(mmad: Benchmark) -> None:
    for number in range(5):
        sent(mmad, number)
    draft = corrected(mmad)
    rescored(draft)
    releases.make_current(draft, now=material.NOON)
    moved = standing()
    Figure.objects.filter(quoted=None).delete()
    legal_steps.remove(connection)  # once scored, no submission is queued again
    for submission in Submission.objects.order_by("received_at"):
        Submission.objects.filter(pk=submission.pk).update(status="queued", attempts=0, finished_at=None)
        evaluation.run(submission.pk)
    assert standing() == moved
    assert {figure[3] for figure in moved if figure[1] == "overall"} == {1, 2, 3, 4, 5}


def test_the_old_board_stays_as_it_was(mmad: Benchmark) -> None:
    for number in range(3):
        sent(mmad, number)
    before, old = standing(), mmad.current_release
    draft = corrected(mmad)
    rescored(draft)
    releases.make_current(draft, now=material.NOON)
    assert standing(archived=True, release=old) == before
    assert standing() != before
    sent(Benchmark.objects.with_release().get(), 9)
    assert standing(archived=True, release=old) == before


def test_a_release_that_is_current_again_has_a_living_board(mmad: Benchmark) -> None:
    sent(mmad, 1)
    before = standing()
    draft = corrected(mmad)
    rescored(draft)
    releases.make_current(draft, now=material.NOON)
    sent(Benchmark.objects.with_release().get(), 2)
    again = releases.publish(material.content(), slug="mmad")[0]
    rescored(again)
    releases.make_current(again, now=material.NOON)
    assert not standing(archived=True, release=again)
    assert {figure[:3] for figure in before} < {figure[:3] for figure in standing()}


def test_what_comes_while_a_draft_is_there_is_scored_against_both(mmad: Benchmark) -> None:
    draft = corrected(mmad)
    rescored(draft)
    late = sent(mmad, 3)
    assert late.release == mmad.current_release
    rescored(draft)
    releases.make_current(draft, now=material.NOON)
    assert {figure[0] for figure in standing()} == {"model 3"}


def test_what_was_not_scored_in_time_follows_after_the_switch(mmad: Benchmark) -> None:
    submission = sent(mmad, 3)
    draft = corrected(mmad)
    releases.make_current(draft, now=material.NOON)
    assert not standing(), "no score of another release is on the board"
    rescored(draft)
    submission.refresh_from_db()
    assert submission.release == draft
    assert {figure[0] for figure in standing()} == {"model 3"}


def test_a_private_submission_is_scored_too_and_stays_private(mmad: Benchmark) -> None:
    submission = sent(mmad, 3, public=False)
    draft = corrected(mmad)
    rescored(draft)
    releases.make_current(draft, now=material.NOON)
    submission.refresh_from_db()
    assert submission.release == draft
    assert not standing()


def test_a_partial_submission_stays_partial(mmad: Benchmark) -> None:
    submission = sent(mmad, 3, partial=["defect-analysis"])
    draft = corrected(mmad, 6)
    rescored(draft)
    report = Report.objects.get(submission=submission, release=draft)
    assert (report.score, report.body["partial"]) == (None, ["defect-analysis"])


def test_history_is_read_from_the_letters_and_where_there_are_none_from_the_file(mmad: Benchmark) -> None:
    by_letters, by_file = sent(mmad, 1), sent(mmad, 2)
    digest = mmad.current_release.digest  # type: ignore[union-attr]  # it has one
    storage.answers().delete(by_letters.answers_key)
    storage.answers().delete(by_file.sheet_key(digest))
    draft = corrected(mmad)
    rescored(draft)
    assert Report.objects.filter(release=draft, fault="").count() == 2
    assert storage.answers().get(by_file.sheet_key(digest)), "kept for the next time"


def test_lost_answers_stop_nobody_else(mmad: Benchmark) -> None:
    lost, other = sent(mmad, 1), sent(mmad, 2)
    digest = mmad.current_release.digest  # type: ignore[union-attr]  # it has one
    storage.answers().delete(lost.answers_key)
    storage.answers().delete(lost.sheet_key(digest))
    draft = corrected(mmad)
    rescored(draft)
    assert dict(Report.objects.filter(release=draft).values_list("submission", "fault")) == {
        lost.pk: "answers-missing",
        other.pk: "",
    }
    releases.make_current(draft, now=material.NOON)
    lost.refresh_from_db()
    assert lost.release != draft
    assert {figure[0] for figure in standing()} == {"model 2"}


def test_a_release_with_half_of_its_questions_new_says_what_is_missing(mmad: Benchmark) -> None:
    submission = sent(mmad, 1)
    draft = releases.publish(material.content(images_a_class=6), slug="mmad")[0]
    rescored(draft)
    assert Report.objects.get(submission=submission, release=draft).fault == "too-few-records"


def test_a_turn_is_taken_once(mmad: Benchmark) -> None:
    sent(mmad, 1)
    draft = corrected(mmad)
    assert rescoring.take_turn(draft.pk, 0)
    assert not rescoring.take_turn(draft.pk, 0)


def test_a_batch_that_somebody_else_has_written_changes_nothing(mmad: Benchmark) -> None:
    sent(mmad, 1)
    draft = corrected(mmad)
    releases.make_current(draft, now=material.NOON)
    draft.refresh_from_db()
    late = list(rescoring._scores(list(rescoring.waiting(draft).select_related("benchmark")), draft))
    rescored(draft)
    before = list(Figure.objects.order_by("id").values())
    rescoring._keep(late, draft)
    assert list(Figure.objects.order_by("id").values()) == before


def test_a_turn_that_was_broken_off_is_taken_again(mmad: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        sent(mmad, number)
    draft = corrected(mmad)
    monkeypatch.setattr(rescoring, "BATCH", 2)
    keeps = [outcomes.keep] * 3

    def breaks(*args: Any) -> None:
        keeps.pop()(*args)  # the fourth time there is none

    monkeypatch.setattr(outcomes, "keep", breaks)
    with pytest.raises(SealedError, match="IndexError"):
        rescoring.take_turn(draft.pk, 0)
    assert rescoring.progress(draft) == rescoring.Progress(2, 4, 0)
    monkeypatch.undo()
    draft.refresh_from_db()
    assert not rescoring.take_turn(draft.pk, draft.rescoring_turn), "whoever has it may still be at it"
    Release.objects.update(rescoring_until=material.NOON)
    rescored(draft)
    assert rescoring.progress(draft) == rescoring.Progress(4, 4, 0)


def test_the_sweeper_rings_for_a_turn_that_nobody_took(
    mmad: Benchmark, rings: list[tuple[str | int, ...]]
) -> None:
    sent(mmad, 1)
    post_office.take_turn()  # else there is something to ring for
    draft = corrected(mmad)
    rings.clear()
    sweeper.sweep()
    assert rings == [("submissions.tasks.rescore", draft.pk, 0)]
    Release.objects.filter(pk=draft.pk).update(rescoring_until="2100-01-01T00:00Z")
    rings.clear()
    sweeper.sweep()
    assert not rings


def test_another_draft_takes_the_place_of_the_first(mmad: Benchmark) -> None:
    first = corrected(mmad, 2)
    second = corrected(mmad, 3)
    mmad.refresh_from_db()
    assert mmad.draft_release == second
    with pytest.raises(Refusal, check=lambda error: error.code == "not-the-draft"):
        releases.make_current(first, now=material.NOON)


def test_what_was_withdrawn_meanwhile_is_not_shown(mmad: Benchmark) -> None:
    submission = sent(mmad, 1)
    draft = corrected(mmad)
    rescored(draft)
    publication.withdraw(submission, reason="by mistake", by=audit.SITE, now=material.NOON)
    releases.make_current(draft, now=material.NOON)
    assert not standing()
    assert Entry.objects.get().shown is None


def test_changes_are_counted(mmad: Benchmark) -> None:
    assert sum(corrected(mmad, 5).changes["answers_changed"].values()) == 5


def test_the_commands_do_it_without_a_worker(mmad: Benchmark) -> None:
    sent(mmad, 1)
    draft = corrected(mmad)
    call_command("rescore", "mmad")
    call_command("publish_release", "mmad")
    assert Benchmark.objects.get().current_release == draft
    assert {figure[0] for figure in standing()} == {"model 1"}
    call_command("rescore", "mmad")  # again: no change
    assert rescoring.progress(draft) == rescoring.Progress(1, 1, 0)


def test_what_an_earlier_scorer_said_gets_its_intervals_in_the_background(mmad: Benchmark) -> None:
    first, second = sent(mmad, 1), sent(mmad, 5, public=False)
    before = list(Figure.objects.order_by("submission", "column").values("column", "score", "rank", "shown"))
    for rows in (Figure, Report, Submission):
        rows.objects.update(low=None, high=None)
    Report.objects.update(scorer_version="1")
    import_module("submissions.migrations.0022_history_is_scored_with_intervals").ask(apps, None)
    release = Release.objects.get()
    assert rescoring.progress(release).done == 0
    rescored(release)
    for submission in (first, second):
        submission.refresh_from_db()
        report = submission.reports.get(scorer_version=SCORER_VERSION)
        assert submission.interval == (report.low, report.high) == tuple(report.body["interval"])
        assert submission.commonest == report.commonest == report.body["commonest"]["share"]
        assert submission.figures.get(column="overall").low == report.low
    assert before == list(
        Figure.objects.order_by("submission", "column").values("column", "score", "rank", "shown")
    )

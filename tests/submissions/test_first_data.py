"""The first data of a fresh site; the journeys see MMAD's stand-in, which is larger."""

import pytest

from submissions import evaluation, standin
from submissions.models import Benchmark, Entry, Figure, Submission, Team
from tests import material

pytestmark = pytest.mark.django_db


def load() -> int:
    return standin.load(standin.MMR_AD, now=material.NOON)


def test_the_stand_in_of_boxes_has_the_real_structure_and_its_models_in_their_order() -> None:
    assert load() == 5
    assert not standin.MMR_AD.is_scored()
    for submission in Submission.objects.all():
        evaluation.run(submission.pk)
    assert standin.MMR_AD.is_scored()
    benchmark = Benchmark.objects.with_release().get(slug="mmr-ad-standin")
    assert (benchmark.is_standin, benchmark.holds_alike, benchmark.public_entries_limit) == (
        True,
        False,
        None,
    )
    release = benchmark.current_release
    assert release is not None
    assert release.question_count == pytest.approx(standin.IMAGES, rel=0.05)
    assert len(set(release.questions.values_list("source_dataset", "kind"))) == 188
    assert len(set(release.questions.values_list("source_dataset"))) == 14
    assert release.templates.count() == release.question_count
    assert Team.objects.get().is_standin
    ranked = Figure.objects.filter(column="overall", shown=True).order_by("rank")
    names = list(ranked.values_list("submission__entry__name", flat=True))
    assert names == [model.name for model in standin.MMR_AD.models()]


def test_again_only_what_is_missing_is_sent() -> None:
    load()
    assert load() == 0
    Submission.objects.filter(entry__name="Stand-in C").delete()
    assert load() == 1
    assert Entry.objects.count() == Submission.objects.count() == 5

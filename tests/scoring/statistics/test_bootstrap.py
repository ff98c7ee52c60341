import numpy as np
import pytest

from scoring.release import Release
from scoring.statistics.bootstrap import REPLICATES, Replicates
from scoring.statistics.estimates import Marked, intervals, intervals_of
from scoring.statistics.intervals import wilson
from tests.scoring.statistics.shapes import flat, release_of, some_right


def test_images_are_drawn_as_often_as_there_are_images(release: Release) -> None:
    for images, drawn in zip(release.strata.slices, release.replicates.drawn, strict=True):
        assert drawn.shape == (REPLICATES, images.stop - images.start)
        assert set(drawn.sum(axis=1, dtype=int).tolist()) == {drawn.shape[1]}
        assert drawn.mean(axis=0) == pytest.approx(1, abs=0.25)


def test_the_draws_follow_from_the_digest(release: Release) -> None:
    again = Replicates.of(release.strata, release.digest)
    other = Replicates.of(release.strata, "f" * 64)
    for first, second, third in zip(release.replicates.drawn, again.drawn, other.drawn, strict=True):
        assert (first == second).all()
        assert (first != third).any()


def test_the_first_draws_are_these_on_every_machine() -> None:
    assert Replicates.of(flat(12).strata, "1f" * 32).drawn[0][:2].tolist() == [
        [1, 2, 2, 0, 0, 1, 1, 1, 0, 3, 0, 1],
        [0, 0, 0, 0, 1, 0, 1, 3, 0, 0, 2, 5],
    ]


def test_many_at_once_are_as_each_alone(release: Release) -> None:
    chance = np.random.default_rng(3)
    never_right = np.zeros(release.size, dtype=bool)
    marked: list[Marked] = [(chance.random(release.size) < share, range(7)) for share in (0.2, 0.8, 1)]
    marked += [(never_right, range(7)), (never_right, [4]), (chance.random(release.size) < 0.5, [0, 4])]
    assert intervals_of(marked, release) == [
        intervals(correct, release, scored) for correct, scored in marked
    ]


def test_precision_and_f1_are_counted_over_the_drawn_images(release: Release) -> None:
    """Once more, with the images' questions repeated as often as they were drawn."""
    correct = some_right(release)
    found = intervals(correct, release, range(7))
    detecting = release.subtasks == 0
    names = [release.definition.source_datasets[at] for at in release.source_datasets.tolist()]
    numbers = {
        image: at for at, image in enumerate(sorted(set(zip(names, release.images, strict=True)), key=_place))
    }
    precisions = []
    for replicate in range(REPLICATES):
        drawn = np.concatenate([each[replicate] for each in release.replicates.drawn])
        times = drawn[[numbers[image] for image in zip(names, release.images, strict=True)]] * detecting
        by_dataset = []
        for dataset in range(4):
            its_own = times * (release.source_datasets == dataset)
            right = its_own[correct & release.abnormal].sum(dtype=int)
            flagged = right + its_own[~correct & ~release.abnormal].sum(dtype=int)
            if flagged:
                by_dataset.append(right / flagged)
        precisions.append(np.mean(by_dataset))
    expected = 100 * np.percentile(precisions, [2.5, 97.5])
    assert found["detection/precision"] == pytest.approx(expected.tolist(), abs=1e-9)


DATASETS = ("DS-MVTec", "MVTec-LOCO", "VisA", "GoodsAD")


def _place(image: tuple[str, str]) -> tuple[int, bool, str]:
    return DATASETS.index(image[0]), "good" not in image[1].split("/"), image[1]


def test_replicates_that_all_agree_leave_the_images() -> None:
    asked = [(f"set-0/{kind}/{number}", 0) for kind in ("good", "bad") for number in range(20)]
    release = release_of(asked, ("balanced_accuracy",))
    found = intervals(np.ones(40, dtype=bool), release, [0])
    low, _ = wilson(1.0, 0.0, 40, 40)
    assert found["detection/precision"] == found["detection/f1"] == (100 * float(low), 100)


def test_what_was_never_flagged_has_no_precision() -> None:
    asked = [(f"set-0/good/{number}", 0) for number in range(20)]
    release = release_of(asked, ("balanced_accuracy",))
    assert intervals(np.ones(20, dtype=bool), release, [0])["detection/precision"] is None

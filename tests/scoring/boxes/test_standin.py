from pathlib import Path
from random import Random

import pytest

from scoring.boxes import importer, standin
from scoring.boxes.evaluate import BoxEvaluation, evaluate
from scoring.boxes.release import BoxRelease

IMAGES = 3_000


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> BoxRelease:
    folder = tmp_path_factory.mktemp("mmr-ad")
    standin.write(folder, IMAGES)
    return importer.read(folder).release


@pytest.fixture(scope="module")
def evaluations(release: BoxRelease) -> list[BoxEvaluation]:
    return [evaluate(standin.answers(model, IMAGES), release) for model in standin.MODELS]


def test_it_has_the_real_structure(release: BoxRelease) -> None:
    assert len(release.definition.source_datasets) == 14
    assert set(release.source_datasets.tolist()) == set(range(14))
    assert len(release.category_names) == 188
    assert abs(release.size - IMAGES) < 0.05 * IMAGES
    assert len(release.boxes) / release.size == pytest.approx(112_875 / 127_137, rel=0.05)
    kinds = standin._kinds(Random(1))
    assert len({kind for each in kinds for kind in each}) == 395


def test_it_is_the_same_every_time(release: BoxRelease, tmp_path: Path) -> None:
    standin.write(tmp_path / "again", IMAGES)
    assert importer.read(tmp_path / "again").release.digest == release.digest
    model = standin.MODELS[0]
    assert standin.answers(model, 300) == standin.answers(model, 300)


def test_the_models_come_out_in_their_order(evaluations: list[BoxEvaluation]) -> None:
    scores = [evaluation.report.score for evaluation in evaluations]
    assert all(score is not None for score in scores)
    assert scores == sorted(scores, reverse=True)  # type: ignore[type-var]
    for evaluation in evaluations:
        report = evaluation.report
        assert report.present == 1
        assert 0 < sum(report.invalid.values()) < 0.2 * IMAGES
        low, high = report.intervals["overall"] or (0, 0)
        assert low < (report.score or 0) < high


def test_the_reasoning_is_measured(evaluations: list[BoxEvaluation]) -> None:
    shares = [evaluation.report.reasoning.share for evaluation in evaluations]
    assert shares[0] == pytest.approx(0.995, abs=0.01)
    assert shares[2:] == [0, 0, 0]
    assert evaluations[0].report.reasoning.mean > 100

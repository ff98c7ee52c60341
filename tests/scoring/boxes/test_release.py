from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scoring import definition
from scoring.boxes.evaluate import carry, evaluate, score
from scoring.boxes.likeness import likeness
from scoring.boxes.marks import Marks
from scoring.boxes.release import BoxRelease
from scoring.boxes.transfer import BoxChanges
from scoring.definition import Definition
from scoring.errors import PredictionError, ReleaseError
from tests.scoring.boxes.shapes import Image, as_json, record, release_of

BOX, OTHER = (10, 20, 30, 40), (200, 200, 300, 300)
IMAGES = [
    Image("a/nut/1"),
    Image("a/nut/2", [BOX]),
    Image("b/tile/1", [BOX, OTHER], size=(700, 525)),
    Image("b/tile/2"),
]


@pytest.fixture
def release() -> BoxRelease:
    return release_of(IMAGES)


def test_a_release_comes_back_from_what_is_kept(release: BoxRelease) -> None:
    release = release.excluding(["a/nut/1"])
    again = BoxRelease.decode(release.encode())
    assert again.digest == release.digest
    assert again.definition == release.definition
    assert [again.ids, again.categories, again.labels, again.excluded] == [
        release.ids, release.categories, release.labels, release.excluded
    ]  # fmt: skip
    for name in ("source_datasets", "sizes", "canvases", "anomalous", "starts", "boxes"):
        assert np.array_equal(getattr(release, name), getattr(again, name))


def test_a_damaged_release_is_told(release: BoxRelease) -> None:
    with pytest.raises(ReleaseError, match="damaged-release"):
        BoxRelease.decode(release.encode()[:-1])


def test_the_digest_knows_the_truth_and_not_the_order(release: BoxRelease) -> None:
    assert release_of(IMAGES[::-1]).digest == release.digest
    turned = IMAGES[2]._replace(boxes=[OTHER, BOX])
    assert release_of([*IMAGES[:2], turned, IMAGES[3]]).digest == release.digest
    changes: Iterator[Image] = iter(
        [
            IMAGES[2]._replace(boxes=[BOX]),
            IMAGES[2]._replace(path="b/tile/3"),
            IMAGES[2]._replace(size=(525, 700)),
        ]
    )
    for changed in changes:
        assert release_of([*IMAGES[:2], changed, IMAGES[3]]).digest != release.digest
    assert release.excluding(["a/nut/1"]).digest != release.digest
    later = replace(release.definition, present_minimum=0.5)
    assert release.under(later).digest != release.digest


def test_public_questions_say_nothing_of_the_truth(release: BoxRelease) -> None:
    first, second, *_ = release.public_questions()
    differing = {key for key in first if first[key] != second[key]}
    assert differing == {"question_id", "image"}
    assert first == {
        "question_id": "a/nut/1",
        "image": "a/nut/1",
        "source_dataset": "a",
        "subtask": "detection",
        "kind": "nut",
        "text": "Is there any anomaly in this image? If so, where? Give a box for each.",
        "options": {},
        "is_excluded": False,
    }


def test_another_definition_may_order_source_datasets_anew(release: BoxRelease) -> None:
    again = release.under(replace(release.definition, source_datasets=("b", "c", "a")))
    assert [again.definition.source_datasets[at] for at in again.source_datasets] == ["a", "a", "b", "b"]
    assert release.under(again.definition) is again
    assert release.under(release.definition) is release
    with pytest.raises(ReleaseError, match="wrong-definition"):
        release.under(replace(release.definition, source_datasets=("a",)))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"average_over": ["source_dataset"]}, "average_over"),
        ({"lower_is_better": True}, "lower_is_better"),
        ({"kind": "masks"}, "kind"),
        (
            {
                "subtasks": [
                    {
                        "slug": "detection",
                        "name": "D",
                        "short_name": "D",
                        "metric": "accuracy",
                        "raw_types": ["d"],
                    }
                ]
            },
            "subtasks",
        ),
    ],
)
def test_the_rules_of_boxes_cannot_contradict_themselves(changes: dict[str, Any], key: str) -> None:
    body = definition.load("mmr-ad").to_dict()
    assert Definition.from_dict(body) == definition.load("mmr-ad")
    with pytest.raises(ReleaseError) as caught:
        Definition.from_dict(body | changes)
    assert caught.value.problems[0].field == key


def answers(images: list[Image], **boxes: Any) -> bytes:
    return as_json(
        [record(image.path, boxes.get(image.path.replace("/", "_"), image.boxes)) for image in images]
    )


def test_answers_are_carried_to_a_later_release(release: BoxRelease) -> None:
    later = release_of([IMAGES[3], IMAGES[2]._replace(boxes=[BOX]), IMAGES[1], IMAGES[0]])
    sheet = evaluate(answers(IMAGES), release).sheet
    carried = carry(sheet, release, later)
    assert (
        score(carried.sheet, later, carried.scored).report.figures()
        == evaluate(answers(IMAGES), later).report.figures()
    )


def test_what_was_said_of_an_image_of_another_size_answers_nothing(release: BoxRelease) -> None:
    sheet = evaluate(answers(IMAGES), release).sheet
    later = release_of(
        [*IMAGES[:2], IMAGES[2]._replace(size=(525, 700)), Image("b/tile/9")], present_minimum=0.5
    )
    assert carry(sheet, release, later).sheet.present.tolist() == [True, True, False, False]
    with pytest.raises(PredictionError, match="too-few-records"):
        carry(sheet, release, release_of(later_images()))


def later_images() -> list[Image]:
    return [*IMAGES[:2], IMAGES[2]._replace(size=(525, 700)), Image("b/tile/9")]


def test_changes_are_counted_by_subtask(release: BoxRelease) -> None:
    later = release_of([
        Image("a/nut/1", [BOX]),
        IMAGES[1]._replace(boxes=[OTHER]),
        IMAGES[2]._replace(size=(525, 700)),
        Image("b/tile/9"),
    ])  # fmt: skip
    assert BoxChanges.between(release, later.excluding(["b/tile/9"])).to_dict() == {
        "added": {"detection": 1, "localization": 1},
        "removed": {"detection": 1, "localization": 1},
        "reworded": {"detection": 1, "localization": 1},
        "answers_changed": {"detection": 1, "localization": 2},
        "excluded": {},
        "readmitted": {},
    }
    assert BoxChanges.between(release, release.excluding(["a/nut/1"])).to_dict()["excluded"] == {
        "detection": 1, "localization": 1
    }  # fmt: skip


def test_outcomes_come_back_from_what_is_kept(release: BoxRelease) -> None:
    outcomes = evaluate(answers(IMAGES, a_nut_1=[OTHER]), release).outcomes
    marks = Marks.decode(outcomes, release.size)
    assert marks.right.tolist() == [False, True, True, True]
    assert [marks.predicted.tolist(), marks.right_10.tolist(), marks.right_50.tolist()] == [
        [1, 1, 2, 0], [0, 1, 2, 0], [0, 1, 2, 0]
    ]  # fmt: skip
    for data, size in ((outcomes, 5), (outcomes[:-1], 4), (b"x", 4)):
        with pytest.raises(ValueError, match="outcomes"):
            Marks.decode(data, size)


def test_likeness_is_of_verdicts_and_boxes(release: BoxRelease) -> None:
    one = evaluate(answers(IMAGES), release).sheet
    other = evaluate(answers(IMAGES, a_nut_1=[BOX], a_nut_2=[OTHER]), release).sheet
    assert (likeness(one, one, release).same, likeness(one, one, release).same_wrong) == (1, 1)
    found = likeness(one, other, release)
    assert (found.same, found.same_wrong, found.both_wrong) == (0.5, 0.5, 2)

import json
from typing import Any

import pytest

from scoring.benchmarks.mmad import importer
from scoring.definition import Definition
from scoring.errors import ReleaseError
from scoring.evaluate import evaluate
from scoring.release import Release
from tests.scoring.answer_files import as_csv, plain_rows, problems_of


def test_a_release_survives_the_truth_store(release: Release) -> None:
    again = Release.decode(release.encode())
    assert again.digest == release.digest
    assert list(again.public_questions()) == list(release.public_questions())
    assert again.truth.tolist() == release.truth.tolist()


def test_the_digest_is_the_content_s(release: Release, small_body: dict[str, Any], mmad: Definition) -> None:
    backwards = dict(reversed(small_body.items()))
    assert importer.read(json.dumps(backwards, indent=1).encode(), mmad).digest == release.digest
    changed = json.loads(json.dumps(small_body))
    first = next(iter(changed.values()))["conversation"][0]
    first["Answer"] = "A" if first["Answer"] == "B" else "B"
    assert importer.read(json.dumps(changed).encode(), mmad).digest != release.digest


@pytest.mark.parametrize("damage", [b"", b"VERNIER", b"x" * 100])
def test_damage_is_seen(damage: bytes) -> None:
    with pytest.raises(ReleaseError, match="damaged-release"):
        Release.decode(damage)


def test_a_flipped_bit_is_seen(release: Release) -> None:
    data = bytearray(release.encode())
    data[-20] ^= 1
    with pytest.raises(ReleaseError, match="damaged-release"):
        Release.decode(bytes(data))


def test_public_questions_hold_no_truth(release: Release) -> None:
    question = next(release.public_questions())
    assert set(question) == {
        "question_id",
        "image",
        "source_dataset",
        "subtask",
        "kind",
        "text",
        "options",
        "is_excluded",
    }


def test_the_printed_form_holds_no_truth(release: Release) -> None:
    assert repr(release) == f"<Release of mmad, {release.size} questions>"


def test_folded_images_belong_to_their_dataset(release: Release) -> None:
    folded = [at for at, image in enumerate(release.images) if image.startswith("MVTec-AD/")]
    assert folded
    assert {release.definition.source_datasets[release.source_datasets[at]] for at in folded} == {"DS-MVTec"}


def test_a_later_definition_scores_the_same_questions(release: Release, mmad: Definition) -> None:
    data = as_csv(plain_rows(release)[: release.size // 2])
    assert problems_of(data, release) == [("too-few-records", None)]
    later = Definition.from_dict(mmad.to_dict() | {"present_minimum": 0.1})
    assert evaluate(data, release, definition=later).report.score is not None
    assert release.under(later) is release.under(Definition.from_dict(later.to_dict()))
    assert release.under(mmad) is release


def test_the_order_of_a_later_definition_counts(release: Release, mmad: Definition) -> None:
    body = mmad.to_dict()
    turned = {name: list(reversed(body[name])) for name in ("subtasks", "source_datasets")}
    later = Definition.from_dict(body | turned)
    data = as_csv(plain_rows(release))
    found, expected = evaluate(data, release, definition=later), evaluate(data, release)
    assert found.outcomes == expected.outcomes
    assert found.report.score == pytest.approx(expected.report.score)
    assert release.under(later).digest == release.digest


@pytest.mark.parametrize("changes", ["subtasks", "source_datasets", "normal_component", "slug"])
def test_a_definition_by_which_questions_are_others_is_refused(
    release: Release, mmad: Definition, changes: str
) -> None:
    body = mmad.to_dict()
    first, second, *others = body["subtasks"]
    change: dict[str, Any] = {
        "subtasks": [
            first | {"raw_types": second["raw_types"], "aliases": {}, "rewordings": {}},
            second | {"raw_types": first["raw_types"], "aliases": {}, "rewordings": {}},
            *others,
        ],
        "source_datasets": [*body["source_datasets"][1:], "Other"],
        "normal_component": "fine",
        "slug": [first | {"slug": "renamed"}, second, *others],
    }
    name = "subtasks" if changes == "slug" else changes
    later = body | {name: change[changes]} | ({"folds": {}} if changes == "source_datasets" else {})
    with pytest.raises(ReleaseError) as caught:
        release.under(Definition.from_dict(later))
    assert caught.value.counts == {"wrong-definition": 1}


def test_entries_are_ranked_by_what_has_any_questions(release: Release) -> None:
    rules = release.definition
    assert sorted(release.columns) == sorted(["overall", *rules.subtask_slugs, *rules.source_datasets])

import json
from typing import Any

import pytest

from scoring.benchmarks.mmad import importer
from scoring.definition import Definition
from scoring.errors import ReleaseError
from scoring.release import Release


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
    }


def test_the_printed_form_holds_no_truth(release: Release) -> None:
    assert repr(release) == f"<Release of mmad, {release.size} questions>"


def test_folded_images_belong_to_their_dataset(release: Release) -> None:
    folded = [at for at, image in enumerate(release.images) if image.startswith("MVTec-AD/")]
    assert folded
    assert {release.definition.source_datasets[release.source_datasets[at]] for at in folded} == {"DS-MVTec"}

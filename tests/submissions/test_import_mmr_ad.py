"""MMR-AD's annotations become a benchmark of boxes by one command."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from scoring.boxes import standin
from submissions import releases, storage, truths
from submissions.models import Benchmark, ImageTemplates, Question, Release
from tests import material
from tests.scoring.boxes.test_importer import boxes, write

pytestmark = pytest.mark.django_db


def imported(folder: Path, *options: str) -> tuple[str, str]:
    """What the command prints: the digest, and what it says of it."""
    digest, said = StringIO(), StringIO()
    call_command("import_mmr_ad", str(folder), *options, stdout=digest, stderr=said)
    return digest.getvalue().strip(), said.getvalue()


def test_importing_opens_the_benchmark(tmp_path: Path) -> None:
    digest, said = imported(write(tmp_path), "--daily-limit", "3", "--summary", "Boxes.")
    benchmark = Benchmark.objects.with_release().get(slug="mmr-ad")
    assert benchmark.takes_submissions
    assert benchmark.current_release is not None
    assert benchmark.current_release.digest == digest
    assert (benchmark.name, benchmark.summary, benchmark.rules.kind) == ("MMR-AD", "Boxes.", "boxes")
    assert (benchmark.disclosure, benchmark.daily_limit, benchmark.total_limit) == ("cells", 3, 200)
    first = Question.objects.get(position=0)
    assert (first.question_id, first.kind) == ("mvtec/nut/test/bent/000.png", "nut")
    assert ImageTemplates.objects.get(image="mvtec/nut/test/bent/000.png").similar == [
        "mvtec/nut/train/good/007.png",
        "mvtec/nut/train/good/008.png",
    ]
    assert said.splitlines() == [
        "mmr-ad: 5 images, 2 categories, 2 source datasets; new",
        "published records left out: 1 (reference.json does not name their images, so they are for training)",
        "Some images’ sizes are not known, so answers in the frame pixels are rejected: images.csv can give them.",
    ]


def test_the_stand_in_is_imported_as_the_real_files_are(tmp_path: Path) -> None:
    standin.write(tmp_path / "made-up", 400)
    _digest, said = imported(tmp_path / "made-up")
    (line,) = said.splitlines()
    assert line.endswith("188 categories, 14 source datasets; new")


def test_the_same_folder_again_changes_nothing(tmp_path: Path) -> None:
    digest, _said = imported(write(tmp_path))
    before = Benchmark.objects.values().get()
    again, said = imported(tmp_path)
    assert again == digest
    assert "nothing changed" in said
    assert Benchmark.objects.values().get() == before
    assert Release.objects.count() == 1
    assert imported(tmp_path, "--daily-limit", "9")[1].splitlines()[1] == "set at once: daily limit: 5 -> 9"


def test_a_lost_truth_is_put_back_by_importing_again(tmp_path: Path) -> None:
    digest, _said = imported(write(tmp_path))
    storage.truth().delete(truths.key(digest))
    imported(tmp_path)
    assert truths.decoded(digest).digest == digest


def test_other_annotations_make_a_draft(tmp_path: Path) -> None:
    first, _said = imported(write(tmp_path / "first"))
    moved = boxes({"bbox_2d": [1, 2, 300, 400], "label": "bent lead"})
    other, said = imported(write(tmp_path / "second", nut=moved))
    benchmark = Benchmark.objects.with_release().select_related("draft_release").get()
    assert benchmark.current_release is not None
    assert benchmark.draft_release is not None
    assert (benchmark.current_release.digest, benchmark.draft_release.digest) == (first, other)
    assert releases.Outcome.DRAFT in said
    changed = {kind: by for kind, by in benchmark.draft_release.changes.items() if by}
    assert changed == {"answers_changed": {"localization": 1}}


def test_a_folder_at_fault_is_refused_with_file_and_record_and_without_its_boxes(tmp_path: Path) -> None:
    flawed = boxes({"bbox_2d": [123, 124, 125, 126], "label": "secret"}, {"bbox_2d": [123, 124, 125]})
    with pytest.raises(CommandError) as caught:
        imported(write(tmp_path, nut=flawed))
    said = str(caught.value)
    assert "mvtec/nut/bbox_annos.json: bent-000.png: box 2 has not four numbers" in said
    assert "nothing was changed" in said
    assert not any(words in said for words in ("123", "126", "secret"))
    assert not Benchmark.objects.exists()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no annotations"),
        ({"mvtec/nut/bbox_annos.json": "{"}, r"mvtec/nut/bbox_annos.json, line 1: This cannot be read"),
        (
            {"mvtec/nut/reference.json": "[]"},
            r"mvtec/nut/reference.json: This cannot be read: this is not an object",
        ),
    ],
)
def test_what_is_no_folder_of_annotations_is_said(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(CommandError, match=said):
        imported(tmp_path)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing cannot be read: No such file"):
        imported(tmp_path / "missing")
    (tmp_path / "file").write_text(json.dumps([]))
    with pytest.raises(CommandError, match=r"file cannot be read: Not a directory"):
        imported(tmp_path / "file")


def test_a_benchmark_of_letters_takes_no_boxes_and_the_other_way_round(tmp_path: Path) -> None:
    material.benchmark()
    before = Benchmark.objects.values().get()
    write(tmp_path / "boxes")
    with pytest.raises(
        CommandError, match="mmad is a benchmark of options, and this release is one of boxes"
    ):
        imported(tmp_path / "boxes", "--slug", "mmad")
    assert Benchmark.objects.values().get() == before
    assert Release.objects.count() == 1
    imported(tmp_path / "boxes")
    (tmp_path / "mmad.json").write_text(json.dumps(material.questions()))
    with pytest.raises(
        CommandError, match="mmr-ad is a benchmark of boxes, and this release is one of options"
    ):
        call_command("import_mmad", str(tmp_path / "mmad.json"), "--slug", "mmr-ad")


def test_a_limit_below_nothing_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no number of submissions"):
        imported(write(tmp_path), "--total-limit=-1")

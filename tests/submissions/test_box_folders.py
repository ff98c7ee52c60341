"""Benchmarks of images with boxes from data alone: checked, loaded, sent to and loaded again."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scoring.boxes.release import BoxRelease
from scoring.folder.reader import read
from submissions import evaluation, intake, truths
from submissions.models import Benchmark, Figure, Release, Report, Submission
from tests import material
from tests.folders import PARTS, TOML, colours, parts, write
from tests.material import NOON

pytestmark = pytest.mark.django_db


def run(command: str, folder: Path) -> str:
    """What the command prints on both streams."""
    both = io.StringIO()
    call_command(command, str(folder), stdout=both, stderr=both)
    return both.getvalue()


def made(folder: Path, *changes: tuple[int, dict[str, Any]], toml: str = PARTS) -> Path:
    return write(folder, toml, questions_csv=parts(*changes))


def sent(benchmark: Benchmark, answers: bytes, frame: str = "") -> Submission:
    """A submission in this frame after the worker has run."""
    offer = intake.Offer(
        benchmark=benchmark,
        team=material.team("home", material.person("owner@example.org")),
        entry_name="model",
        answers=io.BytesIO(answers),
        visibility=Submission.Visibility.PUBLIC,
        frame=frame,
    )
    submission = intake.accept(offer, now=NOON).submission
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    return submission


def guide(name: str) -> str:
    """The block of the guide's part on boxes that begins so."""
    part = Path("docs/benchmarks.md").read_text().partition("\n## Images with boxes\n")[2]
    blocks = [
        "".join(line.removeprefix("    ") for line in block.strip("\n").splitlines(keepends=True)) + "\n"
        for block in re.findall(r"(?:^(?:    .*)?\n)+", part, re.MULTILINE)
    ]
    (found,) = [block for block in blocks if block.startswith(name)]
    return found


def guided(folder: Path) -> Path:
    for name, beginning in {
        "benchmark.toml": "kind = ",
        "questions.csv": "image,category",
        "truth.csv": "image,anomalous",
    }.items():
        (folder / name).write_text(guide(beginning))
    return folder


def test_the_guide_opens_a_benchmark_as_it_stands_and_its_figures_are_those_worked_by_hand(
    tmp_path: Path,
) -> None:
    assert run("load_benchmark", guided(tmp_path)).splitlines()[1] == "our-flaws: 4 images, new"
    benchmark = Benchmark.objects.with_release().get(slug="our-flaws")
    submission = sent(benchmark, guide('{"image"').encode(), "pixels")
    assert submission.score == pytest.approx(700 / 12)
    further = {
        "detection/recall": 100,
        "detection/precision": 75,  # 1/2 and 1
        "detection/balanced-accuracy": 75,
        "localization/recall": 75,  # 1 and 1/2
        "localization/precision": 50,
        "localization/accuracy-50": pytest.approx(500 / 12),  # both right boxes overlap by just a half
        "localization/recall-50": 75,
        "localization/precision-50": 50,
    }
    assert dict(Figure.objects.values_list("column", "score")) == further | {
        "overall": pytest.approx(700 / 12),
        "all": pytest.approx(700 / 12),
        "detection": 75,
        "all/detection": 75,
        "localization": pytest.approx(500 / 12),  # 1/2 and 1/3
        "all/localization": pytest.approx(500 / 12),
    }
    body = Report.objects.get().body
    assert body["further"] == further
    assert (body["kind"], body["frame"], body["boxes"]["0.1"]) == (
        "boxes",
        "pixels",
        {"right": 2, "false": 2, "missed": 1},
    )


def shrunk(line: str, factor: float) -> str:
    """With every box times the factor."""
    return re.sub(
        r"\[(\d+), (\d+), (\d+), (\d+)\]",
        lambda found: str([int(edge) * factor for edge in found.groups()]),
        line,
    )


def test_the_same_answers_in_another_frame_have_the_same_score(tmp_path: Path) -> None:
    run("load_benchmark", guided(tmp_path))
    lines = guide('{"image"').splitlines()
    scaled = [shrunk(line, 448 / (500 if "valve" in line else 600)) for line in lines]
    submission = sent(Benchmark.objects.with_release().get(slug="our-flaws"), "\n".join(scaled).encode())
    assert submission.frame == "short-edge-448"
    assert submission.score == pytest.approx(700 / 12)


def test_what_would_happen_is_said_and_does_not(tmp_path: Path) -> None:
    rows = [row | {"colour": "x"} for row in parts()]
    said = run("check_benchmark", write(tmp_path, PARTS, questions_csv=rows))
    assert "Parts (parts): 4 images in 2 categories" in said
    assert (
        "anomalous: 3 images (1 of them without a box: they count for detection alone); not anomalous: 1; 2 boxes"
        in said
    )
    assert "sizes in pixels: known of all images, so answers may be in any frame" in said
    assert "source dataset all: 4 images in 2 categories\n" in said
    assert "overall: the mean of detection and localization, each the mean over categories" in said
    assert "nothing is read from: colour" in said
    assert "open it as a new benchmark" in said
    assert not Benchmark.objects.exists()


def test_images_without_sizes_and_categories_without_boxes_are_told(tmp_path: Path) -> None:
    resized = {"width": "", "height": "", "resized_width": "448", "resized_height": "448"}
    rows = parts((2, {"boxes": ""}), (3, resized))
    rows = [{"resized_width": "", "resized_height": "", **row} for row in rows]
    toml = f'{PARTS}[boxes]\nframe = "short-edge-448"\n'
    said = run("check_benchmark", write(tmp_path, toml, questions_csv=rows))
    assert "sizes in pixels: known of 3 images, so answers in the frame pixels are refused" in said
    assert "4 images in 2 categories, 1 of them without any box: localization leaves these out" in said


def test_the_same_folder_again_changes_nothing_and_new_texts_are_taken_over(tmp_path: Path) -> None:
    first = run("load_benchmark", made(tmp_path))
    assert "parts: 4 images, new" in first
    assert "parts: 4 images, known already, nothing changed" in run("load_benchmark", tmp_path)
    made(tmp_path, toml=f"{PARTS}[[subtasks]]\nslug = 'localization'\nname = 'Where'\n")
    assert "it would take over the texts of its rules at once" in run("check_benchmark", tmp_path)
    assert "its texts are new" in run("load_benchmark", tmp_path)
    benchmark = Benchmark.objects.with_release().get(slug="parts")
    assert [subtask.name for subtask in benchmark.rules.subtasks] == ["Detection", "Where"]
    assert Release.objects.count() == 1


def test_a_changed_box_is_a_draft(tmp_path: Path) -> None:
    run("load_benchmark", made(tmp_path))
    made(tmp_path, (0, {"boxes": "[[100, 100, 300, 201]]"}))
    assert "would make a draft of parts: 1 answers changed" in run("check_benchmark", tmp_path)
    assert Benchmark.objects.get().draft_release is None
    assert "a draft" in run("load_benchmark", tmp_path)
    draft = Benchmark.objects.get().draft_release
    assert draft is not None
    content = truths.decoded(draft.digest)
    assert isinstance(content, BoxRelease)
    assert content.boxes[0][3] == pytest.approx(201 * 448 / 500)


def test_a_slug_of_another_kind_is_refused(tmp_path: Path) -> None:
    run("load_benchmark", write(tmp_path / "letters", TOML, questions_csv=colours()))
    folder = made(tmp_path / "boxes", toml=PARTS.replace("parts", "colours"))
    for command in ("check_benchmark", "load_benchmark"):
        with pytest.raises(CommandError, match="colours"):
            run(command, folder)
    assert Benchmark.objects.get().rules.kind == "options"


def test_every_fault_is_told_with_its_file_and_line_and_no_box(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        run("load_benchmark", made(tmp_path, (2, {"boxes": "[[123, 124, 125]]"})))
    assert (
        "questions.csv, line 4: The boxes of “cable/1.png”: box 1 has not four numbers. "
        "Correct them (they are not shown here)."
    ) in str(caught.value)
    assert "123" not in str(caught.value)
    for change in ({"width": "x"}, {"width": "", "height": ""}, {"anomalous": "x"}, {"category": ""}):
        with pytest.raises(CommandError) as caught:
            run("check_benchmark", made(tmp_path, (2, change)))
        assert "questions.csv, line 4: “" in str(caught.value)
    assert not Benchmark.objects.exists()


def test_limits_and_disclosure_are_the_folder_s(tmp_path: Path) -> None:
    toml = f'{PARTS}disclosure = "overall"\n[limits]\ndaily = 3\n'
    digest = read(made(tmp_path, toml=toml)).content.digest
    run("load_benchmark", tmp_path)
    benchmark = Benchmark.objects.with_release().get(slug="parts")
    assert (benchmark.daily_limit, benchmark.disclosure) == (3, "overall")
    assert benchmark.current_release is not None
    assert benchmark.current_release.digest == digest

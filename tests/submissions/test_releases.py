"""A benchmark and its releases: scores of different releases never share a board."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from submissions import evaluation, outcomes, releases, storage, truths
from submissions.models import Benchmark, Figure, Question, Release, Submission
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db


@pytest.fixture
def mmad_json(tmp_path: Path) -> Path:
    path = tmp_path / "mmad.json"
    path.write_text(json.dumps(material.questions()))
    return path


def imported(path: Path, *options: str) -> str:
    """What the command prints on stdout: the digest alone."""
    said = StringIO()
    call_command("import_mmad", str(path), *options, stdout=said, stderr=StringIO())
    return said.getvalue().strip()


def test_importing_opens_the_benchmark_with_every_cell_disclosed(mmad_json: Path) -> None:
    digest = imported(mmad_json)
    benchmark = Benchmark.objects.get(slug="mmad")
    assert benchmark.takes_submissions
    assert benchmark.current_release is not None
    assert benchmark.current_release.digest == digest
    assert (benchmark.disclosure, benchmark.daily_limit, benchmark.total_limit) == ("cells", 5, 200)
    assert Question.objects.count() == len(material.truth(material.questions()))


def test_two_benchmarks_from_one_definition_have_names_of_their_own(client: Client, mmad_json: Path) -> None:
    imported(mmad_json)
    imported(mmad_json, "--slug", "mmad-2")
    imported(mmad_json, "--slug", "mmad-3", "--name", "MMAD, our own questions")
    imported(mmad_json, "--slug", "mmad-3", "--name", "only a new one is named")
    names = dict(Benchmark.objects.values_list("slug", "name"))
    assert names == {"mmad": "MMAD", "mmad-2": "MMAD (mmad-2)", "mmad-3": "MMAD, our own questions"}
    page = client.get("/").content.decode()
    assert all(f">{name}</a>" in page for name in names.values())


def test_a_benchmark_of_other_questions_does_not_claim_to_be_mmad(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "mmad.json"
    one = {"Question": "Q?", "Options": {"A": "x", "B": "y"}, "Answer": "A", "type": "Object Analysis"}
    path.write_text(json.dumps({"VisA/our own/good/1.png": {"conversation": [one, one]}}))
    imported(path, "--slug", "ours")
    said = client.get("/api/v1/benchmarks/ours/").json()
    assert [subtask["slug"] for subtask in said["subtasks"]] == ["object-analysis"]
    assert said["source_datasets"] == ["VisA"]
    assert said["rules"]["answers_public"] is None
    assert not {"paper", "questions"} & said["links"].keys()
    assert not said["notice"] + said["obtain"] + said["citation"]
    page = client.get("/benchmarks/ours/about/").content.decode()
    for words in (
        "2 questions",
        "1 image<",
        "1 subtask<",
        "1 source dataset<",
        "VisA/our own/good/1.png#0,A",
    ):
        assert words in page
    for words in ("39,672", "arxiv.org", "download MMAD", "DS-MVTec"):
        assert words not in page
        assert words not in client.get("/").content.decode()
    imported(path, "--slug", "ours", "--summary", "Our own questions on our own parts.")
    assert "Our own questions on our own parts." in client.get("/").content.decode()
    assert client.get("/api/v1/benchmarks/ours/").json()["summary"] == "Our own questions on our own parts."


@pytest.mark.parametrize(("option", "most"), [("--name", 200), ("--summary", 500)])
def test_a_text_without_room_on_the_site_is_refused_in_a_sentence(
    mmad_json: Path, option: str, most: int
) -> None:
    for text, found in (("x" * (most + 1), most + 1), ("a\x1bb", 3)):
        with pytest.raises(CommandError, match=f"has {found} characters. At most {most}"):
            imported(mmad_json, option, text)
    assert not Benchmark.objects.exists()


def test_the_same_file_again_changes_nothing(mmad_json: Path) -> None:
    digest = imported(mmad_json)
    before = Benchmark.objects.values().get()
    assert imported(mmad_json) == digest
    assert Benchmark.objects.values().get() == before
    assert Release.objects.count() == 1


def test_a_lost_truth_is_put_back_by_importing_again(mmad_json: Path) -> None:
    digest = imported(mmad_json)
    storage.truth().delete(truths.key(digest))
    imported(mmad_json)
    assert truths.decoded(digest).digest == digest


def test_a_later_release_leaves_what_the_organizer_has_set(mmad_json: Path) -> None:
    imported(mmad_json)
    Benchmark.objects.update(disclosure="overall", is_open=False, daily_limit=3)
    mmad_json.write_text(json.dumps(material.questions(seed=8)))
    imported(mmad_json)
    benchmark = Benchmark.objects.get()
    assert (benchmark.disclosure, benchmark.is_open, benchmark.daily_limit) == ("overall", False, 3)


def test_the_board_shows_the_current_release_alone() -> None:
    benchmark, team = material.benchmark(seed=7), material.team("a")
    file = material.answers(seed=3)
    first = material.scored(benchmark, team, file=file, public=True)
    assert Figure.objects.filter(shown=True, rank=1).exists()
    benchmark = material.next_release(seed=8)
    assert not Figure.objects.filter(shown=True).exists()
    again = material.scored(benchmark, team, file=file, public=True)
    assert again != first, "the same file may be scored on the new release"
    shown = Figure.objects.get(shown=True, column="overall")
    assert (shown.submission, shown.rank) == (again, 1)
    material.next_release(seed=7)
    assert Figure.objects.get(shown=True, column="overall").submission == first


def test_a_release_that_is_replaced_while_a_file_is_scored_does_not_get_its_score(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    submission = material.submitted(material.benchmark(seed=7), material.team("a"), public=True)
    keep = outcomes.keep

    def replaced(*args: Any) -> None:
        material.next_release(seed=8)
        keep(*args)

    monkeypatch.setattr(outcomes, "keep", replaced)
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert (submission.status, submission.attempts) == (Submission.Status.QUEUED, 0)
    monkeypatch.undo()
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert submission.status == Submission.Status.SCORED
    assert submission.release == Benchmark.objects.get().current_release


@pytest.mark.parametrize("slug", ["a b/c", "", "x" * 51, "ü"])
def test_a_slug_that_no_address_can_hold_is_refused(mmad_json: Path, slug: str) -> None:
    with pytest.raises(CommandError, match="short name"):
        imported(mmad_json, "--slug", slug)
    assert not Benchmark.objects.exists()


def test_made_up_and_real_data_never_share_a_board() -> None:
    releases.publish(material.content(), slug="standin", is_standin=True)
    with pytest.raises(Refusal, check=lambda error: error.code == "stand-in-stays"):
        releases.publish(material.content(seed=9), slug="standin")


def test_a_limit_below_nothing_is_refused_in_a_sentence(mmad_json: Path) -> None:
    with pytest.raises(CommandError, match="no number of submissions"):
        imported(mmad_json, "--daily-limit=-1")


def test_a_malformed_file_is_refused_with_the_image_and_question_at_fault(mmad_json: Path) -> None:
    questions = material.questions()
    image = next(iter(questions))
    questions[image]["conversation"][1]["Answer"] = "Z"
    mmad_json.write_text(json.dumps(questions))
    with pytest.raises(CommandError) as caught:
        imported(mmad_json)
    assert f"{image}#1" in str(caught.value)
    assert not Benchmark.objects.exists()

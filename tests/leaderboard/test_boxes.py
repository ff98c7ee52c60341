"""What people and API clients see of a benchmark of boxes."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from submissions import evaluation, pairs, quoted
from submissions.models import Benchmark, Pair, Submission, Team, User
from submissions.quoted_file import Result
from tests import material
from tests.leaderboard import boxed
from tests.leaderboard.test_schema import held

pytestmark = pytest.mark.django_db
API = "/api/v1/benchmarks/mmr-ad/"
BOARD = "/benchmarks/mmr-ad/"
LEVELS = ["overall", "subtasks", "cells"]
DETECTION = ["recall", "precision", "balanced-accuracy"]
LOCALIZATION = ["recall", "precision", "accuracy-50", "recall-50", "precision-50"]


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    said: str = request.param
    return said


def scored(benchmark: Benchmark, name: str = "model", team: str = "a", **how: Any) -> Submission:
    whose = Team.objects.filter(slug=team).first() or material.team(team)
    return material.scored(benchmark, whose, name, file=boxed.answers(**how), public=True)


def text(client: Client, url: str, **query: str) -> str:
    answer: Any = client.get(url, query)
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    found: str = body.decode()
    return found


def row(client: Client, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = held(client.get(f"{API}leaderboard/", query), 200)["results"][0]
    return found


def test_a_row_groups_what_stands_beside_detection_and_localization(client: Client, level: str) -> None:
    scored(boxed.benchmark(level))
    found = row(client)
    shown = level != "overall"
    assert list(found["detection"]) == (DETECTION if shown else [])
    assert list(found["localization"]) == (LOCALIZATION if shown else [])
    assert list(found["subtasks"]) == (["detection", "localization"] if shown else [])
    assert "cells" not in found


def test_a_source_datasets_board_has_its_cells_where_they_are_disclosed(client: Client) -> None:
    benchmark = boxed.benchmark()
    scored(benchmark, wrong=[1])
    found = row(client, column="mvtec")
    assert found["cells"] == {
        "detection": pytest.approx(91.667, abs=0.001),
        "localization": pytest.approx(83.333, abs=0.001),
    }
    assert "mvtec/detection" in found["intervals"]
    Benchmark.objects.update(disclosure="subtasks")
    found = row(client, column="mvtec")
    assert "cells" not in found
    assert not [name for name in found["intervals"] if name.startswith("mvtec/")]


def test_the_csv_has_the_same_figures_under_their_names(client: Client) -> None:
    scored(boxed.benchmark())
    (line,) = csv.DictReader(io.StringIO(text(client, f"{API}leaderboard/", format="csv", column="visa")))
    assert float(line["localization/accuracy-50"]) == 100
    assert float(line["visa/localization"]) == 100
    assert "mvtec/localization" not in line
    assert line["detection/balanced-accuracy_low"]


def test_rows_of_a_board_of_options_have_no_further_keys(client: Client) -> None:
    material.scored(material.benchmark(), material.team("a"), public=True)
    found = client.get("/api/v1/benchmarks/mmad/leaderboard/?column=GoodsAD").json()["results"][0]
    assert not {"localization", "cells"} & set(found)
    assert list(found["detection"]) == ["recall", "precision", "f1", "overkill", "miss"]
    assert ",localization" not in text(client, "/api/v1/benchmarks/mmad/leaderboard/", format="csv")


@pytest.mark.parametrize(
    ("column", "heads"),
    [
        ("overall", ["Detection", "Localization"]),
        ("detection", ["Recall", "Precision", "Balanced"]),
        ("localization", ["Recall", "Precision", "at IoU 0.5", "Recall at 0.5", "Precision at 0.5"]),
        ("mvtec", ["Detection", "Localization"]),
    ],
)
def test_a_board_shows_what_belongs_to_its_column(client: Client, column: str, heads: list[str]) -> None:
    scored(boxed.benchmark())
    answer = client.get(BOARD, {"column": column})
    assert [str(link.text) for link in answer.context["columns"]] == heads
    assert "24 images" in answer.content.decode()


def test_a_board_shows_nothing_beside_the_score_where_that_alone_is_disclosed(client: Client) -> None:
    scored(boxed.benchmark("overall"))
    assert not client.get(BOARD).context["columns"]


QUOTED = Result("Quoted-7B", "a paper", {"mvtec/detection": 88.8, "mvtec/localization": 66.3})


def test_a_quoted_result_with_cells_alone_stands_on_its_source_datasets_board(client: Client) -> None:
    scored(boxed.benchmark())
    for expected in (1, 0):
        assert quoted.load("mmr-ad", [QUOTED]).new == expected
    by_source = held(client.get(f"{API}leaderboard/", {"column": "mvtec"}), 200)["results"]
    assert [each["kind"] for each in by_source] == ["scored", "quoted"]
    assert by_source[1]["score"] is None
    assert by_source[1]["cells"] == {"detection": 88.8, "localization": 66.3}
    assert "66.3" in text(client, BOARD, column="mvtec")
    assert len(held(client.get(f"{API}leaderboard/", {"column": "visa"}), 200)["results"]) == 1
    assert len(held(client.get(f"{API}leaderboard/"), 200)["results"]) == 2


SENTENCE = "What is quoted gives a single source dataset alone:"
LINKED = f'{SENTENCE} <a href="{BOARD}?column=mvtec">mvtec</a>.'


@pytest.mark.parametrize(
    ("column", "expected"), [("overall", 1), ("detection", 1), ("visa", 1), ("mvtec", 0)]
)
def test_a_board_of_dashes_says_where_quoted_figures_are(client: Client, column: str, expected: int) -> None:
    quoted.load("mmr-ad", [QUOTED])
    assert text(client, BOARD, column=column).count(LINKED) == expected


def test_a_board_with_a_figure_sends_nobody_elsewhere(client: Client) -> None:
    quoted.load("mmr-ad", [QUOTED])
    quoted.load("mmr-ad", [Result("Whole-7B", "a paper", {"localization": 66.3})])
    for column in ("overall", "detection", "localization"):
        assert SENTENCE not in text(client, BOARD, column=column)
    scored(boxed.benchmark())
    assert SENTENCE not in text(client, BOARD)


def test_figures_that_are_not_disclosed_are_not_pointed_at(client: Client) -> None:
    quoted.load("mmr-ad", [QUOTED])
    Benchmark.objects.update(disclosure="subtasks")
    assert SENTENCE not in text(client, BOARD)


def test_without_a_release_nobody_is_sent_to_its_images(client: Client) -> None:
    quoted.load("mmr-ad", [QUOTED])
    about = text(client, f"{BOARD}about/")
    assert "import_mmr_ad" in about
    assert 'href="https://xcyao00.github.io/MMR-AD"' in about
    assert "has still to import the images’ paths" in about
    assert f"{API}questions/" not in about
    assert "mvtec/image.png&quot;" in about or '"mvtec/image.png"' in about
    assert "#0" not in about


def test_a_report_leaves_out_what_is_not_disclosed(client: Client, level: str) -> None:
    sent = scored(boxed.benchmark(level), wrong=[0, 1])
    found = held(client.get(f"/api/v1/submissions/{sent.pk}/report/"), 200)
    assert found["kind"] == "boxes"
    assert found["invalid"] == {"no-answer-tag": 2}
    assert ("further" in found) == (level != "overall")
    for name in ("categories", "boxes", "further_by_dataset", "cells"):
        assert (name in found) == (level == "cells")
    held(client.get(f"/api/v1/entries/{sent.entry_id}/"), 200)


@pytest.mark.parametrize("page", ["submissions", "entries"])
def test_a_report_page_shows_what_is_disclosed_and_why_answers_failed(
    client: Client, level: str, page: str
) -> None:
    sent = scored(boxed.benchmark(level), wrong=[0, 1])
    found = text(client, f"/{page}/{sent.pk if page == 'submissions' else sent.entry_id}/")
    assert ("Localization by overlap" in found) == (level != "overall")
    assert ("Balanced accuracy" in found) == (level != "overall")
    assert ("Right boxes" in found) == (level == "cells")
    assert ("mvtec-first" in found) == (level == "cells")
    assert ("Said Yes, with boxes" in found) == (level != "overall")
    assert found.index("How answers were read") < found.index("Invalid answers") < found.index("No answer:")
    assert "2 of the file’s records" in found
    assert "Let the model end in &lt;answer&gt;" in found
    assert "Short edge 448 pixels long" in found
    assert "Measured, never scored." in found
    assert "Over all questions alike" not in found


def test_no_page_and_no_call_has_a_true_box(client: Client) -> None:
    benchmark = boxed.benchmark()
    sent = scored(benchmark)
    image = boxed.IMAGES[1].path
    pages = [
        BOARD,
        f"/submissions/{sent.pk}/",
        f"/entries/{sent.entry_id}/",
        f"{BOARD}questions/",
        f"{BOARD}questions/{image}/",
        f"{BOARD}about/",
        f"{BOARD}sample-answers.csv",
        f"{API}questions/",
        f"{API}prompts/",
        f"/api/v1/submissions/{sent.pk}/report/",
        f"/api/v1/entries/{sent.entry_id}/",
    ]
    for page in pages:
        found = text(client, page).replace(" ", "").replace(".0", "")
        assert "131,57,217,263" not in found, page


def test_images_are_called_so_where_questions_would_be(client: Client) -> None:
    boxed.benchmark()
    image = boxed.IMAGES[1].path
    listed = text(client, f"{BOARD}questions/")
    assert "Images of MMR-AD" in listed
    assert "mvtec-first" in listed
    assert 'name="subtask"' not in listed
    single = text(client, f"{BOARD}questions/{image}/")
    assert "Options" not in single
    assert "Which of them is right" not in single
    assert "Category" in single
    about = text(client, f"{BOARD}about/")
    assert "24 images" in about
    assert "question_id" not in about
    assert "short-edge-448" in about


def test_the_metrics_are_explained(client: Client) -> None:
    boxed.benchmark()
    found = held(client.get(API), 200)
    assert "0.1" in found["metrics"]["box_accuracy"]
    assert "images" in found["metrics"]["accuracy"]
    assert "overlap (intersection over union) with a true box is 0.1 or more" in text(
        client, f"{BOARD}about/"
    )
    assert [subtask["slug"] for subtask in found["subtasks"]] == ["detection", "localization"]
    assert 'id="boxes"' in text(client, "/how-to-read/")
    assert 'id="boxes"' in text(client, "/statistics/")


def test_a_benchmark_of_boxes_has_no_number_of_options(client: Client) -> None:
    boxed.benchmark()
    material.benchmark()
    for slug, least, most in (("mmr-ad", None, None), ("mmad", 2, 5)):
        rules = held(client.get(f"/api/v1/benchmarks/{slug}/"), 200)["rules"]
        assert (rules["options_minimum"], rules["options_maximum"]) == (least, most)


def test_two_entries_are_compared_by_image(client: Client) -> None:
    benchmark = boxed.benchmark()
    Benchmark.objects.update(holds_alike=False)
    entries = [scored(benchmark, "good").entry, scored(benchmark, "poor", found=boxed.FAR).entry]
    query = {"entries": ",".join(str(entry.pk) for entry in entries)}
    client.get(f"{BOARD}compare/", query)
    for pair_id in Pair.objects.due().values_list("pk", flat=True):
        pairs.compute(pair_id)
    found = text(client, f"{BOARD}compare/", **query)
    assert "Detection, image by image" in found
    assert "Question by question" not in found
    assert "Anomaly Localization" in found
    assert set(held(client.get(f"{API}compare/", query), 200)["pairs"][0]["subtasks"]) == {
        "detection",
        "localization",
    }


@pytest.fixture
def member(client: Client) -> Client:
    user = material.person("member@example.org")
    material.team("a", user)
    client.force_login(user)
    return client


def test_the_upload_form_asks_for_the_frame_and_the_submission_names_it(member: Client) -> None:
    boxed.benchmark()
    form = text(member, f"{BOARD}submit/")
    assert 'name="frame"' in form
    assert "data-boxes" in form
    assert "question_id" not in form
    file = SimpleUploadedFile("answers.json", boxed.answers(found=[300, 300, 400, 400]))
    sent = {"file": file, "entry": "mine", "team": "a", "visibility": "private", "frame": "0-1000"}
    unsaid = member.post(f"{BOARD}submit/", {**sent, "frame": ""})
    assert (unsaid.status_code, Submission.objects.count()) == (422, 0)
    assert "Say what the boxes of this file are measured in." in unsaid.content.decode()
    file.seek(0)
    answer = member.post(f"{BOARD}submit/", sent)
    submission = Submission.objects.get()
    assert (answer.status_code, submission.frame) == (303, "0-1000")
    evaluation.run(submission.pk)
    assert "0 to 1000 along each axis" in text(member, f"/submissions/{submission.pk}/")
    staff = Client()
    staff.force_login(User.objects.create_superuser("organizer@example.org", "correct horse battery"))
    desk = reverse("admin:submissions_submission_change", args=[submission.pk])
    assert "0 to 1000 along each axis" in text(staff, desk)


def test_a_form_for_options_asks_for_no_frame(member: Client) -> None:
    material.benchmark()
    form = text(member, "/benchmarks/mmad/submit/")
    assert 'name="frame"' not in form
    assert "data-boxes" not in form


def test_the_sample_file_is_taken_as_it_is(client: Client) -> None:
    benchmark = boxed.benchmark()
    sample = text(client, f"{BOARD}sample-answers.csv").encode()
    submission = material.scored(benchmark, material.team("a"), file=sample)
    assert (submission.status, submission.coverage) == ("scored", 1)


def test_a_rejected_file_is_told_what_was_expected(member: Client) -> None:
    benchmark = boxed.benchmark()
    few = json.dumps(boxed.records()[:3]).encode()
    submission = material.scored(benchmark, Team.objects.get(), file=few)
    found = text(member, f"/submissions/{submission.pk}/")
    assert submission.status == "rejected"
    assert found.count(f'{{"image": "{boxed.IMAGES[0].path}"') == 2
    assert "24 images" in found
    assert "question_id" not in found

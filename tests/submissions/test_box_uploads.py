"""A benchmark of boxes from the outside: what an upload says of its frame, and images that are excluded."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from scoring.boxes import importer
from submissions import askers, disputes, evaluation, questions, releases, rescoring
from submissions.models import Benchmark, DisputedQuestion, Figure, Report, Submission, Token, User
from submissions.models.dispute import About, Decision
from tests import material
from tests.scoring.boxes.shapes import Image, as_json, record, release_of
from tests.scoring.boxes.test_importer import write

pytestmark = pytest.mark.django_db

API = "/api/v1/benchmarks/mmr-ad/submissions/"
IMAGES = [
    Image("mvtec/nut/test/good/000.png"),
    Image("mvtec/nut/test/bent/000.png", [(10, 10, 50, 50)]),
    Image("mvtec/nut/test/bent/001.png", [(100, 100, 200, 200)]),
    Image("visa/candle/test/good/000.png"),
    Image("visa/candle/test/chip/000.png", [(0, 0, 40, 40)]),
]
WRONG = "mvtec/nut/test/bent/001.png"
RIGHT_BUT_ONE = as_json([record(image.path, [] if image.path == WRONG else image.boxes) for image in IMAGES])


@pytest.fixture
def benchmark() -> Benchmark:
    return published(IMAGES)


@pytest.fixture
def token(benchmark: Benchmark) -> str:
    return material.token(material.team("home"))


def published(images: list[Image]) -> Benchmark:
    releases.publish(release_of(images), slug="mmr-ad")
    return Benchmark.objects.with_release().get(slug="mmr-ad")


def send(token: str, *, key: str = "", url: str = API, file: bytes = RIGHT_BUT_ONE, **fields: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    upload = SimpleUploadedFile("answers.json", file)
    return Client().post(url, {"file": upload, "entry": "model", **fields}, headers=headers)


def ended(answer: Any, token: str) -> dict[str, Any]:
    """The submission's state once the worker has run."""
    assert answer.status_code == 202, answer.content
    state = answer.json()
    evaluation.run(state["id"])
    headers = {"Authorization": f"Bearer {token}"}
    found: dict[str, Any] = Client().get(state["links"]["self"], headers=headers).json()
    return found


def test_a_frame_that_nobody_knows_is_refused_with_those_that_are_known(token: str) -> None:
    answer = send(token, frame="inches")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("frame", "unknown-frame")
    assert error["detail"] == (
        "“inches” is no frame that boxes may stand in. Known are: short-edge-448, pixels, 0-1000."
    )
    assert not Submission.objects.exists()


def test_a_benchmark_of_letters_takes_no_frame() -> None:
    material.benchmark()
    answer = send(
        material.token(material.team("home")),
        url="/api/v1/benchmarks/mmad/submissions/",
        file=material.answers(),
        frame="0-1000",
    )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("frame", "frame-without-boxes")
    assert not Submission.objects.exists()


def test_the_first_frame_is_taken_where_none_is_said(token: str) -> None:
    first, again = send(token), send(token, frame="short-edge-448")
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["id"] == first.json()["id"]
    assert first.json()["frame"] == "short-edge-448"


def test_an_empty_frame_is_no_frame_left_out(token: str) -> None:
    """A script whose variable is not set is told so, before a try is spent."""
    answer = send(token, frame="")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (422, "frame")
    assert not Submission.objects.exists()


def test_the_same_file_in_another_frame_is_another_submission(token: str) -> None:
    states = [ended(send(token, frame=frame), token) for frame in ("short-edge-448", "pixels", "0-1000")]
    assert len({state["id"] for state in states}) == 3
    canvas, pixels, thousand = (state["score"] for state in states)
    assert canvas == pixels  # the images are as large as the canvas
    assert thousand < canvas


def test_another_frame_under_a_known_key_is_refused(token: str) -> None:
    first = send(token, key="run-1", frame="pixels")
    assert send(token, key="run-1", frame="pixels").json() == first.json()
    others: list[dict[str, Any]] = [{"frame": "0-1000"}, {}]
    for said in others:
        again = send(token, key="run-1", **said)
        assert (again.status_code, again.json()["code"]) == (422, "idempotency-key-reused")
    assert Submission.objects.count() == 1


def test_pixels_of_images_whose_sizes_are_not_known_are_rejected_with_the_way_out(tmp_path: Path) -> None:
    release = importer.read(write(tmp_path)).release
    releases.publish(release, slug="mmr-ad")
    token = material.token(material.team("home"))
    file = as_json([record(image, []) for image in release.ids])
    state = ended(send(token, file=file, frame="pixels"), token)
    assert state["status"] == "rejected"
    (error,) = state["errors"]
    assert error["code"] == "sizes-unknown"
    assert "The sizes of this benchmark’s images in pixels are not known" in error["detail"]
    assert "short-edge-448, 0-1000" in error["detail"]
    assert ended(send(token, file=file, frame="0-1000"), token)["status"] == "scored"


def test_who_may_not_send_is_not_told_of_frames(benchmark: Benchmark) -> None:
    read = material.token(material.team("home"), Token.Scope.READ)
    assert send(read, frame="inches").status_code == 403
    assert Client().post(API, {"frame": "inches"}).status_code == 401


def test_a_disputed_image_is_excluded_by_the_next_release_and_history_is_scored_again(
    benchmark: Benchmark, token: str, client: Client
) -> None:
    submission = Submission.objects.get(pk=ended(send(token, visibility="public"), token)["id"])
    before = Figure.objects.get(submission=submission, column="overall", shown=True).score
    question = questions.find(benchmark, WRONG, askers.NOBODY)
    assert question is not None
    person = material.person("p@example.org")
    disputes.dispute(
        question, about=About.ANSWER, reason="It is straight.", by=askers.for_user(person), now=material.NOON
    )
    organizer = User.objects.create_superuser("staff@example.org", "correct horse battery")
    disputes.rule(
        DisputedQuestion.objects.get(),
        decision=Decision.EXCLUDED,
        reply="Nobody can tell.",
        by=askers.for_user(organizer),
        now=material.NOON,
    )
    draft, outcome = releases.publish(release_of(IMAGES), slug="mmr-ad")
    assert outcome == releases.Outcome.DRAFT
    assert draft.excluded_count == 1
    assert draft.changes["excluded"] == {"detection": 1, "localization": 1}
    assert not any(by for kind, by in draft.changes.items() if kind != "excluded")
    while rescoring.take_turn(draft.pk, draft.rescoring_turn):
        draft.refresh_from_db()
    releases.make_current(draft, now=material.NOON)
    after = Figure.objects.get(submission=submission, column="overall", shown=True)
    assert before is not None
    assert before < 100 == after.score
    assert Report.objects.get(submission=submission, release=draft).score == 100
    assert DisputedQuestion.objects.get().release == draft
    page = client.get("/benchmarks/mmr-ad/releases/").content.decode()
    assert "Images no longer counted: Anomaly Detection 1, Anomaly Localization 1" in page
    assert "Nobody can tell." in client.get(question.get_absolute_url()).content.decode()
    marked = [json.loads(line) for line in _lines(client, "/api/v1/benchmarks/mmr-ad/prompts/")]
    assert [line["image"] for line in marked if line["is_excluded"]] == [WRONG]


def test_what_a_draft_of_boxes_changes_is_said_without_a_box(benchmark: Benchmark, client: Client) -> None:
    moved = Image(WRONG, [(321, 322, 400, 401)])
    others = [moved if image.path == WRONG else image for image in IMAGES[1:]]
    others.append(Image("visa/candle/test/good/001.png"))
    draft, _outcome = releases.publish(release_of(others), slug="mmr-ad")
    releases.make_current(draft, now=material.NOON)
    page = client.get("/benchmarks/mmr-ad/releases/").content.decode()
    assert "Images with another truth: Anomaly Localization 1" in page
    assert "Images added: Anomaly Detection 1, Anomaly Localization 1" in page
    assert "Images removed: Anomaly Detection 1, Anomaly Localization 1" in page
    assert "321" not in page


def _lines(client: Client, url: str) -> list[bytes]:
    response: Any = client.get(url)
    return b"".join(response.streaming_content).splitlines()

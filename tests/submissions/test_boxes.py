"""A benchmark of boxes through every part that scores, compares, ranks and tells."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from scoring.boxes.release import BoxRelease
from submissions import outcomes, pairs, releases, rescoring, sheets, storage, truths
from submissions.models import Benchmark, Figure, Pair, Release, Report, Submission, Team, User
from submissions.refusals import Refusal
from tests import boxes, material
from tests.scoring.boxes.shapes import as_json, record, release_of
from tests.truth_search import TruthSearch, unpacked

pytestmark = pytest.mark.django_db

BOARD = f"/api/v1/benchmarks/{boxes.SLUG}/leaderboard/"
WHAT_BENCHMARKS_OF_CELLS_TELL = {"cells", "categories", "further_by_dataset", "boxes"}


@pytest.fixture
def flaws() -> Benchmark:
    return boxes.benchmark()


def sent(benchmark: Benchmark, name: str, right: float, **offered: Any) -> Submission:
    team = Team.objects.filter(slug=offered.pop("team", "a")).first() or material.team("a")
    file = offered.pop("file", None) or boxes.answers(right, seed=sum(name.encode()))
    return material.scored(benchmark, team, name, file=file, public=True, **offered)


def told(submission: Submission, client: Client | None = None) -> Any:
    return (client or Client()).get(f"/api/v1/submissions/{submission.pk}/report/").json()


def test_a_file_of_boxes_is_scored_ranked_and_told(flaws: Benchmark) -> None:
    good, poor = sent(flaws, "good", 1.0), sent(flaws, "poor", 0.2)
    assert (good.status, good.score, good.coverage, good.frame) == ("scored", 100.0, 1.0, "short-edge-448")
    rows = Client().get(BOARD).json()["results"]
    assert [(row["entry"]["name"], row["rank"], row["rank_low"], row["rank_high"]) for row in rows] == [
        ("good", 1, 1, 1),
        ("poor", 2, 2, 2),
    ]
    assert rows[0]["subtasks"] == {"detection": 100.0, "localization": 100.0}
    report = told(poor)
    assert report["score"] == pytest.approx(
        (report["subtasks"]["detection"] + report["subtasks"]["localization"]) / 2
    )
    assert report["reasoning"]["share"] == 1.0
    assert len(report["categories"]) == 4
    columns = set(Figure.objects.filter(submission=poor).values_list("column", flat=True))
    assert {
        "overall",
        "detection",
        "localization",
        "mvtec",
        "visa/localization",
        "localization/recall-50",
    } <= columns


def test_boxes_of_another_frame_score_as_much(flaws: Benchmark) -> None:
    """Of an image ten times as high as wide, a thousandth of the height is 4.48 of the canvas."""
    records = []
    for image in boxes.images():
        scaled = [(x1 / 0.448, y1 / 4.48, x2 / 0.448, y2 / 4.48) for x1, y1, x2, y2 in image.boxes]
        records.append(record(image.path, scaled))
    submission = sent(flaws, "model", 1, file=as_json(records), frame="0-1000")
    assert (submission.score, submission.frame) == (100.0, "0-1000")
    other = sent(flaws, "model", 1, file=as_json(records))
    assert other.pk != submission.pk  # the same file, said to be in another frame, is another submission
    assert other.status == "rejected" or (other.score or 0) < 60


def test_history_is_scored_against_corrected_boxes_from_what_is_kept(flaws: Benchmark) -> None:
    submission = sent(flaws, "model", 1.0)
    storage.answers().delete(submission.answers_key)  # nothing is read twice
    draft, _outcome = releases.publish(release_of(boxes.images(changed=6)), slug=boxes.SLUG)
    assert draft.changes["answers_changed"] == {"localization": 6}
    while draft.rescoring:
        assert rescoring.take_turn(draft.pk, draft.rescoring_turn)
        draft.refresh_from_db()
    on_draft = Report.objects.get(submission=submission, release=draft)
    assert on_draft.fault == ""
    assert on_draft.body["subtasks"]["detection"] == 100.0
    assert on_draft.body["subtasks"]["localization"] < 100.0
    releases.make_current(draft, now=material.NOON)
    submission.refresh_from_db()
    assert submission.score == on_draft.score
    assert Client().get(BOARD).json()["results"][0]["score"] == on_draft.score


def _release(benchmark: Benchmark) -> Release:
    assert benchmark.current_release is not None
    return benchmark.current_release


def test_two_are_compared_image_by_image(flaws: Benchmark) -> None:
    good, poor = sent(flaws, "good", 1.0), sent(flaws, "poor", 0.2)
    (pair,) = pairs.ask(_release(flaws), [good.pk, poor.pk], now=material.NOON).values()
    pairs.compute(pair.pk)
    found = pairs.disclosed(Pair.objects.get(), good.pk, flaws)
    assert set(found.columns) == {"overall", "detection", "localization", "mvtec", "visa"}
    assert good.score is not None
    assert poor.score is not None
    assert found.columns["overall"].difference == pytest.approx(good.score - poor.score)
    assert found.columns["overall"].verdict == 1
    assert found.table is not None
    assert sum(found.table) == len(boxes.images())


def test_one_whose_outcomes_are_damaged_is_not_compared(flaws: Benchmark) -> None:
    good, poor = sent(flaws, "good", 1.0), sent(flaws, "poor", 0.2)
    key = outcomes._key(_release(flaws), poor.pk, "boxes-1")
    storage.truth().delete(key)
    storage.truth().put(key, b"something else")
    (pair,) = pairs.ask(_release(flaws), [good.pk, poor.pk], now=material.NOON).values()
    pairs.compute(pair.pk)
    assert Pair.objects.get().fault == "outcomes-missing"


def test_the_boxes_of_another_team_wait_for_an_organizer(flaws: Benchmark) -> None:
    original = sent(flaws, "original", 0.8)
    material.team("b")
    later = material.NOON + timedelta(hours=1)
    file = storage.answers().get(original.answers_key) + b"\n"
    copy = sent(flaws, "copy", 0.8, team="b", file=file, now=later)
    another = sent(flaws, "another", 0.7, team="b", now=later)
    assert copy.is_held
    assert not another.is_held
    assert sheets.origins([copy])[copy.pk] == _release(flaws).digest


@pytest.mark.parametrize(
    ("disclosure", "hidden"),
    [
        ("cells", set()),
        ("subtasks", WHAT_BENCHMARKS_OF_CELLS_TELL),
        ("overall", {*WHAT_BENCHMARKS_OF_CELLS_TELL, "subtasks", "datasets", "further", "readings"}),
    ],
)
def test_a_report_tells_what_its_benchmark_discloses(disclosure: str, hidden: set[str]) -> None:
    submission = sent(boxes.benchmark(disclosure), "model", 0.7)
    every = set(Report.objects.get().body)
    report = told(submission)
    assert every - set(report) == hidden
    assert not hidden & set(report["intervals"])
    (row,) = Client().get(BOARD).json()["results"]
    shown = set(row["intervals"])
    assert ("detection/recall" in shown) == (disclosure != "overall")
    assert not {"mvtec/detection", "visa/localization"} & shown


def test_a_benchmark_keeps_its_kind(flaws: Benchmark) -> None:
    with pytest.raises(Refusal, match="another-kind"):
        releases.publish(material.content(), slug=boxes.SLUG)
    material.benchmark()
    with pytest.raises(Refusal, match="another-kind"):
        releases.publish(release_of(boxes.images()), slug="mmad")
    assert Release.objects.count() == 2


# Truth stays where workers read it

CALLS = (
    "/",
    f"/benchmarks/{boxes.SLUG}/",
    f"/benchmarks/{boxes.SLUG}/?column=localization",
    f"/benchmarks/{boxes.SLUG}/about/",
    f"/benchmarks/{boxes.SLUG}/questions/",
    f"/benchmarks/{boxes.SLUG}/questions/mvtec/nut/000.png/",
    f"/benchmarks/{boxes.SLUG}/sample-answers.csv",
    f"/benchmarks/{boxes.SLUG}/releases/",
    f"/api/v1/benchmarks/{boxes.SLUG}/",
    BOARD,
    f"{BOARD}?format=csv",
    f"/api/v1/benchmarks/{boxes.SLUG}/questions/",
    f"/api/v1/benchmarks/{boxes.SLUG}/questions/?format=csv",
    f"/api/v1/benchmarks/{boxes.SLUG}/prompts/",
    f"/api/v1/benchmarks/{boxes.SLUG}/submissions/",
    "/admin/submissions/benchmark/",
    "/admin/submissions/release/",
    "/admin/submissions/submission/",
)
OF_A_SUBMISSION = (
    "/submissions/{}/",
    "/submissions/{}/state/",
    "/submissions/{}/problems.csv",
    "/api/v1/submissions/{}/",
    "/api/v1/submissions/{}/report/",
    "/admin/submissions/submission/{}/change/",
)
TRUTH = {image.path: "B" if image.boxes else "A" for image in boxes.images()}
SEARCH = TruthSearch(TRUTH)
# Both rows of a true box, a few characters apart: there are no other numbers like them.
ROWS = re.compile(
    "|".join(
        rf"(?<!\d){y1:.0f}(?:\.0+)?\D{{1,4}}\d+(?:\.0+)?\D{{1,4}}{y2:.0f}(?!\d)"
        for image in boxes.images()
        for _, y1, _, y2 in image.boxes
    ).encode()
)


def leaks(place: str, data: bytes) -> list[object]:
    kept = truths.decoded(Release.objects.earliest("pk").digest)
    assert isinstance(kept, BoxRelease)
    packed = [kept.boxes[at].tobytes() for at in range(len(kept.boxes))]
    views = list(unpacked(data))
    return [
        *SEARCH.in_bytes(place, data),
        *(found for view in views for found in ROWS.findall(view)),
        *(box for view in views for box in packed if box in view),
    ]


@pytest.fixture
def asked(flaws: Benchmark) -> dict[str, User]:
    """After a good file, a wrong one and one of a release to come: who may ask."""
    member = material.person("member@example.org")
    organizer = User.objects.create_superuser("organizer@example.org", "correct horse battery")
    team = material.team("a", member)
    good, other = sent(flaws, "good", 0.9), sent(flaws, "other", 0.5)
    material.scored(flaws, team, "wrong", file=boxes.answers(1)[:-1] + b',{"image": "none"}]')
    for pair in pairs.ask(_release(flaws), [good.pk, other.pk], now=material.NOON).values():
        pairs.compute(pair.pk)
    draft, _outcome = releases.publish(release_of(boxes.images(changed=3)), slug=boxes.SLUG)
    rescoring.take_turn(draft.pk, draft.rescoring_turn)
    return {"member": member, "organizer": organizer}


def test_the_search_finds_boxes_where_they_are(flaws: Benchmark) -> None:
    kept = truths.decoded(_release(flaws).digest)
    assert isinstance(kept, BoxRelease)
    assert leaks("truth", kept.encode())
    assert leaks("planted", str(kept.boxes[3].tolist()).encode())
    assert leaks("planted", "".join("01"[int(flag)] for flag in kept.anomalous).encode())


@pytest.mark.parametrize("who", ["anonymous", "member", "organizer"])
def test_no_answer_holds_a_true_box_or_says_which_images_are_anomalous(
    asked: dict[str, User], who: str
) -> None:
    client = Client()
    if who in asked:
        client.force_login(asked[who])
    keys = Submission.objects.values_list("pk", flat=True)
    entries = [entry.get_absolute_url() for entry in {each.entry for each in Submission.objects.all()}]
    addresses = [*CALLS, *entries, *(call.format(key) for key in keys for call in OF_A_SUBMISSION)]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code < 500
        assert leaks(address, answer.getvalue()) == []


def test_no_row_of_the_database_holds_a_true_box(asked: dict[str, User]) -> None:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            values = list(model._default_manager.values_list(field.attname, flat=True))
            assert SEARCH.in_values(f"{model.__name__}.{field.name}", values) == []
            assert leaks(field.name, "\n".join(map(str, values)).encode()) == []


def test_no_file_beside_the_truth_holds_a_true_box(asked: dict[str, User], stores: Path) -> None:
    files = [path for path in (stores / "answers").rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert leaks(path.name, path.read_bytes()) == []

"""The questions as prompts: in the benchmark's words, with templates and knowledge if there are any, without truth."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from scoring import definition
from scoring.benchmarks.mmad import importer
from scoring.boxes import importer as box_importer
from scoring.boxes.release import QUESTION
from submissions import disputes, knowledge, releases
from submissions.models import Benchmark, DisputedQuestion, ImageTemplates, Question, Release
from tests import material
from tests.scoring.boxes.test_importer import write

pytestmark = pytest.mark.django_db

URL = "/api/v1/benchmarks/mmad/prompts/"
GOOD = "DS-MVTec/thing/image/good/000.png"
BROKEN = "DS-MVTec/thing/image/broken/000.png"
KNOWN = {
    "MVTec": {"thing": {"good": "It is round.", "dent": "A dent is flat.", "scratch": "A scratch is long."}}
}


def with_templates(**made: Any) -> dict[str, Any]:
    """Questions of images that have two random and two similar templates, but for one image."""
    body = material.questions(**made)
    for image, record in body.items():
        if "GoodsAD/thing/image/good" not in image:
            record["random_templates"] = [f"{image}-r1", f"{image}-r2"]
            record["similar_templates"] = [f"{image}-s1", f"{image}-s2"]
    return body


def published(body: dict[str, Any]) -> tuple[Release, releases.Outcome]:
    release, templates = importer.read_all(json.dumps(body).encode(), definition.load("mmad"))
    return releases.publish(release, slug="mmad", templates=templates)


@pytest.fixture
def mmad() -> Benchmark:
    published(with_templates())
    return Benchmark.objects.with_release().get(slug="mmad")


@pytest.fixture
def informed(mmad: Benchmark) -> Benchmark:
    knowledge.load("mmad", knowledge.read(json.dumps(KNOWN).encode(), mmad.rules))
    return mmad


def lines(client: Client, **params: Any) -> list[dict[str, Any]]:
    response: Any = client.get(URL, params)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/jsonl; charset=utf-8"
    return [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]


def test_a_line_is_a_question_as_its_benchmark_puts_it_to_a_model(client: Client, mmad: Benchmark) -> None:
    found = lines(client)
    assert [line["question_id"] for line in found] == list(material.truth(material.questions()))
    asked = "Question: Is there any defect in the object? \nA. Yes.\nB. No.\n"
    first = found[0]
    prompt = first.pop("prompt")
    assert first == {
        "question_id": f"{GOOD}#0",
        "image": GOOD,
        "source_dataset": "DS-MVTec",
        "subtask": "anomaly-detection",
        "kind": "Anomaly Detection",
        "options": {"A": "Yes.", "B": "No."},
        "is_excluded": False,
        "question": asked,
        "templates": [],
        "knowledge": None,
    }
    assert [part["type"] for part in prompt] == ["text", "text", "image", "text"]
    assert prompt[2]["image"] == GOOD
    assert prompt[3]["text"].endswith(asked)


def test_as_many_templates_as_shots_are_shown_of_the_kind_that_is_wanted(
    client: Client, mmad: Benchmark
) -> None:
    assert lines(client, shots=1)[0]["templates"] == [f"{GOOD}-r1"]
    many = lines(client, shots=64, template="similar")
    assert many[0]["templates"] == [f"{GOOD}-s1", f"{GOOD}-s2"]
    images = [part["image"] for part in many[0]["prompt"] if part["type"] == "image"]
    assert images == [f"{GOOD}-s1", f"{GOOD}-s2", GOOD]
    assert "2 image of normal sample" in many[0]["prompt"][1]["text"]
    (bare,) = {
        json.dumps(line["templates"]) for line in many if line["image"].startswith("GoodsAD/thing/image/good")
    }
    assert bare == "[]"


def test_knowledge_is_all_of_the_product_whatever_the_image_shows(
    client: Client, informed: Benchmark
) -> None:
    found = {line["question_id"]: line for line in lines(client, knowledge="full")}
    text = "It is round.\nA dent is flat.\nA scratch is long."
    assert found[f"{GOOD}#0"]["knowledge"] == found[f"{BROKEN}#0"]["knowledge"] == text
    assert text in found[f"{GOOD}#0"]["prompt"][1]["text"]
    assert found["VisA/thing/image/good/000.png#0"]["knowledge"] is None
    assert all(line["knowledge"] is None for line in lines(client))


def test_prompts_differ_between_a_normal_and_a_defective_image_by_paths_alone(
    client: Client, informed: Benchmark
) -> None:
    found = {line["question_id"]: line for line in lines(client, knowledge="full", shots=2)}
    good, broken = (json.dumps(found[f"{image}#0"]["prompt"]) for image in (GOOD, BROKEN))
    assert good.replace("/good/", "/broken/") == broken


def test_two_truths_of_the_same_questions_make_the_same_prompts(client: Client, mmad: Benchmark) -> None:
    before = lines(client, shots=1)
    draft, outcome = published(with_templates(seed=99))
    assert outcome == releases.Outcome.DRAFT
    assert lines(client, shots=1) == before
    releases.make_current(draft, now=material.NOON)
    assert lines(client, shots=1) == before


@pytest.mark.parametrize(
    ("params", "field", "code"),
    [
        ({"shots": 65}, "shots", "max-value"),
        ({"shots": -1}, "shots", "min-value"),
        ({"shots": "x"}, "shots", "invalid"),
        ({"template": "retrieved"}, "template", "invalid-choice"),
        ({"knowledge": "retrieved"}, "knowledge", "invalid-choice"),
        ({"knowledge": "full"}, "knowledge", "no-knowledge"),
        ({"shot": 1}, "shot", "unknown-parameter"),
    ],
)
def test_what_cannot_be_asked_for_is_named(
    client: Client, mmad: Benchmark, params: dict[str, Any], field: str, code: str
) -> None:
    response = client.get(URL, params)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["field"], error["code"]) == (field, code)


def test_a_release_from_before_there_were_templates_gets_them_by_another_import(client: Client) -> None:
    release, _outcome = published(material.questions())
    assert client.get(URL, {"shots": 1}).json()["errors"][0]["code"] == "no-templates"
    again, outcome = published(with_templates())
    assert (again, outcome) == (release, releases.Outcome.TEMPLATES)
    assert lines(client, shots=1)[0]["templates"] == [f"{GOOD}-r1"]


def test_templates_that_a_release_has_stay(client: Client, mmad: Benchmark) -> None:
    before = list(ImageTemplates.objects.values())
    others = with_templates()
    others[GOOD]["random_templates"] = ["another"]
    release, _outcome = published(others)
    assert list(ImageTemplates.objects.values()) == before
    templates = importer.read_all(json.dumps(others).encode(), definition.load("mmad")).templates
    assert not releases.has_templates(release, templates)


def test_templates_of_the_other_kind_are_no_templates(client: Client) -> None:
    body = material.questions()
    for record in body.values():
        record["similar_templates"] = ["good.png"]
    published(body)
    (error,) = client.get(URL, {"shots": 1}).json()["errors"]
    assert (error["field"], error["code"]) == ("template", "no-templates")
    assert lines(client, shots=1, template="similar")[0]["templates"] == ["good.png"]


def test_a_benchmark_of_boxes_is_asked_for_boxes(client: Client, tmp_path: Path) -> None:
    release, templates, _left_out = box_importer.read(write(tmp_path))
    releases.publish(release, slug="mmr-ad", templates=templates)
    response: Any = client.get("/api/v1/benchmarks/mmr-ad/prompts/?shots=1&template=similar")
    assert response.status_code == 200
    bent, good, *_visa = map(json.loads, b"".join(response.streaming_content).splitlines())
    assert [part["type"] for part in bent["prompt"]] == ["text", "text", "image", "text", "image", "text"]
    assert bent["prompt"][2]["image"] == bent["templates"][0] == "mvtec/nut/train/good/007.png"
    assert bent["prompt"][4]["image"] == bent["image"] == bent["question_id"] == "mvtec/nut/test/bent/000.png"
    assert (bent["options"], bent["question"]) == ({}, f"{QUESTION}\n")
    assert "bbox_2d" in bent["prompt"][0]["text"]
    assert "Answer with the option" not in json.dumps(bent)
    assert "lead" not in json.dumps(bent)
    assert good["prompt"][0] == bent["prompt"][0]
    assert good["templates"] == []


def test_an_excluded_question_is_marked(client: Client, mmad: Benchmark) -> None:
    question = Question.objects.get(release=mmad.current_release, position=1)
    DisputedQuestion.objects.create(
        benchmark=mmad,
        question_id=question.question_id,
        decision="excluded",
        reply="so",
        decided_at=material.NOON,
    )
    assert disputes.excluded("mmad") == [question.question_id]
    draft, _outcome = published(with_templates())
    releases.make_current(draft, now=material.NOON)
    found = lines(client, shots=1)
    assert [line["question_id"] for line in found if line["is_excluded"]] == [question.question_id]
    assert found[1]["templates"] == [f"{GOOD}-r1"]


def test_prompts_that_are_known_are_not_sent_again(client: Client, informed: Benchmark) -> None:
    wanted: dict[str, str | int] = {"shots": 1, "knowledge": "full"}
    etag = client.get(URL, wanted)["ETag"]
    known = {"If-None-Match": etag}
    assert client.get(URL, wanted, headers=known).status_code == 304
    assert client.get(URL, {**wanted, "shots": 2}, headers=known).status_code == 200
    knowledge.load("mmad", {"VisA": {"thing": "New."}})
    assert client.get(URL, wanted, headers=known).status_code == 200


def test_everybody_is_told_the_same(mmad: Benchmark) -> None:
    owner = material.person("owner@example.org")
    material.team("home", owner)
    stranger = material.person("stranger@example.org")
    organizer = material.person("staff@example.org", is_staff=True)
    published(with_templates(seed=99))  # a draft
    told = []
    for person in (None, stranger, owner, organizer):
        client = Client()
        if person:
            client.force_login(person)
        told.append(lines(client, shots=2))
    assert told[1:] == told[:1] * 3


def test_without_a_release_there_is_nothing(client: Client) -> None:
    assert client.get(URL).status_code == 404
    rules = definition.load("mmad")
    Benchmark.objects.create(slug="mmad", name="MMAD", definition=rules.to_dict())
    assert client.get(URL).status_code == 404
    assert client.get(URL)["Content-Type"] == "application/problem+json"


def test_a_long_release_is_read_in_pieces(
    client: Client, mmad: Benchmark, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(
        4
    ):  # the benchmark, whether there are templates, the questions, their templates
        lines(client, shots=1)

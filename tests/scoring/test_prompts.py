"""Prompts in a benchmark's words."""

import json
from dataclasses import replace
from typing import Any

import pytest

from scoring import definition
from scoring.benchmarks.mmad import importer
from scoring.boxes.release import QUESTION
from scoring.boxes.replies import read_reply
from scoring.definition import Definition
from scoring.errors import ReleaseError
from scoring.lookup import native_text
from scoring.prompts import BOXES, Templates, Wording, product_of
from tests import questions

OPTIONS = {"A": "Yes.", "B": "No."}
IMAGE = "VisA/thing/image/good/000.png"


@pytest.fixture(scope="module")
def mmad() -> Definition:
    return definition.load("mmad")


def test_mmad_is_asked_as_its_authors_ask_it(mmad: Definition) -> None:
    asked = mmad.wording.ask("Is there any defect in the object?", OPTIONS)
    assert asked == native_text("Is there any defect in the object?", tuple(OPTIONS.values()))
    prompt = mmad.wording.prompt(asked, image=IMAGE, templates=["a.png", "b.png"], knowledge="Round.")
    assert [part.get("image") or part["text"].strip()[:34] for part in prompt] == [
        "You are an industrial inspector wh",
        "Following is the domain knowledge ",
        "Following is/are 2 image of normal",
        "a.png",
        "b.png",
        "Following is the query image:",
        IMAGE,
        "Following is the question list: Qu",
    ]
    assert prompt[-1]["text"].endswith("Question: Is there any defect in the object? \nA. Yes.\nB. No.\n")


def test_what_there_is_not_is_not_spoken_of(mmad: Definition) -> None:
    prompt = mmad.wording.prompt("Q", image=IMAGE, templates=[], knowledge="")
    assert [part["type"] for part in prompt] == ["text", "text", "image", "text"]


def test_boxes_are_asked_for_in_the_format_that_is_read() -> None:
    rules = definition.load("mmr-ad")
    assert replace(rules, slug="another").wording == rules.wording == BOXES
    asked = rules.wording.ask(QUESTION, {})
    words, *_image, question = rules.wording.prompt(asked, image=IMAGE, templates=[], knowledge="")
    assert QUESTION in question["text"]
    assert "letter" not in words["text"]
    no, yes = words["text"].splitlines()[-2:]
    assert read_reply(no, 1000, 1000).rule == "no"
    assert read_reply(yes, 1000, 1000)[:2] == ("yes", [(120, 310, 245, 402)])


def test_braces_in_a_question_are_text() -> None:
    asked = Wording().ask("What is {options}?", {"A": "{text}", "B": "{", "C": "{letter}"})
    assert asked == "Question: What is {options}? \nA. {text}\nB. {\nC. {letter}\n"


def test_a_definition_from_before_there_were_prompts_has_its_benchmarks_words(mmad: Definition) -> None:
    body = mmad.to_dict()
    del body["prompt"]
    assert Definition.from_dict(body).wording == mmad.wording
    assert Definition.from_dict({**body, "slug": "another"}).wording == Wording()
    assert Definition.from_dict(mmad.to_dict()) == mmad


@pytest.mark.parametrize(("image", "product"), [("a/b/c.png", "b"), ("a/b/c/d.png", "b"), ("a/b.png", None)])
def test_a_product_is_the_second_part_of_a_path(image: str, product: str | None) -> None:
    assert product_of(image) == product


def read(mmad: Definition, **record: Any) -> importer.Imported:
    body = questions.questions(1)
    body[IMAGE].update(record)
    return importer.read_all(json.dumps(body).encode(), mmad)


def test_templates_are_read_beside_the_release_and_leave_its_digest(mmad: Definition) -> None:
    without = read(mmad)
    some = read(mmad, random_templates=["a", "b"], similar_templates=["c"])
    assert without.templates == {}
    assert some.templates == {IMAGE: Templates(("a", "b"), ("c",))}
    assert some.release.digest == without.release.digest
    assert read(mmad, random_templates=None, similar_templates=[]).templates == {}
    assert len(read(mmad, random_templates=["a"] * 70).templates[IMAGE].random) == 64


@pytest.mark.parametrize("paths", ["a", [1], [""], ["a" * 301], ["a\u202e"], ["\ud800"], {"a": 1}])
def test_templates_that_are_no_paths_are_refused(mmad: Definition, paths: Any) -> None:
    with pytest.raises(ReleaseError) as found:
        read(mmad, similar_templates=paths)
    (problem,) = found.value.problems
    assert problem.code in ("wrong-templates", "control-character")
    assert problem.params["image"] == IMAGE

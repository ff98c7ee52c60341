"""Domain knowledge: an organizer's file, read, kept and replaced."""

import json
import os
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scoring import definition
from scoring.benchmarks.mmad.tables import cell_sizes
from submissions import knowledge
from submissions.models import Event, Knowledge
from tests import material

RULES = definition.load("mmad")


def read(body: Any) -> knowledge.Texts:
    return knowledge.read(json.dumps(body).encode(), RULES)


def test_kinds_are_joined_in_the_order_of_the_file_and_datasets_have_our_names() -> None:
    found = read({"MVTec": {"bottle": {"good": "round", "dent": "flat"}}, "VisA": {"candle": "white"}})
    assert found == {"DS-MVTec": {"bottle": "round\nflat"}, "VisA": {"candle": "white"}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "object"),
        ({"VisA": {"candle": {"good": 1}}}, "$[...][...][...]"),
        ({"VisA": {"candle": None}}, "$[...][...]"),
        ({"Elsewhere": {"candle": "white"}}, "Known are: DS-MVTec"),
        ({"VisA": {"candle": " "}}, "VisA/candle"),
        ({"VisA": {"candle": "a\u0000"}}, "VisA/candle"),
        ({"VisA": {"": "white"}}, "VisA/"),
        ({"VisA": {"good": "white"}}, "folder of normal images"),
        ({"VisA": {"candle": "a" * 100_001}}, "100000"),
        ({"VisA": {}}, "no text"),
        ({}, "no text"),
    ],
)
def test_a_file_at_fault_is_told_where_and_why(body: Any, said: str) -> None:
    with pytest.raises(knowledge.KnowledgeFileError, match=re.escape(said)):
        read(body)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe{", b'{"VisA": {"candle": "\\ud800"}}', b"[" * 100_000]
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(knowledge.KnowledgeFileError):
        knowledge.read(data, RULES)


def command(*args: object) -> str:
    out = StringIO()
    call_command("load_knowledge", *map(str, args), stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_loads_it_once_and_writes_it_down(tmp_path: Path) -> None:
    benchmark = material.benchmark()
    path = tmp_path / "knowledge.json"
    path.write_text(json.dumps({"VisA": {"candle": "white", "cashew": "bent"}}))
    assert command("mmad", path) == "mmad: 2 products\n"
    assert command("mmad", path) == "mmad: 2 products, known as they are\n"
    assert Event.objects.filter(action="knowledge-loaded", benchmark_id=benchmark.pk).count() == 1
    path.write_text(json.dumps({"VisA": {"candle": "red"}}))
    assert command("mmad", path) == "mmad: 1 products\n"
    assert Knowledge.objects.get().of("VisA", "candle") == "red"
    assert Knowledge.objects.get().of("VisA", "cashew") == Knowledge.objects.get().of("VisA", None) == ""


@pytest.mark.django_db
def test_the_command_refuses_what_is_not_there_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.json"
    path.write_text("{}")
    with pytest.raises(CommandError, match="There is no benchmark"):
        command("mmad", path)
    material.benchmark()
    with pytest.raises(CommandError, match="nothing was changed"):
        command("mmad", path)
    with pytest.raises(CommandError, match="cannot be read"):
        command("mmad", tmp_path / "none.json")
    assert not Knowledge.objects.exists()


def test_the_authors_own_file_has_every_class() -> None:
    reference = os.environ.get("VERNIER_REFERENCE")
    if not reference:
        pytest.skip("VERNIER_REFERENCE is not set")
    texts = knowledge.read((Path(reference) / "mmad" / "domain_knowledge.json").read_bytes(), RULES)
    assert texts.keys() == {place.source_dataset for place in cell_sizes()}
    assert sum(map(len, texts.values())) == 38

"""The runner of docs/runner.md, run as it is against a fake of an endpoint and a real site, down to a score."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.scoring.boxes.shapes import reply
from tests.scoring.boxes.test_importer import write
from tests.servers.site import Site

DOCS = Path(__file__).parents[2] / "docs"
RUNNER = DOCS / "examples" / "run_prompts.py"
SLUG = "runner"
QUESTIONS = material.questions()
TEMPLATE = "DS-MVTec/thing/train/good/000.png"


class Model:
    """Knows every answer from the picture and the question, and answers as models do; remembers what it was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.dies_after = 10**6

    def reply(self, body: dict[str, Any]) -> str:
        self.sent.append(body)
        (message,) = body["messages"]
        *_before, image, question = message["content"]
        path = base64.b64decode(image["image_url"]["url"].partition("base64,")[2]).decode()
        for asked in QUESTIONS[path]["conversation"]:
            if f"Question: {asked['Question']} \n" in question["text"]:
                return f"{asked['Answer']}: {asked['Options'][asked['Answer']]}"
        raise AssertionError(question)


@contextmanager
def serving(model: Model) -> Iterator[str]:
    """The model at an address that speaks as OpenAI does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.keys.add(self.headers["Authorization"])
            if self.path != "/v1/chat/completions" or len(model.sent) >= model.dies_after:
                self.send_error(500)
                return
            said = {"choices": [{"message": {"role": "assistant", "content": model.reply(body)}}]}
            answer = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def sender(embedded_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("benchmark")
    body = {image: {**record, "random_templates": [TEMPLATE]} for image, record in QUESTIONS.items()}
    (folder / "mmad.json").write_text(json.dumps(body))
    (folder / "knowledge.json").write_text(json.dumps({"MVTec": {"thing": {"good": "It is round."}}}))
    embedded_site.manage("import_mmad", str(folder / "mmad.json"), "--slug", SLUG)
    embedded_site.manage("load_knowledge", SLUG, str(folder / "knowledge.json"))
    return pipeline(embedded_site, SLUG, slug=SLUG)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures; each shows its path."""
    folder = tmp_path_factory.mktemp("images")
    for path in (*QUESTIONS, TEMPLATE):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
    return folder


def run(sender: Pipeline, images: Path, answers: Path, endpoint: str, query: str, slug: str = SLUG) -> int:
    prompts = f"{sender.api}/benchmarks/{slug}/prompts/{query}"
    paths = map(str, (RUNNER, prompts, images, answers))
    command = [sys.executable, *paths, "--endpoint", endpoint, "--model", "all-knowing"]
    environment = {**os.environ, "API_KEY": "sesame", "NO_PROXY": "*"}
    return subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False).returncode


def test_a_model_is_asked_everything_and_its_answers_are_scored(
    sender: Pipeline, images: Path, tmp_path: Path
) -> None:
    model, answers = Model(), tmp_path / "answers.jsonl"
    with serving(model) as endpoint:
        assert run(sender, images, answers, endpoint, "?shots=1&knowledge=full") == 0
    assert model.keys == {"Bearer sesame"}
    assert {body["model"] for body in model.sent} == {"all-knowing"}
    content = model.sent[0]["messages"][0]["content"]
    assert [part["type"] for part in content] == [
        "text",
        "text",
        "text",
        "image_url",
        "text",
        "image_url",
        "text",
    ]
    assert "It is round." in content[1]["text"]
    assert (
        content[3]["image_url"]["url"]
        == f"data:image/png;base64,{base64.b64encode(TEMPLATE.encode()).decode()}"
    )
    state = sender.outcome(
        answers.read_bytes(),
        "all-knowing",
        name="answers.jsonl",
        shots="1",
        template="random",
        knowledge="full",
    )
    assert (state["status"], state["score"], state["coverage"]) == ("scored", 100, 1)


class Finder(Model):
    """Knows every box, and gives it from 0 to 1000 along each axis."""

    def reply(self, body: dict[str, Any]) -> str:
        self.sent.append(body)
        (message,) = body["messages"]
        *_before, image, _question = message["content"]
        path = base64.b64decode(image["image_url"]["url"].partition("base64,")[2]).decode()
        found = BOXES[path]
        scaled = [
            [1000 * each / edge for each, edge in zip(box, (672, 448) * 2, strict=True)] for box in found
        ]
        return reply(scaled, "It is bent.")


BOXES: dict[str, list[list[float]]] = {
    "mvtec/nut/test/bent/000.png": [[1, 2, 672, 4], [5, 6, 7.5, 8]],
    "mvtec/nut/test/good/000.png": [],
    "visa/candle/Data/Images/Anomaly/000.JPG": [[0, 0, 100, 50]],
    "visa/candle/Data/Images/Normal/000.JPG": [],
    "visa/candle/Data/Images/Other/000.JPG": [[1, 1, 2, 2]],  # anomalous, and nobody has said where
}


def test_a_model_is_asked_for_boxes_and_its_answers_are_scored(
    embedded_site: Site, sender: Pipeline, tmp_path: Path
) -> None:
    embedded_site.manage("import_mmr_ad", str(write(tmp_path / "annotations")), "--slug", "runner-boxes")
    for path in (*BOXES, "mvtec/nut/train/good/007.png", "visa/candle/Data/Images/Normal/0001.JPG"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    model, answers = Finder(), tmp_path / "answers.jsonl"
    with serving(model) as endpoint:
        asked = "?shots=1&template=similar"
        assert run(sender, tmp_path, answers, endpoint, asked, slug="runner-boxes") == 0
        assert run(sender, tmp_path, answers, endpoint, asked, slug="runner-boxes") == 0
    assert len(model.sent) == len(answers.read_text().splitlines()) == len(BOXES)
    state = sender.outcome(
        answers.read_bytes(), "finder", name="answers.jsonl", slug="runner-boxes", frame="0-1000"
    )
    assert (state["status"], state["score"], state["coverage"]) == ("scored", 100, 1)
    report = sender.get(state["links"]["report"]).json()
    assert report["reasoning"]["share"] == 1


def test_what_broke_off_goes_on_where_it_was(sender: Pipeline, images: Path, tmp_path: Path) -> None:
    model, answers = Model(), tmp_path / "answers.jsonl"
    asked = len(material.truth(QUESTIONS))
    with serving(model) as endpoint:
        model.dies_after = 40
        assert run(sender, images, answers, endpoint, "") != 0
        assert len(answers.read_text().splitlines()) == 40
        model.dies_after = 10**6
        assert run(sender, images, answers, endpoint, "") == 0
    assert len(model.sent) == len(answers.read_text().splitlines()) == asked
    assert [part["type"] for part in model.sent[0]["messages"][0]["content"]] == [
        "text",
        "text",
        "image_url",
        "text",
    ]


def test_what_the_site_does_not_have_ends_it_before_anything_is_asked(
    sender: Pipeline, images: Path, tmp_path: Path
) -> None:
    model, answers = Model(), tmp_path / "answers.jsonl"
    with serving(model) as endpoint:
        assert run(sender, images, answers, endpoint, "?shot=1") != 0
    assert not answers.exists()
    assert not model.sent


def test_the_guide_calls_it_as_it_is() -> None:
    guide = (DOCS / "runner.md").read_text()
    called = re.findall(r"python docs/examples/run_prompts\.py(.+?)(?:\n\n|\n    curl)", guide, re.DOTALL)
    options = [set(re.findall(r"--[a-z]+", each)) for each in called]
    assert options == [{"--endpoint", "--model"}, {"--endpoint", "--model", "--tokens"}]
    assert len(RUNNER.read_text().splitlines()) < 50

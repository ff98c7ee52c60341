"""The schema against the answers: every call, asked for real, is held against what the schema says of it."""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # comes with the schema generator, without stubs
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from openapi_spec_validator import OpenAPIV31SpecValidator
from pytest_django import Settings

from leaderboard.schema import SchemaView
from submissions import evaluation, limits, publishers, tokens
from submissions.models import Benchmark, Submission, Token
from submissions.oidc import keys
from submissions.refusals import Refusal
from submissions.storage import StorageUnavailableError
from tests import material
from tests.leaderboard import rows
from tests.servers import issuer

pytestmark = pytest.mark.django_db
API = "/api/v1/"
MMAD = f"{API}benchmarks/mmad/"
SENT = f"{MMAD}submissions/"
JSON = "application/json"
PROBLEM = "application/problem+json"


@cache
def schema() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def strict(node: Any) -> Any:
    """JSON Schema, as OpenAPI 3.1 has it, that lets nothing undeclared pass."""
    if isinstance(node, list):
        return [strict(part) for part in node]
    if not isinstance(node, dict):
        return node
    made = {key: strict(part) for key, part in node.items()}
    if node.get("type") == "object" and "properties" in node:
        made.setdefault("additionalProperties", False)
    return made


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every call: its address, its method, and what is said of it."""
    for path, methods in schema()["paths"].items():
        for method, said in methods.items():
            yield path, method, said


def operation(method: str, path: str) -> dict[str, Any]:
    for template, methods in schema()["paths"].items():
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            found: dict[str, Any] = methods[method.lower()]
            return found
    raise AssertionError(f"the schema does not know {path}")


def held(answer: Any, status: int, media_type: str = JSON) -> Any:
    """The answer's JSON, after it was held against what the schema says of its call."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].split(";")[0] == media_type
    asked = answer.wsgi_request
    said = operation(asked.method, asked.path)["responses"][str(status)]
    for name in ("Location", "Retry-After"):
        if name in answer:
            assert name in said["headers"]
    declared = said["content"][media_type]["schema"]
    if not media_type.endswith("json"):
        return None
    return keeps(answer.json(), declared)


def keeps(value: Any, declared: Any) -> Any:
    """The value, after it was held against its schema."""
    whole = {**strict(declared), "components": strict(schema()["components"])}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(value)
    return value


@pytest.fixture
def mmad() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def ours(mmad: Benchmark) -> Client:
    """A client of team-a."""
    return Client(headers={"Authorization": f"Bearer {material.token(material.team('team-a'))}"})


def send(client: Client, *, file: bytes | None = None, **fields: Any) -> Any:
    upload = SimpleUploadedFile("answers.csv", material.answers() if file is None else file)
    return client.post(SENT, {"file": upload, "entry": "model", **fields})


def test_the_schema_is_made_without_a_warning() -> None:
    GENERATOR_STATS.reset()
    SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_every_call_is_summed_up_in_a_short_line() -> None:
    for path, methods in schema()["paths"].items():
        for method, said in methods.items():
            assert 8 < len(said["summary"]) < 50, f"{method} {path}"
            assert said["summary"][0].isupper()
            assert not said["summary"].endswith(".")
            assert said["description"]


def test_the_schema_is_sound() -> None:
    assert schema()["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(schema()).validate()


def test_everything_in_the_schema_is_described() -> None:
    """Add a help_text to the field, a docstring to its serializer, or a description to the parameter."""
    tags = {tag["name"]: tag["description"] for tag in schema()["tags"]}
    for path, method, said in operations():
        assert tags.get(said["tags"][0]), f"{method} {path}: its tag is not in SPECTACULAR_SETTINGS"
        for each in said.get("parameters", ()):
            assert each.get("description"), f"{method} {path}: {each['in']} {each['name']} is not described"
        for status, answer in said["responses"].items():
            assert answer["description"], f"{method} {path}: {status} is not described"
    for name, component in schema()["components"]["schemas"].items():
        assert component.get("description") or "properties" not in component, f"{name} has no docstring"
        for each, field in component.get("properties", {}).items():
            assert field.get("description"), f"{name}.{each} has no help_text"


def test_every_good_answer_has_an_example_that_holds() -> None:
    """Record it: EXAMPLES=write pytest tests/leaderboard/test_examples.py."""
    for path, method, said in operations():
        for status, answer in said["responses"].items():
            for media_type, content in answer["content"].items() if status < "300" else ():
                assert "example" in content, f"{method} {path} has no example of its {status} {media_type}"
                keeps(content["example"], content["schema"])


def test_every_problem_is_named_by_its_codes_with_documents_that_hold() -> None:
    """Name the codes of the call's own refusals in documented.problems(...)."""
    for path, method, said in operations():
        for status, answer in said["responses"].items():
            for content in answer["content"].values() if status >= "400" else ():
                assert content.get("examples"), f"{method} {path}: no code is named for {status}"
                for code, example in content["examples"].items():
                    assert example["value"]["status"] == int(status)
                    assert example["value"]["code"] == code
                    keeps(example["value"], content["schema"])


def test_what_every_call_may_be_answered_with_is_declared() -> None:
    for path, method, said in operations():
        assert {"400", "405", "406", "422", "503"} <= set(said["responses"]), f"{method} {path}"


def test_a_call_that_somebody_must_send_is_declared_as_such() -> None:
    assert {} not in operation("GET", SENT)["security"]
    assert {} in operation("GET", f"{API}entries/{NOBODYS}/")["security"]


def test_what_is_no_method_of_a_call_is_a_problem(ours: Client) -> None:
    answer: Any = ours.delete(SENT)
    assert (answer.status_code, answer["Content-Type"]) == (405, PROBLEM)
    assert {"GET", "POST"} <= set(answer["Allow"].split(", "))


@pytest.mark.parametrize("body", ["[" * 100_000, "{", '{"reason": NaN}'], ids=["deep", "short", "nan"])
def test_json_that_cannot_be_read_is_a_declared_problem(ours: Client, mmad: Benchmark, body: str) -> None:
    sent = material.scored(mmad, material.team("team-b"))
    path = f"{API}submissions/{sent.pk}/withdraw/"
    client = Client(headers={"Authorization": f"Bearer {material.token(sent.team)}"})
    assert held(client.post(path, body, content_type=JSON), 400, PROBLEM)["code"] == "parse-error"


def test_an_upload_is_described_with_an_example() -> None:
    assert "curl" in operation("POST", SENT)["description"]


def test_every_problem_is_declared_as_one() -> None:
    for path, methods in schema()["paths"].items():
        for method, said in methods.items():
            problems = {code: each for code, each in said["responses"].items() if code >= "400"}
            assert problems, f"{method} {path}"
            assert all(list(each["content"]) == [PROBLEM] for each in problems.values())


@pytest.mark.parametrize("name", ["SubmissionState", "EntryShape", "SettingsShape", "ProblemDocument"])
def test_what_is_always_there_is_required(name: str) -> None:
    said = schema()["components"]["schemas"][name]
    of_faults_alone = {"request_id"}
    assert set(said["required"]) == set(said["properties"]) - of_faults_alone


def test_every_list_is_declared_as_a_page_with_a_cursor() -> None:
    for path in (f"{API}benchmarks/", SENT, f"{MMAD}leaderboard/", f"{MMAD}questions/"):
        said = operation("GET", path)
        assert "cursor" in {parameter["name"] for parameter in said["parameters"]}
        name = said["responses"]["200"]["content"][JSON]["schema"]["$ref"].rpartition("/")[2]
        assert set(schema()["components"]["schemas"][name]["properties"]) == {"next", "previous", "results"}


def test_public_calls_answer_as_the_schema_says(client: Client, mmad: Benchmark) -> None:
    material.scored(mmad, material.team("team-a"), public=True, shots=1, tools="none")
    rows.quoted(mmad, "a paper's", {"overall": 50.0})
    rows.quoted(mmad, "people", {"overall": 90.0}, kind="human")
    held(client.get(API), 200)
    held(client.get(f"{API}benchmarks/"), 200)
    held(client.get(MMAD), 200)
    assert len(held(client.get(f"{MMAD}leaderboard/"), 200)["results"]) == 3
    assert held(client.get(f"{MMAD}questions/"), 200)["next"]
    held(client.get(f"{MMAD}leaderboard/", {"format": "csv"}), 200, "text/csv")
    held(client.get(f"{MMAD}questions/", {"format": "csv"}), 200, "text/csv")
    held(client.get(f"{MMAD}questions/", {"format": "jsonl"}), 200, "application/jsonl")
    prompts: Any = client.get(f"{MMAD}prompts/")
    held(prompts, 200, "application/jsonl")
    components = schema()["components"]
    whole = {**strict(components["schemas"]["PromptShape"]), "components": strict(components)}
    for each in b"".join(prompts.streaming_content).splitlines():
        jsonschema.validate(json.loads(each), whole)


def test_a_benchmark_without_a_release_answers_as_the_schema_says(client: Client, mmad: Benchmark) -> None:
    Benchmark.objects.update(current_release=None)
    held(client.get(MMAD), 200)
    held(client.get(f"{API}benchmarks/"), 200)


@pytest.mark.parametrize("disclosure", ["overall", "subtasks", "cells"])
def test_what_is_not_disclosed_is_left_out_as_the_schema_says(
    client: Client, mmad: Benchmark, disclosure: str
) -> None:
    sent = material.scored(mmad, material.team("team-a"), public=True)
    Benchmark.objects.update(disclosure=disclosure)
    report = held(client.get(f"{API}submissions/{sent.pk}/report/"), 200)
    assert ("cells" in report) == (disclosure == "cells")
    held(client.get(f"{MMAD}leaderboard/"), 200)
    held(client.get(f"{API}entries/{sent.entry_id}/"), 200)


def test_a_submissions_way_is_as_the_schema_says(ours: Client) -> None:
    first = send(ours, visibility="private", shots="1")
    links = held(first, 202)["links"]
    assert {"Location", "Retry-After"} <= set(first.headers)
    held(send(ours, visibility="private", shots="1"), 200)
    assert "Retry-After" in ours.get(links["self"]).headers
    held(ours.get(links["self"], {"wait": 30}), 200)
    held(ours.get(links["report"]), 409, PROBLEM)
    evaluation.run(Submission.objects.get().pk)
    assert "Retry-After" not in ours.get(links["self"]).headers
    held(ours.get(links["self"]), 200)
    held(ours.get(links["report"]), 200)
    held(ours.get(SENT), 200)
    held(ours.post(f"{links['self']}publish/"), 200)
    held(ours.post(f"{links['self']}choose/"), 200)
    entry = f"{API}entries/{Submission.objects.get().entry_id}/"
    held(ours.get(entry), 200)
    held(ours.post(f"{links['self']}withdraw/", {"reason": "wrong prompt"}), 200)
    held(ours.post(f"{links['self']}withdraw/", {"reason": "again"}), 409, PROBLEM)
    held(ours.get(entry), 200)


def test_partial_and_rejected_files_are_as_the_schema_says(ours: Client) -> None:
    held(send(ours, partial="anomaly-detection"), 202)
    held(send(ours, file=b"question_id,answer\nnone#0,A\n", entry="other"), 202)
    for submission in Submission.objects.all():
        evaluation.run(submission.pk)
    states = held(ours.get(SENT), 200)["results"]
    assert {state["status"] for state in states} == {"scored", "rejected"}
    (partial,) = [state for state in states if state["partial"]]
    assert held(ours.get(partial["links"]["report"]), 200)["score"] is None


NOBODYS = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    "path",
    [
        "benchmarks/nothing/",
        "benchmarks/nothing/leaderboard/",
        "benchmarks/nothing/questions/",
        "benchmarks/nothing/prompts/",
        "benchmarks/nothing/submissions/",
        f"submissions/{NOBODYS}/",
        f"submissions/{NOBODYS}/report/",
        f"entries/{NOBODYS}/",
    ],
)
def test_what_is_not_there_is_a_declared_problem(ours: Client, path: str) -> None:
    assert held(ours.get(API + path), 404, PROBLEM)["code"] == "not-found"
    held(ours.get(API + path, {"format": "xml"}), 422, PROBLEM)
    held(ours.get(API + path, headers={"Accept": "image/png"}), 406, PROBLEM)


@pytest.mark.parametrize("deed", ["publish", "withdraw", "choose"])
def test_a_deed_refused_is_a_declared_problem(client: Client, ours: Client, deed: str) -> None:
    path = f"{API}submissions/{NOBODYS}/{deed}/"
    assert held(client.post(path), 401, PROBLEM)["code"] == "not-authenticated"
    held(ours.post(path), 404, PROBLEM)


def test_a_cursor_from_elsewhere_is_a_declared_problem(ours: Client) -> None:
    for path in (f"{API}benchmarks/", SENT, f"{MMAD}leaderboard/", f"{MMAD}questions/"):
        (error,) = held(ours.get(path, {"cursor": "x"}), 422, PROBLEM)["errors"]
        assert (error["field"], error["code"]) == ("cursor", "unreadable-cursor")


def test_a_refused_upload_is_a_declared_problem(
    client: Client, ours: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(send(client), 401, PROBLEM)
    held(client.get(SENT), 401, PROBLEM)
    held(client.get(SENT, headers={"Authorization": "Bearer vrn_x"}), 401, PROBLEM)
    held(send(ours, template="best"), 422, PROBLEM)
    held(send(ours, file=b"\x89PNG\r\n\x1a\n" + bytes(100)), 415, PROBLEM)
    held(send(ours, team="strangers"), 404, PROBLEM)
    held(ours.post(SENT, "{", content_type=JSON), 415, PROBLEM)
    held(ours.post(SENT, "x", content_type="multipart/form-data"), 400, PROBLEM)
    Benchmark.objects.update(total_limit=0)
    held(send(ours), 403, PROBLEM)
    monkeypatch.setattr(limits, "count_upload", too_many)
    assert "Retry-After" in send(ours).headers
    held(send(ours), 429, PROBLEM)
    monkeypatch.setattr(limits, "count_upload", no_store)
    held(send(ours), 503, PROBLEM)


def too_many(who: str) -> None:
    raise Refusal("too-many-uploads", limit=60, seconds=7)


def no_store(who: str) -> None:
    raise StorageUnavailableError


def test_the_schema_is_drawn_up_by_one_thread_at_a_time(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once have each other's half-loaded extensions, and one answers 500."""
    drawing: list[int] = []
    met: list[int] = []

    def draw(*_arguments: object, **_names: object) -> HttpResponse:
        drawing.append(1)
        time.sleep(0.01)
        met.append(len(drawing))
        drawing.pop()
        return HttpResponse()

    monkeypatch.setattr(SpectacularAPIView, "dispatch", draw)
    view = SchemaView.as_view()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(view, [rf.get("/api/v1/schema/") for _each in range(4)]))
    assert met == [1] * 4


def test_a_token_and_its_successor_are_as_the_schema_says(ours: Client, client: Client) -> None:
    held(ours.get(f"{API}token/"), 200)
    held(client.get(f"{API}token/"), 401, PROBLEM)
    held(ours.post(f"{API}token/rotate/", {"overlap_hours": "900"}), 422, PROBLEM)
    held(ours.post(f"{API}token/rotate/", {"overlap_hours": "1"}), 201)
    held(ours.post(f"{API}token/rotate/"), 409, PROBLEM)
    client.force_login(material.person("somebody@example.org"))
    held(client.get(f"{API}token/"), 403, PROBLEM)
    held(client.post(f"{API}token/rotate/"), 403, PROBLEM)


def test_a_token_for_other_benchmarks_is_refused_as_the_schema_says(mmad: Benchmark) -> None:
    team = material.team("team-a")
    submission = material.scored(mmad, team)
    text = tokens.create(
        team, name="ci", scope=Token.Scope.SUBMIT, days=1, now=timezone.now(), benchmarks=["other"]
    )[1]
    limited = Client(headers={"Authorization": f"Bearer {text}"})
    held(send(limited), 403, PROBLEM)
    held(limited.get(SENT), 403, PROBLEM)
    held(limited.get(f"{API}entries/{submission.entry_id}/"), 403, PROBLEM)
    for path in ("", "report/", "problems/"):
        held(limited.get(f"{API}submissions/{submission.pk}/{path}"), 403, PROBLEM)
    held(limited.post(f"{API}submissions/{submission.pk}/publish/"), 403, PROBLEM)


def test_an_exchange_of_identity_tokens_is_as_the_schema_says(
    mmad: Benchmark, client: Client, settings: Settings
) -> None:
    owner = material.person("owner@example.org")
    with issuer.running("gitlab") as gitlab:
        settings.VERNIER_OIDC_ISSUERS = [("gitlab", gitlab.url)]
        gitlab.audience = held(client.get(f"{API}oidc/audience/"), 200)["audience"]
        publishers.register(
            material.team("home", owner),
            mmad,
            issuer=gitlab.url,
            repository="example/vision/inspector",
            workflow=".gitlab-ci.yml",
            by=owner,
            now=timezone.now(),
        )

        def mint(body: Any, content_type: str = JSON) -> Any:
            return client.post(f"{API}oidc/mint-token/", body, content_type=content_type)

        made = held(mint({"token": gitlab.token(), "team": "home"}), 201)
        sender = Client(headers={"Authorization": f"Bearer {made['token']}"})
        held(send(sender), 202)
        held(sender.get(SENT), 200)
        held(sender.post(f"{API}token/rotate/"), 403, PROBLEM)
        held(mint({"token": "none"}), 403, PROBLEM)
        held(mint({"team": "home"}), 422, PROBLEM)
        held(mint("{"), 422, PROBLEM)
        held(mint("<a/>", "text/xml"), 415, PROBLEM)
        gitlab.wrong.status = 500
        keys.forget()
        held(mint({"token": gitlab.token()}), 503, PROBLEM)
        with pytest.MonkeyPatch.context() as monkeypatch:

            def too_many(_address: str) -> None:
                raise Refusal("too-many-mints", limit=60, seconds=9)

            monkeypatch.setattr(limits, "count_identity", too_many)
            held(mint({"token": "none"}), 429, PROBLEM)

"""The API's schema, drawn up by one thread at a time, and what is said in it of every call alike."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.core.exceptions import ValidationError as UnusableValueError
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions

from leaderboard import outages
from submissions.api import problems, rate_limits
from submissions.api.authentication import REASONS, SCHEME
from submissions.refusals import Refusal
from submissions.storage import StorageUnavailableError
from submissions.wording.refusals import INVALID_ANSWERS, REFUSALS

_ONE_AT_A_TIME = Lock()
EXAMPLES = Path(__file__).with_name("examples")
ENDINGS = {"application/json": "json", "text/csv": "csv", "application/jsonl": "jsonl"}
PATHS = {
    "slug": "The benchmark’s short name, such as `mmad`; it stays.",
    "entry_id": "The entry’s id.",
    "submission_id": "The submission’s id.",
}
# What the frameworks, and what stands around the calls, may answer in place of them.
FAULTS: tuple[Exception, ...] = (
    Http404(),
    PermissionDenied(),
    RequestDataTooBig(),
    TooManyFieldsSent(),
    StorageUnavailableError(),
    UnusableValueError({"field": _("What is wrong with it, and what would do.")}),
    exceptions.ParseError(),
    exceptions.NotAuthenticated(),
    exceptions.MethodNotAllowed("PUT"),
    exceptions.NotAcceptable(),
    exceptions.UnsupportedMediaType("text/plain"),
    exceptions.AuthenticationFailed(str(SCHEME), code="token-scheme"),
    *(exceptions.AuthenticationFailed(str(said), code=f"token-{why}") for why, said in REASONS.items()),
)


class SchemaView(SpectacularAPIView):
    """As drf-spectacular has it, whose extensions are loaded by the first to ask: two at once, and one fails."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with _ONE_AT_A_TIME:
            return super().dispatch(request, *args, **kwargs)


def complete(result: dict[str, Any], generator: object, request: object, public: bool) -> dict[str, Any]:
    """drf-spectacular's last step: what its own annotations cannot say, or would say once for each call."""
    documents = problem_documents()
    for methods in result["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in PATHS:
                    parameter["description"] = PATHS[parameter["name"]]
            for status, answer in operation["responses"].items():
                _say_answer(operation["operationId"], status, answer, documents)
            if "not-authenticated" in str(operation["responses"].get("401", "")):
                operation["security"] = [way for way in operation["security"] if way]
    return result


def problem_documents() -> Mapping[str, Mapping[str, Any]]:
    """An example of every problem document that there is, by its code; what varies in a sentence is left open."""
    refused = [problems.of_refusal(Refusal(code)) for code in REFUSALS]
    broken = [answer for fault in FAULTS if (answer := problems.handle(fault, {})) is not None]
    outside = [
        problems.unreadable(DisallowedHost()),
        problems.unreadable(ValueError()),
        problems.answer(503, outages.DATABASE.code, str(outages.DATABASE.detail)),
    ]
    rejected = problems.answer(422, "invalid-answers", str(INVALID_ANSWERS), more={"error_counts": {}})
    documents = [answer.data for answer in (*refused, *broken, *outside, rejected)]
    return {each["code"]: json.loads(re.sub(r"{\w+}", "…", json.dumps(each))) for each in documents}


def _say_answer(
    operation: str, status: str, answer: dict[str, Any], documents: Mapping[str, Mapping[str, Any]]
) -> None:
    for media_type, content in answer.get("content", {}).items():
        if media_type == problems.CONTENT_TYPE:
            _say_problems(status, answer, content, documents)
        elif (text := _example(operation, status, media_type)) is not None:
            # A file of lines is described by one of them.
            is_text = content["schema"].get("type") == "string"
            content["example"] = text if is_text else json.loads(text)
    if not answer.get("description"):
        answer["description"] = "Done."


def _say_problems(
    status: str,
    answer: dict[str, Any],
    content: dict[str, Any],
    documents: Mapping[str, Mapping[str, Any]],
) -> None:
    """Name the codes that this status comes with here, with their sentences and documents. Raises LookupError."""
    codes = [each["value"]["code"] for each in content.get("examples", {}).values()]
    if unknown := set(codes) - set(documents):
        raise LookupError(f"{', '.join(unknown)}: neither in wording's REFUSALS nor among schema.FAULTS")
    if not codes:
        return  # the tests ask for them
    told = "\n".join(f"* `{code}`: {documents[code]['detail']}" for code in codes)
    answer["description"] += f"\n\n{told}"
    content["examples"] = {code: {"value": documents[code]} for code in codes}
    of_these = {"status": {"const": int(status)}, "code": {"enum": codes}}
    content["schema"] = {"allOf": [content["schema"], {"properties": of_these}]}


def _example(operation: str, status: str, media_type: str) -> str | None:
    """The call's answer as it was once given: leaderboard/examples/<operation>.json, or <operation>-202.json."""
    for name in (f"{operation}-{status}", operation):
        path = EXAMPLES / f"{name}.{ENDINGS.get(media_type, 'txt')}"
        if path.exists():
            return path.read_text()
    return None


def with_rate_limits(result: dict[str, Any], **_drawn: object) -> dict[str, Any]:
    """The schema with the fields that middleware adds to every answer of a call that asks who it is; 401 has none."""
    result["components"]["headers"] = {
        name: {"description": said, "schema": {"type": "string"}} for name, said in rate_limits.FIELDS.items()
    }
    calls = (call for path in result["paths"].values() for call in path.values())
    for call in calls:
        for status, answer in call["responses"].items() if call.get("security") else ():
            if status != "401":
                told = {name: {"$ref": f"#/components/headers/{name}"} for name in rate_limits.FIELDS}
                answer["headers"] = answer.get("headers", {}) | told
    return result

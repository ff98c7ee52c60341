"""The API's schema, drawn up by one thread at a time."""

from threading import Lock
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.views import SpectacularAPIView

from submissions.api import rate_limits

_ONE_AT_A_TIME = Lock()


class SchemaView(SpectacularAPIView):
    """As drf-spectacular has it, whose extensions are loaded by the first to ask: two at once, and one fails."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with _ONE_AT_A_TIME:
            return super().dispatch(request, *args, **kwargs)


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

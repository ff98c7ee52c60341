"""What is known of every request: an id that goes through logs and queue, how it was answered, how long it took."""

import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponseBase

from submissions import log_lines, metrics

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
UNKNOWN = "none"  # no view has this address


class RequestMiddleware:
    """Takes the caller's X-Request-ID, or makes one, and gives it back; counts and logs the answer.

    A line names the view, not the path: links carry secrets. Nothing of who asked is written down.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Stand before all other middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        began = time.perf_counter()
        given = request.headers.get(HEADER, "")
        name = given if GIVEN.fullmatch(given) else uuid4().hex
        request.vernier_id = name  # type: ignore[attr-defined]  # for the lines that Django writes afterwards
        with log_lines.about(request=name):
            response = self.get_response(request)
            seconds = time.perf_counter() - began
            view = _view(request)
            metrics.REQUESTS.labels(view, request.method or "", response.status_code).inc()
            metrics.REQUEST_SECONDS.labels(view).observe(seconds)
            told = {"view": view, "method": request.method, "status": response.status_code}
            logger.info(
                "%s %s: %s in %.0f ms",
                request.method,
                view,
                response.status_code,
                seconds * 1000,
                extra=told | {"milliseconds": round(seconds * 1000, 1)},
            )
        response[HEADER] = name
        return response


def _view(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.view_name or match.route) if match else UNKNOWN

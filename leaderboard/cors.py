"""Pages of other sites may read what everybody may read, and nothing else.

`Access-Control-Allow-Origin: *` stands on every answer to a GET of the API in which nobody was known, faults and 304
included, and on none to a session or a token; a browser shows no page an answer with a star that was asked for with
credentials. No origin is named, so no answer varies with it, and caches stay right.
`Authorization` is not among the headers allowed: a token in the page of another site would be that site's to keep.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from leaderboard.slashes import API, SAFE

# Beside those that every page may read.
EXPOSED = (
    *("ETag", "Link", "Location", "Content-Disposition", "Retry-After", "RateLimit", "RateLimit-Policy"),
    *("Deprecation", "Sunset", "X-Request-ID"),
)
PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": ", ".join(SAFE),
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Max-Age": "86400",
}


class CrossOriginMiddleware:
    """Answers preflights under /api/, and marks what may be read from anywhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Stand outside of all that may answer in place of a view."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        if not request.path_info.startswith(API):
            return self.get_response(request)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return HttpResponse(status=204, headers=PREFLIGHT)
        response = self.get_response(request)
        if (
            request.method in SAFE
            and not _is_page(response)
            and (_is_anyones(request) or not _knows(request))
        ):
            response["Access-Control-Allow-Origin"] = "*"
            response["Access-Control-Expose-Headers"] = ", ".join(EXPOSED)
        return response


def _is_page(response: HttpResponseBase) -> bool:
    return response.status_code == 200 and response.get("Content-Type", "").startswith("text/html")


def _is_anyones(request: HttpRequest) -> bool:
    """Whether the call is the same for everyone: it asks for no session and no token."""
    view = getattr(request.resolver_match and request.resolver_match.func, "cls", None)
    return view is not None and not view.authentication_classes


def _knows(request: HttpRequest) -> bool:
    """Whether the request says who sends it."""
    return "Authorization" in request.headers or settings.SESSION_COOKIE_NAME in request.COOKIES

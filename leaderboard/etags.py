"""Answers that need not be sent again."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from submissions import upload_switch
from submissions.models import Benchmark

REPOSITORY = Path(__file__).resolve().parent.parent


@cache
def build() -> str:
    """Changes with the program: a new release of the site must not be answered from the last one's pages."""
    digest = hashlib.sha256()
    for layer in ("leaderboard", "submissions", "scoring"):
        for path in sorted((REPOSITORY / layer).rglob("*")):
            if path.suffix in (".py", ".html", ".css", ".js", ".mo", ".toml"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def standing_of(benchmark: Benchmark) -> tuple[object, ...]:
    """What a board's answer depends on beside its address: the ranks, and what organizers set without moving them."""
    return (
        benchmark.changed_at,
        benchmark.current_release_id,
        benchmark.name,
        benchmark.disclosure,
        benchmark.intake,
        upload_switch.shown_sentence(),
        benchmark.opens_at,
        benchmark.closes_at,
    )


def tag(request: HttpRequest, *parts: object) -> str:
    """A strong ETag of this address in this language, as it stands by `parts`."""
    told = (
        build(),
        get_language(),
        request.get_host(),
        request.get_full_path(),
        request.headers.get("Accept"),
    )
    return f'"{hashlib.sha256(repr((told, parts)).encode()).hexdigest()[:32]}"'


def is_anyones(request: HttpRequest) -> bool:
    """Whether a page drawn for this request shows nothing of who asks: no session, no message waiting."""
    return settings.SESSION_COOKIE_NAME not in request.COOKIES and "messages" not in request.COOKIES


def unless_known(request: HttpRequest, etag: str, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """304 when the asker has this version already, else what `answer` makes, marked with it."""
    known = get_conditional_response(request, etag=etag)
    response: HttpResponseBase = known or answer()
    if response.status_code in (200, 304):
        response["ETag"] = etag
        # To be asked for each time: a score is on the board the moment that its submission says so.
        response["Cache-Control"] = "public, no-cache"
    return response

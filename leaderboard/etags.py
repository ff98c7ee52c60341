"""Answers that need not be sent again."""

import hashlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from submissions import upload_switch
from submissions.models import Benchmark

LARGEST_KEPT = 512 * 1024  # bytes
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
    """304 when the asker has this version already, else what `answer` makes, marked with it.

    What was made for one is kept in the process for the next, to whom it would be the same to the byte: that is what a
    strong ETag says.
    """
    known = get_conditional_response(request, etag=etag)
    response: HttpResponseBase = known or _kept(etag) or _keeping(etag, answer())
    if response.status_code in (200, 304):
        response["ETag"] = etag
        # To be asked for each time: a score is on the board the moment that its submission says so.
        response["Cache-Control"] = "public, no-cache"
    return response


def _kept(etag: str) -> HttpResponse | None:
    found: tuple[bytes, dict[str, str]] | None = caches["pages"].get(etag)
    return None if found is None else HttpResponse(found[0], headers=found[1])


def _keeping(etag: str, response: HttpResponseBase) -> HttpResponseBase:
    """The response, which is kept once it is drawn; no stream, and nothing large."""
    if isinstance(response, SimpleTemplateResponse):  # as those of the API are
        response.add_post_render_callback(partial(_keep, etag))
    elif isinstance(response, HttpResponse):
        _keep(etag, response)
    return response


def _keep(etag: str, response: HttpResponse) -> None:
    if response.status_code == 200 and len(response.content) <= LARGEST_KEPT and not response.cookies:
        caches["pages"].set(etag, (response.content, dict(response.headers)))

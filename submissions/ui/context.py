"""What the frame of every page asks for."""

from typing import Any

from django.core.cache import caches
from django.http import HttpRequest

from submissions import mailbox
from submissions.models import Benchmark

NAV_KEY = "nav-benchmarks"
NAV_SECONDS = 30


def site(request: HttpRequest) -> dict[str, Any]:
    """The header's benchmarks, and whether the footer leads to the mailbox: at most one query in half a minute."""
    return {"nav_benchmarks": _benchmarks, "mailbox_shown": mailbox.is_kept()}


def frame() -> tuple[object, ...]:
    """All that the frame of a page says to somebody without a session; for an ETag."""
    return (_benchmarks(), mailbox.is_kept())


def _benchmarks() -> list[dict[str, Any]]:
    """Called by the template, so that a page without the frame asks nothing."""
    local = caches["local"]
    known: list[dict[str, Any]] | None = local.get(NAV_KEY)
    if known is None:
        benchmarks = Benchmark.objects.order_by("is_standin", "name")
        known = [dict(found) for found in benchmarks.values("slug", "name", "is_standin")]
        local.set(NAV_KEY, known, NAV_SECONDS)
    return known

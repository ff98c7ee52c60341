"""How much is left to whom: the fields RateLimit-Policy and RateLimit of every answer of the API to somebody known.

After draft-ietf-httpapi-ratelimit-headers, version 10: lists of RFC 9651, an item a limit. Bursts are per token or
person; on calls of a benchmark the team's quota stands beside them.
"""

from collections.abc import Callable, Sequence

from django.db import Error
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from submissions import askers, limits, quota
from submissions.askers import Asker
from submissions.limits import Left
from submissions.models import Benchmark

DAY = 86_400
FIELDS = {
    "RateLimit-Policy": "The limits that hold for you: `q` of each in `w` seconds, or in all where there is no `w`. "
    "`uploads` and `checks` are yours, `daily` and `total` your team’s on this benchmark.",
    "RateLimit": "What is left of each: `r`, which is `q` again in `t` seconds.",
}


class RateLimitMiddleware:
    """Adds the fields where a call has found out who asks; what is the same for everybody says nothing of limits."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Stand behind all other middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        response = self.get_response(request)
        if hasattr(request, "auth"):  # set by the API's calls, once they know
            for name, value in fields(request):
                response[name] = value
        return response


def fields(request: HttpRequest) -> Sequence[tuple[str, str]]:
    """Both fields; none for nobody, and where nothing can be said."""
    try:
        asker = askers.of(request)
        if not asker.is_known:
            return ()
        found = [*limits.bursts_left(asker.key), *_quota_left(request, asker)]
    except Error:  # the database is away: the answer says so, or did not need it
        return ()
    if not found:
        return ()
    return (
        ("RateLimit-Policy", ", ".join(_item(each.name, q=each.most, w=each.window) for each in found)),
        ("RateLimit", ", ".join(_item(each.name, r=each.left, t=each.ends_in) for each in found)),
    )


def _quota_left(request: HttpRequest, asker: Asker) -> list[Left]:
    """On a call of a benchmark that the asker may send to: the account of its team, if it has one alone."""
    slug = request.resolver_match.kwargs.get("slug") if request.resolver_match else None
    teams = [team for team in askers.teams_of(asker) if team.archived_at is None] if slug else []
    benchmark = Benchmark.objects.filter(slug=slug).first() if len(teams) == 1 else None
    if benchmark is None or not asker.is_for(benchmark):
        return []
    now = timezone.now()
    account = quota.of(teams[0], benchmark, now=now)
    renews_in = int((account.renews_at - now).total_seconds()) + 1
    return [
        Left("daily", account.daily_limit, DAY, account.left_today, renews_in),
        Left("total", account.total_limit, None, account.left_total, None),
    ]


def _item(name: str, **parameters: int | None) -> str:
    said = "".join(f";{key}={value}" for key, value in parameters.items() if value is not None)
    return f'"{name}"{said}'

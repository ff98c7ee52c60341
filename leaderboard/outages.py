"""A part that the site stands on is away: what a page and a call answer then, and that a retry will do."""

from dataclasses import dataclass

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leaderboard import api
from leaderboard.slashes import API
from submissions.api import problems
from submissions.storage import RETRY_SECONDS, StorageUnavailableError


@dataclass(frozen=True, slots=True)
class Outage:
    """What is away, by the code of its problem document and in words."""

    code: str
    heading: str | Promise
    detail: str | Promise


DATABASE = Outage(
    "database-unavailable",
    _("The database does not answer"),
    _(
        "This site’s database does not answer at the moment. What was received before is safe. Try again in a minute. "
        "If you were sending an answer file: the same file for the same entry is never taken or charged twice."
    ),
)
STORAGE = Outage(
    "storage-unavailable",
    _("The store does not answer"),
    _(
        "The store in which answer files are kept does not answer at the moment. What was received before is safe, and "
        "nothing was taken or charged now. Try again in a minute."
    ),
)


def of(fault: BaseException | None) -> Outage | None:
    """The outage that the fault comes from; None when it is one of ours."""
    if isinstance(fault, OperationalError | InterfaceError):
        return DATABASE
    return STORAGE if isinstance(fault, StorageUnavailableError) else None


def answer(request: HttpRequest, outage: Outage) -> HttpResponse:
    """503 and when to come back. Asks for nothing but the style sheets."""
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    if request.path.startswith(API):
        return api.as_json(problems.answer(503, outage.code, str(outage.detail), headers=headers))
    page = render_to_string("503.html", {"heading": outage.heading, "detail": outage.detail})
    return HttpResponse(page, status=503, headers=headers)

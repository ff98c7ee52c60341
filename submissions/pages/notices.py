"""What the reader's teams and the reader were told; and the page behind the link that stops mails."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from submissions import askers, notice_texts
from submissions import mails as receivers
from submissions.models import Membership, Notice, User
from submissions.pages.refused import person, see_other
from submissions.ui import format as figures

NOTICES_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A notice as its line shows it. ``team`` is empty for what the reader alone is told."""

    at: SafeString
    subject: str
    body: list[str]
    url: str
    team: str
    is_new: bool


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def notices(request: HttpRequest) -> HttpResponse:
    """The reader's notices, the newest first, which marks them as read; on POST, switch the mails of one team."""
    if request.method == "POST":
        return _switch(request)
    user = person(request)
    page, links = _page(request)
    read_at = user.notices_read_at
    if page and not links["previous_url"] and request.method == "GET":
        _mark_read(user, page[0])
    memberships = Membership.objects.filter(user=user).select_related("team").order_by("team__name")
    context = {
        "nav": "notices",
        "notices": [_row(notice, is_new=notice.at > read_at) for notice in page],
        **links,
        "memberships": memberships,
        "own_mails": user.mails,
    }
    return render(request, "submissions/notices.html", context)


def _page(request: HttpRequest) -> tuple[list[Notice], dict[str, str]]:
    """A page of notices, and the ways to the next and the previous one; a place that cannot be is the first page."""
    seen = Notice.objects.visible_to(askers.of(request)).select_related("team")
    before, after = _number(request, "before"), _number(request, "after")
    if after is not None:
        found = list(seen.filter(pk__gt=after).order_by("pk")[: NOTICES_A_PAGE + 1])
        newer, page = len(found) > NOTICES_A_PAGE, found[:NOTICES_A_PAGE][::-1]
        older = bool(page)
    else:
        wanted = seen if before is None else seen.filter(pk__lt=before)
        found = list(wanted.newest_first()[: NOTICES_A_PAGE + 1])
        older, page = len(found) > NOTICES_A_PAGE, found[:NOTICES_A_PAGE]
        newer = before is not None
    url = reverse("notices")
    newest, oldest = (page[0].pk, page[-1].pk) if page else (0, 0)
    return page, {
        "previous_url": f"{url}?{urlencode({'after': newest})}" if newer else "",
        "next_url": f"{url}?{urlencode({'before': oldest})}" if older else "",
    }


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _mark_read(user: User, newest: Notice) -> None:
    # Not now but the newest that is shown: what came in between is not lost.
    if User.objects.filter(pk=user.pk, notices_read_at__lt=newest.at).update(notices_read_at=newest.at):
        user.notices_read_at = newest.at


def _row(notice: Notice, *, is_new: bool) -> Row:
    return Row(
        at=figures.when(notice.at),
        subject=notice_texts.subject(notice),
        body=notice_texts.body(notice),
        url=notice.path,
        team=notice.team.name if notice.team else "",
        is_new=is_new,
    )


def _switch(request: HttpRequest) -> HttpResponse:
    receiver: receivers.Receiver = person(request)
    if slug := request.POST.get("team"):
        mine = Membership.objects.filter(user=person(request)).select_related("team")
        receiver = get_object_or_404(mine, team__slug=slug)
    on = request.POST.get("mails") == "on"
    receivers.switch(receiver, on=on)
    messages.success(request, _("Mails are on.") if on else _("No more of these mails come to you."))
    return see_other(reverse("notices"))


# What is posted comes from mail programs, without a cookie (RFC 8058): who has the link may do this and no more.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def mails(request: HttpRequest, token: str) -> HttpResponse:
    """Whose mails the link stops; on POST, they are stopped at once. GET changes nothing: scanners follow links."""
    receiver, is_gone = None, False
    try:
        receiver = receivers.receiver_of(token)
    except receivers.UnknownLinkError as error:
        raise Http404 from error
    except receivers.AccountGoneError:
        is_gone = True
    if request.method == "POST" and receiver is not None:
        receivers.switch(receiver, on=request.POST.get("mails") == "on")
        receiver.refresh_from_db(fields=["mails"])
    context: dict[str, Any] = {
        "receiver": receiver,
        "is_gone": is_gone,
        "team": receiver.team if isinstance(receiver, Membership) else None,
        "are_on": receiver is not None and receiver.mails,
    }
    return render(request, "submissions/mails.html", context)

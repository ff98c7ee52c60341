"""The mailbox page of the embedded default, which sends no mail but shows it. Elsewhere it does not exist."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from submissions import mailbox


@require_safe
@never_cache
def mail_list(request: HttpRequest) -> HttpResponse:
    """The newest messages first."""
    _require_kept()
    return render(request, "submissions/mailbox.html", {"mails": mailbox.newest()})


@require_safe
@never_cache
def mail_message(request: HttpRequest, name: str) -> HttpResponse:
    """One message."""
    _require_kept()
    mail = mailbox.read(name)
    if mail is None:
        raise Http404
    return render(request, "submissions/mail_message.html", {"mail": mail})


def _require_kept() -> None:
    if not mailbox.is_kept():
        raise Http404

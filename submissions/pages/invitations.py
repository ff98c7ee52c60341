"""The page behind an invitation's link."""

from typing import Any

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from submissions import askers, teams
from submissions.pages import refused
from submissions.pages.refused import deed, person, see_other
from submissions.refusals import Refusal


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Show which team invites, to anybody with the link; on POST, join it."""
    return _accept(request, secret=secret) if request.method == "POST" else _show(request, secret)


def _show(request: HttpRequest, secret: str) -> HttpResponse:
    asker = askers.of(request)
    try:
        found = teams.invitation_of(secret, now=timezone.now())
    except Refusal as refusal:
        ended = {"invitation": None, "ended_text": refused.sentence(refusal)}
        return render(request, "submissions/invitation.html", ended, status=410)
    back = urlencode({"next": request.path})
    context: dict[str, Any] = {
        "invitation": found,
        "team": found.team,
        "is_member": found.team_id in asker.team_ids,
        "login_url": f"{reverse('account_login')}?{back}",
        "signup_url": f"{reverse('account_signup')}?{back}",
    }
    return render(request, "submissions/invitation.html", context)


@deed("invitation", "secret")
def _accept(request: HttpRequest, secret: str) -> HttpResponse:
    team = teams.accept(secret, user=person(request), now=timezone.now())
    notices.success(request, _("You are in %(team)s.") % {"team": team})
    return see_other(team.get_absolute_url())

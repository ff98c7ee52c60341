"""Who gets to the organizers' desk, and what others would show there that must not be seen."""

from typing import Any

import allauth.account.admin
import allauth.mfa.admin
from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.contrib.auth import admin as auth_admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from submissions import second_factor
from submissions.admin import waiting

admin.site.site_header = "Vernier"
admin.site.site_title = "Vernier"


def _has_permission(request: HttpRequest) -> bool:
    """Organizers alone, with their second factor."""
    return admin.AdminSite.has_permission(admin.site, request) and not second_factor.is_lacking(request)


def _login(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Where an organizer gets what is lacking; never a form for passwords."""
    if way := second_factor.way_to_it(request):
        messages.warning(request, _("The desk asks organizers for a second factor."))
        return HttpResponseRedirect(way)
    return admin.AdminSite.login(admin.site, request, extra_context)


def _index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """The front, with what waits for an organizer."""
    return admin.AdminSite.index(
        admin.site, request, {"waiting": waiting.for_organizers(), **(extra_context or {})}
    )


admin.site.index = _index  # type: ignore[method-assign,assignment]
admin.site.index_template = "submissions/desk/index.html"
admin.site.has_permission = _has_permission  # type: ignore[method-assign]
# One door for passwords: allauth's, which slows down guessing.
admin.site.login = secure_admin_login(_login)  # type: ignore[method-assign]
# Others register what would show the secrets of second factors, and what could be changed without a word in the log.
# Imported first, so that they do not do it again.
for model in (
    allauth.mfa.admin.Authenticator,
    allauth.account.admin.EmailAddress,
    auth_admin.Group,  # type: ignore[attr-defined]  # taken from there, so that it is registered by now
):
    admin.site.unregister(model)

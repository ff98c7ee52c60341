"""Organizers act with a second factor: once set up it is asked for, and where the site demands it, it must be."""

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from submissions.models import User


def is_lacking(request: HttpRequest) -> bool:
    """Whether this session of an organizer has yet to show a second factor; nobody else ever lacks one."""
    return bool(way_to_it(request))


def way_to_it(request: HttpRequest) -> str:
    """Where an organizer sets the second factor up, or shows it and comes back; empty when nothing is lacking."""
    user = request.user
    if not (isinstance(user, User) and user.is_staff):
        return ""
    if not is_mfa_enabled(user, [Authenticator.Type.TOTP]):
        return reverse("mfa_activate_totp") if settings.VERNIER_SECOND_FACTOR else ""
    if any(record.get("method") == "mfa" for record in get_authentication_records(request, user)):
        return ""
    # Signed in before it was set up, elsewhere.
    return f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}"

"""Bearer tokens for machines; sessions are DRF's own."""

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from submissions import tokens
from submissions.models import Token

SCHEME = _("The token came without the word “Bearer” before it. Send the header Authorization: Bearer vrn_….")
REASONS = {
    "malformed": _("This is not a Vernier token: it is cut short, or a character is wrong."),
    "unknown": _("This token is not known here. Was it made on another site?"),
    "revoked": _("This token was revoked at {at}."),
    "ended": _("This token ended at {at}. Make a new one on your team's page."),
}


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer vrn_...`"""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Token] | None:
        scheme, _space, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            # A token's text alone, or after another word, was meant for us: without this the answer would be that
            # nothing was sent.
            if tokens.PREFIX in (scheme[: len(tokens.PREFIX)], text.strip()[: len(tokens.PREFIX)]):
                raise AuthenticationFailed(str(SCHEME), code="token-scheme")
            return None
        try:
            now = timezone.now()
            token = tokens.authenticate(text.strip(), now=now)
        except tokens.UnusableTokenError as error:
            raise failed(error) from error
        tokens.note_network(token, address_of(request), now=now)
        return AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="vernier"'


def failed(error: tokens.UnusableTokenError) -> AuthenticationFailed:
    """The 401 that says why the token opens nothing."""
    return AuthenticationFailed(
        str(REASONS[error.reason]).format(**error.params), code=f"token-{error.reason}"
    )


def address_of(request: Request) -> str | None:
    """The client's address as the proxies tell it, in the way in which sign-ins are counted; None: nobody can tell."""
    try:
        address: str = get_adapter().get_client_ip(request._request)
    except (PermissionDenied, ImproperlyConfigured):  # none, or fewer proxies than there should be
        return None
    return address


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base's hook
    """How the OpenAPI schema names it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "vrn_…"}

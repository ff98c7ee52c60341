"""API tokens: `vrn_`, 30 random base62 characters, and 6 of their CRC-32, by which a scanner knows a leaked one."""

import hashlib
import secrets
import string
import zlib
from datetime import datetime, timedelta

from django.db import transaction

from submissions import audit
from submissions.askers import Asker
from submissions.models import Team, Token, User

PREFIX = "vrn_"
RANDOM_CHARACTERS = 30
CHECK_CHARACTERS = 6
LONGEST_LIFE = timedelta(days=365)
NOTE_USE_EVERY = timedelta(minutes=1)
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


class UnusableTokenError(Exception):
    """The token opens nothing; `reason` is malformed, unknown, revoked or ended."""

    def __init__(self, reason: str, **params: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = params


def create(
    team: Team, *, name: str, scope: Token.Scope, days: int, now: datetime, created_by: User | None = None
) -> tuple[Token, str]:
    """Make a token; its text is returned here and never again. At most a year long."""
    body = "".join(secrets.choice(_BASE62) for _ in range(RANDOM_CHARACTERS))
    text = PREFIX + body + checksum(body)
    with transaction.atomic():
        token = Token.objects.create(
            team=team,
            name=name,
            digest=digest(text),
            hint=text[:10],
            scope=scope,
            created_by=created_by,
            expires_at=now + min(timedelta(days=days), LONGEST_LIFE),
        )
        audit.record(Asker(user=created_by) if created_by else audit.COMMAND, "made", token, scope=str(scope))
    return token, text


def checksum(body: str) -> str:
    """CRC-32 of the random part in six base62 characters, most significant first."""
    rest = zlib.crc32(body.encode())
    characters = []
    for _ in range(CHECK_CHARACTERS):
        rest, digit = divmod(rest, len(_BASE62))
        characters.append(_BASE62[digit])
    return "".join(reversed(characters))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_well_formed(text: str) -> bool:
    body, check = text[len(PREFIX) : -CHECK_CHARACTERS], text[-CHECK_CHARACTERS:]
    return (
        text.startswith(PREFIX)
        and len(body) == RANDOM_CHARACTERS
        and all(character in _BASE62 for character in body)
        and secrets.compare_digest(check.encode(), checksum(body).encode())
    )


def authenticate(text: str, *, now: datetime) -> Token:
    """The living token of this text. Raises UnusableTokenError, which never quotes it."""
    if not is_well_formed(text):
        raise UnusableTokenError("malformed")
    token = Token.objects.select_related("team").filter(digest=digest(text)).first()
    if token is None:
        raise UnusableTokenError("unknown")
    if token.revoked_at is not None:
        raise UnusableTokenError("revoked", at=f"{token.revoked_at:%Y-%m-%d %H:%M} UTC")
    if token.expires_at <= now:
        raise UnusableTokenError("ended", at=f"{token.expires_at:%Y-%m-%d %H:%M} UTC")
    if token.last_used_at is None or now - token.last_used_at > NOTE_USE_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(token: Token, *, by: audit.Actor, now: datetime) -> None:
    """End a token at once. Again: no change."""
    with transaction.atomic():
        if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            audit.record(by, "revoked", token)

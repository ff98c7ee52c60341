"""Whether an identity token is what it says: signed by an issuer on the list, for us, now.

After RFC 7519, RFC 8725 and OpenID Connect Core 3.1.3.7. Nothing in the token decides how it is checked: the
algorithms, the issuers and their keys are ours to know, and a header that brings a key or names one's address is
refused.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from submissions.models import Publisher
from submissions.oidc import issuers, keys
from submissions.oidc.issuers import Issuer
from submissions.refusals import Refusal

ALGORITHMS = ("RS256", "ES256")
LEEWAY = timedelta(seconds=30)
# GitLab's token is given to a job when it starts and lives as long as the job may run.
LONGEST_LIFE: Mapping[str, timedelta] = {
    Publisher.Kind.GITHUB: timedelta(hours=1),
    Publisher.Kind.GITLAB: timedelta(hours=24),
}
LEAST_RSA_BITS = 2048
LONGEST = 16 * 1024
LONGEST_TEXT = 500
CARRIED_KEYS = ("jwk", "jku", "x5u", "x5c")
MOMENTS = ("exp", "nbf", "iat")


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified identity token."""

    issuer: Issuer
    jti: str
    expires_at: datetime
    claims: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A claim that has to be there: text that can be shown, or the number of an id. Raises Refusal."""
        found = self.optional(name)
        if not found:
            raise Refusal("identity-claim-missing", claim=name)
        return found

    def optional(self, name: str) -> str:
        """The same; empty where there is none."""
        found = self.claims.get(name)
        if found is None:
            return ""
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        # Neither control characters nor those that turn the direction of text.
        if not isinstance(found, str) or len(found) > LONGEST_TEXT or not found.isprintable():
            raise Refusal("identity-claim-unreadable", claim=name)
        return found


def verify(token: str, *, audience: str, now: datetime) -> Identity:
    """What the token says, once everything about it is right. Raises Refusal, which says what is not."""
    header, claims = _parts(token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise Refusal("identity-algorithm", found=_told(algorithm), known=", ".join(ALGORITHMS))
    if carried := [name for name in CARRIED_KEYS if name in header]:
        raise Refusal("identity-key-carried", found=carried[0])
    if "crit" in header:
        raise Refusal("identity-critical")
    issuer = issuers.find(claims["iss"]) if isinstance(claims.get("iss"), str) else None
    if issuer is None:
        listed = ", ".join(each.url for each in issuers.known()) or "–"
        raise Refusal("identity-issuer", found=_told(claims.get("iss")), known=listed)
    _check_signature(token, issuer, header, algorithm)
    identity = Identity(issuer, _jti(claims), _moment(claims, "exp"), claims)
    _check_times(identity, now)
    _check_audience(claims.get("aud"), audience)
    identity.text("sub")
    return identity


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, of which nothing is believed yet."""
    parts = token.split(".")
    if len(token) > LONGEST or not token.isascii() or len(parts) != 3 or not all(parts[:2]):
        raise Refusal("identity-malformed")
    header, claims = (_json(part) for part in parts[:2])
    return header, claims


def _json(part: str) -> dict[str, Any]:
    try:
        content = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(content)
    except (binascii.Error, ValueError, RecursionError) as error:  # msgspec's own is a ValueError
        raise Refusal("identity-malformed") from error
    if not isinstance(found, dict):
        raise Refusal("identity-malformed")
    return found


def _check_signature(token: str, issuer: Issuer, header: Mapping[str, Any], algorithm: str) -> None:
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise Refusal("identity-key-unnamed")
    key = keys.find(issuer, kid)
    if key is None:
        raise Refusal("identity-key-unknown", found=_told(kid), issuer=issuer.url)
    public = _public(key, algorithm)
    try:
        jwt.PyJWS(algorithms=[algorithm]).decode(token, public, algorithms=[algorithm])
    except jwt.InvalidTokenError as error:
        raise Refusal("identity-signature", issuer=issuer.url) from error


def _public(key: keys.Key, algorithm: str) -> RSAPublicKey | EllipticCurvePublicKey:
    """The key, if it is one for the algorithm."""
    wrong = Refusal("identity-key-kind", algorithm=algorithm)
    if key.get("alg", algorithm) != algorithm:
        raise wrong
    try:
        public = jwt.PyJWK(dict(key), algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise wrong from error
    if algorithm == "RS256" and isinstance(public, RSAPublicKey) and public.key_size >= LEAST_RSA_BITS:
        return public
    if (
        algorithm == "ES256"
        and isinstance(public, EllipticCurvePublicKey)
        and isinstance(public.curve, SECP256R1)
    ):
        return public
    raise wrong


def _jti(claims: Mapping[str, Any]) -> str:
    found = claims.get("jti")
    if not found:
        raise Refusal("identity-claim-missing", claim="jti")
    if not isinstance(found, str) or len(found) > LONGEST_TEXT:
        raise Refusal("identity-claim-unreadable", claim="jti")
    return found


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    found = claims.get(name)
    if found is None:
        raise Refusal("identity-claim-missing", claim=name)
    # After the year 3000 something else is wrong.
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < 32_503_680_000:
        raise Refusal("identity-claim-unreadable", claim=name)
    return datetime.fromtimestamp(found, tz=UTC)


def _check_times(identity: Identity, now: datetime) -> None:
    expires_at, not_before, issued_at = (_moment(identity.claims, name) for name in MOMENTS)
    if now > expires_at + LEEWAY:
        raise Refusal("identity-expired", at=_said(expires_at))
    if now < not_before - LEEWAY:
        raise Refusal("identity-not-yet", at=_said(not_before))
    if now < issued_at - LEEWAY:
        raise Refusal("identity-of-the-future", at=_said(issued_at))
    longest = LONGEST_LIFE[identity.issuer.kind]
    if expires_at <= issued_at or expires_at - issued_at > longest:
        raise Refusal("identity-lifetime", hours=int(longest.total_seconds()) // 3600)


def _check_audience(found: object, audience: str) -> None:
    if found is None:
        raise Refusal("identity-claim-missing", claim="aud")
    # One alone: a token for several could be exchanged here by any other of them.
    if isinstance(found, list):
        raise Refusal("identity-audience-list", audience=audience)
    if found != audience:
        raise Refusal("identity-audience", found=_told(found), audience=audience)


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _told(found: object) -> str:
    """What came, as a sentence may quote it."""
    if found is None:
        return "–"
    text = str(found)[:100]
    return "".join(character if character.isprintable() else "�" for character in text)

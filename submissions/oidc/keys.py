"""The public keys of an issuer, by its discovery document; kept in the process for ten minutes."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from submissions import exchanges
from submissions.oidc.issuers import Issuer
from submissions.refusals import Refusal

KEPT_SECONDS = 600
LOOK_AGAIN_SECONDS = (
    30  # for a key that is not known: whoever names made-up ones does not make us ask each time
)
SILENT_SECONDS = 10  # so long nobody asks an issuer that did not answer
TIMEOUT_SECONDS = 5  # for its document and its keys together
PATIENCE_SECONDS = 2  # for another thread that asks
LARGEST_BYTES = 256 * 1024
MOST_KEYS = 50
LOOPBACK = ("127.0.0.1", "localhost", "::1")

Key = Mapping[str, Any]


@dataclass
class _Kept:
    """What is known of one issuer; times are of the monotonic clock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: dict[str, Key] = field(default_factory=dict)
    fetched_at: float | None = None
    failed_at: float | None = None
    failure: str = ""

    def usable(self, kid: str) -> Key | None:
        return self.keys.get(kid) if _since(self.fetched_at) <= KEPT_SECONDS else None


_kept: dict[str, _Kept] = {}


def find(issuer: Issuer, kid: str) -> Key | None:
    """The issuer's key of this name; None when it has none.

    Raises Refusal when the issuer does not answer, or answers with what cannot be used.
    """
    kept = _kept.setdefault(issuer.url, _Kept())
    # Whoever's key is known waits for nobody: somebody else may have made us look for one that there is not.
    if (known := kept.usable(kid)) is not None:
        return known
    # Of many at once one asks, and the others have what it learned. A slow issuer must not hold every web thread.
    if not kept.lock.acquire(timeout=PATIENCE_SECONDS):
        raise Refusal("identity-issuer-silent", issuer=issuer.url, seconds=SILENT_SECONDS)
    try:
        age = _since(kept.fetched_at)
        if age > KEPT_SECONDS or (kid not in kept.keys and age > LOOK_AGAIN_SECONDS):
            _refresh(issuer, kept)
        return kept.keys.get(kid)
    finally:
        kept.lock.release()


def forget() -> None:
    """Know nothing of any issuer any more."""
    _kept.clear()


def _since(moment: float | None) -> float:
    return float("inf") if moment is None else time.monotonic() - moment


def _refresh(issuer: Issuer, kept: _Kept) -> None:
    if _since(kept.failed_at) < SILENT_SECONDS:
        raise Refusal(kept.failure, issuer=issuer.url, seconds=SILENT_SECONDS)
    try:
        kept.keys = _fetch(issuer)
    except Refusal as refusal:
        kept.failed_at, kept.failure = time.monotonic(), refusal.code
        raise
    kept.fetched_at, kept.failed_at = time.monotonic(), None


def _fetch(issuer: Issuer) -> dict[str, Key]:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    document = _get(issuer, f"{issuer.url}/.well-known/openid-configuration", deadline)
    where = document.get("jwks_uri")
    # A document of another issuer's would bring another's keys.
    if document.get("issuer") != issuer.url or not isinstance(where, str) or not _is_safe(issuer, where):
        raise _unusable(issuer)
    listed = _get(issuer, where, deadline).get("keys")
    if not isinstance(listed, list):
        raise _unusable(issuer)
    found: dict[str, Key] = {}
    for key in listed[:MOST_KEYS]:
        if isinstance(key, dict) and isinstance(key.get("kid"), str) and key.get("use", "sig") == "sig":
            found.setdefault(key["kid"], key)
    return found


def _is_safe(issuer: Issuer, url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return (
        parts.scheme == "http"
        and parts.hostname in LOOPBACK
        and urlsplit(issuer.url).scheme == "http"  # which is on this machine alone
    )


def _get(issuer: Issuer, url: str, deadline: float) -> dict[str, Any]:
    """The JSON object at the address. No redirect is followed: an issuer says itself where its keys are."""
    try:
        answer = exchanges.ask(
            "GET",
            url,
            headers={"Accept": "application/json"},
            deadline=deadline,
            most_bytes=LARGEST_BYTES,
        )
    except exchanges.UnreachableError as error:
        raise _silent(issuer) from error
    if answer.status >= 500 or answer.status == 429:
        raise _silent(issuer)
    if answer.status != 200:
        raise _unusable(issuer)
    if not answer.is_whole:
        raise _unusable(issuer) if len(answer.beginning) == LARGEST_BYTES else _silent(issuer)
    try:
        document = msgspec.json.decode(answer.beginning)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _unusable(issuer) from error
    if not isinstance(document, dict):
        raise _unusable(issuer)
    return document


def _silent(issuer: Issuer) -> Refusal:
    return Refusal("identity-issuer-silent", issuer=issuer.url, seconds=SILENT_SECONDS)


def _unusable(issuer: Issuer) -> Refusal:
    return Refusal("identity-issuer-unusable", issuer=issuer.url, seconds=SILENT_SECONDS)

"""A pipeline's own identity, exchanged for a token of fifteen minutes: no secret is kept anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Callable
from urllib.parse import urlsplit

import httpx

from vernier import exits, shapes
from vernier.exits import StopError
from vernier.settings import Settings
from vernier.site import TIMEOUT, Site, body
from vernier.tokens import Token
from vernier.voice import Voice

# What GitHub gives a job that has `permissions: id-token: write`, and what a GitLab job names in `id_tokens`.
REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
GIVEN = "VERNIER_ID_TOKEN"

Minter = Callable[[], Token]


def is_there(environment: Mapping[str, str]) -> bool:
    """Whether whoever runs this pipeline vouches for it."""
    return bool(environment.get(GIVEN) or (environment.get(REQUEST_URL) and environment.get(REQUEST_TOKEN)))


def is_renewable(environment: Mapping[str, str]) -> bool:
    """Whether a second identity can be had when the first is used up: an identity token opens the door once."""
    return not environment.get(GIVEN)


def minter(settings: Settings, environment: Mapping[str, str], *, patience: float, voice: Voice) -> Minter:
    """What exchanges the identity for a token, each time it is called."""

    def mint() -> Token:
        with Site(settings.url(), None, patience=patience, voice=voice) as site:
            audience = _audience(site)
            said = {name: value for name in ("benchmark", "team") if (value := settings.get(name))}
            # Each try has an identity of its own where there can be one: of an answer that was lost, the first is used.
            made = site.post_json(
                "oidc/mint-token/", lambda: {"token": _identity(environment, audience), **said}
            )
            return Token(body(made, shapes.MINTED)["token"])

    return mint


def _audience(site: Site) -> str:
    """What the identity has to be made out to: this site, and nobody whom it could pass it on to."""
    audience = str(body(site.get("oidc/audience/"), shapes.AUDIENCE)["audience"])
    if _host(audience) != _host(site.url):
        said = f"{site.url} wants an identity made out to “{audience}”, which is not its own address: use that one."
        raise StopError(exits.REFUSED, said, code="audience")
    return audience


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _identity(environment: Mapping[str, str], audience: str) -> str:
    if given := environment.get(GIVEN):
        return given
    headers = {"Authorization": f"Bearer {environment[REQUEST_TOKEN]}"}
    try:
        url = httpx.URL(environment[REQUEST_URL]).copy_merge_params({"audience": audience})
        answer = httpx.get(url, headers=headers, timeout=TIMEOUT)
        answer.raise_for_status()
        return str(answer.json()["value"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
        # Its words may quote the request's own token.
        said = f"The runner gave no identity token ({type(error).__name__}). Run the job again."
        raise StopError(exits.UNREACHABLE, said, code="no-identity") from None

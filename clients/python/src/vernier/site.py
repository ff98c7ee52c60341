"""A site's API, asked until it answers: what may pass is tried again, and an upload is never made twice by it."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

import httpx

from vernier import __version__, exits, shapes
from vernier.exits import StopError
from vernier.files import Watched
from vernier.tokens import Token
from vernier.voice import Voice

TIMEOUT = httpx.Timeout(120, connect=15)
LONGEST_PAUSE = 30.0
PASSING = (429, 502, 503, 504)  # the site, or what stands before it, says: later
IN_FLIGHT = "idempotency-key-in-flight"
ENDED = "token-ended"


@dataclass(frozen=True)
class Form:
    """What an upload sends. The key is the upload's own: every try of it has the same."""

    file: Path
    name: str
    fields: Mapping[str, Any]
    key: str | None = None


@dataclass(frozen=True)
class Content:
    """What a request carries: one of these."""

    params: Mapping[str, Any] | None = None
    form: Form | None = None
    json: Callable[[], Mapping[str, Any]] | None = None


class Patience:
    """Pauses between tries: half a second, doubled each time, until their sum is used up."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._next = 0.5

    def pause(self, asked: float | None) -> float | None:
        """How long to wait now; None when there is not so much time. What the site asks for is never cut short."""
        grown = self._next * random.uniform(0.7, 1)  # noqa: S311  # spreads out clients that broke together
        wanted = grown if asked is None else max(asked, 0.05)
        self._next = min(self._next * 2, LONGEST_PAUSE)
        if wanted > self._left:
            return None
        self._left -= wanted
        return wanted


class Site:
    """Raises StopError whenever the answer is not the one that was hoped for."""

    def __init__(
        self,
        url: str,
        token: Token | None,
        *,
        patience: float,
        voice: Voice,
        renew: Callable[[], Token] | None = None,
    ) -> None:
        """`renew` gives another token when this one has ended."""
        self.url = url
        self._patience = patience
        self._voice = voice
        self._renew = renew
        headers = {"User-Agent": f"vernier-client/{__version__}", "Accept": "application/json"}
        # Redirects are not followed: they would carry the token, and lose the body.
        self._http = httpx.Client(base_url=f"{url}/api/v1/", headers=headers, timeout=TIMEOUT)
        self._use(token)

    def __enter__(self) -> Site:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def _use(self, token: Token | None) -> None:
        if token is not None:
            self._voice.keep_back(token)
            self._http.headers["Authorization"] = token.header()

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self._until_answered("GET", path, Content(params=params))

    def post(self, path: str, form: Form | None = None) -> httpx.Response:
        return self._until_answered("POST", path, Content(form=form))

    def post_json(self, path: str, said: Callable[[], Mapping[str, Any]]) -> httpx.Response:
        """Asked anew for what to say with every try."""
        return self._until_answered("POST", path, Content(json=said))

    def pages(self, path: str, row: Any, **params: Any) -> Iterator[dict[str, Any]]:
        """The rows of a list, each of this shape, page after page as they are asked for."""
        while True:
            answer = self.get(path, **params)
            page = body(answer, {"results": [row], "next": shapes.maybe(shapes.text)})
            yield from page["results"]
            if not page.get("next"):
                return
            # The cursor alone: an address that a site sends is nowhere to take a token to.
            params = {**params, **_query(page["next"], answer)}

    def _until_answered(self, method: str, path: str, content: Content) -> httpx.Response:
        patience = Patience(self._patience)
        while True:
            asked: float | None = None
            try:
                answer = self._once(method, path, content)
            except httpx.TransportError as error:
                stop = _unreachable(self.url, error)
                if not _may_pass(error):
                    raise stop from None
            except httpx.HTTPError as error:  # an answer that is not HTTP's, as a damaged encoding
                raise _unreachable(self.url, error) from None
            else:
                if answer.is_success:
                    return answer
                stop = refusal(answer)
                if stop.code == ENDED and self._renew is not None:
                    self._voice.detail("The token has ended: another is asked for.")
                    self._use(self._renew())
                elif answer.status_code not in PASSING and stop.code != IN_FLIGHT:
                    raise stop
                asked = retry_after(answer)
            pause = patience.pause(asked)
            if pause is None:
                raise stop
            self._voice.note(f"{stop.sentence} Trying again in {pause:.1f} s.")
            time.sleep(pause)

    def _once(self, method: str, path: str, content: Content) -> httpx.Response:
        began = time.monotonic()
        with ExitStack() as stack:
            options: dict[str, Any] = {"params": content.params or None}
            if content.json is not None:
                options["json"] = content.json()
            if form := content.form:
                told = stack.enter_context(
                    self._voice.progress(f"Sending {form.name}", form.file.stat().st_size)
                )
                # Opened anew by every try, and read piece by piece as the connection takes it.
                file = stack.enter_context(Watched(form.file, told))
                options["files"] = {"file": (form.name, file)}
                options["data"] = form.fields
                options["headers"] = {"Idempotency-Key": form.key} if form.key else None
            answer = self._http.request(method, path, **options)
        self._voice.detail(f"{method} {path}: {answer.status_code} in {time.monotonic() - began:.2f} s")
        return answer


def body(answer: httpx.Response, shape: Any) -> dict[str, Any]:
    """The answer's object, which has the shape. Raises StopError for any other, as a page of something in between."""
    found = _json(answer)
    if not isinstance(found, dict) or not shapes.fits(found, shape):
        raise _not_vernier(answer)
    return found


def _json(answer: httpx.Response) -> Any:
    """None for what is no JSON, or is nested too deep to be read."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def _not_vernier(answer: httpx.Response) -> StopError:
    said = (
        f"{_host(answer)} answers {answer.status_code}, but not as a Vernier site does. Is the address right?"
    )
    return StopError(exits.UNREACHABLE, said, code="not-vernier", status=answer.status_code)


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds of `Retry-After`, which may also be a date; None without one that can be read."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
        until = (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return max(until - datetime.now(timezone.utc).timestamp(), 0)


def refusal(answer: httpx.Response) -> StopError:
    """A problem document, or whatever came in its place, as the error that ends the command."""
    status = answer.status_code
    problem = _json(answer)
    if isinstance(problem, dict) and isinstance(problem.get("detail"), str):
        errors = problem.get("errors")
        listed = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
        total, counts = problem.get("errors_total"), problem.get("error_counts")
        return StopError(
            _exit_code(status),
            problem["detail"],
            code=str(problem.get("code", "")),
            status=status,
            errors=listed,
            errors_total=total if isinstance(total, int) else None,
            error_counts=counts if isinstance(counts, dict) else None,
        )
    if answer.is_redirect:
        said = f"{_host(answer)} sends on to {_target(answer)}: use the address that it is at now."
        return StopError(exits.REFUSED, said, code="redirect", status=status)
    sentence = f"{_host(answer)} answers {status} {answer.reason_phrase}, without a reason."
    if status == 404:
        sentence += f" {_where_a_site_is(answer)}"
    return StopError(exits.UNREACHABLE, sentence, code="http", status=status)


def _target(answer: httpx.Response) -> str:
    try:
        target = urlsplit(answer.headers.get("Location", ""))
    except ValueError:
        return "an address that cannot be read"
    return f"{target.scheme}://{target.netloc}"


def _where_a_site_is(answer: httpx.Response) -> str:
    """What may be wrong with the address, where nothing of Vernier's is."""
    url = answer.request.url
    if beyond := url.path.partition("/api/v1/")[0]:
        site = f"{url.scheme}://{url.netloc.decode('ascii')}"
        return f"The site's address may have “{beyond}” too much: try {site}"
    return "Is the address that of a Vernier site?"


def _exit_code(status: int) -> int:
    if status in (502, 503, 504):
        return exits.UNREACHABLE
    return exits.FAILED if status >= 500 else exits.REFUSED


def _may_pass(error: httpx.TransportError) -> bool:
    """Whether the same again may get through: not with a wrong certificate, or what cannot be sent at all."""
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
        return False
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return False
        cause = cause.__cause__ or cause.__context__
    return True


def _unreachable(url: str, error: httpx.HTTPError) -> StopError:
    if isinstance(error, httpx.LocalProtocolError):
        # Its words may quote a header.
        said = "The request cannot be sent. Was the file changed meanwhile?"
    else:
        said = f"{url} cannot be reached ({type(error).__name__}: {error})."
    return StopError(exits.UNREACHABLE, said, code="unreachable")


def _host(answer: httpx.Response) -> str:
    return str(answer.request.url.host)


def _query(url: str, answer: httpx.Response) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    except ValueError:
        raise _not_vernier(answer) from None

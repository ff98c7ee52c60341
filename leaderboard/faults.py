"""Tell an operator's Sentry of faults: where they were raised, and never what was in hand there.

What is sent is put together anew from a short list: types, files, lines and functions, the unfilled message of the
log line, and the ids of request and submission. Messages of errors, values of variables, requests and whoever made
them are left out, so that neither the truth nor answers, tokens or addresses leave the site.
"""

import logging
from typing import Any

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import BadDsn, Dsn

from submissions import log_lines
from submissions.sealing import SealedError

AS_IT_IS = ("event_id", "timestamp", "level", "platform", "logger", "release", "environment")
OF_A_FRAME = ("filename", "function", "module", "lineno", "in_app")
SEALED = f"{SealedError.__module__}.{SealedError.__qualname__}"


def report_to(dsn: str) -> None:
    """Send what is logged as an error, from now on and from this process and its forks.

    Raises ImproperlyConfigured.
    """
    try:
        Dsn(dsn)
    except BadDsn as error:
        raise ImproperlyConfigured(
            f"VERNIER_SENTRY_DSN={dsn!r}: {error}. Sentry shows it as Client Keys."
        ) from error
    sentry_sdk.init(
        dsn=dsn,
        # Every fault of ours is logged, requests' and tasks' alike; none of the others, which look into requests.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR),
            AtexitIntegration(callback=lambda _pending, _timeout: None),
        ],
        before_send=told,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
    )


def told(event: Event, hint: Hint) -> Event:
    """What may leave the site of an event."""
    found: dict[str, Any] = {name: event[name] for name in AS_IT_IS if name in event}  # type: ignore[literal-required]
    tags = {"request_id": log_lines.request_id.get(), "submission_id": log_lines.submission_id.get()}
    found["tags"] = {name: value for name, value in tags.items() if value}
    record = hint.get("log_record")
    if record is not None:
        found["logentry"] = {"message": log_lines.scrubbed(str(record.msg))}
    errors = (event.get("exception") or {}).get("values") or []
    found["exception"] = {"values": [_error(error) for error in errors]}
    return found  # type: ignore[return-value]  # made of an event's keys


def _error(error: dict[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames") or []
    is_sealed = f"{error.get('module')}.{error.get('type')}" == SEALED
    return {
        "type": error.get("type"),
        "module": error.get("module"),
        # A sealed error's message is made for logs: types and places.
        "value": error.get("value") if is_sealed else "",
        "stacktrace": {
            "frames": [{name: frame[name] for name in OF_A_FRAME if name in frame} for frame in frames]
        },
    }

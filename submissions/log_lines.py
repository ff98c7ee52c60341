"""What a line of the log looks like, and which request and which submission it is about.

Who reads logs need not be who may read the truth, use a token or know an address. Errors raised with the truth in hand
are sealed before anybody logs them (sealing.py); here what looks like a token or a person's address is taken out of
every line, whoever wrote it, and a request's path, in which links carry secrets, becomes the name of its address.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import UUID

request_id: ContextVar[str] = ContextVar("request_id", default="")
submission_id: ContextVar[str] = ContextVar("submission_id", default="")

SECRETS = (
    (re.compile(r"vrn_[0-9A-Za-z]+"), "(token)"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w"), "(address)"),
)
NO_ADDRESS = "(no address of this site)"


@contextmanager
def about(*, submission: UUID | str = "", request: str = "") -> Iterator[None]:
    """Let every line that this thread writes in the block name them; what is left out stays as it was."""
    marks = [
        (variable, variable.set(str(value)))
        for variable, value in ((submission_id, submission), (request_id, request))
        if value
    ]
    try:
        yield
    finally:
        for variable, token in marks:
            variable.reset(token)


def scrubbed(text: str) -> str:
    """The text without what looks like a token or an address of a person."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


class NameRequests(logging.Filter):
    """Says where a request went as the table of addresses does, `invitations/<slug:secret>/`, and names the request.

    Django writes some of its lines when the request is over for everybody else.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; all pass."""
        request = getattr(record, "request", None)
        record.request_id = getattr(request, "vernier_id", "") or request_id.get()
        path = getattr(request, "path", None)
        if path and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            route = f"/{match.route}" if match else NO_ADDRESS
            record.args = tuple(route if part == path else part for part in record.args)
        return True


class TextLines(logging.Formatter):
    """For people: `2026-11-22 09:49:00,123 INFO submissions.sweeper [request …] [submission …] message`."""

    def __init__(self) -> None:
        """The format is fixed."""
        super().__init__("%(asctime)s %(levelname)s %(name)s %(about)s%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """One line, and beneath it an error's traceback."""
        known = (("request", _request_of(record)), ("submission", submission_id.get()))
        record.about = "".join(f"[{name} {value}] " for name, value in known if value)
        return scrubbed(super().format(record))


class JsonLines(logging.Formatter):
    """For machines: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if name := _request_of(record):
            line["request_id"] = name
        if submission_id.get():
            line["submission_id"] = submission_id.get()
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        for name in ("view", "method", "status", "milliseconds"):
            if hasattr(record, name):
                line[name] = getattr(record, name)
        return json.dumps({name: _plain(value) for name, value in line.items()}, ensure_ascii=False)


def _request_of(record: logging.LogRecord) -> str:
    return getattr(record, "request_id", "") or request_id.get()


def _plain(value: object) -> object:
    return scrubbed(value) if isinstance(value, str) else value


FORMATS = {"text": TextLines, "json": JsonLines}

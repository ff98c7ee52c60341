"""Mail of the embedded default: each message is a file, which a page of the site shows instead of sending it."""

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage as ParsedMessage
from email.policy import default as policy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

MOST_LISTED = 200
_NAME = re.compile(r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{12}")
_WHEN = "%Y%m%dT%H%M%S%fZ"


class Backend(BaseEmailBackend):
    """Keeps each message as a file in `settings.EMAIL_FILE_PATH`, readable by its owner alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = folder()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write every message and answer with how many there were."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            self._write(message.message().as_bytes())
        return len(email_messages)

    def _write(self, content: bytes) -> None:
        name = f"{timezone.now():{_WHEN}}-{secrets.token_hex(6)}"
        half = self.folder / f".{name}"
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        # Renamed when whole, so that the page never shows half a message.
        half.rename(self.folder / f"{name}.eml")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as its page shows it; `body` is its plain text."""

    id: str
    sent_at: datetime
    sender: str
    to: str
    subject: str
    body: str


def folder() -> Path:
    """Where messages are kept."""
    path: str | None = getattr(settings, "EMAIL_FILE_PATH", None)
    if not path:
        raise ImproperlyConfigured("EMAIL_FILE_PATH names no folder to keep mail in.")
    return Path(path)


def is_kept() -> bool:
    """Whether this site keeps its mail for a page: the embedded default does, and nobody else."""
    return settings.VERNIER_EMBEDDED and f"{__name__}.Backend" == settings.EMAIL_BACKEND


def newest() -> list[Mail]:
    """The newest messages first, at most 200."""
    names = sorted((path.stem for path in folder().glob("*.eml")), reverse=True)
    found = (read(name) for name in names[:MOST_LISTED])
    return [mail for mail in found if mail is not None]


def read(name: str) -> Mail | None:
    """The message of this name, or None when there is no such."""
    if not _NAME.fullmatch(name):
        return None
    try:
        content = (folder() / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(content, policy=policy)
    moment = datetime.strptime(name.partition("-")[0], _WHEN)  # noqa: DTZ007  # made aware right below
    return Mail(
        id=name,
        sent_at=timezone.make_aware(moment, timezone.get_default_timezone()),
        sender=str(message.get("From", "")),
        to=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        body=_text(message),
    )


def _text(message: ParsedMessage) -> str:
    part = message.get_body(preferencelist=("plain",))
    return "" if part is None else str(part.get_content())

"""Uploads that may be sent again: under the same key, the same file makes one submission, whatever broke in between.

After draft-ietf-httpapi-idempotency-key-header. A key is a team's, holds for a week, and is settled in the transaction
that makes the submission: there is never one without the other.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, Any

import msgspec
from django.db import transaction
from django.utils import timezone

from submissions.models import IdempotencyKey, Submission, Team
from submissions.refusals import Refusal

HEADER = "Idempotency-Key"
# Longer than any upload takes: a process that was killed in the middle holds its key no longer than this.
HOLD = timedelta(seconds=60)
KEPT = timedelta(days=7)
CHUNK_BYTES = 1024 * 1024


def read(text: str | None) -> str | None:
    """The key as it was sent, None without one. Raises Refusal for one that cannot be kept."""
    if text is None:
        return None
    key = text.strip()
    if not key or len(key) > IdempotencyKey.LONGEST or not key.isascii() or not key.isprintable():
        raise Refusal("idempotency-key-unreadable", field=HEADER, most=IdempotencyKey.LONGEST)
    return key


def fingerprint(file: IO[bytes], said: Mapping[str, Any]) -> str:
    """SHA-256 of the file and of what was said with it; the file stands at its beginning again."""
    digest = hashlib.sha256(msgspec.json.encode(dict(said), order="sorted"))
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


@contextmanager
def claimed(team: Team, key: str, fingerprint: str, *, now: datetime) -> Iterator[IdempotencyKey]:
    """Hold the key for the block, which either finds a submission in it or settles it; else it is free again.

    Raises Refusal when the key was used for another upload, or while an upload under it is under way.
    """
    row = _claim(team, key, fingerprint, now=now)
    try:
        yield row
    finally:
        # What was refused, or broke, may be sent again at once under the same key.
        IdempotencyKey.objects.filter(pk=row.pk, submission=None, held_until=row.held_until).delete()


def _claim(team: Team, key: str, fingerprint: str, *, now: datetime) -> IdempotencyKey:
    new = {"fingerprint": fingerprint, "made_at": now, "held_until": now + HOLD}
    with transaction.atomic():
        row, is_new = IdempotencyKey.objects.get_or_create(team=team, key=key, defaults=new)
        if is_new:
            return row
        row = IdempotencyKey.objects.select_for_update(no_key=True).select_related(None).get(pk=row.pk)
        if row.fingerprint != fingerprint:
            raise Refusal("idempotency-key-reused", field=HEADER, key=key)
        if row.submission_id is None:
            if row.held_until > now:
                seconds = int((row.held_until - now).total_seconds()) + 1
                raise Refusal("idempotency-key-in-flight", field=HEADER, key=key, seconds=min(seconds, 5))
            # Whoever held it was killed before the submission was made.
            row.held_until = now + HOLD
            row.save(update_fields=["held_until"])
        return row


def settle(row: IdempotencyKey, submission: Submission, *, is_new: bool) -> None:
    """Let the key name the submission from now on. To be called in the transaction that makes it.

    Raises Refusal when another request took the key over meanwhile.
    """
    held = IdempotencyKey.objects.filter(pk=row.pk, submission=None, held_until=row.held_until)
    if not held.update(submission=submission, was_new=is_new):
        raise Refusal("idempotency-key-in-flight", field=HEADER, key=row.key, seconds=1)


def forget_old(*, now: datetime | None = None) -> int:
    """Remove keys that are over a week old; answers with how many."""
    old = IdempotencyKey.objects.filter(made_at__lte=(now or timezone.now()) - KEPT)
    return old.delete()[0]

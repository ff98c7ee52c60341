"""Send messages to webhooks: the worker's half. Nothing else waits for it, and what a broken run leaves is found again.

A message is tried for a day, with growing gaps. Several receivers are asked at once, one message each, and a slow one
rests for three times as long as it took: it keeps neither the others waiting nor the workers. One turn at a time is
taken on the whole site, so that however many receivers hang, one worker at most waits for them.
"""

import logging
import random
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from submissions import audit, exchanges, notices, outgoing, ringing, signatures
from submissions.models import Delivery, Webhook

logger = logging.getLogger(__name__)

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# Between one try and the next; the last is tried a day after the first, more or less.
GAPS = (5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 7 * HOUR, 9 * HOUR)
JITTER = 0.1
LEASE = timedelta(minutes=1)  # longer than a try may take
PAUSED_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
REMOVED_AFTER = timedelta(hours=1)  # longer than any transaction that may still write for it
TURN_SECONDS = 10.0
AT_ONCE = 8
PATIENCE_SECONDS = outgoing.SECONDS + 5  # beyond it a name is still being looked up
SLOW_SECONDS, RESTS = 1.0, 3.0
KEPT_CHARACTERS = 500  # of an answer
GONE = 410
TURN_KEY, TURN_LEASE_SECONDS = "webhooks-turn", 60
_UNSHOWN = re.compile(r"[^\S\n]+|[\x00-\x08\x0b-\x1f\x7f-\x9f]")

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Try:
    """What came of one attempt: an answer, or the reason why there is none."""

    answer: exchanges.Answer | None
    reason: str
    seconds: float

    @property
    def is_taken(self) -> bool:
        return not self.reason


def is_due(now: datetime) -> bool:
    """Whether there is something to send, and nobody who sends it."""
    return not cache.get(TURN_KEY) and Delivery.objects.due(at=now).exists()


def take_turn() -> None:
    """Send what is due for some seconds; then ring for the next turn. Taken twice at once, each message goes once."""
    until = time.monotonic() + TURN_SECONDS
    with _only_one() as is_mine:
        if not is_mine:
            return
        while batch := _claimed(timezone.now()):
            _send(batch)
            if time.monotonic() > until:
                break
    if batch:
        ringing.deliver()


@contextmanager
def _only_one() -> Iterator[bool]:
    is_mine = cache.add(TURN_KEY, True, TURN_LEASE_SECONDS)
    try:
        yield is_mine
    finally:
        if is_mine:
            cache.delete(TURN_KEY)


def _claimed(now: datetime) -> list[Delivery]:
    """Messages that are this worker's to send, for a webhook each."""
    mine: dict[int, Delivery] = {}
    for delivery in Delivery.objects.due(at=now).select_related("webhook")[: 10 * AT_ONCE]:
        if delivery.webhook_id not in mine and _claim(delivery, now):
            mine[delivery.webhook_id] = delivery
        if len(mine) == AT_ONCE:
            break
    return list(mine.values())


def _claim(delivery: Delivery, now: datetime) -> bool:
    # The update is the lock: of two workers, one sees the row change.
    free = Delivery.objects.filter(pk=delivery.pk, next_at=delivery.next_at, lease=delivery.lease)
    delivery.lease, delivery.attempts = uuid4(), delivery.attempts + 1
    return bool(
        free.update(lease=delivery.lease, next_at=now + LEASE, last_at=now, attempts=F("attempts") + 1)
    )


def _send(batch: Sequence[Delivery]) -> None:
    """Try each, all at once, and write down what came of it. The threads know nothing of the database."""
    executor = ThreadPoolExecutor(len(batch), thread_name_prefix="webhook")
    tries: dict[Future[Try], Delivery] = {}
    for delivery in batch:
        tries[executor.submit(_attempt, *_request(delivery, timezone.now()))] = delivery
    executor.shutdown(wait=False)
    done, _late = wait(tries, timeout=PATIENCE_SECONDS)
    for future, delivery in tries.items():
        late = Try(None, "timeout", PATIENCE_SECONDS)
        record(delivery, future.result() if future in done else late, now=timezone.now())


def _request(delivery: Delivery, now: datetime) -> tuple[str, bytes, dict[str, str]]:
    webhook = delivery.webhook
    keys = [webhook.secret, *(secret for secret, _until in webhook.old_secrets_at(now))]
    signed = signatures.headers(keys, delivery.message_id, delivery.payload, now=now)
    headers = {"Content-Type": "application/json", "User-Agent": "Vernier-Webhooks/1", **signed}
    return webhook.url, delivery.payload.encode(), headers


def _attempt(url: str, body: bytes, headers: dict[str, str]) -> Try:
    begun = time.monotonic()
    try:
        answer = outgoing.post(url, body, headers)
    except exchanges.UnreachableError as error:
        return Try(None, error.reason, time.monotonic() - begun)
    return Try(answer, _fault(answer.status), time.monotonic() - begun)


def _fault(status: int) -> str:
    """What is wrong with an answer of that status; nothing where it says that the message is taken."""
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return "redirect"
    return "gone" if status == GONE else "refused"


def record(delivery: Delivery, tried: Try, *, now: datetime) -> None:
    """Write down what came of a try that was claimed; what was claimed by another meanwhile is left to that one."""
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(no_key=True).get(pk=delivery.webhook_id)
        held = Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease)
        state, next_at = _next(delivery, tried, now)
        if not held.update(
            state=state,
            next_at=next_at,
            lease=None,
            last_at=now,
            status_code=tried.answer and tried.answer.status,
            reason=tried.reason,
            answer=_shown(tried.answer.text) if tried.answer else "",
        ):
            return
        if tried.seconds >= SLOW_SECONDS:
            webhook.rests_until = now + RESTS * timedelta(seconds=tried.seconds)
        if tried.is_taken:
            webhook.failing_since, webhook.owners_told = None, False
        else:
            _note_failure(webhook, tried, now, is_given_up=state == State.GIVEN_UP)
        webhook.save(
            update_fields=["rests_until", "failing_since", "owners_told", "paused_at", "paused_because"]
        )


def _next(delivery: Delivery, tried: Try, now: datetime) -> tuple[State, datetime | None]:
    if tried.is_taken:
        return State.DELIVERED, None
    if tried.reason == "gone" or delivery.attempts > len(GAPS):
        return State.GIVEN_UP, None
    # Not all that failed together comes back together.
    gap = GAPS[delivery.attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
    return State.FAILED, now + gap


def _note_failure(webhook: Webhook, tried: Try, now: datetime, *, is_given_up: bool) -> None:
    """Pause what is gone, or has failed for days; tell the owners, once until it takes something again."""
    webhook.failing_since = webhook.failing_since or now
    if webhook.is_paused or webhook.removed_at is not None:
        return
    if tried.reason == "gone":
        pause = Webhook.Pause.GONE
    elif now - webhook.failing_since >= PAUSED_AFTER:
        pause = Webhook.Pause.FAILING
    elif is_given_up and not webhook.owners_told:
        webhook.owners_told = True
        _tell_owners(webhook, "webhook-failing")
        return
    else:
        return
    webhook.paused_at, webhook.paused_because, webhook.owners_told = now, pause, True
    audit.record(audit.SITE, "paused", webhook, because=str(pause))
    _tell_owners(webhook, f"webhook-paused-{pause}")


def _tell_owners(webhook: Webhook, kind: str) -> None:
    for owner in webhook.team.owners:
        notices.tell_person(owner, kind, webhook)


def _shown(beginning: str) -> str:
    """The beginning of an answer as a page can hold it."""
    return _UNSHOWN.sub(" ", beginning)[:KEPT_CHARACTERS].strip()


def forget_old(*, now: datetime) -> None:
    """Remove messages of thirty days ago, and webhooks that were removed, with theirs."""
    Delivery.objects.filter(made_at__lte=now - KEPT).delete()
    Webhook.objects.filter(removed_at__lte=now - REMOVED_AFTER).delete()

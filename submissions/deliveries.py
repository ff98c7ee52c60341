"""What webhooks are told. Written in the transaction of what happened: one is never without the other.

The worker sends it afterwards (`courier`); here nothing waits for a receiver.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.renderers import JSONRenderer

from submissions import ringing
from submissions.api import serializers
from submissions.models import Delivery, Submission, Webhook

Status = Submission.Status
TYPES = {
    Status.SCORED: "submission.scored",
    Status.REJECTED: "submission.rejected",
    Status.FAILED: "submission.failed",
    Status.CANCELLED: "submission.cancelled",
}
PING = "ping"


def tell_end(submission: Submission) -> None:
    """Tell the team's webhooks how the submission has ended, as the API shows it to the team now.

    To be called in the transaction of its final state, as the last of it.
    """
    of_benchmark = Q(benchmark=None) | Q(benchmark=submission.benchmark_id)
    listening = list(Webhook.objects.listening().filter(of_benchmark, team=submission.team_id))
    if not listening:
        return
    ended = Submission.objects.select_related("benchmark", "team", "entry", "release", "token").get(
        pk=submission.pk
    )
    now = timezone.now()
    kind = TYPES[Status(ended.status)]
    payload = _payload(kind, serializers.TeamsState(ended).data, now)
    _keep([_delivery(webhook, kind, payload, now, ended) for webhook in listening])


def ping(webhook: Webhook, *, now: datetime) -> Delivery:
    """A message that says nothing but that the way is open. To be called in a transaction."""
    data = {"webhook": webhook.pk, "team": webhook.team.slug}
    made = _delivery(webhook, PING, _payload(PING, data, now), now)
    _keep([made])
    return made


def _payload(kind: str, data: Mapping[str, Any], now: datetime) -> str:
    return JSONRenderer().render({"type": kind, "timestamp": now, "data": data}).decode()


def _delivery(
    webhook: Webhook, kind: str, payload: str, now: datetime, submission: Submission | None = None
) -> Delivery:
    return Delivery(
        webhook=webhook,
        message_id=f"msg_{secrets.token_urlsafe(21)}",
        type=kind,
        submission=submission,
        payload=payload,
        made_at=now,
        next_at=now,
    )


def _keep(made: list[Delivery]) -> None:
    Delivery.objects.bulk_create(made)
    # The row is the truth and the ring only hurries.
    transaction.on_commit(ringing.deliver, robust=True)

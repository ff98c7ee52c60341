"""What a team's people do with its webhooks. Any member adds one; its maker and the owners change it.

A webhook's secret is shown once, when it is made or another takes its place; no log or page holds it.
"""

from datetime import datetime, timedelta

from django.db import transaction

from submissions import audit, deliveries, limits, outgoing, ringing, senders, signatures
from submissions.askers import Asker
from submissions.models import Benchmark, Delivery, Team, User, Webhook
from submissions.refusals import Refusal

MOST = 10  # a team
OVERLAP = timedelta(days=1)
MOST_OLD_SECRETS = 5

State = Delivery.State


def add(
    team: Team, *, url: str, by: User, now: datetime, benchmark: Benchmark | None = None
) -> tuple[Webhook, str]:
    """Tell this address from now on; the secret is returned here and never again.

    Raises Refusal for an address that may not be asked, one that the team has already, and past ten.
    """
    url = outgoing.check_url(url)
    secret = signatures.new_secret()
    with transaction.atomic():
        team = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        senders.refuse_archived(team)
        known = Webhook.objects.known().filter(team=team)
        if known.filter(url=url, benchmark=benchmark).exists():
            # Also what stops a page that is loaded anew from making a second one.
            raise Refusal("webhook-known", field="url")
        if known.count() >= MOST:
            raise Refusal("too-many-webhooks", most=MOST)
        webhook = Webhook.objects.create(
            team=team, url=url, secret=secret, benchmark=benchmark, created_by=by, created_at=now
        )
        audit.record(Asker(user=by), "made", webhook)
    return webhook, secret


def pause(webhook: Webhook, *, by: User, now: datetime) -> None:
    """Send nothing; what happens meanwhile is not told later. Again: no change."""
    with transaction.atomic():
        held = _held(webhook)
        if not held.is_paused:
            _changed(held, paused_at=now, paused_because=Webhook.Pause.ASKED)
            audit.record(Asker(user=by), "paused", held, because=str(Webhook.Pause.ASKED))


def resume(webhook: Webhook, *, by: User) -> None:
    """Send again, at first what still waited when it was paused. Again: no change."""
    with transaction.atomic():
        held = _held(webhook)
        if held.is_paused:
            _changed(held, paused_at=None, paused_because="", failing_since=None, owners_told=False)
            audit.record(Asker(user=by), "resumed", held)
            transaction.on_commit(ringing.deliver, robust=True)


def remove(webhook: Webhook, *, by: audit.Actor, now: datetime) -> None:
    """Send nothing to it any more and forget its secret; its rows go within the hour after. Again: no change."""
    with transaction.atomic():
        held = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
        if held.removed_at is None:
            _changed(held, removed_at=now, secret="", old_secrets=[])
            audit.record(by, "removed", held)


def rotate(webhook: Webhook, *, by: User, now: datetime, in_place_of: str | None = None) -> str:
    """Another secret, which is returned here and never again. For a day messages are signed with the old one too.

    Raises Refusal when `in_place_of` is not the print of the secret as it is: it was rotated since somebody looked.
    """
    secret = signatures.new_secret()
    with transaction.atomic():
        held = _held(webhook)
        if in_place_of not in (None, signatures.print_of(held.secret)):
            raise Refusal("webhook-rotated")
        before = [(held.secret, now + OVERLAP), *held.old_secrets_at(now)]
        kept = [(old, until.isoformat()) for old, until in before[:MOST_OLD_SECRETS]]
        _changed(held, secret=secret, old_secrets=kept)
        audit.record(Asker(user=by), "rotated", held)
    return secret


def ping(webhook: Webhook, *, by: User, now: datetime) -> Delivery:
    """Send a message that says nothing, to try the way. Raises Refusal while it is paused, and past 60 in an hour."""
    limits.count_message(Asker(user=by).key)
    with transaction.atomic():
        held = _held(webhook)
        _refuse_paused(held)
        return deliveries.ping(held, now=now)


def send_again(delivery: Delivery, *, by: User, now: datetime) -> None:
    """Send a message at once under its own id, delivered, given up or waiting for its next try.

    Raises Refusal while it is being sent, while its webhook is paused, and past 60 in an hour.
    """
    limits.count_message(Asker(user=by).key)
    with transaction.atomic():
        held = _held(delivery.webhook)
        _refuse_paused(held)
        row = Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)
        if row.lease is not None and row.next_at is not None and row.next_at > now:
            raise Refusal("delivery-in-flight")
        Delivery.objects.filter(pk=row.pk).update(state=State.PENDING, attempts=0, next_at=now, lease=None)
        _changed(held, rests_until=None)
        audit.record(Asker(user=by), "sent-again", held, message=row.message_id)
        transaction.on_commit(ringing.deliver, robust=True)


def _held(webhook: Webhook) -> Webhook:
    """The webhook with its row held. Raises Refusal when it was removed meanwhile."""
    held = (
        Webhook.objects.select_for_update(no_key=True, of=("self",)).select_related("team").get(pk=webhook.pk)
    )
    if held.removed_at is not None:
        raise Refusal("webhook-removed")
    return held


def _changed(held: Webhook, **changes: object) -> None:
    for name, value in changes.items():
        setattr(held, name, value)
    held.save(update_fields=list(changes))


def _refuse_paused(webhook: Webhook) -> None:
    if webhook.is_paused:
        raise Refusal("webhook-paused")

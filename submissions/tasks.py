"""What Celery runs: thin, late to acknowledge, harmless when run twice."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from submissions import (
    courier,
    evaluation,
    pairs,
    post_office,
    publication,
    reconciler,
    releases,
    rescoring,
    sweeper,
)


@shared_task
def score(submission_id: str) -> None:
    """Score a queued submission."""
    evaluation.run(UUID(submission_id))


@shared_task
def place(entry_id: str) -> None:
    """Place an entry anew after its team published, withdrew or chose."""
    publication.place(UUID(entry_id))


@shared_task
def rescore(release_id: int, turn: int) -> None:
    """Score the next part of a benchmark's history against a release."""
    rescoring.take_turn(release_id, turn)


@shared_task
def switch(release_id: int) -> None:
    """Make the draft current that an organizer wants to be."""
    releases.switch_if_due(release_id, now=timezone.now())


@shared_task
def compare(pair_id: int) -> None:
    """Compare two submissions for whoever asked."""
    pairs.compute(pair_id)


@shared_task
def post() -> None:
    """Send what waits to be sent by mail."""
    post_office.take_turn()


@shared_task
def deliver() -> None:
    """Send what waits to be sent to webhooks."""
    courier.take_turn()


@shared_task
def sweep() -> None:
    """Ring again for what was left behind."""
    sweeper.sweep()


@shared_task(time_limit=3600, soft_time_limit=3500)
def reconcile() -> None:
    """Remove stored objects that no row knows."""
    reconciler.reconcile(now=timezone.now())

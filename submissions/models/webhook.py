from datetime import datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from submissions.models.benchmark import Benchmark
from submissions.models.submission import Submission
from submissions.models.team import Team

if TYPE_CHECKING:
    from submissions.askers import Asker


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def of(self, asker: "Asker") -> Self:
        """Those of the asker's teams that are not removed."""
        return self.known().filter(team__in=asker.team_ids)

    def known(self) -> Self:
        return self.filter(removed_at=None)

    def listening(self) -> Self:
        return self.known().filter(paused_at=None)


class Webhook(models.Model):
    """An address that is told by HTTP what becomes of a team's submissions, signed as Standard Webhooks has it."""

    class Pause(models.TextChoices):
        ASKED = "asked", _("paused by its team")
        GONE = "gone", _("its receiver answered 410 Gone")
        FAILING = "failing", _("nothing was taken for days")

    team = models.ForeignKey(Team, models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    benchmark = models.ForeignKey(Benchmark, models.CASCADE, null=True, related_name="+")  # null: all
    # Read each time something is signed, so kept as it is, like second factors' secrets; a page shows it once.
    secret = models.CharField(max_length=100)
    # Those before it, newest first, each with the moment (ISO 8601) until which it signs beside it: a receiver takes up
    # the new one in its own time.
    old_secrets: models.JSONField[list[tuple[str, str]], list[tuple[str, str]]] = models.JSONField(
        default=list
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    paused_at = models.DateTimeField(null=True)
    paused_because = models.CharField(max_length=10, choices=Pause, blank=True)
    failing_since = models.DateTimeField(null=True)  # the first failure since the last delivery
    owners_told = models.BooleanField(default=False)  # that it fails; until it takes something again
    rests_until = models.DateTimeField(
        null=True
    )  # a slow receiver, so that it does not keep the others waiting
    # Its rows go later: a worker that is about to write one for it must not find it gone.
    removed_at = models.DateTimeField(null=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(paused_at=None, paused_because="")
                | Q(paused_at__isnull=False) & ~Q(paused_because=""),
                name="paused_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        # A path or a query often is a secret itself.
        return f"webhook to {self.host}"

    def get_absolute_url(self) -> str:
        return reverse("webhook", args=[self.team.slug, self.pk])

    def old_secrets_at(self, now: datetime) -> list[tuple[str, datetime]]:
        """Those that still sign, each with its end, the newest first."""
        known = [(secret, datetime.fromisoformat(until)) for secret, until in self.old_secrets]
        return [(secret, until) for secret, until in known if until > now]

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, *, at: datetime) -> Self:
        """Those to be tried at that moment, whoever has waited the longest first."""
        resting = Q(webhook__rests_until__gt=at)
        heard = self.filter(webhook__paused_at=None, webhook__removed_at=None).exclude(resting)
        return heard.filter(next_at__lte=at).order_by("next_at", "pk")

    def newest_first(self) -> Self:
        return self.order_by("-pk")


class Delivery(models.Model):
    """A message to a webhook, on its way or gone: the row is the outbox and the log. Kept for thirty days."""

    class State(models.TextChoices):
        PENDING = "pending", _("waits")
        FAILED = "failed", _("failed, is tried again")
        DELIVERED = "delivered", _("delivered")
        GIVEN_UP = "given-up", _("given up")

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=40, unique=True)  # the same at every try
    type = models.CharField(max_length=40)
    submission = models.ForeignKey(Submission, models.SET_NULL, null=True, related_name="+")
    payload = models.TextField()  # exactly as it is signed and sent
    made_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)  # since it was last asked for
    next_at = models.DateTimeField(null=True)  # to be tried; under a lease, when that has run out
    lease = models.UUIDField(null=True)
    last_at = models.DateTimeField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)  # of the last answer
    reason = models.CharField(max_length=40, blank=True)  # why the last try failed: wording/refusals.py
    answer = models.TextField(blank=True)  # how the last answer begins

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="deliveries_due"),
            models.Index(fields=["webhook", "-id"], name="deliveries_of_a_webhook"),
            models.Index(fields=["made_at"], name="deliveries_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "failed"], next_at__isnull=False)
                | Q(state__in=["delivered", "given-up"], next_at=None, lease=None),
                name="what_is_to_be_tried_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DELIVERED, self.State.GIVEN_UP)

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from submissions.models.benchmark import Benchmark
from submissions.models.publisher import Publisher
from submissions.models.team import Team


class TokenQuerySet(models.QuerySet["Token"]):
    def living(self, *, at: datetime) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=at)

    def renewed_from(self, token: "Token") -> Self:
        """Those that this one, and they themselves, have put in its place, as far as no person had a hand in it."""
        return self.filter(family=token.family_id or token.pk, pk__gt=token.pk)

    def made_by_people(self) -> Self:
        """Without those that trusted publishers got for a job."""
        return self.filter(publisher=None)


class Token(models.Model):
    """A team's key to the API. Only the SHA-256 of its text is kept; the text is shown once."""

    class Scope(models.TextChoices):
        READ = "read", _("read")
        SUBMIT = "submit", _("read and submit")

    team = models.ForeignKey(Team, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)  # the first characters, to tell tokens apart
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.SUBMIT)
    # By their slugs, which stay: a row that goes must never make a limited token one for all. Empty: all of them.
    benchmarks: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    replaces = models.OneToOneField("self", models.SET_NULL, null=True, related_name="replaced_by")
    # Where it was the replaced one that asked for it, and no person: the first of those that did so in a row.
    family = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    # Of one that a trusted publisher got for a job: by what, and what the job's own service says of the job.
    publisher = models.ForeignKey(Publisher, models.CASCADE, null=True, related_name="tokens")
    claims: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.hint}… ({self.name})"

    def get_absolute_url(self) -> str:
        return reverse("team", args=[self.team.slug]) + "#tokens"

    @property
    def is_minted(self) -> bool:
        """Whether a trusted publisher got it for a job."""
        return self.publisher_id is not None

    @property
    def is_rotated(self) -> bool:
        """Whether another token has taken its place already."""
        return hasattr(self, "replaced_by")

    def is_for(self, benchmark: Benchmark) -> bool:
        return not self.benchmarks or benchmark.slug in self.benchmarks


class TokenNetwork(models.Model):
    """A network that a token was used from: never its address, only a keyed hash."""

    token = models.ForeignKey(Token, models.CASCADE, related_name="networks")
    digest = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "digest"], name="a_network_of_a_token_once")]

    def __str__(self) -> str:
        return f"network {self.digest[:8]} of token {self.token_id}"

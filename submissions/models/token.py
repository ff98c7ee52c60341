from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from submissions.models.team import Team


class TokenQuerySet(models.QuerySet["Token"]):
    def living(self, *, at: datetime) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=at)


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
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.hint}… ({self.name})"

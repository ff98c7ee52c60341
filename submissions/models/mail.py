"""Mails into accounts that the mail server did not take at once."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone


class MailQuerySet(models.QuerySet["Mail"]):
    def due(self, *, at: datetime) -> Self:
        """Those to be tried at that moment, the oldest first."""
        return self.filter(not_before__lte=at).order_by("pk")


class Mail(models.Model):
    """A mail that confirms an address, resets a password or says why it does not.

    What it holds opens an account, so the row goes when it is sent, and after an hour at most; like sessions it is in
    no backup, and the desk does not show it.
    """

    to = models.EmailField()
    subject = models.CharField(max_length=300)
    body = models.TextField()
    made_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField()

    objects = MailQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["not_before"], name="mails_due")]

    def __str__(self) -> str:
        return f"mail {self.pk}"

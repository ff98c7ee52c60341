from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from submissions.models.entry import Entry


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def open(self) -> Self:
        """Those that no organizer has answered."""
        return self.filter(closed_at=None)


class Complaint(models.Model):
    """What a reader reports of an entry, for organizers alone: neither its team nor the public ever reads it."""

    class About(models.TextChoices):
        COPIED = "copied", _("copied answers")
        WRONG = "wrong", _("wrong settings or links")
        TRAINED = "trained", _("trained on the benchmark")
        IRREPRODUCIBLE = "irreproducible", _("cannot be reproduced")
        OTHER = "other", _("something else")

    LONGEST_TEXT = 2000

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="complaints")
    about = models.CharField(_("about"), max_length=20, choices=About)
    text = models.TextField(_("text"), max_length=LONGEST_TEXT)
    # Readers need no account.
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reported_at = models.DateTimeField(_("reported"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    reply = models.CharField(max_length=500, blank=True)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(closed_at=None) | ~Q(reply=""), name="closed_with_an_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.entry}: {self.get_about_display()}"

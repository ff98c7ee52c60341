"""What organizers tell everybody, and the switch that closes uploads at once."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def current(self, *, at: datetime) -> Self:
        """Those that are shown at that moment, the oldest first."""
        return self.not_over(at=at).filter(begins_at__lte=at).order_by("begins_at", "id")

    def not_over(self, *, at: datetime) -> Self:
        return self.filter(ends_at__gt=at)


class Announcement(models.Model):
    """A sentence or two above every page, from one moment to another. Plain text."""

    text = models.TextField(_("text"), max_length=1000)
    begins_at = models.DateTimeField(_("from (UTC)"), default=timezone.now)
    ends_at = models.DateTimeField(_("until (UTC)"))

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(begins_at__lte=F("ends_at")),
                name="ends_after_it_begins",
                violation_error_message=_("It would end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class UploadSwitch(models.Model):
    """Whether this site takes answers at all: one row, or none while nobody has ever closed it."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    closed_at = models.DateTimeField(_("closed since"), null=True, editable=False)
    sentence = models.CharField(_("sentence"), max_length=500, blank=True, editable=False)

    class Meta:
        verbose_name_plural = _("upload switch")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_upload_switch"),
            models.CheckConstraint(condition=Q(closed_at=None) | ~Q(sentence=""), name="closed_says_why"),
        ]

    def __str__(self) -> str:
        return "uploads"

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

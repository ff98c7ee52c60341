from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from submissions.models.benchmark import Release
from submissions.models.submission import Submission


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def open(self) -> Self:
        """Those that no organizer has decided."""
        return self.filter(decided_at=None)


class Alarm(models.Model):
    """Two teams' answers agree beyond chance. It proves nothing: two teams may have run the same model."""

    class Decision(models.TextChoices):
        STANDS = "stands", _("stands")
        UPHELD = "upheld", _("upheld")

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="alarms")  # that came later
    other = models.ForeignKey(Submission, models.CASCADE, related_name="+")
    release = models.ForeignKey(Release, models.PROTECT, related_name="+")  # that they were compared on
    # As in scoring.likeness: shares of the questions, and a number of them.
    same = models.FloatField(_("same answers"))
    same_wrong = models.FloatField(_("same of the wrong answers"))
    both_wrong = models.PositiveIntegerField(_("questions that both get wrong"))
    found_at = models.DateTimeField(_("found"))
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    reply = models.CharField(max_length=500, blank=True)  # to the team of the later one

    objects = AlarmQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "other"], name="one_alarm_a_pair"),
            models.CheckConstraint(
                condition=Q(decided_at=None, decision="") | (Q(decided_at__isnull=False) & ~Q(reply="")),
                name="decided_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission.entry} / {self.other.entry}"

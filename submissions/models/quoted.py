from django.db import models
from django.utils.translation import gettext_lazy as _

from submissions.models.benchmark import Benchmark


class QuotedResult(models.Model):
    """A result that somebody printed elsewhere: unverified, marked with its source, never ranked."""

    class Kind(models.TextChoices):
        QUOTED = "quoted", _("quoted")
        HUMAN = "human", _("human")
        CHANCE = "chance", _("chance")

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="quoted_results")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.QUOTED)
    source = models.CharField(max_length=300)
    flags = models.CharField(max_length=300, blank=True)  # what a reader must know before comparing
    shots = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["benchmark", "name", "source"], name="quoted_once_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"

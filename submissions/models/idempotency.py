from typing import Self

from django.db import models

from submissions.models.submission import Submission
from submissions.models.team import Team


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def in_flight(self, *, at: "models.DateTimeField[object, object] | object") -> Self:
        """Those whose upload is under way, unless it broke off without a word."""
        return self.filter(submission=None, held_until__gt=at)


class IdempotencyKey(models.Model):
    """A team's own name for one upload, so that sending it again never makes a second submission."""

    LONGEST = 255

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", editable=False)
    key = models.CharField(max_length=LONGEST, editable=False)
    fingerprint = models.CharField(
        max_length=64, editable=False
    )  # SHA-256 of the file and what was said with it
    made_at = models.DateTimeField(editable=False)
    held_until = models.DateTimeField(editable=False)  # while there is no submission yet
    submission = models.ForeignKey(Submission, models.CASCADE, null=True, related_name="+", editable=False)
    was_new = models.BooleanField(
        default=True, editable=False
    )  # the first answer: 202, or 200 for a known file

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "key"], name="one_upload_a_key")]
        indexes = [models.Index(fields=["made_at"], name="idempotency_keys_oldest")]

    def __str__(self) -> str:
        return self.key

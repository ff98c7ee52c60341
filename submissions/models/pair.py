from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, OuterRef, Q
from django.db.models.functions import Now

from submissions.models.benchmark import Benchmark, Release
from submissions.models.submission import Submission
from submissions.models.team import Team


class PairQuerySet(models.QuerySet["Pair"]):
    def due(self) -> Self:
        """Those that a worker has yet to compute."""
        return self.filter(due=True)

    def free(self, *, at: datetime) -> Self:
        """Due ones that no worker has in hand and whose time has come."""
        return self.due().filter(Q(not_before=None) | Q(not_before__lte=at))

    def of_no_use(self) -> Self:
        """Those of a release that is no longer current."""
        return self.exclude(models.Exists(Benchmark.objects.filter(current_release=OuterRef("release"))))


class Pair(models.Model):
    """Two submissions compared on a release, as a worker found them; it is computed when somebody asks.

    `first` has the smaller id, so that a pair is there once. The figures are all that was found: what of them may be
    shown the benchmark's disclosure decides when they are read.
    """

    release = models.ForeignKey(Release, models.CASCADE, related_name="+")
    first = models.ForeignKey(Submission, models.CASCADE, related_name="+")
    second = models.ForeignKey(Submission, models.CASCADE, related_name="+")
    body = models.JSONField(default=dict)  # see submissions.pairs.Compared
    fault = models.CharField(max_length=40, blank=True)  # why they cannot be compared; empty when they were
    asked_at = models.DateTimeField()  # the last time, to the day
    begun_at = models.DateTimeField(db_default=Now())  # when it was asked for first
    # The team that asked for it first, where one of the two was not on the board; see submissions.pairs.
    begun_by = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+")
    computed_at = models.DateTimeField(null=True)
    due = models.BooleanField(default=True)  # a worker has yet to compute it
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(
        null=True
    )  # until then a worker has it in hand, or it waits for the store

    objects = PairQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "first", "second"], name="one_pair_a_release"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="pair_is_in_order"),
            models.CheckConstraint(
                condition=Q(due=True) | Q(computed_at__isnull=False), name="pair_is_due_or_computed"
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(due=True), name="pairs_due"),
            models.Index(fields=["asked_at"], name="pairs_by_use"),
            models.Index(fields=["begun_by", "begun_at"], name="pairs_of_a_team"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} / {self.second_id}"

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from submissions.models.benchmark import Benchmark, Release
from submissions.models.entry import Entry
from submissions.models.team import Team
from submissions.models.token import Token

if TYPE_CHECKING:
    from submissions.askers import Asker


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, asker: "Asker") -> Self:
        """The submissions of the asker's teams, and everyone's public scored ones that are not held."""
        if asker.is_staff:
            return self
        return self.filter(
            Q(team__in=asker.team_ids)
            | Q(
                visibility=Submission.Visibility.PUBLIC,
                status=Submission.Status.SCORED,
                held_at__isnull=True,
            )
        )

    def of(self, asker: "Asker") -> Self:
        """Those that the asker may act on: of its own teams."""
        return self.filter(team__in=asker.team_ids)

    def scored(self) -> Self:
        return self.filter(status=Submission.Status.SCORED)

    def public(self) -> Self:
        return self.filter(visibility=Submission.Visibility.PUBLIC)

    def in_public_history(self) -> Self:
        """Those that are or were public with a score; one that was withdrawn before, or while held, never was."""
        return self.scored().filter(published_at__isnull=False, held_at__isnull=True)

    def unsettled(self) -> Self:
        """Public ones with a score that have yet to be compared, or to be decided on."""
        return self.scored().public().filter(Q(held_at__isnull=False) | Q(compare_due=True))

    def queued(self) -> Self:
        return self.filter(status=Submission.Status.QUEUED)

    def unfinished(self) -> Self:
        return self.filter(finished_at=None)

    def counting(self) -> Self:
        """Those that quota counts: a file at fault, a cancelled one and a fault of ours are free."""
        return self.filter(
            status__in=[Submission.Status.QUEUED, Submission.Status.SCORING, Submission.Status.SCORED]
        )

    def claimable(self, *, at: datetime) -> Self:
        """Queued ones whose time has come, and those whose worker let its lease run out; none after its last try."""
        waiting = Q(status=Submission.Status.QUEUED) & (Q(not_before=None) | Q(not_before__lte=at))
        abandoned = Q(status=Submission.Status.SCORING, lease_until__lte=at)
        return self.filter(waiting | abandoned, attempts__lt=Submission.MOST_ATTEMPTS)

    def newest_first(self) -> Self:
        return self.order_by("-received_at", "-id")

    def oldest_first(self) -> Self:
        return self.order_by("received_at", "id")

    def best_first(self) -> Self:
        """By score, a missing one last; the earlier one wins a tie."""
        return self.order_by(F("score").desc(nulls_last=True), "received_at", "id")


class Submission(models.Model):
    """One answer file that a team sent for an entry."""

    MOST_ATTEMPTS = 3  # to score it; then it ends `failed`

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SCORING = "scoring", _("scoring")
        SCORED = "scored", _("scored")
        REJECTED = "rejected", _("rejected")  # the file is at fault; `errors` says why
        FAILED = "failed", _("failed")  # we are at fault
        CANCELLED = "cancelled", _("cancelled")

    class Visibility(models.TextChoices):
        PRIVATE = "private", _("private")
        PUBLIC = "public", _("public")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Source(models.TextChoices):
        WEB = "web", _("web form")
        API = "api", _("API")
        COMMAND = "command", _("command")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="submissions")
    # Both follow from the entry; kept here because every list and every right is asked by them.
    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="submissions")
    team = models.ForeignKey(Team, models.PROTECT, related_name="submissions")
    source = models.CharField(max_length=10, choices=Source)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    token = models.ForeignKey(Token, models.SET_NULL, null=True, related_name="+")

    # The file
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()  # bytes, as stored
    file_name = models.CharField(max_length=200, blank=True)
    partial = models.JSONField(default=list, blank=True)  # subtask slugs; empty means all
    # That its boxes stand in; empty where answers are letters.
    frame = models.CharField(max_length=20, blank=True, default="", db_default="")

    # Who may see it
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PRIVATE)
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=500, blank=True)
    # Made public after it was scored, it has yet to be compared with what others show, and so long it is off the board.
    compare_due = models.BooleanField(default=False, editable=False)
    # It raised an alarm: until an organizer has decided, it is kept from the board and from the public.
    held_at = models.DateTimeField(null=True, editable=False)

    # What became of it
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    received_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(
        default=0
    )  # that workers have begun; the store's absence is none
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    errors = models.JSONField(default=list, blank=True)  # the first 20 problems
    errors_total = models.PositiveIntegerField(default=0)
    error_counts = models.JSONField(default=dict, blank=True)  # code -> how many

    # The release that it is scored against: at first the one in force when it came, then the one of its report
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+")
    score = models.FloatField(null=True)  # percent; null for a partial one
    low = models.FloatField(null=True)  # the ends of its 95 % interval; null where there is none
    high = models.FloatField(null=True)
    present = models.FloatField(null=True)  # share of the questions that have a record
    coverage = models.FloatField(null=True)  # share of the questions whose reply was read
    commonest = models.FloatField(null=True)  # share of the replies read that the commonest letter has

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "benchmark", "-received_at"], name="submissions_of_a_team"),
            models.Index(fields=["entry", "-received_at"], name="submissions_of_an_entry"),
            models.Index(
                fields=["status", "received_at"],
                condition=Q(status__in=["queued", "scoring"]),
                name="submissions_unfinished",
            ),
            # Who is ahead of one that waits, and how much was finished in the last seconds: asked by all who wait. Not
            # partial: SQLite takes such an index only where the condition stands in the query word for word.
            models.Index(fields=["finished_at", "received_at"], name="submissions_by_their_end"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="scoring") | Q(lease__isnull=False, lease_until__isnull=False),
                name="scoring_holds_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(visibility="withdrawn")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="withdrawn_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["scored", "rejected", "failed", "cancelled"])
                | Q(finished_at__isnull=False),
                name="finished_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("submission", args=[self.pk])

    @property
    def interval(self) -> tuple[float, float] | None:
        """In percent, of the score."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def answers_key(self) -> str:
        return f"answers/{self.pk}"

    def sheet_key(self, digest: str) -> str:
        """Where its answers to the release of that digest lie, as letters."""
        return f"sheets/{self.pk}-{digest[:16]}"

    @property
    def problems_key(self) -> str:
        return f"problems/{self.pk}.json"

    @property
    def is_finished(self) -> bool:
        return self.status not in (self.Status.QUEUED, self.Status.SCORING)

    @property
    def is_scored(self) -> bool:
        return self.status == self.Status.SCORED

    @property
    def is_held(self) -> bool:
        return self.held_at is not None

    @property
    def is_public(self) -> bool:
        return self.visibility == self.Visibility.PUBLIC


class Report(models.Model):
    """What scoring said of a submission, against one release, by one version of the scorer."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="reports")
    release = models.ForeignKey(Release, models.PROTECT, related_name="+")
    scorer_version = models.CharField(max_length=20)
    score = models.FloatField(null=True)  # as in the submission
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    present = models.FloatField(null=True)
    coverage = models.FloatField(null=True)
    commonest = models.FloatField(null=True)
    body = models.JSONField()
    # Why an earlier release's answers could not be scored against this one; empty when they were.
    fault = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "release", "scorer_version"], name="scored_once_a_release_and_version"
            ),
        ]

    def __str__(self) -> str:
        return f"report on {self.submission_id}"

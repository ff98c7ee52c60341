from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from scoring.definition import Definition
from submissions import addresses

if TYPE_CHECKING:
    from submissions.askers import Asker

Intake = Literal["open", "closed", "no-release", "not-yet", "over"]
FEWEST_DIGITS = 6  # of a digest, in an address


class BenchmarkQuerySet(models.QuerySet["Benchmark"]):
    def with_release(self) -> Self:
        return self.select_related("current_release")


class Benchmark(models.Model):
    """A task set. Its rules live in `definition`, its questions and truth in releases."""

    class Disclosure(models.TextChoices):
        """How much of a report a team and the public see."""

        OVERALL = "overall", _("overall score only")
        SUBTASKS = "subtasks", _("subtask scores")
        CELLS = "cells", _("every cell")

    LONGEST_NAME = 200
    LONGEST_SUMMARY = 500

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=LONGEST_NAME)
    summary = models.CharField(
        max_length=LONGEST_SUMMARY,
        blank=True,
        help_text=_("One or two sentences for the first page and the API; empty: made from its rules."),
    )
    definition = models.JSONField()
    is_standin = models.BooleanField(default=False)  # synthetic data, said on every page
    disclosure = models.CharField(max_length=10, choices=Disclosure, default=Disclosure.SUBTASKS)
    is_open = models.BooleanField(default=False)
    # While it is open: from when and until when it takes answers; null: at once, and without an end.
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    daily_limit = models.PositiveIntegerField(default=5)
    total_limit = models.PositiveIntegerField(default=200)
    # How many of a team's entries may be public at a time; null: without limit.
    public_entries_limit = models.PositiveIntegerField(null=True, blank=True, default=20)
    # Whether answers that agree with another team's beyond chance wait for an organizer.
    holds_alike = models.BooleanField(default=True)
    current_release = models.ForeignKey("Release", models.PROTECT, null=True, blank=True, related_name="+")
    # Imported and being scored in the background; nobody but organizers sees anything of it.
    draft_release = models.ForeignKey("Release", models.SET_NULL, null=True, blank=True, related_name="+")
    # Moves with every change of what the board shows; part of its ETag.
    changed_at = models.DateTimeField(db_default=Now())

    objects = BenchmarkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opens_at=None)
                | models.Q(closes_at=None)
                | models.Q(opens_at__lt=models.F("closes_at")),
                name="closes_after_it_opens",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("board", args=[self.slug])

    @cached_property
    def rules(self) -> Definition:
        """The definition that scoring reads, with its texts in the reader's language."""
        return Definition.from_dict(self.definition).in_language(get_language() or "")

    @property
    def is_original(self) -> bool:
        """Whether it is the benchmark that its definition describes, not other questions under the same rules."""
        return self.slug == self.rules.slug and not self.is_standin

    @property
    def asks_for_boxes(self) -> bool:
        return self.rules.asks_for_boxes

    def intake_at(self, now: datetime) -> Intake:
        """Whether it takes answers at that moment, and if not, why."""
        if self.current_release_id is None:
            return "no-release"
        if not self.is_open:
            return "closed"
        if self.opens_at is not None and now < self.opens_at:
            return "not-yet"
        if self.closes_at is not None and now >= self.closes_at:
            return "over"
        return "open"

    @property
    def intake(self) -> Intake:
        """The same for this moment."""
        return self.intake_at(timezone.now())

    @property
    def takes_submissions(self) -> bool:
        return self.intake == "open"


class ReleaseQuerySet(models.QuerySet["Release"]):
    def public(self) -> Self:
        """Those that are or were current."""
        return self.filter(became_current_at__isnull=False)

    def with_a_free_turn(self, *, at: datetime) -> Self:
        """Those that history has yet to be scored against, of which nobody has the next turn."""
        free = models.Q(rescoring_until=None) | models.Q(rescoring_until__lte=at)
        return self.filter(free, rescoring=True)

    def named(self, digits: str) -> Self:
        """Those whose digest begins so, the newest first; of fewer than six digits, none."""
        found = self.filter(digest__startswith=digits).order_by("-id")
        return found if len(digits) >= FEWEST_DIGITS else found.none()


class Release(models.Model):
    """One immutable version of a benchmark's questions and truth, named by digest.

    The truth itself is in the truth store; nothing of it is in the database.
    """

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="releases")
    digest = models.CharField(max_length=64)
    question_count = models.PositiveIntegerField()
    image_count = models.PositiveIntegerField()
    excluded_count = models.PositiveIntegerField(default=0)  # of the questions: asked, but not counted
    definition = models.JSONField(default=dict)  # the benchmark's, as this release was imported
    created_at = models.DateTimeField(db_default=Now())
    became_current_at = models.DateTimeField(null=True)  # the last time; null: never, it is or was a draft
    replaced_at = models.DateTimeField(null=True)
    # The release that it replaces or is to replace, and what it changes of it: kind -> subtask -> questions.
    previous = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    changes = models.JSONField(default=dict, blank=True)
    switch_due = models.BooleanField(
        default=False
    )  # an organizer wants it current, the worker has yet to do it
    rescoring = models.BooleanField(default=False)  # the worker has yet to score history against it
    # Which turn of that comes next, and until when it is somebody's: of two who take the same turn, one gets it.
    rescoring_turn = models.PositiveIntegerField(default=0)
    rescoring_until = models.DateTimeField(null=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["benchmark", "digest"], name="one_release_a_digest"),
        ]
        indexes = [
            models.Index(fields=["rescoring"], condition=models.Q(rescoring=True), name="releases_rescoring")
        ]

    def __str__(self) -> str:
        return self.short_digest

    def get_absolute_url(self) -> str:
        return reverse("release", args=[self.benchmark.slug, self.short_digest])

    @cached_property
    def rules(self) -> Definition:
        """The benchmark's definition as it was with this release, with its texts in the reader's language."""
        return Definition.from_dict(self.definition).in_language(get_language() or "")

    @property
    def short_digest(self) -> str:
        return self.digest[:12]


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, asker: "Asker") -> Self:
        """Those of releases that are or were current; to organizers those of drafts as well."""
        return self if asker.is_staff else self.filter(release__became_current_at__isnull=False)


class Question(models.Model):
    """A question as the public sees it: never its answer."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="questions")
    position = models.PositiveIntegerField()
    question_id = models.CharField(max_length=300)
    image = models.CharField(max_length=300)
    source_dataset = models.CharField(max_length=100)
    subtask = models.CharField(max_length=100)
    kind = models.CharField(max_length=100)  # the benchmark's own word for the type
    text = models.TextField()
    options = models.JSONField()
    is_excluded = models.BooleanField(default=False)  # no figure counts it

    objects = QuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "position"], name="one_question_a_position"),
            models.UniqueConstraint(fields=["release", "question_id"], name="one_question_an_id"),
        ]

    def __str__(self) -> str:
        return self.question_id

    def get_absolute_url(self) -> str:
        return addresses.of_question(self.release.benchmark.slug, self.question_id)

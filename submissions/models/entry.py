import uuid
from typing import TYPE_CHECKING, Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from scoring.definition import CLOSED_DIVISION
from submissions.models.benchmark import Benchmark
from submissions.models.team import Team

if TYPE_CHECKING:
    from submissions.askers import Asker


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, asker: "Asker") -> Self:
        """Entries of the asker's teams, and those that have or had a public scored one, not held."""
        if asker.is_staff:
            return self
        # Asked by name, not by import: the two models know each other.
        sent = Entry._meta.get_field("submissions").related_model
        known = sent._default_manager.filter(
            entry=OuterRef("pk"), published_at__isnull=False, status="scored", held_at__isnull=True
        )
        return self.filter(Q(team__in=asker.team_ids) | Exists(known))

    def on_board(self, benchmark: Benchmark) -> Self:
        """Those that stand on its board; not one that was withdrawn or hidden since a worker ranked it last."""
        return self.filter(
            benchmark=benchmark,
            hidden_at=None,
            shown__visibility="public",
            shown__held_at=None,
            shown__release=benchmark.current_release_id,
        )


class Entry(models.Model):
    """A model as run: a name and settings. It is what the board ranks.

    Settings left empty are "not declared". All but links and note are fixed once made.
    """

    class Template(models.TextChoices):
        NONE = "none", _("none")
        RANDOM = "random", _("random")
        SIMILAR = "similar", _("similar")
        RETRIEVED = "retrieved", _("own retrieval")

    class Knowledge(models.TextChoices):
        NONE = "none", _("none")
        FULL = "full", _("full text")
        RETRIEVED = "retrieved", _("retrieved")

    class Tools(models.TextChoices):
        NONE = "none", _("none")
        EXPERT_AGENT = "expert-agent", _("expert agent")
        OTHER = "other", _("other tools")

    class YesNo(models.TextChoices):
        YES = "yes", _("yes")
        NO = "no", _("no")

    class Prompting(models.TextChoices):
        SINGLE = "single", _("one question at a time")
        CUMULATIVE = "cumulative", _("cumulative")

    class Training(models.TextChoices):
        NONE_KNOWN = "none-known", _("none known")
        SIMILAR_IMAGES = "similar-images", _("similar images")
        BENCHMARK_IMAGES = "benchmark-images", _("the benchmark’s images")
        BENCHMARK_QUESTIONS = "benchmark-questions", _("the benchmark’s questions")

    class Division(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="entries")
    team = models.ForeignKey(Team, models.PROTECT, related_name="entries")
    name = models.CharField(_("name"), max_length=80)
    created_at = models.DateTimeField(db_default=Now())

    shots = models.PositiveSmallIntegerField(
        _("shots"), null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(64)]
    )
    template = models.CharField(_("template images"), max_length=10, choices=Template, blank=True)
    knowledge = models.CharField(_("domain knowledge"), max_length=10, choices=Knowledge, blank=True)
    tools = models.CharField(_("tools"), max_length=20, choices=Tools, blank=True)
    reasoning = models.CharField(_("reasoning"), max_length=3, choices=YesNo, blank=True)
    prompting = models.CharField(_("prompting"), max_length=10, choices=Prompting, blank=True)
    quantisation = models.CharField(_("quantisation"), max_length=40, blank=True)
    training = models.CharField(_("training exposure"), max_length=20, choices=Training, blank=True)
    parameters = models.FloatField(
        _("parameters (billions)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.001), MaxValueValidator(100_000)],
    )
    open_weights = models.CharField(_("open weights"), max_length=3, choices=YesNo, blank=True)
    paper = models.URLField(_("paper"), blank=True)
    weights = models.URLField(_("weights"), blank=True)
    code = models.URLField(_("code"), blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    division = models.CharField(max_length=10, choices=Division, editable=False)
    chosen = models.ForeignKey("Submission", models.SET_NULL, null=True, related_name="+", editable=False)
    # Written by the worker alone, with the ranks.
    shown = models.ForeignKey("Submission", models.SET_NULL, null=True, related_name="+", editable=False)
    tries = models.PositiveIntegerField(default=0, editable=False)
    standing_due = models.BooleanField(default=False, editable=False)  # the worker has yet to place it anew
    # By an organizer: off the board and the ranks; its page stays and says why.
    hidden_at = models.DateTimeField(null=True, editable=False)
    hidden_reason = models.CharField(max_length=500, blank=True, editable=False)
    # By an organizer: the submission that was reproduced, when, and how; it says nothing of others of the entry.
    verified = models.ForeignKey("Submission", models.SET_NULL, null=True, related_name="+", editable=False)
    verified_at = models.DateTimeField(null=True, editable=False)
    verified_note = models.CharField(max_length=500, blank=True, editable=False)
    # By an organizer: since when it is being looked into, and why; it changes no rank.
    review_since = models.DateTimeField(null=True, editable=False)
    review_reason = models.CharField(max_length=500, blank=True, editable=False)

    objects = EntryQuerySet.as_manager()

    # What is fixed once made, in the order of the form and of the API.
    SETTINGS = (
        "shots",
        "template",
        "knowledge",
        "tools",
        "reasoning",
        "prompting",
        "quantisation",
        "training",
        "parameters",
        "open_weights",
    )
    LINKS = ("paper", "weights", "code", "note")

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["benchmark", "team", "name"], name="one_entry_a_name"),
            models.CheckConstraint(
                condition=Q(hidden_at=None) | ~Q(hidden_reason=""), name="hidden_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(verified_at=None) | ~Q(verified_note=""), name="verified_says_how"
            ),
            models.CheckConstraint(
                condition=Q(review_since=None) | ~Q(review_reason=""), name="review_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["standing_due"], condition=Q(standing_due=True), name="entries_due")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("entry", args=[self.pk])

    @property
    def is_hidden(self) -> bool:
        return self.hidden_at is not None

    @property
    def is_verified(self) -> bool:
        """Whether what stands for it on the board is what an organizer has reproduced."""
        return self.shown_id is not None and self.shown_id == self.verified_id

    @property
    def is_under_review(self) -> bool:
        return self.review_since is not None

    def declared(self) -> dict[str, Any]:
        """Every setting and link by name; None where nothing is declared."""
        values = {name: getattr(self, name) for name in (*self.SETTINGS, *self.LINKS)}
        return {name: None if value == "" else value for name, value in values.items()}

    def proper_division(self) -> "Entry.Division":
        """Closed takes a declaration of no known training exposure and of no tools; all else is open."""
        closed = all(getattr(self, name) == value for name, value in CLOSED_DIVISION.items())
        return self.Division.CLOSED if closed else self.Division.OPEN

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from submissions import addresses
from submissions.models.benchmark import Benchmark, Question, Release


class Decision(models.TextChoices):
    """What organizers ruled upon a question."""

    STANDS = "stands", _("stands")
    EXCLUDED = "excluded", _("excluded")
    CORRECTED = "corrected", _("corrected")


class About(models.TextChoices):
    """What somebody holds to be wrong with a question."""

    ANSWER = "answer", _("its answer is wrong")
    WORDING = "wording", _("its wording is wrong")


class DisputedQuestionQuerySet(models.QuerySet["DisputedQuestion"]):
    def counted(self) -> Self:
        """With the numbers of their disputes `of_answer`, `of_wording` and `open_disputes`; when the `newest` came."""
        return self.annotate(
            of_answer=Count("disputes", filter=Q(disputes__about=About.ANSWER)),
            of_wording=Count("disputes", filter=Q(disputes__about=About.WORDING)),
            open_disputes=Count("disputes", filter=Q(disputes__ruled_at=None)),
            newest=Max("disputes__reported_at"),
        )

    def with_people(self) -> Self:
        """With the number of `people` who disputed them; each dispute of an account that is gone counts as one."""
        gone = Count("disputes", filter=Q(disputes__reported_by=None))
        return self.annotate(people=Count("disputes__reported_by", distinct=True) + gone)

    def unanswered(self) -> Self:
        """Those of which a dispute waits for a ruling."""
        return self.filter(Exists(Dispute.objects.filter(question=OuterRef("pk"), ruled_at=None)))

    def answered(self) -> Self:
        return self.exclude(Exists(Dispute.objects.filter(question=OuterRef("pk"), ruled_at=None)))

    def excluded(self) -> Self:
        return self.filter(decision=Decision.EXCLUDED)

    def waiting(self) -> Self:
        """Those with a ruling that no current release has carried so far."""
        return self.exclude(decision="").filter(release=None)

    def carried_by(self, release: Release) -> Self:
        """Those whose rulings hold in the release, as far as the site can see: it does not count the excluded ones, and
        counts the others. What it no longer asks contradicts nothing.
        """
        asked = Question.objects.filter(release=release, question_id=OuterRef("question_id"))
        excluded = Q(decision=Decision.EXCLUDED)
        return self.filter(
            (excluded & ~Exists(asked.filter(is_excluded=False)))
            | (~excluded & ~Exists(asked.filter(is_excluded=True)))
        )


class DisputedQuestion(models.Model):
    """A question, in whatever release, that people hold to be wrong, and the last that organizers ruled upon it."""

    LONGEST_REPLY = 1000

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="disputed_questions")
    question_id = models.CharField(_("question"), max_length=300)
    decision = models.CharField(_("ruling"), max_length=10, choices=Decision, blank=True)
    reply = models.TextField(_("reply"), max_length=LONGEST_REPLY, blank=True)  # public
    decided_at = models.DateTimeField(_("ruled"), null=True)
    # The first that carried the ruling when it became current; null: it waits for the next.
    release = models.ForeignKey(
        Release, models.PROTECT, null=True, related_name="+", verbose_name=_("in force since release")
    )

    objects = DisputedQuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["benchmark", "question_id"], name="one_row_a_disputed_question"),
            models.CheckConstraint(
                condition=Q(decision="", reply="", decided_at=None, release=None)
                | (~Q(decision="") & ~Q(reply="") & Q(decided_at__isnull=False)),
                name="ruled_with_a_reply",
            ),
        ]

    def __str__(self) -> str:
        return self.question_id

    def get_absolute_url(self) -> str:
        return addresses.of_question(self.benchmark.slug, self.question_id)

    @property
    def is_waiting(self) -> bool:
        """Whether a ruling waits for the next release."""
        return bool(self.decision) and self.release_id is None


class Dispute(models.Model):
    """What one person holds to be wrong with a question. Organizers read it, and whoever wrote it."""

    LONGEST_REASON = 2000

    question = models.ForeignKey(DisputedQuestion, models.CASCADE, related_name="disputes")
    release = models.ForeignKey(Release, models.PROTECT, related_name="+")  # in which it was read
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    about = models.CharField(max_length=10, choices=About)
    reason = models.TextField(max_length=LONGEST_REASON)
    reported_at = models.DateTimeField()
    ruled_at = models.DateTimeField(null=True)  # null: it waits for a ruling

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "reported_by"],
                condition=Q(ruled_at=None),
                name="one_waiting_dispute_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"dispute of {self.question_id}"

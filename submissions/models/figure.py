from typing import Self

from django.db import models
from django.db.models import F, Q

from submissions.models.benchmark import Benchmark, Release
from submissions.models.quoted import QuotedResult
from submissions.models.submission import Submission


class FigureQuerySet(models.QuerySet["Figure"]):
    def on_board(self, benchmark: Benchmark, column: str) -> Self:
        """The rows of one column of the board, best first; the earlier submission wins a tie."""
        return self.filter(benchmark=benchmark, column=column, shown=True).order_by(
            "-sort_key", "sent_at", "id"
        )


class Figure(models.Model):
    """One shown figure of a submission or of a quoted result, in percent.

    Columns: `overall`, a subtask's slug, a source dataset's name, a cell `dataset/subtask`, `detection/recall` and
    its kin.
    Ranks stand on the shown figures of ranked columns only and are written by the worker, never per request.
    """

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="figures")
    submission = models.ForeignKey(
        Submission,
        models.CASCADE,
        null=True,
        related_name="figures",
        db_index=False,  # one_figure_a_column begins with it
    )
    quoted = models.ForeignKey(QuotedResult, models.CASCADE, null=True, related_name="figures")
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+")
    column = models.CharField(max_length=210)
    score = models.FloatField(null=True)  # null: the submission has no such figure; it never ranks
    low = models.FloatField(null=True)  # the ends of its 95 % interval; null where there is none
    high = models.FloatField(null=True)
    # The score as the board sorts it: a missing one comes last without a NULLS LAST that an index could not serve.
    sort_key = models.FloatField()
    sent_at = models.DateTimeField()  # of the submission: decides ties
    shown = models.BooleanField(default=False)  # on the board: its entry's shown submission, or quoted
    # On the board of its release as that stood when another replaced it; its ranks stay as they were then.
    archived = models.BooleanField(default=False)
    rank = models.PositiveIntegerField(null=True)  # in the open division, which holds every entry
    rank_closed = models.PositiveIntegerField(null=True)
    # The first and the last rank that cannot be ruled out: 1 + the entries that are significantly better, and K less
    # those that are significantly worse. With the rank, but on boards that nothing has moved on since there are ranges.
    rank_low = models.PositiveIntegerField(null=True)
    rank_high = models.PositiveIntegerField(null=True)
    rank_low_closed = models.PositiveIntegerField(null=True)
    rank_high_closed = models.PositiveIntegerField(null=True)

    objects = FigureQuerySet.as_manager()

    MISSING = -1.0

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "release", "column"],
                condition=Q(submission__isnull=False),
                name="one_figure_a_column",
            ),
            models.UniqueConstraint(
                fields=["quoted", "column"],
                condition=Q(quoted__isnull=False),
                name="one_quoted_figure_a_column",
            ),
            models.CheckConstraint(
                condition=Q(submission__isnull=False, quoted__isnull=True, release__isnull=False)
                | Q(
                    submission__isnull=True, quoted__isnull=False, rank__isnull=True, rank_closed__isnull=True
                ),
                name="figure_is_scored_or_quoted",
            ),
            models.CheckConstraint(
                condition=Q(rank__isnull=True, rank_closed__isnull=True)
                | Q(score__isnull=False, shown=True)
                | Q(score__isnull=False, archived=True),
                name="only_shown_scores_rank",
            ),
            models.CheckConstraint(
                condition=Q(rank_low__isnull=True, rank_high__isnull=True)
                | Q(rank__isnull=False, rank_low__gte=1, rank_high__gte=F("rank_low")),
                name="ranges_stand_with_ranks",
            ),
            models.CheckConstraint(
                condition=Q(rank_low_closed__isnull=True, rank_high_closed__isnull=True)
                | Q(
                    rank_closed__isnull=False,
                    rank_low_closed__gte=1,
                    rank_high_closed__gte=F("rank_low_closed"),
                ),
                name="closed_ranges_stand_with_ranks",
            ),
            models.CheckConstraint(
                condition=Q(shown=False) | Q(archived=False), name="on_the_board_or_in_the_archive"
            ),
        ]
        indexes = [
            models.Index(
                fields=["benchmark", "column", "-sort_key", "sent_at", "id"],
                condition=Q(shown=True),
                name="figures_on_the_board",
            ),
            models.Index(
                fields=["release", "column", "-sort_key", "sent_at", "id"],
                condition=Q(archived=True),
                name="figures_in_the_archive",
            ),
            # A page's figures are read from this index alone.
            models.Index(
                fields=["submission", "column", "score", "low", "high", "quoted"],
                condition=Q(shown=True),
                name="figures_of_a_row",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column}: {self.score}"

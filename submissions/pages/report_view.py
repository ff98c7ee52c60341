"""A submission's report as its page draws it: only what the benchmark discloses, beside the leader's figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from submissions import reports
from submissions.models import Benchmark, Entry, Figure, Submission
from submissions.ui import format as figures
from submissions.ui import report as drawn

OVERALL = "overall"


@dataclass(frozen=True, slots=True)
class Leader:
    """The first of the open division: its name, its entry's page and its shown figures by column."""

    submission_id: Any
    name: str
    url: str
    figures: Mapping[str, float | None]


def build(
    body: Mapping[str, Any], benchmark: Benchmark, leader: Leader | None, *, tries: int = 1
) -> drawn.ReportView:
    """What the report's drawings need; what is not disclosed is empty.

    `tries` is how many the score was picked from.
    """
    shown = reports.disclosed(body, benchmark)
    rules = benchmark.rules
    return drawn.report_view(
        shown,
        subtasks=[(subtask.slug, subtask.name) for subtask in rules.subtasks],
        datasets=rules.source_datasets,
        leader=leader.figures if leader else None,
        tries=tries,
        lower_is_better=rules.lower_is_better,
        unread=sum(cell["asked"] - cell["answered"] for cell in body.get("cells", ())),
        records=sum(body.get("readings", {}).values()),
    )


def leader_of(benchmark: Benchmark) -> Leader | None:
    """The first entry of the open division overall, or None when nothing is ranked. Two queries."""
    first = Figure.objects.filter(benchmark=benchmark, column=OVERALL, shown=True, rank=1)
    figure = first.select_related("submission__entry").first()
    if figure is None or figure.submission is None:
        return None
    entry = figure.submission.entry
    columns = [OVERALL, *(s.slug for s in benchmark.rules.subtasks)]
    of_entry = Figure.objects.filter(submission=figure.submission, shown=True, column__in=columns)
    scores = dict(of_entry.values_list("column", "score"))
    return Leader(figure.submission_id, entry.name, entry.get_absolute_url(), scores)


def outdone(submission: Submission) -> str:
    """The score of the submission that stands for the entry, published or not this one would; else empty.

    It is the better one, or the one that the team has chosen.
    """
    entry, shown = submission.entry, submission.entry.shown
    if submission.score is None or shown is None or shown.pk == submission.pk or shown.score is None:
        return ""
    rules = submission.benchmark.rules
    if entry.chosen_id != shown.pk and rules.sort_key(submission.score) > rules.sort_key(shown.score):
        return ""
    return figures.score(shown.score, 2)


def standing(submission: Submission, leader: Leader | None) -> drawn.Standing | None:
    """Where the submission stands overall, or would stand if it were public; in the closed division too if it is in it.

    None without an overall score, for a withdrawn one, and where another one of its entry is shown in its place, see
    `outdone`. Two queries.
    """
    if (
        submission.score is None
        or submission.visibility == Submission.Visibility.WITHDRAWN
        or outdone(submission)
    ):
        return None
    rules = submission.benchmark.rules
    ranked = Figure.objects.filter(
        benchmark_id=submission.benchmark_id, column=OVERALL, shown=True, rank__isnull=False
    )
    if submission.is_public:
        own = (
            ranked.filter(submission=submission)
            .values_list("rank", "rank_closed", "rank_low", "rank_high")
            .first()
        )
        rank, rank_closed, first, last = own or (None, None, None, None)
        if rank is None:
            return None
        entries = ranked.aggregate(open=Count("rank"), closed=Count("rank_closed"))
    else:
        others = ranked.exclude(submission__entry=submission.entry_id)
        key = rules.sort_key(submission.score)
        ahead = Q(sort_key__gt=key) | Q(sort_key=key, sent_at__lt=submission.received_at)
        entries = others.aggregate(
            open=Count("rank") + 1,
            closed=Count("rank_closed") + 1,
            rank=Count("rank", filter=ahead) + 1,
            rank_closed=Count("rank_closed", filter=ahead) + 1,
        )
        rank, rank_closed, first, last = entries["rank"], entries["rank_closed"], None, None
    is_closed = submission.entry.division == Entry.Division.CLOSED
    behind = leader.figures.get(OVERALL) if leader and leader.submission_id != submission.pk else None
    lead = 0.0 if behind is None else rules.sort_key(behind) - rules.sort_key(submission.score)
    return drawn.Standing(
        rank=rank,
        of=entries["open"],
        rank_closed=rank_closed if is_closed else None,
        of_closed=entries["closed"],
        behind=figures.score(lead, 2) if lead > 0 else "",
        leader=leader.name if leader and lead > 0 else "",
        leader_url=leader.url if leader and lead > 0 else "",
        hypothetical=not submission.is_public,
        first=first,
        last=last,
    )

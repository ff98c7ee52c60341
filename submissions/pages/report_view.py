"""A submission's report as its page draws it: only what the benchmark discloses, beside the leader's figures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from submissions import reports
from submissions.models import Benchmark, Entry, Figure, Submission
from submissions.ui import format as figures
from submissions.ui import rows

OVERALL = "overall"

# What each rule of scoring/replies.py reads; the last four read nothing.
READINGS: Mapping[str, str | Promise] = {
    "letter": _("a letter alone"),
    "marked": _("a marked letter, such as “Answer: B”"),
    "yes-no": _("yes or no"),
    "option-text": _("an option's words"),
    "empty": _("not read: empty"),
    "conflicting": _("not read: two different letters"),
    "outside": _("not read: a letter that is no option"),
    "none": _("not read: no option recognised"),
}
UNREAD = frozenset({"empty", "conflicting", "outside", "none"})

FORMATS: Mapping[str, str | Promise] = {
    "native": _("the list that the authors' scripts write"),
    "plain-csv": _("CSV"),
    "plain-jsonl": _("JSONL"),
    "plain-json": _("JSON list"),
}


@dataclass(frozen=True, slots=True)
class Leader:
    """The first of the open division: its name, its entry's page and its shown figures by column."""

    submission_id: Any
    name: str
    url: str
    figures: Mapping[str, float | None]


def build(body: Mapping[str, Any], benchmark: Benchmark, leader: Leader | None) -> rows.ReportView:
    """What the report's drawings need; what is not disclosed is empty."""
    disclosed = {"subtasks": {}, **reports.disclosed(body, benchmark)}
    rules = benchmark.rules
    shown = [(s.slug, s.name) for s in rules.subtasks] if disclosed["subtasks"] else []
    view = rows.report_view(
        disclosed,
        subtasks=shown,
        datasets=rules.source_datasets if disclosed.get("cells") else (),
        leader=leader.figures if leader else None,
        format_names=FORMATS,
    )
    sent_for = tuple(s.name for s in rules.subtasks if s.slug in (body.get("partial") or ()))
    return replace(view, readings=readings(body.get("readings") or {}), partial=sent_for)


def readings(counts: Mapping[str, int]) -> tuple[rows.Reading, ...]:
    """How replies were read: the rules in their order of frequency, then what no rule could read."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (item[0] in UNREAD, -item[1], item[0]))
    return tuple(
        rows.Reading(
            text=READINGS.get(rule, rule),
            count=figures.count(number),
            share=figures.share(number / total),
            unread=rule in UNREAD,
        )
        for rule, number in ordered
        if number
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


def standing(submission: Submission, leader: Leader | None) -> rows.Standing | None:
    """Where the submission stands overall, or would stand if it were public; in the closed division too if it is in it.

    None without an overall score, for a withdrawn one, and where a better one of its entry is shown. Two queries.
    """
    if submission.score is None or submission.visibility == Submission.Visibility.WITHDRAWN:
        return None
    ranked = Figure.objects.filter(
        benchmark_id=submission.benchmark_id, column=OVERALL, shown=True, rank__isnull=False
    )
    if submission.is_public:
        own = ranked.filter(submission=submission).values_list("rank", "rank_closed").first()
        rank, rank_closed = own or (None, None)
        if rank is None:
            return None
        entries = ranked.aggregate(open=Count("rank"), closed=Count("rank_closed"))
    else:
        others = ranked.exclude(submission__entry=submission.entry_id)
        ahead = Q(sort_key__gt=submission.score) | Q(
            sort_key=submission.score, sent_at__lt=submission.received_at
        )
        entries = others.aggregate(
            open=Count("rank") + 1,
            closed=Count("rank_closed") + 1,
            rank=Count("rank", filter=ahead) + 1,
            rank_closed=Count("rank_closed", filter=ahead) + 1,
        )
        rank, rank_closed = entries["rank"], entries["rank_closed"]
    is_closed = submission.entry.division == Entry.Division.CLOSED
    behind = leader.figures.get(OVERALL) if leader and leader.submission_id != submission.pk else None
    lags = behind is not None and behind > submission.score
    return rows.Standing(
        rank=rank,
        of=entries["open"],
        rank_closed=rank_closed if is_closed else None,
        of_closed=entries["closed"],
        behind=figures.score(behind - submission.score, 2) if behind is not None and lags else "",
        leader=leader.name if leader and lags else "",
        leader_url=leader.url if leader and lags else "",
        hypothetical=not submission.is_public,
    )

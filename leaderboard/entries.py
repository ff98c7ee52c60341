"""One entry as its page and the API show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.shortcuts import get_object_or_404

from leaderboard.cursors import HistoryCursor
from leaderboard.filters import OVERALL, Columns
from scoring.statistics.tries import gain
from submissions import askers, decisions, places, reports
from submissions.askers import Asker
from submissions.decisions import Decision
from submissions.models import Entry, Figure, Submission
from submissions.models.submission import SubmissionQuerySet

HISTORY_ROWS = 50


@dataclass(frozen=True, slots=True)
class History:
    """At most 50 submissions, newest first, and where the neighbouring pages begin: `next` is the older one."""

    rows: list[Submission]
    previous: HistoryCursor | None
    next: HistoryCursor | None


@dataclass(frozen=True, slots=True)
class Details:
    """An entry with the figures and ranks of its shown submission, and a page of what the asker may see of its history.

    `figures` and their `intervals` are by column, of the columns that the benchmark discloses; `ranks` and the
    `rank_ranges` around them by division and column. All are empty when no submission is shown.
    """

    entry: Entry
    columns: Columns
    figures: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float]]
    ranks: Mapping[str, Mapping[str, int]]
    rank_ranges: Mapping[str, Mapping[str, tuple[int, int]]]
    history: "History"
    decisions: list[Decision]
    former_names: list[str]
    is_ours: bool
    may_correct: bool

    @property
    def shown(self) -> Submission | None:
        return self.entry.shown

    @property
    def tier(self) -> str | None:
        """How far what stands on the board is checked; None where nothing stands there."""
        if self.entry.shown_id is None:
            return None
        return "verified" if self.entry.is_verified else "scored"

    @property
    def score(self) -> float | None:
        return self.figures.get(OVERALL)

    @property
    def expected_gain(self) -> float | None:
        """What of the score may be the luck of having picked it from several tries, see `tries.gain`."""
        return gain(self.entry.tries, self.score, self.intervals.get(OVERALL))


def details(entry_id: UUID, asker: Asker, cursor: HistoryCursor | None = None) -> Details:
    """The entry with the page of its history that the cursor names, else the newest.

    Raises Http404 for an entry that is not there or that the asker may not see, and Refusal for a token of the team
    that is limited to other benchmarks, unless everybody may see it.
    """
    seen = Entry.objects.visible_to(asker).select_related("benchmark", "team", "shown__token", "verified")
    entry = get_object_or_404(seen, pk=entry_id)
    asker = askers.reading(asker, entry)
    is_ours = asker.is_staff or entry.team_id in asker.team_ids
    history = Submission.objects.filter(entry=entry)
    if not is_ours:
        history = history.in_public_history()
    figures: dict[str, float | None] = {}
    intervals: dict[str, tuple[float, float]] = {}
    ranks: dict[str, dict[str, int]] = {"open": {}, "closed": {}}
    # Not by `shown_id`: where nothing is shown, that would be every quoted figure.
    found = Figure.objects.filter(submission__entry=entry, shown=True).order_by("id")
    rank_ranges: dict[str, dict[str, tuple[int, int]]] = {"open": {}, "closed": {}}
    for column, score, low, high, *its_places in found.values_list(
        "column", "score", "low", "high", *places.FIELDS
    ):
        if not reports.shows_column(entry.benchmark, column):
            continue
        figures[column] = score
        if low is not None and high is not None:
            intervals[column] = (low, high)
        for division, (rank, first, last) in (("open", its_places[:3]), ("closed", its_places[3:])):
            if rank is not None:
                ranks[division][column] = rank
            if first is not None:
                rank_ranges[division][column] = (first, last)
    return Details(
        entry=entry,
        columns=Columns.of(entry.benchmark),
        figures=figures,
        intervals=intervals,
        ranks=ranks,
        rank_ranges=rank_ranges,
        history=_page(history, cursor),
        decisions=decisions.of_entry(entry, asker),
        former_names=decisions.former_names(entry),
        is_ours=is_ours,
        may_correct=asker.user is not None and entry.team_id in asker.team_ids,
    )


def _page(history: SubmissionQuerySet, cursor: HistoryCursor | None) -> History:
    """One query, however long the history is."""
    backwards = cursor is not None and cursor.backwards
    ordered = history.oldest_first() if backwards else history.newest_first()
    if cursor is not None:
        ordered = ordered.filter(_beyond(cursor))
    found = list(ordered[: HISTORY_ROWS + 1])
    more = len(found) > HISTORY_ROWS
    found = found[:HISTORY_ROWS]
    if backwards:
        found.reverse()
    has_previous, has_next = (more, True) if backwards else (cursor is not None, more)
    return History(
        rows=found,
        previous=_cursor(found[0], backwards=True) if found and has_previous else None,
        next=_cursor(found[-1]) if found and has_next else None,
    )


def _beyond(cursor: HistoryCursor) -> Q:
    word = "gt" if cursor.backwards else "lt"
    further = {f"received_at__{word}": cursor.received_at}
    return Q(**further) | Q(received_at=cursor.received_at, **{f"id__{word}": cursor.id})


def _cursor(submission: Submission, *, backwards: bool = False) -> HistoryCursor:
    return HistoryCursor(submission.received_at, submission.pk, backwards)


def cells(found: Details) -> list[dict[str, str | float | tuple[float, float] | None]]:
    """The source dataset x subtask figures, in the benchmark's order."""
    return [
        {
            "dataset": dataset,
            "subtask": subtask,
            "score": found.figures[f"{dataset}/{subtask}"],
            "interval": found.intervals.get(f"{dataset}/{subtask}"),
        }
        for dataset in found.columns.datasets
        for subtask in found.columns.subtasks
        if f"{dataset}/{subtask}" in found.figures
    ]

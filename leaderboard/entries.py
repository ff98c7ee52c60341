"""One entry as its page and the API show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.shortcuts import get_object_or_404

from leaderboard.filters import OVERALL, Columns
from submissions import reports
from submissions.askers import Asker
from submissions.models import Entry, Figure, Submission


@dataclass(frozen=True, slots=True)
class Details:
    """An entry with the figures and ranks of its shown submission, and as much history as the asker may see.

    `figures` are by column, of the columns that the benchmark discloses; `ranks` by division and column. Both are
    empty when no submission is shown. `history` is newest first.
    """

    entry: Entry
    columns: Columns
    figures: Mapping[str, float | None]
    ranks: Mapping[str, Mapping[str, int]]
    history: list[Submission]
    is_ours: bool

    @property
    def shown(self) -> Submission | None:
        return self.entry.shown

    @property
    def score(self) -> float | None:
        return self.figures.get(OVERALL)


def details(entry_id: UUID, asker: Asker) -> Details:
    """Raises Http404 for an entry that is not there or that the asker may not see."""
    seen = Entry.objects.visible_to(asker).select_related("benchmark", "team", "shown")
    entry = get_object_or_404(seen, pk=entry_id)
    is_ours = asker.is_staff or entry.team_id in asker.team_ids
    history = Submission.objects.filter(entry=entry).newest_first()
    if not is_ours:
        history = history.scored().exclude(visibility=Submission.Visibility.PRIVATE)
    figures: dict[str, float | None] = {}
    ranks: dict[str, dict[str, int]] = {"open": {}, "closed": {}}
    # Not by `shown_id`: where nothing is shown, that would be every quoted figure.
    found = Figure.objects.filter(submission__entry=entry, shown=True).order_by("id")
    for column, score, rank, rank_closed in found.values_list("column", "score", "rank", "rank_closed"):
        if not reports.shows_column(entry.benchmark, column):
            continue
        figures[column] = score
        if rank is not None:
            ranks["open"][column] = rank
        if rank_closed is not None:
            ranks["closed"][column] = rank_closed
    return Details(entry, Columns.of(entry.benchmark), figures, ranks, list(history), is_ours)


def cells(found: Details) -> list[dict[str, str | float | None]]:
    """The source dataset x subtask figures, in the benchmark's order."""
    return [
        {"dataset": dataset, "subtask": subtask, "score": found.figures[f"{dataset}/{subtask}"]}
        for dataset in found.columns.datasets
        for subtask in found.columns.subtasks
        if f"{dataset}/{subtask}" in found.figures
    ]

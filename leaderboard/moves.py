"""Who moves when one release takes another's place, and by how much."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from leaderboard.filters import OVERALL
from scoring import kinds
from submissions.models import Entry, Figure, Release, Report, Submission


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands overall on a board."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Move:
    """An entry on two boards; a place is None where it does not stand."""

    entry: Entry
    before: Place | None
    after: Place | None

    @property
    def gain(self) -> float | None:
        """The difference of the scores, in points."""
        return self.after.score - self.before.score if self.before and self.after else None

    @property
    def climb(self) -> int:
        """By how many ranks it rises."""
        return self.before.rank - self.after.rank if self.before and self.after else 0


@dataclass(frozen=True, slots=True)
class Moves:
    """Every entry of either board, the greatest climbs and falls first, and how many stay where they were."""

    moved: list[Move]
    stayed: int
    lost: list[Move]  # on the new board no more: too many of its questions are not answered


def between(release: Release) -> Moves:
    """What a public release moved of the one before it, or what a draft would move of the present board."""
    previous = release.previous
    before = _kept(previous) if previous is not None else {}
    after = _kept(release) if release.became_current_at else _would_stand(release)
    entries = Entry.objects.select_related("team").in_bulk({*before, *after})
    found = [Move(entry, before.get(key), after.get(key)) for key, entry in entries.items()]
    moved = [
        move for move in found if move.before and move.after and (move.climb or abs(move.gain or 0) > 1e-9)
    ]
    lost = [move for move in found if move.after is None]
    moved.sort(key=lambda move: (-abs(move.climb), -abs(move.gain or 0), move.entry.name))
    lost.sort(key=lambda move: move.before.rank if move.before else 0)
    return Moves(moved, len(found) - len(moved) - len(lost), lost)


def _kept(release: Release) -> Mapping[UUID, Place]:
    """The board of a release that is or was current."""
    figures = Figure.objects.filter(Q(shown=True) | Q(archived=True), release=release, column=OVERALL)
    ranked = figures.filter(rank__isnull=False).values_list("submission__entry_id", "rank", "score")
    return {entry_id: Place(rank, score) for entry_id, rank, score in ranked if rank and score is not None}


def _would_stand(draft: Release) -> Mapping[UUID, Place]:
    """The board as it would be: of each entry the chosen submission, else its best public one on the draft."""
    found = Report.objects.filter(
        release=draft,
        scorer_version=kinds.of(draft.rules).scorer_version,
        fault="",
        submission__status=Submission.Status.SCORED,
        submission__visibility=Submission.Visibility.PUBLIC,
        submission__held_at=None,
        submission__entry__hidden_at=None,
    ).values_list(
        "submission__entry_id",
        "submission_id",
        "submission__entry__chosen_id",
        "score",
        "submission__received_at",
    )
    rules = draft.rules
    best: dict[UUID, tuple[tuple[object, ...], float | None]] = {}
    for entry_id, submission_id, chosen_id, score, received_at in found:
        key = (submission_id != chosen_id, score is None, -rules.sort_key(score or 0), received_at)
        if entry_id not in best or key < best[entry_id][0]:
            best[entry_id] = (key, score)
    standing = [(entry_id, score, key[3]) for entry_id, (key, score) in best.items() if score is not None]
    standing.sort(key=lambda row: (-rules.sort_key(row[1]), row[2]))
    return {entry_id: Place(rank, score) for rank, (entry_id, score, _at) in enumerate(standing, start=1)}

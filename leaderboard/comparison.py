"""Two to six entries beside each other: what stands for them on the board, and what workers found of each two.

Or two submissions that whoever asks may see, such as two tries of one entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any
from uuid import UUID

from leaderboard import verdicts
from leaderboard.filters import OVERALL, Columns
from submissions import askers, messages, pairs
from submissions.askers import Asker
from submissions.models import Benchmark, Entry, Figure, Release, Submission, Team
from submissions.pairs import Compared, Told
from submissions.refusals import Refusal

FEWEST = 2
MOST = 6
VERDICTS = {1: "first-better", -1: "second-better", 0: "not-separable"}
RETRY_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Side:
    """An entry with the submission that stands for it, or with the one that was asked for."""

    entry: Entry
    submission: Submission
    # Overall, in the open division: its rank, and the first and the last that cannot be ruled out. Of a submission that
    # does not stand for its entry, none.
    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None

    def overlaps(self, other: "Side") -> bool:
        """Whether one rank may be either's; without ranges there is nothing to say."""
        if not (self.rank_low and self.rank_high and other.rank_low and other.rank_high):
            return False
        return max(self.rank_low, other.rank_low) <= min(self.rank_high, other.rank_high)


@dataclass(frozen=True, slots=True)
class Against:
    """Two of them, in the order asked for. `found` is None until a worker has it, and where there is a fault."""

    first: Side
    second: Side
    found: Compared | None
    fault: str = ""

    @property
    def is_done(self) -> bool:
        return self.found is not None or bool(self.fault)

    @property
    def overall(self) -> Told | None:
        """None as well where one of the two answered some subtasks alone."""
        return self.found.columns.get(OVERALL) if self.found else None

    @property
    def shared(self) -> Told | None:
        """Of the mean of the subtasks that both answered; None where that is all of them, or not disclosed."""
        return self.found.shared if self.found else None

    @property
    def sentence(self) -> str:
        """The verdict in words; empty until there is one."""
        names = self.first.entry.name, self.second.entry.name
        if self.fault:
            return verdicts.not_comparable(*names, messages.comparison(self.fault))
        return verdicts.sentence(*names, self.overall, self.shared) if self.found else ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The entries in the order in which they were asked for, and each two of them."""

    benchmark: Benchmark
    release: Release
    columns: Columns
    sides: Sequence[Side]
    pairs: Sequence[Against]

    @property
    def is_done(self) -> bool:
        return all(against.is_done for against in self.pairs)


def named(values: Sequence[str], field: str = "entries") -> list[UUID]:
    """What an address names: `?entries=a,b` or `?entries=a&entries=b`. Raises Refusal."""
    found = []
    for text in (part.strip() for value in values for part in value.split(",")):
        if not text:
            continue
        try:
            found.append(UUID(text))
        except ValueError:
            raise Refusal("compare-unreadable", field=field, found=text[:40]) from None
    return found


def of(benchmark: Benchmark, entry_ids: Sequence[UUID], *, now: datetime) -> Comparison:
    """These entries compared, as far as it is known; workers are asked for the rest.

    It is the same for everyone: what is not on the board is compared with nothing, and whoever may not see an entry
    is told no more of it than of one that there is not. Raises Refusal.
    """
    if not FEWEST <= len(entry_ids) <= MOST or len(set(entry_ids)) < len(entry_ids):
        raise Refusal("compare-how-many", field="entries", found=len(entry_ids))
    release = benchmark.current_release
    sides = on_board(benchmark, entry_ids)
    missing = [entry_id for entry_id in entry_ids if entry_id not in sides]
    if missing or release is None:
        raise _missing(benchmark, (missing or entry_ids)[0])
    chosen = [sides[entry_id] for entry_id in entry_ids]
    return _compared(benchmark, release, chosen, account=pairs.FREE, now=now)


def of_submissions(
    benchmark: Benchmark, submission_ids: Sequence[UUID], *, asker: Asker, now: datetime
) -> Comparison:
    """Two submissions compared, as far as it is known, for whoever may see both; they may be of one entry.

    What is not on the board is compared on the account of a team, see `pairs.ask`. Raises Refusal.
    """
    if len(submission_ids) != FEWEST or len(set(submission_ids)) < FEWEST:
        raise Refusal("compare-how-many-submissions", field="submissions", found=len(submission_ids))
    seen = Submission.objects.visible_to(asker).filter(benchmark=benchmark, pk__in=submission_ids)
    known = {each.pk: each for each in seen.select_related("benchmark", "entry__team")}
    for submission_id in submission_ids:
        if submission_id not in known:
            raise Refusal("compare-unknown-submission", field="submissions", found=str(submission_id))
        askers.reading(asker, known[submission_id])
    chosen = [known[submission_id] for submission_id in submission_ids]
    release = benchmark.current_release
    if release is None:
        raise Refusal("benchmark-without-release", benchmark=benchmark.name)
    for submission in chosen:
        if not submission.is_scored or submission.release_id != release.pk:
            raise Refusal("compare-not-scored", field="submissions", found=str(submission.pk))
    ranked = on_board(benchmark, [submission.entry_id for submission in chosen])
    sides = []
    for submission in chosen:
        side = ranked.get(submission.entry_id)
        stands = side is not None and side.submission.pk == submission.pk
        sides.append(side if side and stands else Side(submission.entry, submission))
    is_boards = all(side in ranked.values() for side in sides)
    account = pairs.FREE if is_boards or asker.is_staff else pairs.Account(_paying(asker, chosen))
    return _compared(benchmark, release, sides, account=account, now=now)


def _paying(asker: Asker, submissions: Sequence[Submission]) -> Team | None:
    """Of the asker's teams the one on whose account two are compared: one that sent one of them, if any did."""
    mine = askers.teams_of(asker)
    senders = {submission.team_id for submission in submissions}
    return next((team for team in mine if team.pk in senders), mine[0] if mine else None)


def _compared(
    benchmark: Benchmark, release: Release, chosen: Sequence[Side], *, account: pairs.Account, now: datetime
) -> Comparison:
    known = pairs.ask(release, [side.submission.pk for side in chosen], account=account, now=now)
    found = []
    for first, second in combinations(chosen, 2):
        a, b = sorted((first.submission.pk, second.submission.pk))
        pair = known[a, b]
        is_known = not pair.due and not pair.fault
        told = pairs.disclosed(pair, first.submission.pk, benchmark) if is_known else None
        found.append(Against(first, second, told, "" if pair.due else pair.fault))
    return Comparison(benchmark, release, Columns.of(benchmark), chosen, found)


def on_board(benchmark: Benchmark, entry_ids: Sequence[UUID]) -> Mapping[UUID, Side]:
    """Those of the entries that stand on the board. Two queries."""
    shown = Entry.objects.on_board(benchmark).filter(pk__in=entry_ids).select_related("team", "shown")
    found = {entry.pk: entry for entry in shown}
    ids = [entry.shown_id for entry in found.values()]
    ranked = Figure.objects.filter(submission__in=ids, shown=True, column=OVERALL)
    read = ranked.values_list("submission_id", "rank", "rank_low", "rank_high")
    ranks = {submission_id: rest for submission_id, *rest in read}
    return {
        pk: Side(entry, entry.shown, *ranks.get(entry.shown.pk, (None,)))
        for pk, entry in found.items()
        if entry.shown
    }


def _missing(benchmark: Benchmark, entry_id: UUID) -> Refusal:
    """What is wrong with an entry that is not on the board; of one that is not public, what is said of none."""
    public = Entry.objects.visible_to(askers.NOBODY).filter(pk=entry_id).first()
    if public is None:
        return Refusal("compare-unknown", field="entries", found=str(entry_id))
    is_elsewhere = public.benchmark_id != benchmark.pk
    code = "compare-elsewhere" if is_elsewhere else "compare-not-shown"
    return Refusal(code, field="entries", name=public.name)


def body(found: Comparison) -> dict[str, Any]:
    """As the API writes it; pairs that nobody has computed yet are left out."""
    return {
        "status": "done" if found.is_done else "computing",
        "release": found.release.digest,
        "entries": [_side(side) for side in found.sides],
        "pairs": [_against(against, found.columns) for against in found.pairs if against.is_done],
    }


def _side(side: Side) -> dict[str, Any]:
    entry, submission = side.entry, side.submission
    return {
        "id": entry.pk,
        "name": entry.name,
        "team": entry.team.slug,
        "team_name": entry.team.name,
        "settings": entry.declared(),
        "submission": submission.pk,
        "rank": side.rank,
        "rank_low": side.rank_low,
        "rank_high": side.rank_high,
        "score": submission.score,
        "interval": submission.interval,
        "coverage": submission.coverage,
        "partial": submission.partial,
    }


def _against(against: Against, columns: Columns) -> dict[str, Any]:
    found, overall = against.found, against.overall

    def group(names: Sequence[str]) -> dict[str, Any]:
        return {name: _told(found.columns[name]) for name in names if found and name in found.columns}

    return {
        "first": against.first.entry.pk,
        "second": against.second.entry.pk,
        "verdict": VERDICTS[overall.verdict] if overall else None,
        "sentence": against.sentence,
        "fault": against.fault or None,
        "overall": _told(overall) if overall else None,
        "shared": _told(against.shared) if against.shared else None,
        "subtasks": group(columns.subtasks),
        "datasets": group(columns.datasets),
        "table": found.table._asdict() if found and found.table else None,
        "mcnemar_mid_p": found.mid_p if found else None,
    }


def _told(told: Told) -> dict[str, Any]:
    return {
        "difference": told.difference,
        "interval": told.interval,
        "z": told.z,
        "error": told.error,
        "verdict": VERDICTS[told.verdict],
    }

"""Which entries of a board cannot be told apart: the worker's memory of who got what right, and what follows from it.

Outcomes are read, and many pairs judged, while no row is locked; then, with the benchmark's row held, the few that came
or went in between are judged. Whoever writes ranks does it in `up_to_date`.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Subquery

from scoring.definition import Definition
from scoring.statistics.boards import Board
from submissions import outcomes, storage, truths
from submissions.models import Benchmark, Entry, Figure, Release, Report

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
# A submission, and the version of the scorer that its outcomes are of: as they are, they never change.
Key = tuple[UUID, str]

Divisions = tuple[bool, bool]  # whether in the open one, as everything is, and in the closed one

DIVISIONS = 2
BOARDS = 4  # kept in memory, as releases are
MOVES_AT_ONCE = 8  # with the row held


@dataclass(frozen=True, slots=True)
class Members:
    """Who stands on a benchmark's board: in which divisions, and with which subtasks, empty for all."""

    benchmark: Benchmark
    release: Release
    divisions: Mapping[Key, Divisions]
    partial: Mapping[Key, list[str]]


class NotJudgedError(Exception):
    """More is to be read or judged than the benchmark's row is held for."""

    def __init__(self, members: Members) -> None:
        super().__init__(f"the board of {members.benchmark.slug} is to be judged")
        self.members = members

    def catch_up(self) -> None:
        """Read and judge it. Not to be called in a transaction. Raises StorageUnavailableError."""
        members = self.members
        board = _board(members)
        for key in members.divisions:
            if key not in board:
                found = _outcomes(members.release, key)
                if found is not None:
                    board.add(key, found, _positions(members.benchmark.rules, members.partial[key]))
        board.settle(members.divisions)
        _missing[members.benchmark.pk] = {key for key in members.divisions if key not in board}


# By benchmark: the release's digest, the rules, and the board by these. Only a worker has any.
_boards: OrderedDict[int, tuple[str, Definition, Board[Key]]] = OrderedDict()
_missing: dict[int, set[Key]] = {}  # whose outcomes are not kept: looked for once


def up_to_date(work: Callable[[], Result]) -> Result:
    """Do this in a transaction, and where it has to catch up first, do that and begin again."""
    while True:
        try:
            with transaction.atomic():
                return work()
        except NotJudgedError as behind:
            due = behind
        due.catch_up()


def settled(benchmark: Benchmark) -> tuple[Board[Key], Mapping[Key, Divisions]] | None:
    """Its board as it stands now, and who stands there; None where nothing is shown.

    To be called in a transaction that holds the benchmark's row. Raises NotJudgedError.
    """
    members = _members(benchmark)
    if members is None:
        return None
    board = _board(members)
    known = _missing.get(benchmark.pk, set())
    if any(key not in board and key not in known for key in members.divisions):
        raise NotJudgedError(members)
    if board.moves(members.divisions) > MOVES_AT_ONCE:
        raise NotJudgedError(members)
    board.settle(members.divisions)
    return board, members.divisions


def _members(benchmark: Benchmark) -> Members | None:
    release = benchmark.current_release
    if release is None:
        return None
    # Ordered as no index is, so that SQLite looks reports up by their submission.
    reports = Report.objects.filter(submission=OuterRef("submission"), release=release, fault="")
    newest = reports.order_by("-created_at", "-id").values("scorer_version")
    # Every submission has this figure, a partial one without a score.
    shown = Figure.objects.filter(benchmark=benchmark, column="overall", shown=True, submission__isnull=False)
    found = list(
        shown.values_list(
            "submission",
            "submission__entry__division",
            "submission__partial",
            Subquery(newest[:1]),
        )
    )
    if not found:
        return None
    is_closed = {(key, version): division == Entry.Division.CLOSED for key, division, _, version in found}
    return Members(
        benchmark=benchmark,
        release=release,
        divisions={key: (True, closed) for key, closed in is_closed.items()},
        partial={(key, version): partial for key, _, partial, version in found},
    )


def _board(members: Members) -> Board[Key]:
    """The one kept in memory, or an empty one. Raises StorageUnavailableError."""
    benchmark, release = members.benchmark, members.release
    digest, rules, board = _boards.get(benchmark.pk, (None, None, None))
    if board is None or digest != release.digest or rules != benchmark.rules:
        content = truths.decoded(release.digest).under(benchmark.rules)
        board = Board(content, content.columns, DIVISIONS)
        _boards[benchmark.pk] = (release.digest, benchmark.rules, board)
        _missing.pop(benchmark.pk, None)
    _boards.move_to_end(benchmark.pk)
    while len(_boards) > BOARDS:
        _boards.popitem(last=False)
    return board


def _outcomes(release: Release, key: Key) -> bytes | None:
    """None where they are gone: of such an entry nothing is known, and it may stand anywhere."""
    submission, version = key
    try:
        return outcomes.of(submission, release, version)
    except storage.MissingObjectError:
        logger.error("the outcomes of %s are gone: its range of ranks is the whole board", submission)
        return None


def _positions(rules: Definition, partial: list[str]) -> list[int] | None:
    return [rules.subtask_slugs.index(slug) for slug in partial] if partial else None

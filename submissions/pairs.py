"""Two submissions compared: asked for where somebody reads, computed by a worker, kept for the next who asks.

Right and wrong answers together with the answers are the truth, so only a worker sees them. What it finds is kept by
release, and is removed when nobody has asked for it in a month or when another release is current.

What stands on the board anybody may have compared. Of other submissions, such as private tries of one entry, a team may
have so many pairs computed a day: their number grows with the square of the tries', and each may tell a little more
than the two reports do.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from scoring.kinds import compare
from scoring.statistics.pairs import Table
from submissions import outcomes, quota, reports, ringing, sealing, storage, truths
from submissions.models import Benchmark, Pair, Release, Report, Submission, Team
from submissions.models.pair import PairQuerySet
from submissions.refusals import Refusal

logger = logging.getLogger(__name__)

# What strangers can make the workers do, and the database keep.
MOST_WAITING = 500
MOST_KEPT = 20_000
KEPT = timedelta(days=30)
COMPARED_A_TRY = 4  # pairs beside the board's that a team may begin in a day, for each submission it may send
MOST_ATTEMPTS = 3
HOLD = timedelta(seconds=60)  # far longer than a pair takes; after it, its worker is taken for dead
STORAGE_PAUSE = timedelta(seconds=10)
TRIED_AGAIN = timedelta(hours=1)  # what could not be compared is looked at once more when somebody asks
ASKED_ANEW = timedelta(days=1)
SECONDS_TO_WAIT = 5

Two = tuple[UUID, UUID]


class NotComparableError(Exception):
    """The code of what is in the way, for wording's COMPARISONS."""


class Account(NamedTuple):
    """On whose account what nobody has asked for yet is computed; without a team, nothing is."""

    team: Team | None = None
    is_free: bool = False


FREE = Account(is_free=True)


class Told(NamedTuple):
    """One figure of the first less the second's: see scoring.statistics.pairs.Difference."""

    difference: float
    interval: tuple[float, float]
    verdict: int
    z: float | None
    error: float | None

    def turned(self) -> "Told":
        low, high = self.interval
        return Told(
            _minus(self.difference),
            (_minus(high), _minus(low)),
            -self.verdict,
            None if self.z is None else _minus(self.z),
            self.error,
        )

    def coarse(self) -> "Told":
        low, high = self.interval
        return self._replace(interval=(round(low, 1) + 0.0, round(high, 1) + 0.0), z=None, error=None)


def _minus(value: float) -> float:
    return 0.0 - value  # of zero, zero without a sign


@dataclass(frozen=True, slots=True)
class Compared:
    """What may be shown of a pair, the first one's figures less the second's.

    `columns` holds what both have: `overall`, subtasks by slug, source datasets by name. Where not every cell is
    disclosed, there is no table, no mid-p and no error, and intervals are to the tenth of a point. `shared` is of the
    mean of the subtasks that both answered, where these are not all and each is disclosed.
    """

    columns: Mapping[str, Told]
    table: Table | None
    mid_p: float | None
    shared: Told | None = None

    def turned(self) -> "Compared":
        """With the two the other way round."""
        table = self.table and self.table._replace(first=self.table.second, second=self.table.first)
        columns = {name: found.turned() for name, found in self.columns.items()}
        return replace(self, columns=columns, table=table, shared=self.shared and self.shared.turned())


def ask(
    release: Release, submission_ids: Sequence[UUID], *, account: Account = FREE, now: datetime
) -> dict[Two, Pair]:
    """The pairs of these submissions on the release, each under its two ids in order; new ones are due.

    Whoever calls sees to it that whoever asks may see them. One query where all are known. Raises Refusal when too many
    wait, and when the account bears no more today.
    """
    wanted = [_ordered(*two) for two in combinations(submission_ids, 2)]
    known = _known(release, wanted)
    missing = [two for two in wanted if two not in known]
    again = [pair.pk for pair in known.values() if pair.fault and _is_old(pair, now)]
    if missing or again:
        if Pair.objects.due().count() + len(missing) + len(again) > MOST_WAITING:
            raise Refusal("too-many-comparisons", seconds=SECONDS_TO_WAIT)
        with transaction.atomic():
            if missing and not account.is_free:
                _charge(account.team, release.benchmark, len(missing), now=now)
            # Somebody else may ask for the same at this moment.
            Pair.objects.bulk_create(
                [
                    Pair(
                        release=release,
                        first_id=a,
                        second_id=b,
                        asked_at=now,
                        begun_at=now,
                        begun_by=account.team,
                    )
                    for a, b in missing
                ],
                ignore_conflicts=True,
            )
            Pair.objects.filter(pk__in=again, due=False).update(
                due=True, attempts=0, not_before=None, asked_at=now
            )
            known = _known(release, wanted)
            for two in wanted:
                if two in missing or known[two].pk in again:
                    # The mark is the truth and the ring only hurries.
                    transaction.on_commit(partial(ringing.compare, known[two].pk), robust=True)
    stale = [pair.pk for pair in known.values() if pair.asked_at <= now - ASKED_ANEW]
    if stale:
        Pair.objects.filter(pk__in=stale).update(asked_at=now)
    return known


def _charge(team: Team | None, benchmark: Benchmark, more: int, *, now: datetime) -> None:
    """Raises Refusal when the team may not begin so many more today, and for nobody's team."""
    if team is None:
        raise Refusal("compare-on-no-account")
    # The team's row is the lock: two who ask at once cannot both take what is left.
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    limit = COMPARED_A_TRY * benchmark.daily_limit
    renews_at = quota.renewal(now)
    begun = Pair.objects.filter(begun_by=team, release__benchmark=benchmark)
    if begun.filter(begun_at__gte=renews_at - timedelta(days=1)).count() + more > limit:
        seconds = int((renews_at - now).total_seconds()) + 1
        raise Refusal("too-many-own-comparisons", limit=limit, seconds=seconds)


def _ordered(first: UUID, second: UUID) -> Two:
    return (first, second) if first < second else (second, first)


def _known(release: Release, wanted: Sequence[Two]) -> dict[Two, Pair]:
    ids = {each for two in wanted for each in two}
    found = Pair.objects.filter(release=release, first__in=ids, second__in=ids)
    return {(pair.first_id, pair.second_id): pair for pair in found}


def _is_old(pair: Pair, now: datetime) -> bool:
    return not pair.due and pair.computed_at is not None and pair.computed_at <= now - TRIED_AGAIN


def compute(pair_id: int) -> None:
    """The worker's half: compare the two, if it is due and nobody else has it in hand.

    Storage that does not answer: the pair waits. What cannot be compared says so on the row. Any other error is ours:
    it is put back, after three attempts said on the row, and raised as a SealedError, since its own message may quote
    the truth.
    """
    pair = _claim(pair_id, now=timezone.now())
    if pair is None:
        return
    if pair.attempts > MOST_ATTEMPTS:
        logger.error("gave up on pair %d: its workers died", pair.pk)
        _end(pair, fault="broke-off")
        return
    match sealing.outcome(partial(_compare, pair), NotComparableError, storage.StorageUnavailableError):
        case dict(body):
            _end(pair, body=body)
        case NotComparableError() as error:
            logger.warning("pair %d cannot be compared: %s", pair.pk, error)
            _end(pair, fault=str(error))
        case storage.StorageUnavailableError() as error:
            logger.warning("storage does not answer, pair %d waits: %s", pair.pk, error)
            _held(pair).update(attempts=F("attempts") - 1, not_before=timezone.now() + STORAGE_PAUSE)
        case fault:
            if pair.attempts < MOST_ATTEMPTS:
                _held(pair).update(not_before=None)
            else:
                _end(pair, fault="broke-off")
            raise fault


def _claim(pair_id: int, *, now: datetime) -> Pair | None:
    # The update is the lock: of two workers, only one sees a row change.
    free = Pair.objects.free(at=now).filter(pk=pair_id)
    if not free.update(attempts=F("attempts") + 1, not_before=now + HOLD):
        return None
    related = ("release__benchmark", "first", "second")
    return Pair.objects.select_related(*related).filter(pk=pair_id).first()


def _held(pair: Pair) -> PairQuerySet:
    return Pair.objects.due().filter(pk=pair.pk, attempts=pair.attempts)


def _end(pair: Pair, *, body: Mapping[str, Any] | None = None, fault: str = "") -> None:
    # Somebody else may have ended it, or scored one of the two anew, after which the row is gone.
    _held(pair).update(
        due=False, body=body or {}, fault=fault, computed_at=timezone.now(), not_before=None, attempts=0
    )


def _compare(pair: Pair) -> dict[str, Any]:
    release, benchmark = pair.release, pair.release.benchmark
    content = truths.decoded(release.digest)
    if benchmark.current_release_id == release.pk:
        content = content.under(benchmark.rules)
    two = (pair.first, pair.second)
    slugs = content.definition.subtask_slugs
    scored = set(range(len(slugs)))
    for submission in two:
        if submission.partial:
            scored &= {slugs.index(slug) for slug in submission.partial}
    if not scored:
        raise NotComparableError("nothing-in-common")
    first, second = (_outcomes(submission, release) for submission in two)
    try:
        found = compare(first, second, content, scored)
    except ValueError:
        raise NotComparableError("outcomes-missing") from None
    columns = ("overall", *slugs, *content.definition.source_datasets)
    differences = {name: found.differences.get(name) for name in columns}
    return {
        "columns": {name: each._asdict() for name, each in differences.items() if each is not None},
        "table": found.table._asdict(),
        "mid_p": found.mid_p,
        "shared": found.shared and found.shared._asdict(),
    }


def _outcomes(submission: Submission, release: Release) -> bytes:
    """Those of the report that the submission stands on, which an earlier scorer may have written."""
    told = Report.objects.filter(submission=submission, release=release, fault="").order_by("-id")
    version = told.values_list("scorer_version", flat=True).first()
    if version is None:
        raise NotComparableError("outcomes-missing")
    try:
        return outcomes.of(submission.pk, release, version)
    except storage.MissingObjectError:
        raise NotComparableError("outcomes-missing") from None


def forget(*, now: datetime) -> int:
    """Remove pairs that nobody reads: not asked for in a month, or of a release of before; answers with how many.

    And those asked for least lately, where there are more than the database is to keep.
    """
    old = Pair.objects.filter(asked_at__lte=now - KEPT)
    gone = old.delete()[0] + Pair.objects.of_no_use().delete()[0]
    beyond = Pair.objects.order_by("-asked_at", "-pk").values_list("pk", flat=True)[MOST_KEPT:]
    return gone + Pair.objects.filter(pk__in=list(beyond)).delete()[0]


def disclosed(pair: Pair, first: UUID, benchmark: Benchmark) -> Compared:
    """What may be shown of a computed pair, seen from the one of the two that is to stand first.

    A report's scores say nothing of single questions that a table of right answers would not say better: it counts
    them, so whoever knows both files learns how many of the questions in which they differ each has right. A standard
    error tells the same by the number of such questions, and there are as many errors as pairs of submissions, not as
    submissions. So both are kept back unless every cell is disclosed, and an interval's ends are given to the tenth of
    a point, which is coarser than what one question more or less does to them. The difference itself is that of two
    scores that everybody reads anyway, and the shared one is the mean of those of subtasks.
    """
    has_all = benchmark.disclosure == Benchmark.Disclosure.CELLS
    columns = {
        name: told if has_all else told.coarse()
        for name, told in _told(pair)
        if reports.shows_column(benchmark, name)
    }
    shared = None
    if (stored := pair.body.get("shared")) and benchmark.disclosure != Benchmark.Disclosure.OVERALL:
        shared = _read(stored) if has_all else _read(stored).coarse()
    table = Table(**pair.body["table"]) if has_all and "table" in pair.body else None
    found = Compared(columns, table, pair.body.get("mid_p") if has_all else None, shared)
    return found if first == pair.first_id else found.turned()


def _told(pair: Pair) -> Iterator[tuple[str, Told]]:
    for name, stored in pair.body.get("columns", {}).items():
        yield name, _read(stored)


def _read(stored: Mapping[str, Any]) -> Told:
    return Told(**{**stored, "interval": tuple(stored["interval"])})

"""How many submissions a team may still send, and how many of its entries may be public.

The rows themselves are the account: what failed was never charged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q

from submissions.models import Benchmark, Entry, Submission, Team
from submissions.models.submission import SubmissionQuerySet
from submissions.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left to a team on a benchmark; a day is a UTC day."""

    daily_limit: int
    used_today: int
    total_limit: int
    used_total: int
    renews_at: datetime

    @property
    def left_today(self) -> int:
        return max(0, min(self.daily_limit - self.used_today, self.total_limit - self.used_total))

    @property
    def left_total(self) -> int:
        return max(0, self.total_limit - self.used_total)

    def refusal(self, *, now: datetime) -> Refusal | None:
        """What refuses another submission; None while one is left."""
        if self.left_total == 0:
            return Refusal("quota-total", limit=self.total_limit)
        if self.left_today == 0:
            return Refusal(
                "quota-daily",
                limit=self.daily_limit,
                renews_at=f"{self.renews_at:%Y-%m-%d %H:%M} UTC",
                seconds=int((self.renews_at - now).total_seconds()) + 1,
            )
        return None


def renewal(now: datetime) -> datetime:
    """When the day's quota renews: the next midnight of UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def of(team: Team, benchmark: Benchmark, *, now: datetime) -> Quota:
    """The team's account on the benchmark at this moment."""
    return of_teams([team], benchmark, now=now)[team.pk]


def of_teams(teams: Sequence[Team], benchmark: Benchmark, *, now: datetime) -> dict[int, Quota]:
    """The accounts of several teams by their primary keys, in one query."""
    renews_at = renewal(now)
    day = renews_at - timedelta(days=1)
    counting = Submission.objects.filter(team__in=teams, benchmark=benchmark).counting()
    used = {
        team_id: (today, total)
        for team_id, today, total in counting.values("team")
        .annotate(today=Count("pk", filter=Q(received_at__gte=day)), total=Count("pk"))
        .values_list("team", "today", "total")
    }
    accounts = {}
    for team in teams:
        today, total = used.get(team.pk, (0, 0))
        accounts[team.pk] = Quota(
            daily_limit=benchmark.daily_limit,
            used_today=today,
            total_limit=benchmark.total_limit,
            used_total=total,
            renews_at=renews_at,
        )
    return accounts


def check(team: Team, benchmark: Benchmark, *, now: datetime) -> None:
    """Raises Refusal when the team has no submission left.

    Binding only while the caller holds the team's row locked.
    """
    if refusal := of(team, benchmark, now=now).refusal(now=now):
        raise refusal


def public_entries(team: Team, benchmark: Benchmark) -> int:
    """How many of the team's entries have a submission that is public or will be once it is scored."""
    return _public(team, benchmark).values("entry").distinct().count()


def check_public(entry: Entry, team: Team, benchmark: Benchmark) -> None:
    """Raises Refusal when the entry is not public and the team may have no further public one.

    Binding only while the caller holds the team's row locked.
    """
    limit = benchmark.public_entries_limit
    if limit is None or _public(team, benchmark).filter(entry=entry).exists():
        return
    used = public_entries(team, benchmark)
    if used >= limit:
        raise Refusal("public-entries", field="visibility", limit=limit, used=used)


def _public(team: Team, benchmark: Benchmark) -> SubmissionQuerySet:
    return Submission.objects.filter(team=team, benchmark=benchmark).public().counting()

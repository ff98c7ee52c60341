"""How many submissions a team may still send. The rows themselves are the account: what failed was never charged."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from submissions.models import Benchmark, Submission, Team
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


def of(team: Team, benchmark: Benchmark, *, now: datetime) -> Quota:
    """The team's account on the benchmark at this moment."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    counting = Submission.objects.filter(team=team, benchmark=benchmark).counting()
    return Quota(
        daily_limit=benchmark.daily_limit,
        used_today=counting.filter(received_at__gte=day).count(),
        total_limit=benchmark.total_limit,
        used_total=counting.count(),
        renews_at=day + timedelta(days=1),
    )


def check(team: Team, benchmark: Benchmark, *, now: datetime) -> None:
    """Raises Refusal when the team has no submission left.

    Binding only while the caller holds the team's row locked.
    """
    account = of(team, benchmark, now=now)
    if account.left_total == 0:
        raise Refusal("quota-total", limit=account.total_limit)
    if account.left_today == 0:
        raise Refusal(
            "quota-daily",
            limit=account.daily_limit,
            renews_at=f"{account.renews_at:%Y-%m-%d %H:%M} UTC",
            seconds=int((account.renews_at - now).total_seconds()) + 1,
        )

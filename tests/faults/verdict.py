"""The clients' log held against what the site says: nothing lost, nothing twice, every score as computed apart."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import psycopg

from tests.faults.clients import Accepted, Log
from tests.faults.cluster import Cluster
from tests.faults.monkey import Fault

FINAL = ("scored", "rejected", "failed", "cancelled")
MOST_FAILED = 5
MOST_RECOVERY_SECONDS = 60.0
SLOWEST = 5


@dataclass(frozen=True)
class Verdict:
    """What came of everything; the last line of a run is `str` of it."""

    accepted: int
    final: int
    lost: int
    scored_twice: int
    charged_twice: int
    orphans: int
    failed: int
    recovery_p99: float
    wrong: Sequence[str]  # scores that are not what they have to be, and what else does not hold
    slowest: Sequence[str]  # the steps of those that recovered last

    def __str__(self) -> str:
        return (
            f"accepted {self.accepted}, final {self.final}, lost {self.lost}, scored twice {self.scored_twice}, "
            f"charged twice {self.charged_twice}, orphans {self.orphans}, failed {self.failed}, "
            f"recovery p99 {self.recovery_p99:.1f} s"
        )

    def stands(self, sent: int) -> bool:
        """Whether it is as promised."""
        nothing = (self.lost, self.scored_twice, self.charged_twice, self.orphans, len(self.wrong))
        return (
            self.accepted == self.final == sent
            and not any(nothing)
            and self.failed <= MOST_FAILED
            and self.recovery_p99 < MOST_RECOVERY_SECONDS
        )


def wait_until_final(cluster: Cluster, seconds: float) -> None:
    """Return when nothing is queued or being scored any more, or when time is up: the verdict tells."""
    deadline = time.monotonic() + seconds
    with psycopg.connect(cluster.env["VERNIER_DATABASE_URL"], autocommit=True) as connection:
        open_ones = "SELECT COUNT(*) FROM submissions_submission WHERE status IN ('queued', 'scoring')"
        due = "SELECT COUNT(*) FROM submissions_entry WHERE standing_due"
        while time.monotonic() < deadline:
            if not any(connection.execute(query).fetchone() != (0,) for query in (open_ones, due)):
                return
            time.sleep(0.2)


def reached(cluster: Cluster, log: Log, faults: Sequence[Fault]) -> Verdict:
    """Look at every promise that was made."""
    cluster.manage("reconcile", "--age", "0", check=False)
    orphans, missing = map(int, cluster.manage("shell", "--no-imports", "-c", LEFT).split()[-2:])
    with psycopg.connect(cluster.env["VERNIER_DATABASE_URL"]) as connection:
        rows = {
            str(pk): (status, score, finished_at)
            for pk, status, score, finished_at in connection.execute(
                "SELECT id, status, score, finished_at FROM submissions_submission"
            )
        }
        scored = connection.execute(
            "SELECT COUNT(*) FROM (SELECT submission_id FROM submissions_transition WHERE status = 'scored' "
            "GROUP BY submission_id HAVING COUNT(*) > 1) AS twice"
        ).fetchone()
        reports = connection.execute(
            "SELECT COUNT(*) FROM (SELECT submission_id FROM submissions_report "
            "GROUP BY submission_id, release_id, scorer_version HAVING COUNT(*) > 1) AS twice"
        ).fetchone()
        wrong = [*_wrong_scores(rows, log.accepted), *_wrong_ranks(connection), *log.refused]
        recoveries = _recoveries(rows, log.accepted, faults)
        slowest = [
            _steps(connection, *each) for each in sorted(recoveries.items(), key=itemgetter(1))[-SLOWEST:]
        ]
    assert scored
    assert reports
    promised = {each.id for each in log.accepted}
    final = {pk for pk in promised if pk in rows and rows[pk][0] in FINAL}
    return Verdict(
        accepted=len(log.accepted),
        final=len(final),
        lost=len(promised - rows.keys()) + missing,
        scored_twice=scored[0] + reports[0],
        # Each upload is one row and one file: more rows than uploads, or one row for two, would be charged wrongly.
        charged_twice=len(rows) - len(promised) + len(log.accepted) - len(promised),
        orphans=orphans,
        failed=sum(status == "failed" for status, _score, _at in rows.values()),
        recovery_p99=_percentile(list(recoveries.values()), 0.99),
        wrong=wrong,
        slowest=slowest,
    )


# How many objects have no row once the reconciler has run, and how many rows no object.
LEFT = """
from datetime import timedelta
from django.utils import timezone
from submissions import reconciler
found = reconciler.reconcile(now=timezone.now(), age=timedelta(0), pretend=True)
print(len(found.removed), len(found.missing))
"""


def _wrong_scores(
    rows: dict[str, tuple[str, float | None, object]], accepted: Sequence[Accepted]
) -> list[str]:
    found = []
    for each in accepted:
        status, score, _at = rows.get(each.id, ("lost", None, None))
        if status == "scored" and (score is None or not math.isclose(score, each.upload.score, abs_tol=1e-9)):
            found.append(f"{each.upload.key} came out at {score}, not at {each.upload.score}")
        elif status not in ("scored", "failed"):
            found.append(f"{each.upload.key} is {status}")
    return found


def _wrong_ranks(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Ranks of the board go from one upward without a gap, the higher score first."""
    found = connection.execute(
        "SELECT rank, score FROM submissions_figure "
        "WHERE shown AND rank IS NOT NULL AND \"column\" = 'overall' AND submission_id IS NOT NULL ORDER BY rank"
    ).fetchall()
    ranks, scores = [rank for rank, _score in found], [score for _rank, score in found]
    if ranks != list(range(1, len(ranks) + 1)) or scores != sorted(scores, reverse=True):  # type: ignore[type-var]
        return [f"the board's ranks are {ranks}"]
    return []


def _recoveries(
    rows: dict[str, tuple[str, float | None, object]], accepted: Sequence[Accepted], faults: Sequence[Fault]
) -> dict[str, float]:
    """Seconds from the promise to the end, of what a fault hit: something broke, or was broken, in between."""
    found = {}
    for each in accepted:
        finished = getattr(rows.get(each.id, ("", None, None))[2], "timestamp", None)
        if finished is None:
            continue
        ended = finished()
        if any(fault.begun <= ended and fault.ended >= each.at for fault in faults):
            found[each.id] = max(0.0, ended - each.at)
    return found


def _steps(connection: psycopg.Connection[tuple[object, ...]], pk: str, seconds: float) -> str:
    steps = connection.execute(
        "SELECT step.status, EXTRACT(EPOCH FROM step.at - sent.received_at) FROM submissions_transition step "
        "JOIN submissions_submission sent ON sent.id = step.submission_id WHERE sent.id = %s ORDER BY step.id",
        [pk],
    )
    return f"{pk} took {seconds:.1f} s: " + ", ".join(f"{status} {at:.1f}" for status, at in steps)


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0

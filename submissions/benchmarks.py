"""What organizers set of a benchmark: whether and when it takes answers, how many, and what of them it discloses."""

from datetime import datetime
from typing import Any

from django.db import transaction

from submissions import audit
from submissions.models import Benchmark
from submissions.refusals import Refusal

SETTABLE = (
    *("name", "summary", "is_open", "opens_at", "closes_at", "disclosure"),
    *("daily_limit", "total_limit", "public_entries_limit", "holds_alike"),
)


def change(benchmark: Benchmark, *, by: audit.Actor, **wanted: Any) -> None:
    """Set these fields; each that changes is written down with what it was and what it is. The same again: no change.

    Raises Refusal for dates that do not follow each other.
    """
    if unknown := wanted.keys() - set(SETTABLE):
        raise ValueError(f"not an organizer's to set: {unknown}")
    with transaction.atomic():
        benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=benchmark.pk)
        before = {field: getattr(benchmark, field) for field in wanted}
        changed = {field: value for field, value in wanted.items() if value != before[field]}
        for field, value in changed.items():
            setattr(benchmark, field, value)
        if benchmark.opens_at and benchmark.closes_at and benchmark.opens_at >= benchmark.closes_at:
            raise Refusal("closes-before-it-opens", field="closes_at")
        if changed:
            Benchmark.objects.filter(pk=benchmark.pk).update(**changed)
        for field, value in changed.items():
            told = {"field": field, "before": _plain(before[field]), "after": _plain(value)}
            audit.record(by, "benchmark-changed", benchmark, is_public=True, **told)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value

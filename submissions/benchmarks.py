"""What organizers set of a benchmark: whether and when it takes answers, how many, and what of them it discloses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from scoring.kinds import AnyRelease
from scoring.prompts import Templates
from submissions import audit, releases
from submissions.models import Benchmark, Release
from submissions.refusals import Refusal

SETTABLE = (
    *("name", "summary", "is_open", "opens_at", "closes_at", "disclosure"),
    *("daily_limit", "total_limit", "public_entries_limit", "holds_alike"),
)


class Change(NamedTuple):
    """A field that is set anew."""

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        before, after = ("none" if value is None else value for value in (self.before, self.after))
        return f"{self.field.replace('_', ' ')}: {before} -> {after}"


class Loaded(NamedTuple):
    """What a command has taken in: a release, what became of it, and what was set of a benchmark that was known."""

    release: Release
    outcome: releases.Outcome
    changes: list[Change]

    @property
    def lines(self) -> list[str]:
        """For the console: what became of the release, then a line for each change."""
        if not self.changes:
            return [self.outcome]
        outcome = "known already" if self.outcome == releases.Outcome.SAME else self.outcome
        return [outcome, *(f"set at once: {change}" for change in self.changes)]


def load(
    content: AnyRelease,
    *,
    slug: str,
    templates: Mapping[str, Templates] = releases.NO_TEMPLATES,
    name_if_new: str = "",
    **wanted: Any,
) -> Loaded:
    """Publish the release, see `releases.publish`, and set these fields of its benchmark; one that is None stays.

    Of a benchmark that was known, they are set over what the desk has set, and written down. Raises as `publish` does.
    """
    wanted = given(wanted)
    first = {"name": name_if_new, **wanted}
    release, outcome = releases.publish(content, slug=slug, templates=templates, **first)
    return Loaded(release, outcome, change(release.benchmark, by=audit.COMMAND, **wanted))


def given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are not None, texts as they stand on pages. Raises Refusal for a text that cannot."""
    said = {field: value for field, value in wanted.items() if value is not None}
    return said | releases.shown_texts({field: said[field] for field in ("name", "summary") if field in said})


def differences(benchmark: Benchmark, wanted: Mapping[str, Any]) -> list[Change]:
    """What would change if these fields were set."""
    before = {field: getattr(benchmark, field) for field in wanted}
    return [Change(field, before[field], value) for field, value in wanted.items() if value != before[field]]


def change(benchmark: Benchmark, *, by: audit.Actor, **wanted: Any) -> list[Change]:
    """Set these fields; each that changes is written down with what it was and what it is. The same again: no change.

    Answers with what was changed. Raises Refusal for dates that do not follow each other.
    """
    if unknown := wanted.keys() - set(SETTABLE):
        raise ValueError(f"not an organizer's to set: {unknown}")
    with transaction.atomic():
        benchmark = Benchmark.objects.select_for_update(no_key=True).get(pk=benchmark.pk)
        changes = differences(benchmark, wanted)
        for field, _before, after in changes:
            setattr(benchmark, field, after)
        if benchmark.opens_at and benchmark.closes_at and benchmark.opens_at >= benchmark.closes_at:
            raise Refusal("closes-before-it-opens", field="closes_at")
        if changes:
            Benchmark.objects.filter(pk=benchmark.pk).update(**{each.field: each.after for each in changes})
        for field, before, after in changes:
            told = {"field": field, "before": _plain(before), "after": _plain(after)}
            audit.record(by, "benchmark-changed", benchmark, is_public=True, **told)
    return changes


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value

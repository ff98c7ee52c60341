"""Find or make the entry that a submission names."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from submissions.models import Benchmark, Entry, Submission, Team
from submissions.refusals import Refusal


def find_or_make(*, benchmark: Benchmark, team: Team, name: str, settings: Mapping[str, Any]) -> Entry:
    """The team's entry of that name, made with these settings if new. To be called in a transaction.

    `settings` holds what was declared; what it leaves out is taken as the entry has it, and links and note are brought
    up to date.
    Raises Refusal when the entry exists with other settings, ValidationError when a setting cannot be.
    """
    declared = {key: value for key, value in settings.items() if value not in (None, "")}
    entry = Entry.objects.filter(benchmark=benchmark, team=team, name=name).first()
    if entry is not None and not Submission.objects.filter(entry=entry).counting().exists():
        # Nothing of it was or will be scored so far: a typing error in its settings need not stay for good.
        return _declare(entry, declared)
    if entry is None:
        return _declare(Entry(benchmark=benchmark, team=team, name=name), declared)
    _keep_links(entry, declared)
    for key in Entry.SETTINGS:
        if key in declared and declared[key] != getattr(entry, key):
            raise Refusal(
                "entry-settings",
                field=key,
                entry=name,
                declared=_in_words(declared[key]),
                known=_in_words(getattr(entry, key)),
            )
    return entry


def _declare(entry: Entry, declared: Mapping[str, Any]) -> Entry:
    for key, value in declared.items():
        setattr(entry, key, value)
    entry.division = entry.proper_division()
    entry.full_clean(exclude=["benchmark", "team"], validate_unique=False, validate_constraints=False)
    # Of one that is there, nothing else: an organizer may hide it meanwhile.
    entry.save(update_fields=None if entry._state.adding else [*declared, "division"])
    return entry


def _keep_links(entry: Entry, declared: Mapping[str, Any]) -> None:
    """Links and the note may change with any upload."""
    changed = {
        key: declared[key] for key in Entry.LINKS if key in declared and declared[key] != getattr(entry, key)
    }
    for key, value in changed.items():
        setattr(entry, key, value)
    if changed:
        if entry.shown_id is not None:
            # The board's rows hold them. First, as for a worker that ranks: benchmark, then entry.
            Benchmark.objects.filter(pk=entry.benchmark_id).update(changed_at=timezone.now())
        entry.full_clean(exclude=["benchmark", "team"], validate_unique=False, validate_constraints=False)
        entry.save(update_fields=list(changed))


def _in_words(value: object) -> str:
    """A setting's value as the API and the form spell it."""
    return _("not declared") if value in (None, "") else str(value)

"""What a team may set right of an entry: its name, links and note. Settings and figures stay as they are."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from submissions import askers, audit
from submissions.models import Benchmark, Entry, Team
from submissions.refusals import Refusal


def correct(entry: Entry, *, name: str, links: Mapping[str, str], by: audit.Actor) -> None:
    """Give the entry this name and these of its links and its note. What is as it was is no change.

    The old name of an entry that readers know stays in its public history. Raises Refusal when another entry of the
    team on the benchmark has the name.
    """
    with transaction.atomic():
        # The lock that uploads take, which find entries by name and bring links up to date.
        Team.objects.select_for_update(no_key=True).get(pk=entry.team_id)
        entry = Entry.objects.get(pk=entry.pk)
        before = {"name": entry.name, **{key: getattr(entry, key) for key in Entry.LINKS}}
        wanted = {"name": name, **{key: links[key] for key in Entry.LINKS if key in links}}
        changed = {key: value for key, value in wanted.items() if value != before[key]}
        if not changed:
            return
        if "name" in changed:
            _refuse_taken(entry, name)
        is_known = Entry.objects.filter(pk=entry.pk).visible_to(askers.NOBODY).exists()
        if is_known:
            # The rows of boards hold them. First, as for a worker that ranks: benchmark, then entry.
            Benchmark.objects.filter(pk=entry.benchmark_id).update(changed_at=timezone.now())
        Entry.objects.filter(pk=entry.pk).update(**changed)
        entry.name = name
        if "name" in changed:
            audit.record(by, "renamed", entry, is_public=is_known, formerly=before["name"], name=name)
        set_right = {key: [before[key], value] for key, value in changed.items() if key != "name"}
        if set_right:
            audit.record(by, "links-corrected", entry, changed=set_right)


def _refuse_taken(entry: Entry, name: str) -> None:
    same = Entry.objects.filter(benchmark=entry.benchmark_id, team=entry.team_id, name=name)
    if same.exclude(pk=entry.pk).exists():
        raise Refusal("entry-name-taken", field="name", entry=name)

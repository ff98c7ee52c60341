"""Quoted results: figures that somebody printed elsewhere, shown beside the scored ones and never ranked."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from scoring import definition
from submissions import audit
from submissions.models import Benchmark, Figure, QuotedResult
from submissions.quoted_file import Result

SAME = 1e-9  # percent: two figures that differ by less are the same, printed twice


@dataclass(slots=True)
class Loaded:
    """How many results were new, changed, and known as they are."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def count(self, outcome: str) -> None:
        setattr(self, outcome, getattr(self, outcome) + 1)


def load(slug: str, results: Iterable[Result]) -> Loaded:
    """Put the results on the benchmark's board; one of the same name and source is brought up to date.

    Again with the same: no change, and the board's ETag stays. The benchmark is made, closed and without a release,
    when it is not there and its definition is. Raises ReleaseError when there is no such definition.
    """
    loaded = Loaded()
    with transaction.atomic():
        benchmark = _locked(slug)
        for result in results:
            loaded.count(_record(benchmark, result))
        if loaded.new or loaded.changed:
            Benchmark.objects.filter(pk=benchmark.pk).update(changed_at=timezone.now())
            told = {"new": loaded.new, "changed": loaded.changed}
            audit.record(audit.COMMAND, "quoted-loaded", benchmark, is_public=True, **told)
    return loaded


def _locked(slug: str) -> Benchmark:
    if not Benchmark.objects.filter(slug=slug).exists():
        rules = definition.load(slug)
        Benchmark.objects.get_or_create(
            slug=slug,
            defaults={
                "name": rules.name,
                "definition": rules.to_dict(),
                "disclosure": Benchmark.Disclosure.CELLS,
            },
        )
    return Benchmark.objects.select_for_update(no_key=True).get(slug=slug)


def _record(benchmark: Benchmark, result: Result) -> str:
    """Answers with what became of it: new, changed or same."""
    quoted, is_new = QuotedResult.objects.get_or_create(
        benchmark=benchmark,
        name=result.name,
        source=result.source,
        defaults={"kind": result.kind, "flags": result.flags or "", "shots": result.shots},
    )
    changed = _bring_up_to_date(quoted, result)
    # One without an average stands on the overall board all the same, last: nobody should wonder where it went.
    wanted: dict[str, float | None] = {"overall": None}
    if benchmark.asks_for_boxes:
        # So does one with detection and localization within a source dataset alone, beside which they are shown.
        asked = benchmark.rules.source_datasets
        wanted |= {
            name: None for name in asked if any(each.startswith(f"{name}/") for each in result.figures)
        }
    wanted |= result.figures
    known = dict(Figure.objects.filter(quoted=quoted).values_list("column", "score"))
    moved = {
        column: score
        for column, score in wanted.items()
        if column not in known or not _is_same(known[column], score)
    }
    gone = known.keys() - wanted.keys()
    if moved or gone:
        Figure.objects.filter(quoted=quoted, column__in=[*moved, *gone]).delete()
        Figure.objects.bulk_create(_figure(quoted, column, score) for column, score in moved.items())
    if is_new:
        return "new"
    return "changed" if changed or moved or gone else "same"


def _bring_up_to_date(quoted: QuotedResult, result: Result) -> bool:
    flags = quoted.flags if result.flags is None else result.flags
    wanted = {"kind": result.kind, "flags": flags, "shots": result.shots}
    if all(getattr(quoted, name) == value for name, value in wanted.items()):
        return False
    QuotedResult.objects.filter(pk=quoted.pk).update(**wanted)
    return True


def _is_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < SAME


def _figure(quoted: QuotedResult, column: str, score: float | None) -> Figure:
    return Figure(
        benchmark_id=quoted.benchmark_id,
        quoted=quoted,
        column=column,
        score=score,
        sort_key=Figure.MISSING if score is None else quoted.benchmark.rules.sort_key(score),
        sent_at=timezone.now(),
        shown=True,
    )

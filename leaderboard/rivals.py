"""Whom an entry is compared with first, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from leaderboard.filters import OVERALL
from submissions.models import Benchmark, Figure
from submissions.ui.format import Text


@dataclass(frozen=True, slots=True)
class Rival:
    """An entry that another one may be compared with, and why just that one."""

    why: Text
    name: str
    url: str


def address(benchmark: Benchmark, entry_ids: Iterable[UUID]) -> str:
    """The page that compares these."""
    return f"{reverse('compare', args=[benchmark.slug])}?entries={','.join(map(str, entry_ids))}"


def rivals(benchmark: Benchmark, entry_id: UUID, rank: int | None) -> list[Rival]:
    """For an entry of this rank overall the first one and its neighbours, none without a rank. One query."""
    if rank is None:
        return []
    whys = {rank - 1: _("the one before it"), rank + 1: _("the next"), 1: _("the first")}
    ranked = Figure.objects.on_board(benchmark, OVERALL).filter(rank__in=set(whys) - {rank})
    near = ranked.values_list("rank", "submission__entry", "submission__entry__name")
    return [Rival(whys[at or 1], name, address(benchmark, (entry_id, pk))) for at, pk, name in near]

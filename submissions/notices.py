"""Tell teams and people what happened. Written in the transaction of what happened: one is never without the other.

The worker makes letters of it afterwards (`post`); here nothing waits for a mail server.
"""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction

from submissions import notice_texts, ringing
from submissions.models import (
    Benchmark,
    Entry,
    Figure,
    Notice,
    Publisher,
    Question,
    Release,
    Submission,
    Team,
    Token,
    User,
    Webhook,
)

PROBLEMS_TOLD = 3
MOVES_TOLD = 20

Status = Submission.Status
_ENDS = {
    Status.SCORED: "submission-scored",
    Status.REJECTED: "submission-rejected",
    Status.FAILED: "submission-failed",
}


class Page(Protocol):
    """Something that has a page."""

    def get_absolute_url(self) -> str: ...


def tell(team: Team, kind: str, about: Page, **params: Any) -> None:
    """Tell a team; who reads it is led to the page of `about`. To be called in a transaction.

    `params` are JSON, by the names of `notice_texts.KINDS`. The names of team, benchmark and entry are added where they
    follow from `about`. The stand-in's own team has nobody to tell.
    """
    if not team.is_standin:
        _keep([_notice(kind, about, {"team": team.name, **params}, team=team)])


def tell_person(user: User, kind: str, about: Page, **params: Any) -> None:
    """The same for one person alone."""
    _keep([_notice(kind, about, params, user=user)])


def tell_end(
    submission: Submission,
    *,
    status: Submission.Status,
    score: float | None = None,
    coverage: float | None = None,
    errors: list[dict[str, Any]] | None = None,
    errors_total: int = 0,
    **_unsaid: object,
) -> None:
    """Tell a submission's team what became of it, as its row says now."""
    params: dict[str, Any] = {}
    if status == Status.SCORED:
        read = "valid" if submission.benchmark.asks_for_boxes else "coverage"
        is_told = submission.benchmark.disclosure != Benchmark.Disclosure.OVERALL
        named = "partial" if is_told else "unscored"
        params = {"score": score, read: coverage, named: submission.partial}
    elif status == Status.REJECTED:
        params = {"problems": (errors or [])[:PROBLEMS_TOLD], "total": errors_total}
    tell(submission.team, _ENDS[status], submission, **params)


def tell_moves(release: Release, before: Mapping[UUID, int]) -> None:
    """Tell each team which of its entries another release has moved; `before` is what `ranks` said until then."""
    after = ranks(release.benchmark)
    moved = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    entries = Entry.objects.filter(pk__in=moved, team__is_standin=False).select_related("team")
    by_team: dict[Team, list[tuple[str, int | None, int | None]]] = {}
    for entry in entries:
        by_team.setdefault(entry.team, []).append((entry.name, before.get(entry.pk), after.get(entry.pk)))
    made = []
    for team, moves in by_team.items():
        moves.sort(key=lambda move: (move[2] is None, move[2] or move[1] or 0))
        told = {
            "team": team.name,
            "release": release.short_digest,
            "moves": moves[:MOVES_TOLD],
            "total": len(moves),
        }
        made.append(_notice("release-moved", release, told, team=team))
    _keep(made)


def ranks(benchmark: Benchmark) -> dict[UUID, int]:
    """Entry -> its overall rank in the open division, of those that stand on the board."""
    ranked = Figure.objects.on_board(benchmark, "overall").filter(rank__isnull=False)
    return {entry: rank for entry, rank in ranked.values_list("submission__entry_id", "rank") if rank}


def _notice(kind: str, about: Page, params: Mapping[str, Any], **to: Team | User) -> Notice:
    notice_texts.KINDS[kind]  # a kind that nothing can be said of is a fault at once, not in the mail
    return Notice(kind=kind, path=about.get_absolute_url(), params={**_names(about), **params}, **to)


def _names(about: Page) -> dict[str, str]:
    match about:
        case Entry():
            return {"benchmark": about.benchmark.name, "entry": about.name}
        case Submission():
            return {"benchmark": about.benchmark.name, "entry": about.entry.name}
        case Release():
            return {"benchmark": about.benchmark.name}
        case Token():
            return {"team": about.team.name, "token": about.name}
        case Publisher():
            return {
                "team": about.team.name,
                "benchmark": about.benchmark.name,
                "repository": about.repository,
                "workflow": about.workflow,
            }
        case Webhook():
            return {"team": about.team.name, "host": about.host}
        case Question():
            return {"benchmark": about.release.benchmark.name}
        case _:
            return {}


def _keep(made: list[Notice]) -> None:
    if made:
        Notice.objects.bulk_create(made)
        # The row is the truth and the ring only hurries.
        transaction.on_commit(ringing.post, robust=True)

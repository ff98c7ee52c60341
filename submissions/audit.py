"""The log of who did what. Written in the transaction of what was done: one is never without the other."""

from typing import Any

from django.db.models import Model

from submissions.askers import Asker
from submissions.models import (
    Benchmark,
    DisputedQuestion,
    Entry,
    Event,
    Publisher,
    Release,
    Submission,
    Team,
    Token,
    User,
)

COMMAND = Event.Actor.COMMAND
SITE = Event.Actor.SITE
Actor = Asker | Event.Actor
"""Who did it: a person or a token, the operator by a command, or the site by itself."""


def record(by: Actor, action: str, on: Model, *, is_public: bool = False, **details: Any) -> None:
    """Write down that `by` did this to `on`. `details` are JSON; what is public says so."""
    kind, key, name = _who(by)
    Event.objects.create(
        actor_kind=kind,
        actor_key=key,
        actor_name=name,
        is_organizer=isinstance(by, Asker) and by.is_staff,
        action=action,
        object_kind=on._meta.model_name or "",
        object_key=str(on.pk),
        object_name=_name(on)[:300],
        benchmark_id=_benchmark_id(on),
        team_id=_team_id(on),
        is_public=is_public,
        details=details,
    )


def _who(by: Actor) -> tuple[Event.Actor, str, str]:
    if isinstance(by, Event.Actor):
        return by, "", ""
    if by.token is not None:
        return Event.Actor.TOKEN, str(by.token.pk), by.token.name
    if by.user is not None:
        return Event.Actor.PERSON, str(by.user.pk), ""
    raise ValueError("nobody does nothing")


def _name(on: Model) -> str:
    match on:
        case Submission():
            return on.entry.name
        case Team() | Benchmark():
            return on.slug
        case User():
            return ""  # would outlive the account
        case _:
            return str(on)


def _benchmark_id(on: Model) -> int | None:
    if isinstance(on, Benchmark):
        return on.pk
    return (
        on.benchmark_id
        if isinstance(on, Entry | Submission | Release | DisputedQuestion | Publisher)
        else None
    )


def _team_id(on: Model) -> int | None:
    if isinstance(on, Team):
        return on.pk
    return on.team_id if isinstance(on, Entry | Submission | Token | Publisher) else None

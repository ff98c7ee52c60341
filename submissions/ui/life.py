"""A submission's life as it is drawn: its ticks, its line in a list, why it was rejected, where it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from submissions.models import Submission, Transition
from submissions.ui import format as figures
from submissions.ui.format import Text


@dataclass(frozen=True, slots=True)
class Tick:
    """One of the four marks: ``state`` is "done", "now", "todo" or "bad"."""

    text: Text
    state: Literal["done", "now", "todo", "bad"]
    at: SafeString | str = ""
    note: Text = ""


def ticks(
    status: str,
    *,
    received_at: datetime,
    started_at: datetime | None,
    finished_at: datetime | None,
    position: int | None = None,
) -> tuple[Tick, ...]:
    """The four ticks of a submission; ``position`` is its place in the queue, counting from 1.

    A submission that was cancelled or rejected before scoring began has no time at the third tick.
    """
    received = Tick(_("received"), "done", figures.when(received_at))
    note = "" if position is None else _("number %(position)s in the queue") % {"position": position}
    queued = Tick(_("queued"), "now" if status == "queued" else "done", figures.clock(received_at), note)
    began = figures.clock(started_at) if started_at else ""
    scoring_state: Literal["done", "now", "todo"] = "todo"
    if status == "scoring":
        scoring_state = "now"
    elif started_at is not None:
        scoring_state = "done"
    scoring = Tick(_("scoring"), scoring_state, began)
    return received, queued, scoring, _last_tick(status, finished_at)


def again(submission: Submission) -> Text:
    """Why an unfinished submission takes longer than it should, where that is our fault; else empty."""
    if submission.is_finished:
        return ""
    broke_off = submission.attempts - (submission.status == Submission.Status.SCORING)
    if broke_off > 0:
        return _(
            "Scoring broke off, and the fault is ours. It is tried again, attempt {number} of {most}. Your file is "
            "kept; there is nothing you need to do."
        ).format(number=broke_off + 1, most=Submission.MOST_ATTEMPTS)
    if submission.not_before is not None:
        return _(
            "The store of files does not answer, and the fault is ours. It is asked again every few seconds until it "
            "does. Your file is kept; there is nothing you need to do."
        )
    return ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of what happened to a submission."""

    at: SafeString
    text: Text


def steps(taken: Iterable[Transition]) -> list[Step]:
    """What happened to a submission, in its order, in words."""
    found, before = [], ""
    for step in taken:
        found.append(Step(figures.when(step.at, seconds=True), _step_text(step, before)))
        before = step.status
    return found


def _step_text(step: Transition, before: str) -> str:
    match step.status, before:
        case Submission.Status.QUEUED, "":
            return _("received and queued")
        case Submission.Status.QUEUED, Submission.Status.FAILED:
            return _("queued again by the organizers")
        case Submission.Status.QUEUED, _was:
            return _("queued again: the work on it was broken off")
        case Submission.Status.SCORING, _was:
            return _("a worker took it, attempt {number}").format(number=step.attempts)
        case _:
            return step.get_status_display()


def _last_tick(status: str, finished_at: datetime | None) -> Tick:
    ended = figures.clock(finished_at) if finished_at else ""
    if status == "scored":
        return Tick(_("scored"), "done", ended)
    words = {"rejected": _("rejected"), "failed": _("failed"), "cancelled": _("cancelled")}
    if status in words:
        return Tick(words[status], "bad", ended)
    return Tick(_("scored"), "todo")


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared setting, or one that was not: then ``text`` says so and ``declared`` is false."""

    label: Text
    text: Text
    declared: bool = True
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of provenance; ``copy`` is the whole value where the text is cut."""

    label: Text
    text: Text
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a file was rejected, in words, and how often."""

    text: Text
    count: str


@dataclass(frozen=True, slots=True)
class ProblemLine:
    text: Text
    line: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """What was wrong with a file: causes first, then its first lines."""

    causes: tuple[Cause, ...]
    lines: tuple[ProblemLine, ...]
    total: str
    more: bool = False
    advice: tuple[Text, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One submission in an entry's or a team's list."""

    url: str
    received: SafeString | str
    status: str
    status_text: Text
    score: str
    coverage: str
    visibility: Text
    shown: bool
    reason: Text
    entry: str
    benchmark: str
    verified: bool = False
    held: bool = False

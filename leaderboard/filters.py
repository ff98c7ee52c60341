"""What an address asks of a board: its column, its division, which rows, and from where."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlencode

from django.db import connection
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leaderboard.cursors import BoardCursor, UnreadableCursorError
from scoring import metrics
from scoring.boxes import layout
from submissions import contents, reports
from submissions.models import Benchmark, Entry, Release

OVERALL = "overall"
OPEN = "open"
DIVISIONS = (OPEN, "closed")
DECLARED = "declared"
UNDECLARED = "undeclared"
LONGEST_TEXT = 200
SETTINGS = (*Entry.SETTINGS, *Entry.LINKS)
FILTERS = ("q", "kind", "tier", *SETTINGS)  # in the order of the board's form
DETECTION = "detection"
RATES = ("recall", "precision", "f1", "overkill", "miss")

CHOICES: Mapping[str, Mapping[str, str | Promise]] = {
    "kind": {"scored": gettext_lazy("scored here"), "quoted": gettext_lazy("quoted")},
    "tier": {
        "quoted": gettext_lazy("quoted"),
        "scored": gettext_lazy("scored, not verified"),
        "verified": gettext_lazy("verified"),
    },
    "template": dict(Entry.Template.choices),
    "knowledge": dict(Entry.Knowledge.choices),
    "tools": dict(Entry.Tools.choices),
    "reasoning": dict(Entry.YesNo.choices),
    "prompting": dict(Entry.Prompting.choices),
    "training": dict(Entry.Training.choices),
    "open_weights": dict(Entry.YesNo.choices),
}


@dataclass(frozen=True, slots=True)
class WrongPart:
    """A part of the address that cannot be used, with a sentence that says what can."""

    field: str
    code: str
    detail: str


class WrongAddressError(Exception):
    """The address asks for what there is not; `parts` says where, and `usable` is what is left without them."""

    def __init__(self, parts: tuple[WrongPart, ...], usable: "Wanted") -> None:
        super().__init__(parts)
        self.parts = parts
        self.usable = usable


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a benchmark that may be shown, in its own order.

    `beside` are the figures that no board is ranked by, `detection/recall` and its like, by the first part of their
    names, and `stands_beside` says which of these parts belongs to which subtask. `cells` are the figures within a
    source dataset that stand beside its column.
    """

    subtasks: tuple[str, ...]
    datasets: tuple[str, ...]
    beside: Mapping[str, tuple[str, ...]]
    stands_beside: Mapping[str, str] = field(default_factory=dict)
    has_cells: bool = False
    cells: tuple[str, ...] = ()

    @classmethod
    def of(cls, benchmark: Benchmark, release: Release | None = None) -> Self:
        """Those that the benchmark asks about as it is, or as it was with an earlier release."""
        asked = contents.of(benchmark, release)
        is_boxes = benchmark.asks_for_boxes

        def shown(names: Iterable[str], prefix: str = "") -> tuple[str, ...]:
            return tuple(name for name in names if reports.shows_column(benchmark, prefix + name))

        if is_boxes:
            beside = _by_first_part(layout.FURTHER)
            stands_beside = {group: group for group in beside}
        else:
            beside = {DETECTION: RATES}
            detecting = [s.slug for s in asked.subtasks if s.metric in metrics.MEANS_OF_CLASSES]
            stands_beside = dict.fromkeys(detecting, DETECTION)
        return cls(
            subtasks=shown(subtask.slug for subtask in asked.subtasks),
            # One alone would say again what the overall score says.
            datasets=shown(asked.source_datasets) if len(asked.source_datasets) > 1 else (),
            beside={group: shown(names, f"{group}/") for group, names in beside.items()},
            stands_beside=stands_beside,
            # Of options there are too many, and an entry's page has them.
            has_cells=is_boxes and benchmark.disclosure == Benchmark.Disclosure.CELLS,
        )

    @property
    def ranked(self) -> tuple[str, ...]:
        return (OVERALL, *self.subtasks, *self.datasets)

    @property
    def further(self) -> tuple[str, ...]:
        """Every column beside the score, in the order of the files."""
        beside = (f"{group}/{name}" for group, names in self.beside.items() for name in names)
        return (*self.subtasks, *self.datasets, *beside, *self.cells)

    def by(self, column: str) -> Self:
        """The same for a board that is ranked by this column: with the cells of a source dataset, where it has some."""
        of_dataset = self.subtasks if self.has_cells and column in self.datasets else ()
        return replace(self, cells=tuple(f"{column}/{subtask}" for subtask in of_dataset))

    def beside_alone(self, column: str) -> tuple[str, ...]:
        """The names of the figures that stand beside this subtask."""
        group = self.stands_beside.get(column, "")
        return tuple(f"{group}/{name}" for name in self.beside.get(group, ()))


def _by_first_part(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The names after their first slash, under what stands before it."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        group, _slash, rest = name.partition("/")
        found[group] = (*found.get(group, ()), rest)
    return found


def earlier_release(benchmark: Benchmark, digest: str) -> Release | None:
    """The release whose kept board an address asks for by the first digits of its digest; None for the present one.

    Raises Release.DoesNotExist where there is none, or not yet.
    """
    if not digest:
        return None
    release = Release.objects.public().filter(benchmark=benchmark).named(digest).first()
    if release is None:
        raise Release.DoesNotExist
    return None if release.pk == benchmark.current_release_id else release


Chosen = tuple[tuple[str, str], ...]
"""Filters in force: name and value."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of a board. `chosen` holds the filters in force; several values of one name mean any of them.

    `unusable` holds filters that were asked for and cannot be, so that a form can show again what was typed.
    `release` is the short digest of the release whose board is asked for, empty for the present one.
    """

    release: str = ""
    column: str = OVERALL
    division: str = OPEN
    chosen: Chosen = ()
    cursor: BoardCursor | None = None
    unusable: Chosen = ()

    def conditions(self) -> list["Condition"]:
        """What a row must satisfy: one condition a filter."""
        by_name: dict[str, list[Condition]] = {}
        for name, value in self.chosen:
            by_name.setdefault(name, []).append(_condition(name, value))
        return [_any_of(conditions) for conditions in by_name.values()]

    def by(self, column: str) -> "Wanted":
        """The same rows by another column, from the start."""
        return replace(self, column=column, cursor=None)

    def within(self, division: str) -> "Wanted":
        return replace(self, division=division, cursor=None)

    def without(self, *filters: tuple[str, str]) -> "Wanted":
        """Without these filters, from the start."""
        return replace(self, chosen=tuple(one for one in self.chosen if one not in filters), cursor=None)

    def at(self, cursor: BoardCursor | None) -> "Wanted":
        return replace(self, cursor=cursor)

    def query(self, **more: str) -> str:
        """The query string that asks for this, with its question mark; empty for the board's first page."""
        pairs = [("release", self.release)] if self.release else []
        pairs += [("column", self.column)] if self.column != OVERALL else []
        pairs += [("division", self.division)] if self.division != OPEN else []
        pairs += self.chosen
        pairs += [("cursor", self.cursor.encode())] if self.cursor else []
        pairs += more.items()
        return f"?{urlencode(pairs)}" if pairs else ""


def read(
    address: QueryDict,
    columns: Columns,
    *,
    release: str = "",
    also: tuple[str, ...] = (),
    strict: bool = True,
) -> Wanted:
    """What the address asks for; empty values ask for nothing.

    Raises WrongAddressError for a name, column, division, filter or cursor that there is not. `also` names
    parameters that somebody else reads; unless `strict`, unknown names are passed over.
    """
    wrong: list[WrongPart] = []
    known = ("release", "column", "division", "cursor", *FILTERS, *also)
    for name in address:
        if strict and name not in known:
            wrong.append(_unknown_name(name, known))
    column = _one_of(address, "column", OVERALL, columns.ranked, wrong)
    division = _one_of(address, "division", OPEN, DIVISIONS, wrong)
    chosen, unusable = [], []
    for name in FILTERS:
        for value in dict.fromkeys(address.getlist(name)):
            if not value.strip():
                continue
            try:
                _condition(name, value.strip())
            except _UnusableValueError as error:
                wrong.append(WrongPart(name, "unknown-value", error.detail))
                unusable.append((name, value.strip()[:LONGEST_TEXT]))
            else:
                chosen.append((name, value.strip()))
    cursor = _cursor(address.get("cursor", ""), wrong)
    wanted = Wanted(release, column, division, tuple(chosen), cursor, tuple(unusable))
    if wrong:
        raise WrongAddressError(tuple(wrong), wanted)
    return wanted


def _unknown_name(name: str, known: tuple[str, ...]) -> WrongPart:
    detail = _("There is no filter of this name. Known are: {known}.").format(known=", ".join(known))
    return WrongPart(name[:LONGEST_TEXT], "unknown-parameter", detail)


def _one_of(
    address: QueryDict, name: str, default: str, allowed: tuple[str, ...], wrong: list[WrongPart]
) -> str:
    value = address.get(name) or default
    if value in allowed:
        return value
    detail = _("“{value}” is not to be had here. Allowed are: {allowed}.").format(
        value=value[:LONGEST_TEXT], allowed=", ".join(allowed)
    )
    wrong.append(WrongPart(name, f"unknown-{name}", detail))
    return default


def _cursor(text: str, wrong: list[WrongPart]) -> BoardCursor | None:
    if not text:
        return None
    try:
        return BoardCursor.decode(text)
    except UnreadableCursorError:
        detail = _("This cursor was not made here. Leave it out to begin at the first page.")
        wrong.append(WrongPart("cursor", "unreadable-cursor", detail))
        return None


def _any_of(conditions: list["Condition"]) -> "Condition":
    params = (param for condition in conditions for param in condition.params)
    return Condition(" OR ".join(condition.sql for condition in conditions), tuple(params))


class _UnusableValueError(Exception):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a board's rows in SQL; board.py joins figure, submission, entry, team and quoted."""

    sql: str
    params: tuple[object, ...] = ()


def _condition(name: str, value: str) -> Condition:
    """Raises _UnusableValueError when the filter has no such value."""
    if "\0" in value or len(value) > LONGEST_TEXT:
        raise _UnusableValueError(_("This value is too long, or holds characters that no text holds."))
    if value in (DECLARED, UNDECLARED) and name in SETTINGS:
        return _declared(name) if value == DECLARED else _undeclared(name)
    return _READERS.get(name, _by_choice)(name, value)


def _declared(name: str) -> Condition:
    return Condition(f"NOT ({_undeclared(name).sql})")


def _undeclared(name: str) -> Condition:
    # A quoted result knows its shots at most; every other setting of it is not declared.
    if name == "shots":
        return Condition(f"{_SHOTS} IS NULL")
    if name == "parameters":
        return Condition("entry.parameters IS NULL")
    return Condition(f"COALESCE(entry.{name}, '') = ''")


_SHOTS = "COALESCE(entry.shots, quoted.shots)"


def _by_kind(name: str, value: str) -> Condition:
    _check_choice(name, value)
    return Condition(f"figure.{'submission' if value == 'scored' else 'quoted'}_id IS NOT NULL")


_TIERS: Mapping[str, str] = {
    "quoted": "figure.quoted_id IS NOT NULL",
    "scored": "figure.submission_id <> entry.verified_id OR figure.submission_id IS NOT NULL"
    " AND entry.verified_id IS NULL",
    "verified": "figure.submission_id = entry.verified_id",
}


def _by_tier(name: str, value: str) -> Condition:
    _check_choice(name, value)
    return Condition(_TIERS[value])


def _by_name(name: str, value: str) -> Condition:
    # One of the two is null.
    return _contains("COALESCE(entry.name, quoted.name)", value)


def _check_choice(name: str, value: str) -> None:
    if value not in CHOICES[name]:
        allowed = (*CHOICES[name], *((DECLARED, UNDECLARED) if name in SETTINGS else ()))
        raise _UnusableValueError(
            _("“{value}” is not to be had here. Allowed are: {allowed}.").format(
                value=value, allowed=", ".join(allowed)
            )
        )


def _by_choice(name: str, value: str) -> Condition:
    _check_choice(name, value)
    return Condition(f"entry.{name} = %s", (value,))


def _by_shots(name: str, value: str) -> Condition:
    if not (value.isascii() and value.isdigit() and int(value) <= 64):
        raise _UnusableValueError(
            _(
                "“{value}” is no whole number from 0 to 64. Allowed are such a number, “declared” and “undeclared”."
            ).format(value=value)
        )
    return Condition(f"{_SHOTS} = %s", (int(value),))


def _by_parameters(name: str, value: str) -> Condition:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _UnusableValueError(
            _(
                "“{value}” is no number. Write the billions alone, such as 7 or 0.5, or “declared” or “undeclared”."
            ).format(value=value)
        )
    return Condition("entry.parameters = %s", (number,))


def _by_text(name: str, value: str) -> Condition:
    return Condition(f"UPPER(entry.{name}) = UPPER(%s)", (value,))


def _by_part_of_text(name: str, value: str) -> Condition:
    return _contains(f"entry.{name}", value)


def _contains(text: str, value: str) -> Condition:
    pattern = f"%{connection.ops.prep_for_like_query(value)}%"
    return Condition(f"UPPER({text}) LIKE UPPER(%s) ESCAPE '\\'", (pattern,))


# Names are put into SQL as they stand here; values never are.
_READERS: Mapping[str, Callable[[str, str], Condition]] = {
    "q": _by_name,
    "kind": _by_kind,
    "tier": _by_tier,
    "shots": _by_shots,
    "parameters": _by_parameters,
    "quantisation": _by_text,
    "paper": _by_text,
    "weights": _by_text,
    "code": _by_text,
    "note": _by_part_of_text,
}

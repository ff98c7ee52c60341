"""A board as its template draws it: links, filters in words, rows in finished text."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from leaderboard import board, phrases
from leaderboard.filters import (
    CHOICES,
    DECLARED,
    DIVISIONS,
    FILTERS,
    OPEN,
    OVERALL,
    SETTINGS,
    UNDECLARED,
    Chosen,
    Columns,
    Wanted,
)
from submissions import intake, messages, upload_switch
from submissions.models import Benchmark, Entry, Figure, QuotedResult
from submissions.models.benchmark import Intake
from submissions.refusals import Refusal
from submissions.ui import format as written
from submissions.ui import schedule
from submissions.ui.board import BoardRow, FilterField, FilterWord, Link, Option, Tie, board_row
from submissions.ui.scale import Scale

_TYPED: Mapping[str, written.Text] = {
    "q": gettext_lazy("a part of it"),
    "quantisation": gettext_lazy("AWQ, or undeclared"),
    "note": gettext_lazy("a part of it"),
    "parameters": gettext_lazy("72, or undeclared"),
}
"""The filters that are typed, each with what one may type."""
SHOTS_OFFERED = ("0", "1", "2", "4", "8", "16")


# In the order of the board's columns.
BESIDE: Mapping[str, written.Text] = {
    "detection/overkill": gettext_lazy("Overkill"),
    "detection/miss": gettext_lazy("Miss"),
    "detection/recall": gettext_lazy("Recall"),
    "detection/precision": gettext_lazy("Precision"),
    "detection/f1": "F1",
    "detection/balanced-accuracy": gettext_lazy("Balanced"),
    "localization/recall": gettext_lazy("Recall"),
    "localization/precision": gettext_lazy("Precision"),
    "localization/accuracy-50": gettext_lazy("at IoU 0.5"),
    "localization/recall-50": gettext_lazy("Recall at 0.5"),
    "localization/precision-50": gettext_lazy("Precision at 0.5"),
}


class BoardView:
    """A page of a board as its template draws it."""

    def __init__(self, shown: board.Board, columns: Columns, wanted: Wanted, found: board.Page) -> None:
        self.shown = shown
        self.benchmark = benchmark = shown.benchmark
        self.columns = columns
        self.wanted = wanted
        self.found = found
        self.address = reverse("board", args=[benchmark.slug])
        self.data_address = reverse("api-leaderboard", args=[benchmark.slug])
        self.rules = rules = (shown.release or benchmark).rules
        self.names: dict[str, str] = {
            OVERALL: _("Overall"),
            **{subtask.slug: subtask.name for subtask in rules.subtasks},
        }
        self.short_names: dict[str, str] = {
            OVERALL: _("Overall"),
            **{subtask.slug: subtask.short_name for subtask in rules.subtasks},
        }

    def context(self) -> dict[str, Any]:
        benchmark, wanted, found = self.benchmark, self.wanted, self.found
        release = self.shown.release or benchmark.current_release
        total = board.ranked_entries(self.shown)
        releases_url = reverse("releases", args=[benchmark.slug])
        return {
            "benchmark": benchmark,
            "nav": "benchmarks",
            "release": release
            and {
                # Joined here, so that no space stands behind it.
                "digest_link": format_html(
                    '<a href="{}">{}</a>', releases_url, written.digest(release.digest)
                ),
                "asked_text": written.asked(release.question_count, images=benchmark.asks_for_boxes),
            },
            "facts": facts(benchmark, total) if self.shown.release is None else [entries_text(total)],
            "earlier_text": self.earlier_text(),
            "releases_url": releases_url,
            "intake": intake_of(benchmark),
            "intake_text": intake_text(benchmark),
            "column_name": self.names.get(wanted.column, wanted.column),
            "column_head": self.column_head(),
            "column_groups": self.column_groups(),
            "divisions": self.divisions(),
            "division": Entry.Division(wanted.division).label,
            "division_text": division_text(wanted.division),
            "as_of": written.when(benchmark.changed_at),
            "closed_text": self.closed_text(),
            "elsewhere_text": self.elsewhere_text(),
            "filter_words": [
                FilterWord(phrases.chosen(*one), self.url(wanted.without(one))) for one in wanted.chosen
            ],
            "filter_fields": filter_fields(wanted.chosen, wanted.unusable),
            "filters_open": bool(wanted.unusable),
            "filter_hidden": self.hidden(),
            "clear_url": self.url(wanted.without(*wanted.chosen)),
            "columns": [*map(self.head, self.further())],
            "scale": self.scale,
            "score_url": self.url(wanted.at(None)),
            # One piece of finished text: fifty turns of the template's loop cost more than to join them.
            "rows": [SafeString("".join(self.rows()))] if found.rows else [],
            "previous_url": self.url(wanted.at(found.previous)) if found.previous else "",
            "next_url": self.url(wanted.at(found.next)) if found.next else "",
            "range_text": range_text(found.rows),
            "csv_url": self.data_address + wanted.query(format="csv"),
            "json_url": self.data_address + wanted.query(),
            "total": total,
        }

    def earlier_text(self) -> str:
        """What says that this is no longer the board; empty on the present one."""
        release = self.shown.release
        if release is None or release.replaced_at is None:
            return ""
        return format_html(
            _("The board of release {digest} as it stood on {day}, when another release replaced it."),
            digest=release.short_digest,
            day=written.day(release.replaced_at),
        )

    def url(self, wanted: Wanted) -> str:
        return self.address + wanted.query()

    def further(self) -> list[str]:
        """The columns beside the one in force: what belongs to it, else its kin, so that names keep their room."""
        column, columns = self.wanted.column, self.columns
        if beside := columns.beside_alone(column):
            return [name for name in BESIDE if name in beside]
        if columns.cells:
            return list(columns.cells)
        kin = columns.datasets if column in columns.datasets else columns.subtasks
        return [name for name in kin if name != column]

    def head(self, name: str) -> Link:
        """A further column's head; a board is not ranked by what stands beside a subtask, nor by a cell."""
        if name in BESIDE:
            return Link(BESIDE[name], "")
        if name in self.columns.cells:
            return Link(self.short_names[name.partition("/")[2]], "")
        return Link(self.short_names.get(name, name), self.url(self.wanted.by(name)))

    def column_head(self) -> str:
        """The column in force as the table's head has it: where all else says Localization, so does it."""
        column = self.wanted.column
        return (self.short_names if self.benchmark.asks_for_boxes else self.names).get(column, column)

    def column_groups(self) -> list[list[Link]]:
        groups = [(OVERALL,), self.columns.subtasks, self.columns.datasets]
        return [[self.tab(name) for name in group] for group in groups if group]

    def tab(self, name: str) -> Link:
        text, whole = self.short_names.get(name, name), self.names.get(name, name)
        return Link(
            text,
            self.url(self.wanted.by(name)),
            current=name == self.wanted.column,
            title="" if text == whole else whole,
        )

    def divisions(self) -> list[Link]:
        return [
            Link(
                Entry.Division(division).label,
                self.url(self.wanted.within(division)),
                current=division == self.wanted.division,
            )
            for division in DIVISIONS
        ]

    def closed_text(self) -> str:
        """What opens the closed board while no entry is in it; else empty."""
        wanted = self.wanted
        if wanted.division == OPEN or wanted.chosen or wanted.cursor is not None:
            return ""
        if any(row["kind"] == "scored" for row in self.found.rows):
            return ""
        return _(
            "It opens with the first public entry that declares its training as “{training}” and tools as “{tools}”."
        ).format(training=CHOICES["training"]["none-known"], tools=CHOICES["tools"]["none"])

    def elsewhere_text(self) -> str:
        """What says where quoted results have their figures, while a page without scored rows has none; else empty.

        One query in that case.
        """
        rows, places = self.found.rows, [self.place(name) for name in self.further()]
        if self.shown.release or self.wanted.division != OPEN or (self.wanted.chosen and not rows):
            return ""
        if any(row["kind"] == "scored" or row["score"] is not None for row in rows):
            return ""
        if any(row[group][key] is not None for row in rows for group, key in places):
            return ""
        quoted = Figure.objects.filter(benchmark=self.benchmark, shown=True, quoted__isnull=False)
        told = set(quoted.filter(score__isnull=False).values_list("column", flat=True).distinct())
        columns = self.columns
        datasets = [name for name in columns.datasets if told & {name, *columns.by(name).cells}]
        if not datasets or told & {OVERALL, *columns.subtasks}:
            return ""
        links = format_html_join(
            ", ", '<a href="{}">{}</a>', [(self.url(self.wanted.by(name)), name) for name in datasets]
        )
        said = ngettext(
            "What is quoted gives a single source dataset alone: {datasets}.",
            "What is quoted gives single source datasets alone: {datasets}.",
            len(datasets),
        )
        return format_html(said, datasets=links)

    def hidden(self) -> list[tuple[str, str]]:
        kept = [
            ("release", self.wanted.release, ""),
            ("column", self.wanted.column, OVERALL),
            ("division", self.wanted.division, OPEN),
        ]
        return [(name, value) for name, value, default in kept if value != default]

    def place(self, name: str) -> tuple[str, str]:
        """Where a row has a further column's figure."""
        group, slash, rest = name.partition("/")
        if name in self.columns.cells:
            return "cells", rest
        if slash:
            return group, rest
        return ("subtasks" if name in self.columns.subtasks else "datasets"), name

    @cached_property
    def scale(self) -> Scale | None:
        """What the intervals of this page are drawn on; None where nothing has one."""
        return Scale.around(row["interval"] for row in self.found.rows if row["interval"])

    def rows(self) -> Iterator[BoardRow]:
        # An address with a place for the key: reversing fifty of them costs more than the figures.
        entry_url = reverse("entry", args=[_NO_KEY]).replace(_NO_KEY, "{}")
        places = [(*self.place(name), name) for name in self.further()]
        scale = self.scale
        notation, language = written.notation(), get_language()
        ties = tie_groups(self.found.rows)
        for row, tie in zip(self.found.rows, ties, strict=True):
            intervals = row["intervals"]
            further = [(row[group][key], intervals.get(name)) for group, key, name in places]
            words, undeclared = phrases.settings(row["entry"]["settings"], language)
            if row["kind"] == "scored":
                yield board_row(
                    kind="scored",
                    name=row["entry"]["name"],
                    url=entry_url.format(row["entry"]["id"]),
                    pick="" if self.shown.release else row["entry"]["id"],
                    rank=row["rank"],
                    rank_low=row["rank_low"],
                    rank_high=row["rank_high"],
                    tie=tie,
                    score=row["score"],
                    interval=row["interval"],
                    further=further,
                    team=row["team_name"],
                    settings=words,
                    undeclared=undeclared,
                    partial=bool(row["partial"]),
                    verified=row["tier"] == "verified",
                    under_review=row["under_review"],
                    coverage=row["coverage"],
                    commonest=row["commonest"],
                    tries=row["tries"],
                    gain=row["expected_gain"] and self.rules.sort_key(row["expected_gain"]),
                    scale=scale,
                    notation=notation,
                )
            else:
                yield board_row(
                    kind=row["line"] or "quoted",
                    tie=tie,
                    name=row["entry"]["name"],
                    score=row["score"],
                    further=further,
                    team=kind_text(row["line"]),
                    settings=(*words, row["flags"]) if row["flags"] else words,
                    source=row["source"],
                    scale=scale,
                    notation=notation,
                )


def tie_groups(rows: Sequence[board.Row]) -> list[Tie]:
    """Where each row stands in its tie group, if it is in one.

    A group are rows that follow each other and share their first possible rank: the same entries are better than each
    of them. Rows without a rank stand in the group that goes on after them.
    """
    firsts: list[int] = [row["rank_low"] or 0 for row in rows]
    befores = list(accumulate(firsts, _last_known, initial=0))[:-1]
    afters = list(accumulate(reversed(firsts), _last_known, initial=0))[:-1]
    found: list[Tie] = []
    for before, first, after in zip(befores, firsts, reversed(afters), strict=True):
        its = first or (before if before == after else 0)
        found.append(_TIES[its > 0 and before == its, its > 0 and after == its])
    return found


def _last_known(before: int, first: int) -> int:
    return first or before


_TIES: Mapping[tuple[bool, bool], Tie] = {
    (False, False): "",
    (False, True): "start",
    (True, True): "middle",
    (True, False): "end",
}
_NO_KEY = "00000000-0000-0000-0000-000000000000"


def kind_text(line: str | None) -> str:
    """What stands in a quoted row's place of the team."""
    return {"human": _("human"), "chance": _("chance")}.get(line or "", _("quoted"))


def facts(benchmark: Benchmark, total: int) -> list[str]:
    """What stands under a board's title. One query where nothing is ranked, to say what fills the board then."""
    quoted = "" if total else quoted_text(benchmark)
    return [
        entries_text(total),
        *([quoted] if quoted else []),
        *([_("lower is better")] if benchmark.rules.lower_is_better else []),
        *schedule.dates(benchmark),
        format_html(_("updated {day}"), day=written.day(benchmark.changed_at)),
    ]


def entries_text(total: int) -> str:
    return ngettext("{count} entry", "{count} entries", total).format(count=written.count(total))


def quoted_text(benchmark: Benchmark) -> str:
    """How many results are quoted; empty without one."""
    number = benchmark.quoted_results.filter(kind=QuotedResult.Kind.QUOTED).count()
    if not number:
        return ""
    return ngettext("{count} quoted result", "{count} quoted results", number).format(
        count=written.count(number)
    )


def intake_of(benchmark: Benchmark) -> Intake:
    """Whether it takes answers, and if not, why: closed as well while the whole site takes none."""
    return "closed" if benchmark.intake == "open" and upload_switch.shown_sentence() else benchmark.intake


def intake_text(benchmark: Benchmark) -> str:
    """Why it takes no answers; empty when it does."""
    if benchmark.intake == "open":
        return upload_switch.shown_sentence()
    if benchmark.intake == "no-release":
        return _("The organizer of this site has still to import the questions. What stands here is quoted.")
    try:
        intake.refuse_closed(benchmark, now=timezone.now())
    except Refusal as refusal:
        return messages.refusal(refusal.code, refusal.params)
    return ""


def division_text(division: str) -> str:
    """What the division in force holds."""
    if division == OPEN:
        return _("Every entry, whatever it declares.")
    return _("Only entries that declare no known training exposure and no tools.")


def range_text(found: list[board.Row]) -> str:
    """The ranks on this page; where filters leave gaps, of how many entries. Nothing beyond the page is counted."""
    ranks = [row["rank"] for row in found if row["rank"] is not None]
    if not ranks:
        return ""
    first, last = written.count(ranks[0]), written.count(ranks[-1])
    if len(ranks) == 1:
        return _("rank {first}").format(first=first)
    if ranks[-1] - ranks[0] + 1 == len(ranks):
        return _("ranks {first} to {last}").format(first=first, last=last)
    said = ngettext(
        "{count} entry, ranks {first} to {last}", "{count} entries, ranks {first} to {last}", len(ranks)
    )
    return said.format(count=written.count(len(ranks)), first=first, last=last)


def filter_fields(chosen: Chosen, unusable: Chosen = ()) -> SafeString:
    """The fields of the board's filter form, finished; what was typed and cannot be stands there to be mended."""
    typed = tuple((name, value) for name, value in unusable if name in _TYPED and "\0" not in value)
    return _filter_fields(get_language(), chosen + typed)


@lru_cache(maxsize=256)
def _filter_fields(_language: str | None, chosen: Chosen) -> SafeString:
    # Kept by language: sixty options take longer to say than the board to read.
    values = dict(chosen)
    fields = [filter_field(name, values.get(name, "")) for name in FILTERS]
    return render_to_string("leaderboard/board_filters.html", {"fields": fields})


def filter_field(name: str, value: str) -> FilterField:
    """A filter as a field of the board's form."""
    label = str(phrases.LABELS[name])
    if name in _TYPED:
        return FilterField(name, label, value=value, hint=_TYPED[name])
    offered: dict[str, written.Text] = {"": _("any")}
    if name == "shots":
        offered |= {number: phrases.setting("shots", number) for number in SHOTS_OFFERED}
    offered |= {known: CHOICES[name][known] for known in CHOICES.get(name, ())}
    if name in SETTINGS:
        offered |= {DECLARED: _("declared"), UNDECLARED: _("not declared")}
    offered.setdefault(value, value)
    options = tuple(Option(known, text, selected=known == value) for known, text in offered.items())
    return FilterField(name, label, options=options)

"""A board as it is drawn: finished table rows, links and the fields of its filters."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Literal

from django.utils.safestring import SafeString

from scoring.report import CONSTANT
from submissions.ui import format as figures
from submissions.ui.format import Text
from submissions.ui.scale import Scale


@dataclass(frozen=True, slots=True)
class Link:
    """A tab, a switch position, the head of a column, or a download."""

    text: Text
    url: str
    current: bool = False
    title: Text = ""

    @property
    def html(self) -> SafeString:
        """The link joined here, because a board has some thirty of them; the text alone where it leads nowhere."""
        if not self.url:
            return SafeString(escape(str(self.text)))
        title = f' title="{escape(str(self.title))}"' if self.title else ""
        current = ' aria-current="page"' if self.current else ""
        return SafeString(f'<a href="{escape(self.url)}"{title}{current}>{escape(str(self.text))}</a>')


Tie = Literal["", "start", "middle", "end"]
"""Where a row stands among those that share its place."""
BAR = 0.08  # of the scale's width
BoardRow = SafeString
"""One line of the board, a finished table row."""


def board_row(
    *,
    kind: Literal["scored", "quoted", "human", "chance"],
    name: str,
    score: float | None,
    interval: Sequence[float] | None = None,
    further: Iterable[tuple[float | None, Sequence[float] | None]],
    rank: int | None = None,
    rank_low: int | None = None,
    rank_high: int | None = None,
    tie: Tie = "",
    url: str = "",
    pick: object = "",
    team: Text = "",
    settings: tuple[str, ...] = (),
    undeclared: int = 0,
    partial: bool = False,
    verified: bool = False,
    under_review: bool = False,
    source: Text = "",
    coverage: float | None = None,
    commonest: float | None = None,
    tries: int | None = None,
    gain: float | None = None,
    scale: Scale | None = None,
    notation: figures.Notation | None = None,
) -> BoardRow:
    """One line of the board as a table row.

    ``interval`` are both ends of the score's; ``further`` the scores after the first with their intervals, in the order
    of the columns; ``commonest`` is the share of the commonest letter; ``gain`` what of the score may be the luck of
    several ``tries``; with a ``scale`` a cell has the interval drawn on it.
    ``settings`` the declared ones in words, ``undeclared`` how many were not; ``team`` is its name, or "quoted" where
    the row has a ``source``, which then is one tap away; ``pick`` is what the form ``compare`` sends of a row that is
    ticked. Everything is escaped here. The row is joined in Python because it is what the board has fifty of: the same
    row in the template's language costs five times more. A page of rows asks for the ``notation`` once.
    """
    notation = notation or figures.notation()
    # The first place may be shared: nobody is significantly better than these.
    is_first = (rank_low or rank) == 1
    classes: str = kind if kind != "scored" else "first" if is_first else ""
    if tie:
        classes = f"{classes} tie tie-{tie}".strip()
    title = escape(name)
    if url:
        title = f'<a href="{escape(url)}">{title}</a>'
    if verified:
        title += notation.verified
    if is_first and rank != 1:
        settings = (*settings, notation.tied)
    with_line = _with_line(notation, settings, undeclared, partial, under_review, commonest)
    whose = escape(str(team))
    if source:
        # Over the table, and closed by a click elsewhere: the rows stay where they are.
        whose = f"<details data-menu><summary>{whose}</summary><p>{_linked(str(source))}</p></details>"
    plain = "".join(
        [
            f'<td class="n">{notation.score(value)}{_margin(notation, value, its)}</td>'
            for value, its in further
        ]
    )
    drawn = f'<td class="draw">{_drawing(scale, score, interval, gain)}</td>' if scale else ""
    covered = notation.share(coverage) if kind == "scored" else ""
    tried = "" if tries is None else notation.count(tries)
    if gain:
        tried += f'<span class="interval">{"−" if gain > 0 else "+"}{notation.score(abs(gain))}</span>'
    place: str = notation.rank(rank, rank_low, rank_high)
    if pick:
        place += (
            f'<input class="pick" type="checkbox" name="entries" value="{pick}" form="compare"'
            f' aria-label="{notation.pick}: {escape(name)}">'
        )
    return SafeString(
        f'<tr class="{classes}"><td class="rank">{place}</td>'
        f'<th scope="row" class="name">{title}{with_line}</th><td class="team">{whose}</td>'
        f'<td class="n score">{notation.score(score)}{_ends(notation, interval)}</td>{drawn}{plain}'
        f'<td class="n">{covered}</td><td class="n">{tried}</td></tr>\n'
    )


def _ends(notation: figures.Notation, interval: Sequence[float] | None) -> str:
    return f'<span class="interval">{notation.interval(interval)}</span>' if interval else ""


def _margin(notation: figures.Notation, score: float | None, interval: Sequence[float] | None) -> str:
    return f'<span class="interval">{notation.margin(score, interval)}</span>' if interval else ""


def _drawing(scale: Scale, score: float | None, interval: Sequence[float] | None, gain: float | None) -> str:
    """The interval on the scale of the page, and a faint tick where the score stands without the luck of several tries.

    What has no interval is a small tick, where the scale reaches it.
    """
    if score is None or not (interval or scale.holds(score)):
        return ""
    x = scale.across(score)
    if not interval:
        marks = f'<line class="quoted-mark" x1="{x}" x2="{x}" y1="5" y2="15"/>'
    else:
        low, high = scale.across(interval[0]), scale.across(interval[1])
        # So narrow a one would be hidden by its own ends and dot.
        is_bar = interval[1] - interval[0] < BAR * (scale.end - scale.start)
        marks = (
            f'<line class="interval bar" x1="{low}" x2="{high}" y1="10" y2="10"/>'
            if is_bar
            else f'<line class="interval" x1="{low}" x2="{high}" y1="10" y2="10"/>'
            f'<line class="interval" x1="{low}" x2="{low}" y1="6" y2="14"/>'
            f'<line class="interval" x1="{high}" x2="{high}" y1="6" y2="14"/>'
            f'<circle class="dot" cx="{x}" cy="10" r="2.5"/>'
        )
        if gain:
            without = scale.across(score - gain)
            marks += f'<line class="gain" x1="{without}" x2="{without}" y1="1" y2="19"/>'
    return f'<svg aria-hidden="true" focusable="false">{marks}</svg>'


@lru_cache(maxsize=4096)
def _said(settings: tuple[str, ...]) -> str:
    # Kept, because most rows of a board are run alike.
    return f'<span class="said">{f"{figures.NO_BREAK}· ".join(map(escape, settings))}</span>'


_ADDRESS = re.compile(
    r"https?://[^\s<>\"]*[^\s<>\".,;:)]|arXiv[: ](?P<arxiv>[0-9]{4}\.[0-9]{4,5}(?:v[0-9]+)?)", re.IGNORECASE
)


@lru_cache(maxsize=1024)
def _linked(source: str) -> str:
    """The source, escaped, with its web addresses and arXiv numbers as links."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(source):
        url = f"https://arxiv.org/abs/{found['arxiv']}" if found["arxiv"] else found[0]
        parts += [
            escape(source[end : found.start()]),
            f'<a href="{escape(url)}" rel="nofollow noopener">{escape(found[0])}</a>',
        ]
        end = found.end()
    return "".join([*parts, escape(source[end:])])


# The dot stays with the word before it, so that no line begins with one.
_DOT = f'<span class="dot">{figures.NO_BREAK}·</span> '


def _with_line(
    notation: figures.Notation,
    settings: tuple[str, ...],
    undeclared: int,
    partial: bool,
    under_review: bool,
    commonest: float | None,
) -> str:
    """The declared settings, then in amber what a reader must know: what is in doubt and what is not there."""
    parts = [_said(settings)] if settings else []
    if under_review:
        parts.append(f'<span class="undeclared">{notation.under_review}</span>')
    if commonest is not None and commonest > CONSTANT:
        parts.append(f'<span class="undeclared">{notation.constant} {notation.share(commonest)}</span>')
    if partial:
        parts.append(f'<span class="undeclared">{notation.partial}</span>')
    if undeclared:
        parts.append(f'<span class="undeclared">{notation.undeclared(undeclared)}</span>')
    return f'<span class="with">{_DOT.join(parts)}</span>' if parts else ""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    text: Text
    selected: bool = False


@dataclass(frozen=True, slots=True)
class FilterField:
    """A filter as a form field: a select where it has ``options``, else a text or number input."""

    name: str
    label: Text
    options: tuple[Option, ...] = ()
    value: str = ""
    type: str = "search"
    hint: Text = ""

    @property
    def options_html(self) -> SafeString:
        """The options joined here, because a board has some sixty of them."""
        marked = {True: " selected", False: ""}
        return SafeString(
            "".join(
                [
                    f'<option value="{escape(o.value)}"{marked[o.selected]}>{escape(str(o.text))}</option>'
                    for o in self.options
                ]
            )
        )


@dataclass(frozen=True, slots=True)
class FilterWord:
    """A filter in force, in words, and the address of the board without it."""

    text: Text
    remove_url: str

"""A board as it is drawn: finished table rows, links and the fields of its filters."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Literal

from django.utils.safestring import SafeString

from submissions.ui import format as figures
from submissions.ui.format import Text


@dataclass(frozen=True, slots=True)
class Link:
    """A tab, a switch position, the head of a column, or a download."""

    text: Text
    url: str
    current: bool = False
    title: Text = ""

    @property
    def html(self) -> SafeString:
        """The link joined here, because a board has some thirty of them."""
        title = f' title="{escape(str(self.title))}"' if self.title else ""
        current = ' aria-current="page"' if self.current else ""
        return SafeString(f'<a href="{escape(self.url)}"{title}{current}>{escape(str(self.text))}</a>')


BoardRow = SafeString
"""One line of the board, a finished table row."""


def board_row(
    *,
    kind: Literal["scored", "quoted", "human", "chance"],
    name: str,
    score: float | None,
    interval: Sequence[float] | None = None,
    further: Iterable[float | None],
    rank: int | None = None,
    rank_low: int | None = None,
    rank_high: int | None = None,
    tie: Literal["", "start", "middle", "end"] = "",
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
    tries: int | None = None,
    notation: figures.Notation | None = None,
) -> BoardRow:
    """One line of the board as a table row.

    ``interval`` are both ends of the score's; ``further`` the scores after the first, in the order of the columns;
    ``settings`` the declared ones in words, ``undeclared`` how many were not; ``team`` is its name, or "quoted" where
    the row has a ``source``, which then is one tap away; ``pick`` is what the form ``compare`` sends of a row that is
    ticked. Everything is escaped here. The row is joined in Python because it is what the board has fifty of: the same
    row in the template's language costs five times more. A page of rows asks for the ``notation`` once.
    """
    notation = notation or figures.notation()
    classes: str = kind if kind != "scored" else "first" if rank == 1 else ""
    if tie:
        classes = f"{classes} tie tie-{tie}".strip()
    title = escape(name)
    if url:
        title = f'<a href="{escape(url)}">{title}</a>'
    if verified:
        title += notation.verified
    if pick:
        title = (
            f'<input class="pick" type="checkbox" name="entries" value="{pick}" form="compare"'
            f' aria-label="{notation.pick}: {escape(name)}">{title}'
        )
    with_line = _with_line(notation, settings, undeclared, partial, under_review)
    whose = escape(str(team))
    if source:
        # Over the table, and closed by a click elsewhere: the rows stay where they are.
        whose = f"<details data-menu><summary>{whose}</summary><p>{_linked(str(source))}</p></details>"
    plain = "".join([f'<td class="n">{notation.score(value)}</td>' for value in further])
    covered = notation.share(coverage) if kind == "scored" else ""
    ends = f'<span class="interval">{notation.interval(interval)}</span>' if interval else ""
    tried = "" if tries is None else notation.count(tries)
    return SafeString(
        f'<tr class="{classes}"><td class="rank">{notation.rank(rank, rank_low, rank_high)}</td>'
        f'<th scope="row" class="name">{title}{with_line}</th><td class="team">{whose}</td>'
        f'<td class="n score">{notation.score(score)}{ends}</td>{plain}'
        f'<td class="n">{covered}</td><td class="n">{tried}</td></tr>\n'
    )


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
) -> str:
    """The declared settings, then in amber what a reader must know: what is in doubt and what is not there."""
    parts = [_said(settings)] if settings else []
    if under_review:
        parts.append(f'<span class="undeclared">{notation.under_review}</span>')
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

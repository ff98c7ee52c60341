"""What people and scripts read: results on stdout, everything else on stderr, a token nowhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Callable

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from vernier import tokens
from vernier.exits import StopError

WIDE = 240  # where nobody's window sets a limit, nothing is cut
Told = Callable[[int], None]


def in_one_line(text: str) -> str:
    """Without control characters: what a site sends moves no cursor and paints nothing."""
    return "".join(character if character.isprintable() else " " for character in text)


class Voice:
    def __init__(self, *, as_json: bool, verbose: bool) -> None:
        self.as_json, self._verbose = as_json, verbose
        self._token: tokens.Token | None = None
        self._out = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, soft_wrap=False)
        self._err = Console(stderr=True, highlight=False)

    def keep_back(self, token: tokens.Token | None) -> None:
        """Never print this one, whatever it looks like."""
        self._token = token

    def _clean(self, text: str) -> str:
        text = self._token.taken_out(text) if self._token else text
        return tokens.without_tokens(text)

    def result(self, body: Mapping[str, Any], *lines: str) -> None:
        """The answer: the body for scripts, the lines for people."""
        if self.as_json:
            self.json(body)
            return
        for line in lines:
            self._out.print(Text(in_one_line(self._clean(line))), soft_wrap=True)

    def json(self, body: Mapping[str, Any]) -> None:
        sys.stdout.write(self._clean(json.dumps(body, indent=2)) + "\n")
        sys.stdout.flush()

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[str]) -> None:
        drawn = Table(box=None, pad_edge=False, header_style="bold")
        for head in heads:
            drawn.add_column(head, justify="right" if head in numbers else "left", overflow="fold")
        for row in rows:
            drawn.add_row(*(Text(in_one_line(self._clean(cell))) for cell in row))
        self._out.print(drawn)

    def note(self, text: str) -> None:
        """Said on the way, to people."""
        self._err.print(Text(in_one_line(self._clean(text))), soft_wrap=True)

    def detail(self, text: str) -> None:
        """Said with --verbose alone."""
        if self._verbose:
            self.note(text)

    def stop(self, error: StopError) -> None:
        """Why it ends: for people on stderr, for scripts on stdout as well."""
        self.note(f"vernier: {error.sentence}")
        for line in further(error):
            self.note(line)
        if self.as_json:
            self.json(error.body())

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Told]:
        """A bar of bytes, or without a total a turning sign; on a terminal alone. Yields what to tell the bytes."""
        if not self._err.is_terminal:
            self.detail(f"{what} …")
            yield lambda _done: None
            return
        sized = [BarColumn(), DownloadColumn()] if total is not None else [SpinnerColumn()]
        columns = [TextColumn("{task.description}", markup=False), *sized, TimeElapsedColumn()]
        with Progress(*columns, console=self._err, transient=True) as bar:
            task = bar.add_task(in_one_line(what), total=total)
            yield lambda done: bar.update(task, completed=done)


def problems(errors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Errors of a file or a form, a line each."""
    for error in errors:
        where = f"line {error['line']}: " if error.get("line") else ""
        field = f"{error['field']}: " if error.get("field") else ""
        yield f"  {where}{field}{error.get('detail', '')}"


def further(stop: StopError) -> Iterator[str]:
    """Its errors, save those that the sentence has said."""
    return (line for line in problems(stop.errors) if stop.sentence not in line)


def score(state: Mapping[str, Any]) -> str:
    """A score with its interval, in percent."""
    if state.get("score") is None:
        return "no overall score"
    interval = state.get("interval")
    return f"{state['score']:.2f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")

"""The command `vernier`: what it takes, and how it ends (exits.py)."""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Callable

from vernier import __version__, commands, exits, settings
from vernier.commands import Context
from vernier.exits import StopError
from vernier.settings import Settings
from vernier.voice import Voice

PATIENCE = 300.0
TIMEOUT = 3600.0
EXIT_CODES = """exit codes:
  0  fine                        5  refused: by the rules, or the token
  1  a fault of this program     6  not reached, also after all tries
  2  used wrongly                7  scored, and --fail-if says no
  3  rejected: the file          8  not finished in time, or cancelled
  4  failed: the site          130  interrupted"""
HELP = {
    "shots": "images shown with each question, 0 to 64",
    "template": "how these were chosen",
    "knowledge": "domain knowledge given as text",
    "tools": "programs that the model could ask",
    "reasoning": "yes or no: wrote out its reasoning",
    "prompting": "single or cumulative",
    "quantisation": "such as AWQ",
    "training": "what of the benchmark its training saw",
    "parameters": "in billions",
    "open_weights": "yes or no",
    "paper": "a link",
    "weights": "a link",
    "code": "a link",
    "note": "a sentence",
}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="vernier",
        description="Send answer files to a Vernier leaderboard, and wait for their scores.",
        epilog=f"Options, else VERNIER_… variables, else {settings.FILE}.\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"vernier-client {__version__}")
    several = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_login, _validate, _submit, _status, _list, _publish, _board, _compare):
        add(several)
    return made


if TYPE_CHECKING:  # what argparse gives for adding commands has no public name
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def _command(
    several: Commands, name: str, run: Callable[[Context], int], said: str
) -> argparse.ArgumentParser:
    made = several.add_parser(
        name,
        help=said,
        description=said,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.set_defaults(run=run)
    made.add_argument("--url", help="the site, such as https://vernier.example.org")
    made.add_argument("--config", metavar="FILE", help=f"settings, instead of {settings.FILE} in this folder")
    made.add_argument("--json", action="store_true", help="for scripts: one JSON object on stdout")
    made.add_argument("--verbose", action="store_true", help="say every request on stderr")
    made.add_argument(
        "--patience",
        type=_seconds,
        metavar="SECONDS",
        default=PATIENCE,
        help="pause this long in all between tries before giving up (%(default)g)",
    )
    return made


def _login(several: Commands) -> None:
    made = _command(
        several, "login", commands.login, "keep a token for a site (or set VERNIER_TOKEN instead)"
    )
    made.add_argument("--benchmark", help="try the token on this one")


def _validate(several: Commands) -> None:
    made = _command(several, "validate", commands.validate, "have a file checked: no score, no charge")
    _add_file(made)


def _submit(several: Commands) -> None:
    made = _command(several, "submit", commands.submit, "send an answer file")
    _add_file(made)
    made.add_argument("--entry", metavar="NAME", help="the entry that it is for, made if new")
    made.add_argument("--visibility", metavar="WHO", help="private (as it is without) or public")
    made.add_argument(
        "--idempotency-key",
        metavar="KEY",
        help="this upload's own name, such as the id of the pipeline's run; made anew without",
    )
    made.add_argument(
        "--fail-if",
        action="append",
        metavar="GATE",
        help="rejected, below=72.5, significantly-worse-than=ENTRY-ID or =previous; may be repeated; waits",
    )
    made.add_argument("--summary", metavar="FILE", help="add a summary in Markdown to it; waits")
    made.add_argument("--outputs", metavar="FILE", help="add lines such as vernier_score=72.51 to it; waits")
    _add_waiting(made)
    how = made.add_argument_group("how the model was run, each optional")
    for name in settings.DECLARED:
        how.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE", help=HELP[name])


def _status(several: Commands) -> None:
    made = _command(several, "status", commands.status, "say what became of a submission")
    made.add_argument("id", type=_id, metavar="ID")
    _add_waiting(made)


def _list(several: Commands) -> None:
    made = _command(several, "list", commands.listing, "your team's submissions, newest first")
    _add_benchmark(made)
    # Not VERNIER_ENTRY: a list is of everything unless something is asked for.
    made.add_argument("--entry", dest="of_entry", metavar="NAME", help="those of this entry alone")
    _add_limit(made)


def _publish(several: Commands) -> None:
    made = _command(several, "publish", commands.publish, "make a submission public")
    made.add_argument("id", type=_id, metavar="ID")


def _board(several: Commands) -> None:
    made = _command(several, "board", commands.board, "the public board")
    _add_benchmark(made)
    made.add_argument("--column", help="overall, a subtask or a source dataset")
    made.add_argument("--division", help="open or closed")
    _add_limit(made)


def _compare(several: Commands) -> None:
    made = _command(
        several,
        "compare",
        commands.compare,
        "which of two entries on the board, or of two submissions, is better",
    )
    made.add_argument("first", type=_id, metavar="ID")
    made.add_argument("second", type=_id, metavar="ID")
    made.add_argument(
        "--submissions",
        action="store_true",
        help="the ids are of submissions, such as two private tries of one entry; without, of entries",
    )
    _add_benchmark(made)
    _add_timeout(made)


def _add_file(made: argparse.ArgumentParser) -> None:
    made.add_argument("file", metavar="FILE")
    _add_benchmark(made)
    made.add_argument(
        "--team", metavar="SLUG", help="yours; for trusted publishing, and a token knows its own"
    )
    made.add_argument("--partial", action="append", metavar="SUBTASK", help="limited to it; may be repeated")
    made.add_argument("--frame", metavar="FRAME", help="of boxes: what they are measured in")


def _add_benchmark(made: argparse.ArgumentParser) -> None:
    made.add_argument("--benchmark", metavar="SLUG", help="its short name, such as mmad")


def _add_limit(made: argparse.ArgumentParser) -> None:
    made.add_argument("--limit", type=_count, default=50, metavar="N", help="at most so many (%(default)s)")


def _add_waiting(made: argparse.ArgumentParser) -> None:
    made.add_argument("--wait", action="store_true", help="until it is scored, rejected or failed")
    _add_timeout(made)


def _add_timeout(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--timeout", type=_seconds, default=TIMEOUT, metavar="SECONDS", help="wait no longer (%(default)g)"
    )


def _id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no id") from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if 0 <= seconds < float("inf"):
        return seconds
    raise argparse.ArgumentTypeError(f"“{text}” is no number of seconds")


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"“{text}” is no number above 0")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code. argparse itself ends with 2."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # both are text of files
    options = parser().parse_args(arguments)
    voice = Voice(as_json=options.json, verbose=options.verbose)
    try:
        file = settings.read_file(options.config, os.environ)
        said = Settings(vars(options), os.environ, file)
        code: int = options.run(Context(options, said, os.environ, voice))
    except StopError as stop:
        voice.stop(stop)
        return stop.exit_code
    except KeyboardInterrupt:
        voice.stop(exits.interrupted())
        return exits.INTERRUPTED
    return code

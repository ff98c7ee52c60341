"""What the commands that take in a release have in common."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from scoring.errors import ReleaseError
from submissions import messages, storage
from submissions.refusals import Refusal

SETTINGS = ("slug", "summary", "daily_limit", "total_limit")


def add_settings(parser: ArgumentParser, *, slug: str) -> None:
    """What an organizer may say of a benchmark beside its content; it is this one where they name none."""
    parser.add_argument("--slug", default=slug, help="the benchmark, made if new")
    parser.add_argument("--name", default="", help="what pages call it, if new")
    parser.add_argument("--summary", help="what it is, in a sentence or two, for the first page and the API")
    parser.add_argument(
        "--daily-limit", type=_limit, help="submissions a team has a day (5 for a new benchmark)"
    )
    parser.add_argument(
        "--total-limit", type=_limit, help="submissions a team has in all (200 for a new benchmark)"
    )


def settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """What they said, as `benchmarks.load` takes it."""
    return {"name_if_new": options["name"], **{name: options[name] for name in SETTINGS}}


def _limit(text: str) -> int:
    """A number of submissions, as argparse reads it."""
    if not (text.isascii() and text.isdecimal() and int(text) < 2**31):
        raise ArgumentTypeError(f"{text} is no number of submissions")
    return int(text)


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Let the command end with a sentence, where what is read from this path cannot be taken in."""
    try:
        yield
    except OSError as error:
        raise CommandError(f"{error.filename or path} cannot be read: {error.strerror}") from error
    except ReleaseError as error:
        heading = f"{path} cannot be loaded; nothing was changed:"
        raise CommandError(messages.explained(heading, error)) from error
    except Refusal as refusal:
        raise CommandError(messages.refusal(refusal.code, refusal.params)) from refusal
    except storage.StorageUnavailableError as error:
        raise CommandError("The truth store does not answer; nothing was changed.") from error

"""Errors raised with the truth in hand, made fit for a log."""

import traceback
from collections.abc import Callable, Iterator
from typing import TypeVar

from scoring.errors import ReleaseError

Error = TypeVar("Error", bound=BaseException)
Result = TypeVar("Result")

MOST_FRAMES = 20  # of each error, those nearest to where it was raised


class SealedError(Exception):
    """Stands for an error whose message, or whose values, may quote the truth.

    Its own message names what was raised and where, and the errors that led to it; nothing hangs on it.
    """


def outcome(work: Callable[[], Result], *harmless: type[Exception]) -> Result | Exception:
    """What the work returned, or what it raised, fit for a log: a `harmless` error as it is, any other sealed."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001  # the caller raises it
        caught = error
    # Outside of the `except`, where to any further error the caught one would be chained, and with it the truth.
    return unchained(caught) if isinstance(caught, harmless) else sealed(caught)


def sealed(error: BaseException) -> SealedError:
    """The same error by types, files, lines and functions alone; to be raised outside of any `except`."""
    return SealedError("messages withheld\n" + "\n".join(_lines(error)))


def unchained(error: Error) -> Error:
    """The error itself, whose message is known to be harmless, without those that led to it."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _lines(error: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    told: BaseException | None = error
    while told is not None and id(told) not in seen:
        seen.add(id(told))
        yield f"{type(told).__module__}.{type(told).__qualname__}{_codes(told)}"
        for frame, line in list(traceback.walk_tb(told.__traceback__))[-MOST_FRAMES:]:
            yield f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_qualname}'
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)


def _codes(error: BaseException) -> str:
    # Codes are words of this program; their parameters are not.
    return f" ({', '.join(error.counts)})" if isinstance(error, ReleaseError) else ""

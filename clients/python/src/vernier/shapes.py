"""What an answer has to hold for a command to go on with it: its shapes, and whether something has one.

A shape is a test of one value, a list of one shape, or a mapping of names to shapes. More than it names may be there.
"""

from __future__ import annotations

import re
from typing import Any

LARGEST = 1e18  # no score, count or share comes near it, and above it Python's formats may break


def fits(found: Any, shape: Any) -> bool:
    """Whether this has the shape; a name that is not there counts as null."""
    if isinstance(shape, dict):
        return isinstance(found, dict) and all(fits(found.get(name), each) for name, each in shape.items())
    if isinstance(shape, list):
        return isinstance(found, list) and all(fits(each, shape[0]) for each in found)
    return bool(shape(found))


def text(found: Any) -> bool:
    return isinstance(found, str)


def an_id(found: Any) -> bool:
    """As it becomes a part of an address."""
    return isinstance(found, str) and re.fullmatch(r"[-\w]+", found, re.ASCII) is not None


def number(found: Any) -> bool:
    """Neither a flag nor infinite."""
    return isinstance(found, (int, float)) and not isinstance(found, bool) and abs(found) < LARGEST


def interval(found: Any) -> bool:
    return fits(found, [number]) and len(found) == 2


def maybe(shape: Any) -> Any:
    """That, or null."""
    return lambda found: found is None or fits(found, shape)


ANYTHING: dict[str, Any] = {}  # any object
ERRORS = maybe([ANYTHING])
STATE = {
    "id": an_id,
    "benchmark": text,
    "entry": {"id": text, "name": text},
    "status": text,
    "visibility": text,
    "received_at": text,
    "score": maybe(number),
    "interval": maybe(interval),
    "coverage": maybe(number),
    "partial": [text],
    "attempts": maybe(number),
    "errors": ERRORS,
    "errors_total": maybe(number),
    "links": {"page": text},
}
CHECK = {"format": text, "present": number, "coverage": number}
BENCHMARK = {"rules": maybe(ANYTHING), "subtasks": maybe([{"slug": text}])}
NAMED = {"slug": text}
BOARD_ROW = {
    "entry": {"name": text, "id": maybe(text)},
    "team": maybe(text),
    "kind": text,
    "score": maybe(number),
    "interval": maybe(interval),
}
ENTRY = {"benchmark": maybe(text), "submission": maybe(an_id), "name": maybe(text)}
DIFFERENCE = {"difference": number, "interval": interval, "verdict": maybe(text)}
COMPARISON = {
    "pairs": [
        {
            "verdict": maybe(text),
            "sentence": maybe(text),
            "overall": maybe(DIFFERENCE),
            "shared": maybe(DIFFERENCE),
        }
    ],
    "entries": maybe([{"name": maybe(text)}]),
}
AUDIENCE = {"audience": text}
MINTED = {"token": text}

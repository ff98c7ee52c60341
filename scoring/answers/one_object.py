"""JSON files that are one object where a list is wanted: told as such, and seen in the first of their bytes.

JSON Lines begin with an object, too. So a file is refused here only where no reader could take it: its only line holds
an object that is no record, or its first line is none of JSON Lines at all.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from scoring.answers.json_records import FILLED, WINDOW, ends_too_early
from scoring.answers.recognise import HEAD_SIZE
from scoring.errors import PredictionError, Problem

_SPACE = " \t\r\n"
_FIELD = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*(?=(.))', re.DOTALL)
# What a value stands for that goes on behind the head.
_CUT: Mapping[str, Any] = {"[": [], "{": {}}


def refuse(body: bytes, is_record: Callable[[Mapping[str, Any]], bool], shape: str) -> None:
    """Raises PredictionError where a file that begins with a brace is one object and no record.

    `is_record` is asked about the object's fields, where it is large about the first of them; `shape` shows what is
    wanted.
    """
    found = FILLED.search(body)
    fields = _fields(body, found.start()) if found else None
    if fields is None or is_record(fields):
        return
    params: dict[str, str | int | float] = {"shape": shape}
    if (name := next((name for name, value in fields.items() if isinstance(value, list)), None)) is not None:
        params["list"] = name
    elif fields and not any(isinstance(value, dict) for value in fields.values()):
        params["name"] = next(iter(fields))
    line = body.count(b"\n", 0, found.start() if found else 0) + 1
    raise PredictionError.single(Problem("one-object", line, params=params))


def has_plain(fields: Mapping[str, Any], names: Collection[str]) -> bool:
    """Whether there is a field of one of these names that holds neither a list nor an object."""
    return any(not isinstance(fields[name], list | dict) for name in names if name in fields)


def _fields(body: bytes, start: int) -> Mapping[str, Any] | None:
    """What the one object holds that is all of the file, the first of it where it is large; None where it is not so."""
    end = body.find(b"\n", start)
    end = len(body) if end < 0 else end
    if end - start <= WINDOW:
        try:
            value = json.loads(body[start:end])
        except (ValueError, RecursionError):
            pass  # no JSON Lines, then: an object over several lines, or none
        else:
            return value if isinstance(value, dict) and not FILLED.search(body, end) else None
    try:
        return _first_fields(body, start)
    except (ValueError, RecursionError):
        return None


def _first_fields(body: bytes, start: int) -> Mapping[str, Any] | None:
    """As above, of an object that goes on over lines. Raises ValueError or RecursionError where it is no JSON."""
    text = body[start : start + HEAD_SIZE].decode(errors="ignore")
    decoder = json.JSONDecoder()
    fields: dict[str, Any] = {}
    at = 1
    while found := _FIELD.match(text, at):
        name = json.loads(found[1])
        try:
            fields[name], end = decoder.raw_decode(text, found.end())
        except json.JSONDecodeError as error:
            if not ends_too_early(error):
                raise
            fields[name] = _CUT.get(found[2], "")
            return fields
        rest = text[end:].lstrip(_SPACE)
        if rest.startswith("}"):
            is_all = not rest[1:].strip(_SPACE) and not FILLED.search(body, start + HEAD_SIZE)
            return fields if is_all else None
        if rest and not rest.startswith(","):
            return None
        at = len(text) - len(rest) + 1
    rest = text[at:].lstrip(_SPACE)
    return fields if fields and (not rest or rest.startswith('"')) else None

"""Taking fields out of records that other programs have written."""

import math
from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any


class FieldError(Exception):
    """A field is missing or cannot be what it has to be; `code` says which."""

    def __init__(self, code: str, field: str) -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field


def text_of(value: Mapping[str, Any], name: str) -> str | None:
    """A field as text, a number as people write it; None when it is absent or empty of all. Raises FieldError."""
    found = value.get(name)
    if found is None or isinstance(found, str):
        return found
    if isinstance(found, float) and not math.isfinite(found):
        return None
    if isinstance(found, int | float):
        return str(int(found)) if found == int(found) and not isinstance(found, bool) else str(found)
    raise FieldError("wrong-type", name)


def first_text(value: Mapping[str, Any], *names: str) -> str | None:
    """The first of these fields that is there. Raises FieldError."""
    return next((text for name in names if (text := text_of(value, name)) is not None), None)


def reply_of(value: Mapping[str, Any], name: str) -> str | None:
    """A field that has to be there, even where it is empty. Raises FieldError."""
    if name not in value:
        raise FieldError("missing-field", name)
    return text_of(value, name)


def object_of(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A field that is an object, or none there; what is neither raises FieldError."""
    found = value.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise FieldError("wrong-type", name)
    return found


def options_of(value: Mapping[str, Any], *names: str) -> tuple[str | None, ...]:
    """Options in the order of their letters, from a list or from an object of letters. Raises FieldError."""
    name = next((name for name in names if value.get(name)), None)
    if name is None:
        return ()
    found = value[name]
    if isinstance(found, list):
        found = (
            dict(zip(ascii_uppercase, found, strict=False)) if len(found) <= len(ascii_uppercase) else None
        )
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise FieldError("wrong-type", name)
    # Parquet gives every object all the letters that any of them has.
    shown = {key: text for key in found if (text := text_of(found, key)) is not None}
    if sorted(shown) != list(ascii_uppercase[: len(shown)]):
        raise FieldError("wrong-type", name)
    return tuple(shown[letter] for letter in sorted(shown))

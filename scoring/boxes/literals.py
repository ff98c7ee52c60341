"""Reading Python and JSON literals out of a model's words, without running anything.

Known are dicts and lists (or tuples) of strings, numbers, true, false and none, nested a few levels. Each character is
looked at a bounded number of times.
"""

import re
from typing import Any

DEEPEST = 6
_SPACE = r"[ \t\r\n]*+"
_TOKEN = re.compile(
    rf"{_SPACE}(?:"
    r"(?P<punctuation>[{}\[\](),:])"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?(?![\w.]))"
    r"|(?P<string>'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\")"
    r"|(?P<word>[A-Za-z]+))",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WORDS = {"true": True, "false": False, "none": None, "null": None}
_CLOSING = {"[": "]", "(": ")"}


class NotLiteralError(Exception):
    """What stands here is no literal of the known kinds."""


def read_dict(text: str, start: int) -> tuple[dict[str, Any], int]:
    """The dict that begins with the brace at `start`, and where it ends. Raises NotLiteralError.

    Of repeated keys the last counts, as in Python.
    """
    reader = _Reader(text, start)
    value = reader.value(0)
    if not isinstance(value, dict):
        raise NotLiteralError
    return value, reader.at


class _Reader:
    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.at = at

    def _next(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self.at)
        if found is None or found.lastgroup is None:
            raise NotLiteralError
        self.at = found.end()
        return found.lastgroup, found[found.lastgroup]

    def value(self, depth: int) -> Any:
        kind, symbol = self._next()
        if kind == "number":
            return float(symbol)
        if kind == "string":
            return _ESCAPE.sub(r"\1", symbol[1:-1])
        if kind == "word" and symbol.lower() in _WORDS:
            return _WORDS[symbol.lower()]
        if depth == DEEPEST:
            raise NotLiteralError
        if symbol == "{":
            return self._dict(depth)
        if symbol in _CLOSING:
            return self._list(_CLOSING[symbol], depth)
        raise NotLiteralError

    def _dict(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._closes("}"):
            kind, key = self._next()
            if kind != "string" or self._next()[1] != ":":
                raise NotLiteralError
            found[key[1:-1]] = self.value(depth + 1)
            if self._follows("}"):
                break
        return found

    def _list(self, closing: str, depth: int) -> list[Any]:
        found: list[Any] = []
        while not self._closes(closing):
            found.append(self.value(depth + 1))
            if self._follows(closing):
                break
        return found

    def _closes(self, closing: str) -> bool:
        """Whether the closing bracket is next; then it is taken."""
        at = self.at
        if self._next()[1] == closing:
            return True
        self.at = at
        return False

    def _follows(self, closing: str) -> bool:
        """Whether the closing bracket comes, not a comma."""
        kind, symbol = self._next()
        if kind == "punctuation" and symbol in (closing, ","):
            return symbol == closing
        raise NotLiteralError

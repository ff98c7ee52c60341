"""The token: where it is kept, and how it never gets printed."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from vernier import exits

SHOWN = "vrn_…"
# Ours, and the identity tokens that one is exchanged for.
_ANY = re.compile(r"vrn_[0-9A-Za-z]+|eyJ[-\w]+\.[-\w]+\.[-\w]*")
_USABLE = re.compile(r"[!-~]+")  # what a header can carry


class Token:
    """A token that shows nothing of itself: not by str, repr, or a format."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Raises StopError, which does not quote it, for what no header can carry."""
        text = text.strip()
        if not _USABLE.fullmatch(text):
            raise exits.usage("The token is empty, or holds a space or a character that no token has.")
        self._text = text

    def __repr__(self) -> str:
        return SHOWN

    def __reduce__(self) -> str:
        raise TypeError("a token is not pickled")

    def header(self) -> str:
        """The value of `Authorization`."""
        return f"Bearer {self._text}"

    def taken_out(self, text: str) -> str:
        """The text without this token, should it hold it."""
        return text.replace(self._text, SHOWN)

    def keep(self, url: str, folder: Path) -> Path:
        """Store it for this site in a file that its owner alone reads; returns the file."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "tokens.json"
        mine = {**_kept(path), url: self._text}
        # Made with mode 0600, and put in place whole: no moment at which others can read it or half of it is there.
        handle, name = tempfile.mkstemp(dir=folder, prefix=".tokens-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(mine, file, indent=1)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
        return path


def without_tokens(text: str) -> str:
    """The text with whatever looks like a token taken out."""
    return _ANY.sub(SHOWN, text)


def folder(environment: Mapping[str, str]) -> Path:
    """Where the user's programs keep their configuration, and this one."""
    if sys.platform == "win32" and environment.get("APPDATA"):
        return Path(environment["APPDATA"]) / "vernier"
    return Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "vernier"


def given(environment: Mapping[str, str]) -> Token | None:
    """The token of `VERNIER_TOKEN`."""
    return Token(environment["VERNIER_TOKEN"]) if environment.get("VERNIER_TOKEN") else None


def kept(url: str, environment: Mapping[str, str]) -> Token | None:
    """The one that `vernier login` kept for this very site."""
    found = _kept(folder(environment) / "tokens.json")
    return Token(found[url]) if url in found else None


def _kept(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    if sys.platform != "win32" and path.stat().st_mode & 0o077:
        raise exits.usage(f"Others can read {path}, where tokens are kept: chmod 600 {path}")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise exits.usage(f"{path} is damaged: remove it, and run vernier login again.")
    return found

"""What a command is to use: its options, else the environment, else `vernier.toml`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from vernier import exits

# How the model was run, as the API names it. The site knows which values it takes.
DECLARED = (
    *("shots", "template", "knowledge", "tools", "reasoning", "prompting", "quantisation", "training"),
    *("parameters", "open_weights", "paper", "weights", "code", "note"),
)
SEVERAL = ("partial", "fail_if")
SINGLE = ("url", "benchmark", "team", "entry", "visibility", "frame", *DECLARED)
FILE = "vernier.toml"
LOCAL = ("localhost", "127.0.0.1", "::1")


class Settings:
    """Values by name, empty ones as if they were not there."""

    def __init__(
        self, options: Mapping[str, Any], environment: Mapping[str, str], file: Mapping[str, Any]
    ) -> None:
        self._options, self._environment, self._file = options, environment, file

    def get(self, name: str) -> str:
        """Empty where nothing is said."""
        for said in (
            self._options.get(name),
            self._environment.get(f"VERNIER_{name.upper()}"),
            self._file.get(name),
        ):
            if said not in (None, ""):
                return _written(said)
        return ""

    def needed(self, name: str) -> str:
        """Raises StopError where nothing is said."""
        if found := self.get(name):
            return found
        raise exits.usage(
            f"No {name} is said: give --{name}, set VERNIER_{name.upper()}, or write it in {FILE}."
        )

    def several(self, name: str) -> list[str]:
        """The repeated option; in the environment, separated by commas or in lines."""
        if said := self._options.get(name):
            return list(said)
        if text := self._environment.get(f"VERNIER_{name.upper()}", ""):
            return [part.strip() for part in re.split(r"[,\n]", text) if part.strip()]
        return [_written(part) for part in self._file.get(name, ())]

    def url(self) -> str:
        """The site's address without a slash at its end."""
        text = self.needed("url").rstrip("/")
        if "@" in text:
            raise exits.usage("The site's address holds a name or password: leave them out.")
        if not _is_address(text):
            raise exits.usage("The site's address has to be like https://vernier.example.org")
        return re.sub(r"/api/v1$", "", text)

    def is_url_of_the_folder(self) -> bool:
        """Whether the site is named by the `vernier.toml` that lies in this folder, and by nobody who chose it."""
        return not (
            self._options.get("url")
            or self._environment.get("VERNIER_URL")
            or self._options.get("config")
            or self._environment.get("VERNIER_CONFIG")
        )

    def is_in_the_clear(self) -> bool:
        """Whether a token would travel unencrypted, beyond this machine."""
        parts = urlsplit(self.url())
        return parts.scheme == "http" and parts.hostname not in LOCAL

    def benchmark(self) -> str:
        slug = self.needed("benchmark")
        if not re.fullmatch(r"[-\w]+", slug, re.ASCII):
            raise exits.usage(f"“{slug}” is no benchmark's short name, such as mmad.")
        return slug

    def declared(self) -> dict[str, str]:
        """How the model was run, as far as it is said."""
        return {name: value for name in DECLARED if (value := self.get(name))}


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and parts.port != 0
        httpx.URL(text)
    except (ValueError, httpx.InvalidURL):
        return False
    return is_whole and parts.scheme in ("http", "https") and not (parts.query or parts.fragment)


def _written(value: Any) -> str:
    """A value of the file as a form's field has it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def read_file(named: str | None, environment: Mapping[str, str]) -> Mapping[str, Any]:
    """The settings of the file that is named, else of `vernier.toml` in this folder; of none, nothing.

    `VERNIER_CONFIG` names one too; empty, it leaves the one in this folder unread. Raises StopError.
    """
    said = environment.get("VERNIER_CONFIG") if named is None else named
    if said == "":
        return {}
    path = Path(said or FILE)
    if not path.exists():
        if said:
            raise exits.usage(f"There is no file {path}.")
        return {}
    return _checked(path, _parsed(path))


def _parsed(path: Path) -> dict[str, Any]:
    if sys.version_info < (3, 11):
        raise exits.usage(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} cannot read {path} (3.11 can): say what stands "
            "there by options or VERNIER_… variables, and leave it unread with VERNIER_CONFIG= (empty)."
        )
    import tomllib  # novermin  # asked for above: it is not there before 3.11

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise exits.usage(f"{path} cannot be read: {error}") from None


def _checked(path: Path, found: dict[str, Any]) -> dict[str, Any]:
    """One level of names: the table `settings` is how the model was run. An unknown name is a typing error."""
    told = {
        **{name: value for name, value in found.items() if name != "settings"},
        **found.get("settings", {}),
    }
    if "token" in told:
        raise exits.usage(f"A token does not belong in {path}: take it out, and set VERNIER_TOKEN.")
    for name, value in told.items():
        if name not in SINGLE + SEVERAL:
            raise exits.usage(f"{path}: there is no setting “{name}”.")
        if isinstance(value, list) is not (name in SEVERAL) or isinstance(value, dict):
            raise exits.usage(f"{path}: “{name}” has to be {'a list' if name in SEVERAL else 'one value'}.")
    return told

"""The site's variables, as the code reads them and as the guide and the example of an environment name them."""

import re
from pathlib import Path

from tests.servers.site import PROJECT

QUOTED = re.compile(r"""["'](VERNIER_[A-Z0-9_]+)["']""")
NAMED = re.compile(r"VERNIER_[A-Z0-9_]+")
EXAMPLE = PROJECT / "deploy" / "env.example"
ROLE_EXAMPLE = PROJECT / "deploy" / "role.env.example"


def read_by_the_code() -> set[str]:
    """Python names a variable in quotes; whatever else stands in deploy/ names it plainly. Examples read nothing."""
    found: set[str] = set()
    for layer in ("leaderboard", "submissions", "deploy"):
        for path in (PROJECT / layer).rglob("*"):
            if path.suffix == ".py":
                found.update(QUOTED.findall(path.read_text()))
            elif layer == "deploy" and path.is_file() and path.suffix not in (".pyc", ".example"):
                found.update(NAMED.findall(path.read_text()))
    return found


def table() -> dict[str, list[str]]:
    """Variable -> the further cells of its row in the operators' guide."""
    guide = (PROJECT / "docs" / "operators.md").read_text()
    rows: dict[str, list[str]] = {}
    for line in guide.splitlines():
        if line.startswith("| `VERNIER_"):
            names, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            for name in NAMED.findall(names):
                assert name not in rows, f"{name} stands there twice"
                rows[name] = cells
    return rows


def environment(path: Path) -> dict[str, str]:
    """The variables that a file sets, as systemd and compose read it: plain values, comments on their own lines."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    assert all(equals for _name, equals, _value in pairs), f"{path}: a line that sets nothing"
    return {name: value for name, _equals, value in pairs}

"""The guide for operators names every variable that the code reads, and no other."""

import re

from tests.servers.site import PROJECT

QUOTED = re.compile(r"""["'](VERNIER_[A-Z0-9_]+)["']""")
NAMED = re.compile(r"VERNIER_[A-Z0-9_]+")


def read_by_the_code() -> set[str]:
    """Python names a variable in quotes; whatever else stands in deploy/ names it plainly."""
    found: set[str] = set()
    for layer in ("leaderboard", "submissions", "deploy"):
        for path in (PROJECT / layer).rglob("*"):
            if path.suffix == ".py":
                found.update(QUOTED.findall(path.read_text()))
            elif layer == "deploy" and path.is_file() and path.suffix != ".pyc":
                found.update(NAMED.findall(path.read_text()))
    return found


def table() -> dict[str, list[str]]:
    """Variable -> the further cells of its row."""
    guide = (PROJECT / "docs" / "operators.md").read_text()
    rows: dict[str, list[str]] = {}
    for line in guide.splitlines():
        if line.startswith("| `VERNIER_"):
            names, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            for name in NAMED.findall(names):
                assert name not in rows, f"{name} stands there twice"
                rows[name] = cells
    return rows


def test_every_variable_that_the_code_reads_stands_in_the_guides_table_and_no_other() -> None:
    assert set(table()) == read_by_the_code()


def test_every_variable_has_a_default_and_a_meaning() -> None:
    for name, cells in table().items():
        assert len(cells) == 2, name
        assert all(cells), name

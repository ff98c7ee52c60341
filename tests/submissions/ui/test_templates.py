"""Rules that hold for every template: the pages' strict Content-Security-Policy allows nothing inline."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

import leaderboard
import submissions

FOLDERS = [
    Path(submissions.__file__).parent / "templates",
    Path(submissions.__file__).parent / "ui" / "templates",
    Path(leaderboard.__file__).parent / "templates",
]
TEMPLATES = sorted(
    (path, str(path.relative_to(folder))) for folder in FOLDERS for path in folder.rglob("*.*")
)
INLINE = re.compile(
    r'\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)|hx-on|hx-vals="js', re.IGNORECASE
)


@pytest.mark.parametrize(("path", "name"), TEMPLATES, ids=[name for _path, name in TEMPLATES])
def test_a_template_is_sound_and_holds_nothing_inline(path: Path, name: str) -> None:
    assert not INLINE.search(path.read_text())
    # Ours, not one of the same name that another app brings.
    assert Path(get_template(name).template.origin.name) == path  # type: ignore[attr-defined]

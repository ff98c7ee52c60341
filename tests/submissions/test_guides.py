"""What the guides in docs/ say is what the code does."""

import json
import textwrap
from pathlib import Path

from scoring import definition
from scoring.benchmarks.mmad import importer

DOCS = Path(__file__).parents[2] / "docs"


def guide(name: str) -> str:
    return (DOCS / name).read_text()


def block(text: str, start: str) -> str:
    """The indented block that begins so, without its indent."""
    _before, found, rest = text.partition(f"\n    {start}")
    assert found, start
    return textwrap.dedent((found + rest).partition("\n\n")[0])


def test_the_organizers_example_can_be_imported() -> None:
    example = block(guide("organizers.md"), '{"VisA/')
    release = importer.read(example.encode(), definition.load("mmad"))
    assert list(release.abnormal) == [False, True, True]
    assert release.ids[-1] in guide("organizers.md")
    assert len(json.loads(example)) == 2


def test_the_organizers_guide_lists_every_source_dataset_and_type() -> None:
    rules = definition.load("mmad")
    for name in (*rules.source_datasets, *rules.folds, *rules.raw_type_of):
        assert f"`{name}`" in guide("organizers.md").replace("\n", " ").replace("  ", " ")

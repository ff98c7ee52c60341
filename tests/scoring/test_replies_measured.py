"""The reader on real replies, and the page that says how it does."""

from pathlib import Path

import pytest

from tests.replies_measured import ARTICLE, Measured, measured, tables

PAGE = Path(__file__).parents[2] / "docs" / "replies.md"


@pytest.fixture(scope="module")
def found(reference: Path) -> dict[str, Measured]:
    return measured(reference)


def test_the_reader_takes_the_authors_letter_of_99_in_100_replies_that_have_one(
    found: dict[str, Measured],
) -> None:
    for each in found.values():
        assert each.replies == 4_510
        assert each.lettered > 4_500
        assert each.lettered_agreeing >= 0.99 * each.lettered


def test_every_disagreement_is_of_a_kind_that_the_page_explains(found: dict[str, Measured]) -> None:
    assert {kind for each in found.values() for kind in each.kinds} == {ARTICLE}


def test_the_page_has_what_is_measured(found: dict[str, Measured]) -> None:
    assert tables(found) in PAGE.read_text()

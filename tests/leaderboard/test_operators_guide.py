"""The guide for operators names every variable that the code reads, and no other."""

from tests.variables import read_by_the_code, table


def test_every_variable_that_the_code_reads_stands_in_the_guides_table_and_no_other() -> None:
    assert set(table()) == read_by_the_code()


def test_every_variable_has_a_default_and_a_meaning() -> None:
    for name, cells in table().items():
        assert len(cells) == 2, name
        assert all(cells), name

import pytest

from submissions.ui.board import board_row
from submissions.ui.scale import Scale


def test_a_row_escapes_what_people_wrote() -> None:
    row = board_row(
        kind="scored",
        name="<b>&",
        score=1.0,
        further=[],
        url='/e/"',
        team="<i>",
        settings=("<u>",),
        coverage=1.0,
        tries=1,
    )
    for written in ("<b>", "<i>", "<u>", '/e/""'):
        assert written not in row


def test_the_first_is_marked_and_a_quoted_row_has_its_source() -> None:
    first = board_row(
        kind="scored", name="a", score=2.0, further=[(1.0, None)], rank=1, coverage=1.0, tries=2
    )
    quoted = board_row(
        kind="quoted", name="b", score=3.0, further=[(None, None)], team="quoted", source="a paper"
    )
    assert first.startswith('<tr class="first">')
    assert quoted.startswith('<tr class="quoted">')
    assert "<summary>quoted</summary><p>a paper</p></details>" in quoted
    assert "no rank" in quoted


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        (
            "MMAD (arXiv 2410.09453)",
            'MMAD (<a href="https://arxiv.org/abs/2410.09453" rel="nofollow noopener">arXiv 2410.09453</a>)',
        ),
        (
            "see https://example.org/a?b=1&c=2.",
            'see <a href="https://example.org/a?b=1&amp;c=2" rel="nofollow noopener">'
            "https://example.org/a?b=1&amp;c=2</a>.",
        ),
        ('javascript:x <a href="y">', "javascript:x &lt;a href=&quot;y&quot;&gt;"),
        ("https://", "https://"),
    ],
)
def test_addresses_in_a_source_are_links(source: str, drawn: str) -> None:
    row = board_row(kind="quoted", name="b", score=3.0, further=[], team="quoted", source=source)
    assert f"<p>{drawn}</p>" in row


def test_no_line_of_settings_can_begin_with_its_dot() -> None:
    row = board_row(
        kind="scored", name="a", score=1.0, further=[], settings=("x", "y"), undeclared=3, partial=True
    )
    assert row.count("\N{NO-BREAK SPACE}·") == row.count("·") - 1  # the other is the rank's
    assert row.count("·") == 4


def test_what_was_not_declared_stands_under_the_name() -> None:
    row = board_row(
        kind="scored", name="a", score=None, further=[], settings=("1-shot",), undeclared=3, partial=True
    )
    assert "1-shot" in row
    assert "partial" in row
    assert "3 not declared" in row


def test_a_row_has_as_many_cells_as_the_head() -> None:
    row = board_row(kind="scored", name="a", score=1.0, further=[(1.0, None)] * 7, coverage=1.0, tries=1)
    assert row.count("<td") + row.count("<th") == 3 + 1 + 7 + 2


def test_intervals_are_drawn_on_the_scale_of_the_page() -> None:
    scale = Scale(50, 60, 1)
    row = board_row(
        kind="scored",
        name="a",
        score=55.0,
        interval=(54.0, 56.0),
        further=[(40.0, (38.0, 42.0))],
        tries=3,
        gain=0.42,
        scale=scale,
    )
    assert '<line class="interval" x1="40.0%" x2="60.0%"' in row
    assert '<line class="gain" x1="45.8%"' in row
    assert '3<span class="interval">−0.4</span>' in row
    assert '40.0<span class="interval">±2.0</span>' in row
    quoted = board_row(kind="quoted", name="b", score=58.0, further=[], scale=scale)
    assert '<line class="quoted-mark" x1="80.0%"' in quoted
    assert "<svg" not in board_row(kind="quoted", name="b", score=70.0, further=[], scale=scale)


@pytest.mark.parametrize(
    ("share", "said"), [(0.95, ""), (0.9501, "one letter: 95.0"), (1.0, "one letter: 100")]
)
def test_one_letter_throughout_stands_in_amber_under_the_name(share: float, said: str) -> None:
    row = board_row(kind="scored", name="a", score=1.0, further=[], commonest=share)
    assert said in row
    assert ("one letter" in row) == bool(said)

"""The page on statistics says what the worker would say of the same answers."""

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from leaderboard import worked_example
from leaderboard.worked_example import BOXED, QUESTIONS, RIGHT
from scoring.boxes.evaluate import evaluate, mark
from scoring.release import Release
from scoring.statistics.boards import Board
from scoring.statistics.clusters import Spread
from scoring.statistics.estimates import intervals
from scoring.statistics.pairs import compare
from scoring.statistics.strata import Flags
from tests.scoring.boxes import shapes
from tests.scoring.statistics.shapes import flat, packed

EVERY = [0]


@pytest.fixture
def release() -> Release:
    return flat(len(RIGHT["A"]), QUESTIONS)


def answered(name: str) -> Flags:
    return np.array([number < right for right in RIGHT[name] for number in range(QUESTIONS)])


@pytest.mark.parametrize("name", RIGHT)
def test_scores_errors_and_intervals_are_those_of_scoring(release: Release, name: str) -> None:
    model, correct = worked_example.models()[name], answered(name)
    figures = release.strata.linear(EVERY)
    spread = Spread.of(release.strata, release.strata.count(correct))
    at = figures.at("overall")
    assert model.score == pytest.approx(spread.values(figures)[at])
    assert model.error == pytest.approx(spread.errors(figures)[at])
    low, high = model.interval
    assert (100 * low, 100 * high) == pytest.approx(intervals(correct, release, EVERY)["overall"])


@pytest.mark.parametrize(("first", "second"), ["AB", "AC", "CB"])
def test_differences_are_those_of_scoring(release: Release, first: str, second: str) -> None:
    known = worked_example.models()
    found = worked_example.difference(known[first], known[second])
    expected = compare(answered(first), answered(second), release, EVERY).differences["overall"]
    assert expected is not None
    assert found.verdict == expected.verdict
    assert found[:2] == pytest.approx(expected[:2])
    assert found.interval == pytest.approx(expected.interval)


def test_the_table_of_a_pair_is_that_of_the_dots_as_they_are_drawn(release: Release) -> None:
    told = worked_example.context()
    found = compare(answered("A"), answered("B"), release, EVERY)
    assert told["only"] == found.table[1:3]
    assert told["mid_p"] == f"{found.mid_p:.3f}"


def test_ranks_are_those_of_scoring(release: Release) -> None:
    board: Board[str] = Board(release, ["overall"], 1)
    for name in RIGHT:
        board.add(name, packed(answered(name)))
    board.settle({name: [True] for name in RIGHT})
    found = [board.judged("overall")[name] for name in RIGHT]
    shown = [model["rank"] for model in worked_example.context()["models"]]
    ranges = [(1 + better, len(RIGHT) - worse) for (better,), (worse,) in found]
    assert shown == [f"{low}–{high}" if low < high else str(low) for low, high in ranges]
    assert shown == ["1–2", "3", "1–2"]


def test_the_page_tells_the_story_that_its_sentences_say() -> None:
    """Overlapping intervals and yet a verdict, a tie, a mean of two classes, an error that grows with clusters."""
    known = worked_example.models()
    assert known["A"].interval[0] < known["B"].interval[1]
    assert worked_example.difference(known["A"], known["B"]).verdict == 1
    assert worked_example.difference(known["A"], known["C"]).verdict == 0
    told = worked_example.context()
    assert float(told["error"]) > float(told["naive"])
    assert (told["score"]["balanced"], told["score"]["pooled"], told["score"]["overall"]) == (
        "65.0",
        "73.3",
        "75.0",
    )


def test_the_example_of_boxes_is_that_of_scoring() -> None:
    images, records = [], []
    for category, its in BOXED.items():
        for number, (right, every) in enumerate(its):
            # The boxes that are not right are missed.
            boxes = [(100 * at, 0, 100 * at + 50, 50) for at in range(every)]
            images.append(shapes.Image(f"mvtec/{category}/{number}.png", boxes))
            records.append(shapes.record(images[-1].path, boxes[:right]))
    layout = (release := shapes.release_of(images)).layout
    evaluated = evaluate(shapes.as_json(records), release)
    figures = list(layout.figures(range(2)))
    found = layout.values(layout.sums(mark(evaluated.sheet, release)), figures)
    at = [figure.name for figure in figures].index("localization")
    score, error, (low, high) = worked_example.boxed()
    assert (score, error) == pytest.approx((found.values[at], found.errors[at]))
    assert 100 * score == pytest.approx(evaluated.report.subtasks["localization"])
    ends = evaluated.report.to_dict()["intervals"]["subtasks"]["localization"]
    assert (100 * low, 100 * high) == pytest.approx(ends)


@pytest.mark.django_db
def test_every_part_has_its_anchor_and_its_numbers(client: Client) -> None:
    page = client.get(reverse("statistics")).content.decode()
    for anchor in ("score", "interval", "rank", "verdict", "tries", "boxes", "sources"):
        assert f'id="{anchor}"' in page
        assert f'href="#{anchor}"' in page
    told = worked_example.context()
    said = (
        told["error"],
        told["naive"],
        told["gain"],
        told["mid_p"],
        *told["residuals"],
        told["better"]["z"],
        told["boxed"]["sum"],
        told["boxed"]["error"],
        told["boxed"]["interval"],
    )
    for number in said:
        assert number in page
    assert "style=" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/how-to-read/"])
def test_readers_find_it(client: Client, page: str) -> None:
    assert reverse("statistics") + "#rank" in client.get(page).content.decode()

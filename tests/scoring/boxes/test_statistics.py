"""How sure the figures are: linearised errors beside a bootstrap, coverage, pairs and ranges of ranks."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.boxes.layout import DETECTION, LOCALIZATION, RATIOS, Figure, Layout
from scoring.boxes.marks import Marks
from scoring.boxes.outcomes import BoxOutcomes
from scoring.boxes.pairs import compare
from scoring.boxes.release import BoxRelease
from scoring.statistics.boards import Board
from scoring.statistics.intervals import wilson
from scoring.statistics.ranks import critical
from tests.scoring.boxes.shapes import Image, release_of

BOX = (0, 0, 10, 10)


@dataclass(frozen=True)
class Shape:
    """Categories of as many images, half of them normal; the others have one to three boxes."""

    categories: int
    images: int

    def release(self) -> BoxRelease:
        return release_of([
            Image(f"{'ab'[category % 2]}/{category:03}/{image:04}", [BOX] * (image % 2 * (1 + image % 3)))
            for category in range(self.categories)
            for image in range(self.images)
        ])  # fmt: skip


def drawn(release: BoxRelease, seed: int, share: float = 0.7) -> Marks:
    """A model that is better on some categories and images than on others."""
    chance = np.random.default_rng(seed)
    _, category_of = np.unique(release.categories, return_inverse=True)
    easy = np.clip(share + chance.normal(0, 0.05, category_of.max() + 1)[category_of], 0, 1)
    easy = chance.beta(8 * easy + 1e-9, 8 * (1 - easy) + 1e-9)
    true = release.true_counts
    found = chance.binomial(true, easy)
    false = chance.poisson((1 - easy) * 0.6)
    right = chance.random(release.size) < easy
    right_50 = chance.binomial(found, 0.7)
    return Marks(right, *(each.astype(np.uint8) for each in (found + false, found, right_50)))


def drawn_again(layout: Layout, marks: Marks, chance: np.random.Generator) -> NDArray[np.float64]:
    """Every ratio's mean over categories, with each category's images drawn again."""
    found, every = layout.counts(marks)
    ratios = []
    for images in layout.slices:
        which = chance.integers(images.start, images.stop, images.stop - images.start)
        with np.errstate(invalid="ignore"):
            ratios.append(found[which].sum(axis=0) / every[which].sum(axis=0))
    means: NDArray[np.float64] = np.nanmean(ratios, axis=0)
    return means


def test_errors_are_those_of_a_bootstrap_over_images() -> None:
    release = Shape(12, 60).release()
    layout, marks = release.layout, drawn(release, 1)
    chance = np.random.default_rng(2)
    replicates = np.stack([drawn_again(layout, marks, chance) for _ in range(1000)])
    figures = [Figure(name, range(12), ((at,),)) for at, name in enumerate(RATIOS)]
    found = layout.values(layout.sums(marks), figures)
    assert found.values == pytest.approx(replicates.mean(axis=0), abs=0.005)
    assert found.errors == pytest.approx(replicates.std(axis=0), rel=0.1)


DRAWS = 2_000
LOW, HIGH = 0.935, 0.965


@pytest.mark.parametrize(
    ("shape", "share"), [(Shape(5, 12), 0.75), (Shape(30, 100), 0.6)], ids=["60 images", "3,000 images"]
)
@pytest.mark.parametrize("ratio", [DETECTION, LOCALIZATION], ids=["detection", "localization"])
def test_19_of_20_intervals_hold_the_truth(shape: Shape, share: float, ratio: int) -> None:
    """Images are drawn anew, and what is on them: each has its own share of right boxes, and of false ones."""
    chance = np.random.default_rng(ratio + 1)
    size = (DRAWS, shape.categories, shape.images)
    found, every = _counts(chance, size, share, ratio)
    true_found, true_every = _counts(chance, (4_000_000,), share, ratio)
    truth = true_found.sum() / true_every.sum()
    ratios = found.sum(axis=2) / every.sum(axis=2)
    residuals = (found - ratios[:, :, None] * every) / every.sum(axis=2)[:, :, None]
    freedom = shape.categories * (shape.images - 1) + 1
    squares = (residuals**2).sum(axis=(1, 2)) * shape.images / (shape.images - 1) / shape.categories**2
    errors = np.sqrt(squares * freedom / (freedom - 1))
    low, high = wilson(
        ratios.mean(axis=1), errors, every.sum(axis=(1, 2)).astype(int), np.full(DRAWS, freedom)
    )
    assert LOW <= float(np.mean((low <= truth) & (truth <= high))) <= HIGH
    # What the simulation adds up is what scoring computes.
    release = _plain(shape)
    predicted = every[0].ravel() - release.true_counts + found[0].ravel() if ratio else found[0].ravel() * 0
    marks = Marks(
        found[0].ravel() > 0,
        *(each.astype(np.uint8) for each in (predicted, found[0].ravel(), 0 * predicted)),
    )
    figure = Figure("", range(shape.categories), ((ratio,),))
    values = release.layout.values(release.layout.sums(marks), [figure])
    assert (values.values[0], values.errors[0]) == pytest.approx((ratios[0].mean(), errors[0]))
    assert values.images[0] == freedom


def _plain(shape: Shape) -> BoxRelease:
    """Two boxes an image."""
    return release_of([
        Image(f"a/{category:03}/{image:04}", [BOX] * 2)
        for category in range(shape.categories)
        for image in range(shape.images)
    ])  # fmt: skip


def _counts(
    chance: np.random.Generator, size: tuple[int, ...], share: float, ratio: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    easy = chance.beta(8 * share, 8 * (1 - share), size)
    if ratio == DETECTION:
        return (chance.random(size) < easy).astype(float), np.ones(size)
    found = chance.binomial(2, easy)
    return found.astype(float), (2 + chance.poisson((1 - easy) * 0.6)).astype(float)


@pytest.mark.parametrize(("right", "end"), [(True, 1), (False, 0)])
def test_nothing_and_everything_right_have_intervals(right: bool, end: int) -> None:
    release = Shape(4, 10).release()
    counts = release.true_counts.astype(np.uint8) * right
    layout = release.layout
    figures = list(layout.figures([0, 1]))
    found = layout.values(layout.sums(Marks(np.full(40, right), counts, counts, counts)), figures)
    names = [figure.name for figure in figures]
    for name in ("overall", "detection", "localization", "a"):
        at = names.index(name)
        low, high = wilson(found.values[at], found.errors[at], found.units[at], found.images[at])
        assert (float(high), float(low))[1 - end] == end
        assert 0.01 < float(high - low) < 0.25


def rows_of(release: BoxRelease, count: int) -> tuple[BoxOutcomes[int], list[Marks]]:
    marks = [drawn(release, seed, 0.5 + 0.03 * seed) for seed in range(count)]
    kept: BoxOutcomes[int] = BoxOutcomes(release.layout)
    for key, each in enumerate(marks):
        kept.add(key, each.encode())
    return kept, marks


def test_scores_and_squares_are_those_of_the_report() -> None:
    release = Shape(6, 20).release()
    kept, marks = rows_of(release, 3)
    layout = release.layout
    every = {figure.name: figure for figure in layout.figures([0, 1])}
    figures = [every[name] for name in kept.figures.names]
    for key, each in enumerate(marks):
        found = layout.values(layout.sums(each), figures)
        row = kept.row_of[key]
        images = kept.figures.images
        assert kept.scores[row] == pytest.approx(found.values)
        assert np.sqrt(kept.squares[row] * images / (images - 1)) == pytest.approx(found.errors)
        assert images.tolist() == found.images.tolist()


def test_squares_and_products_are_sums_over_residuals() -> None:
    release = Shape(6, 20).release()
    kept, _marks = rows_of(release, 70)
    rows = np.array([kept.row_of[key] for key in range(70)])
    for at in range(len(kept.figures.names)):
        residuals = kept.residuals(at, rows)
        assert kept.squares[rows, at] == pytest.approx((residuals**2).sum(axis=1))
        assert kept.products(at, int(rows[0]), rows) == pytest.approx(residuals @ residuals[0], abs=1e-12)


def test_a_board_judges_by_the_same_differences_as_pairs() -> None:
    release = Shape(8, 40).release()
    _kept, marks = rows_of(release, 12)
    board: Board[int] = Board(release, release.columns, 1)
    for key, each in enumerate(marks):
        board.add(key, each.encode())
    board.settle(dict.fromkeys(range(12), (True,)))
    figures = release.new_outcomes().figures
    for column in release.columns:
        beyond = critical(12, int(figures.images[figures.at(column)]))
        judged = board.judged(column)
        for key, each in enumerate(marks):
            z = [
                compare(other, each, release, [0, 1]).differences[column].z  # type: ignore[union-attr]
                for at, other in enumerate(marks)
                if at != key
            ]
            assert judged[key].better[0] == sum(value > beyond for value in z if value is not None)
            assert judged[key].worse[0] == sum(value < -beyond for value in z if value is not None)
    assert board.judged("overall")[0].better[0] >= 5


def test_a_board_comes_out_the_same_one_by_one() -> None:
    release = Shape(8, 40).release()
    _kept, marks = rows_of(release, 30)
    at_once: Board[int] = Board(release, release.columns, 1)
    one_by_one: Board[int] = Board(release, release.columns, 1)
    for key, each in enumerate(marks):
        at_once.add(key, each.encode())
        one_by_one.add(key, each.encode())
        one_by_one.settle(dict.fromkeys(range(key + 1), (True,)))
    at_once.settle(dict.fromkeys(range(30), (True,)))
    for column in release.columns:
        assert at_once.judged(column) == one_by_one.judged(column)


def test_a_partial_entry_stands_in_its_own_columns_alone() -> None:
    release = Shape(4, 10).release()
    board: Board[int] = Board(release, release.columns, 1)
    board.add(0, drawn(release, 0).encode())
    board.add(1, drawn(release, 1, 0.05).encode(), scored=[1])
    board.settle({0: (True,), 1: (True,)})
    found = {column: board.judged(column)[0].worse[0] for column in release.columns}
    assert found == {"overall": 0, "detection": 0, "localization": 1, "a": 0, "b": 0}


def test_a_pair_is_the_same_the_other_way_round() -> None:
    release = Shape(4, 30).release()
    first, second = drawn(release, 1, 0.9), drawn(release, 2, 0.5)
    one, other = compare(first, second, release, [0, 1]), compare(second, first, release, [0, 1])
    for name, difference in one.differences.items():
        turned = other.differences[name]
        assert difference is not None
        assert turned is not None
        assert (difference.difference, difference.verdict) == (-turned.difference, -turned.verdict)
    assert one.differences["overall"].verdict == 1  # type: ignore[union-attr]
    assert (one.table.first, one.table.second, one.mid_p) == (
        other.table.second,
        other.table.first,
        other.mid_p,
    )
    assert sum(one.table) == release.size
    nothing = compare(first, first, release, [0, 1]).differences["localization"]
    assert nothing is not None
    assert (nothing.difference, nothing.z, nothing.verdict) == (0, 0, 0)
    alone = compare(first, second, release, [1])
    assert alone.differences.keys() == {"localization", "a/localization", "b/localization"}
    assert (one.shared, alone.shared) == (None, alone.differences["localization"])

import random
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest

from scoring.release import Release
from scoring.statistics.outcomes import Outcomes, unpack
from scoring.statistics.pairs import compare
from scoring.statistics.ranks import critical
from tests.scoring.statistics.shapes import Flags, flat, packed, some_right


def outcomes_of(release: Release, answers: dict[str, Flags]) -> Outcomes[str]:
    outcomes: Outcomes[str] = Outcomes(release)
    for name, correct in answers.items():
        outcomes.add(name, packed(correct & release.counted))
    return outcomes


def ranges_of(
    outcomes: Outcomes[str], figure: str = "overall", keys: list[str] | None = None
) -> dict[str, tuple[int, int]]:
    names = keys or outcomes.having(figure)
    found = outcomes.ranges(figure, names)
    return dict(zip(names, zip(found.low.tolist(), found.high.tolist(), strict=True), strict=True))


def missing(*wrong: int) -> Flags:
    """Right answers to 100 images of one question, but for these."""
    return ~np.isin(np.arange(100), wrong)


def test_ranges_by_hand() -> None:
    """Entries that miss none, the first four, the first eight of 100 images.

    Two of which the worse misses n more differ by n / 100, and their standard error is the root of
    100 / 99 (n (1 - n / 100)^2 + (100 - n) (n / 100)^2) / 100^2: z is 2.03 for four and 2.93 for eight. Three entries
    are judged as four: beyond 2.394, the quantile at 1 - 0.025 / 3.
    """
    assert critical(3) == critical(4) == pytest.approx(2.394, abs=5e-4)
    answers = {"none": missing(), "four": missing(*range(4)), "eight": missing(*range(8))}
    found = ranges_of(outcomes_of(flat(100), answers))
    assert found == {"none": (1, 2), "four": (1, 3), "eight": (2, 3)}


def test_one_entry_is_first() -> None:
    assert ranges_of(outcomes_of(flat(100), {"alone": missing()})) == {"alone": (1, 1)}


def test_nobody_needs_no_rank() -> None:
    assert ranges_of(outcomes_of(flat(100), {})) == {}


def test_equal_scores_share_a_range_whatever_was_answered() -> None:
    answers = {"early": missing(*range(20)), "late": missing(*range(80, 100)), "best": missing()}
    found = ranges_of(outcomes_of(flat(100), answers))
    assert found == {"best": (1, 1), "early": (2, 3), "late": (2, 3)}


def test_identical_answers_share_a_range() -> None:
    answers = {"one": missing(3), "again": missing(3), "bad": missing(*range(50))}
    assert ranges_of(outcomes_of(flat(100), answers)) == {"one": (1, 2), "again": (1, 2), "bad": (3, 3)}


def test_one_image_tells_nobody_apart() -> None:
    outcomes = outcomes_of(flat(1, 9), {"all": np.ones(9, dtype=bool), "none": np.zeros(9, dtype=bool)})
    assert ranges_of(outcomes) == {"all": (1, 2), "none": (1, 2)}
    assert not any(map(np.any, outcomes.against("overall", "all", ["none"])))


def test_the_critical_value_moves_only_when_the_board_doubles() -> None:
    values = [critical(entries) for entries in range(2, 70)]
    moves = [number for number, (one, other) in enumerate(pairwise(values), start=3) if one != other]
    assert moves == [3, 5, 9, 17, 33, 65]
    assert critical(2) == NormalDist().inv_cdf(0.975)


@pytest.fixture(scope="module")
def board(release: Release) -> dict[str, Flags]:
    """Thirty entries, some twice, some nearly."""
    answers = {f"e{seed}": some_right(release, 0.55 + seed / 100, seed) for seed in range(27)}
    nearly = answers["e3"].copy()
    nearly[:4] ^= True
    return answers | {"same": answers["e3"], "nearly": nearly, "other": answers["e20"] ^ answers["e2"]}


@pytest.mark.parametrize(
    "figure", ["overall", "defect-analysis", "VisA", "anomaly-detection", "detection/recall"]
)
def test_ranges_are_what_all_pairs_say(release: Release, board: dict[str, Flags], figure: str) -> None:
    beyond = critical(len(board))
    expected = {}
    for name, correct in board.items():
        zs = []
        for other, its in board.items():
            pair = compare(its, correct, release, range(7)).differences[figure] if other != name else None
            zs.append(pair.z or 0 if pair else 0)
        expected[name] = (1 + sum(z > beyond for z in zs), len(board) - sum(z < -beyond for z in zs))
    found = ranges_of(outcomes_of(release, board), figure)
    assert found == expected
    assert len(set(found.values())) > 3


def test_the_order_in_which_entries_come_plays_no_part(release: Release, board: dict[str, Flags]) -> None:
    names = list(board)
    expected = ranges_of(outcomes_of(release, board))
    for seed in range(3):
        random.Random(seed).shuffle(names)
        assert ranges_of(outcomes_of(release, {name: board[name] for name in names})) == expected


@pytest.mark.parametrize("block", [1, 7, 29, 30, 31])
def test_blocks_play_no_part(
    release: Release, board: dict[str, Flags], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ranges_of(outcomes_of(release, board))
    monkeypatch.setattr("scoring.statistics.outcomes.BLOCK", block)
    assert ranges_of(outcomes_of(release, board)) == expected


@pytest.mark.parametrize("figure", ["overall", "object-analysis", "GoodsAD"])
def test_one_by_one_is_all_at_once(release: Release, board: dict[str, Flags], figure: str) -> None:
    """Entries come, and go again, each judged against those that are there, by the last board's critical value."""
    outcomes = outcomes_of(release, board)
    there: list[str] = []
    low: dict[str, int] = {}
    high: dict[str, int] = {}

    def move(name: str, step: int) -> None:
        better, worse = outcomes.against(figure, name, there, entries=len(board))
        for other, is_better, is_worse in zip(there, better.tolist(), worse.tolist(), strict=True):
            low[other] += step * is_worse
            high[other] += step * (not is_better)
        low[name], high[name] = 1 + int(better.sum()), len(there) + 1 - int(worse.sum())

    for name in board:
        move(name, 1)
        there.append(name)
    assert {name: (low[name], high[name]) for name in board} == ranges_of(outcomes, figure)
    for name in list(board)[:-17]:
        there.remove(name)
        move(name, -1)
    # Seventeen are judged as 32 are, which thirty were.
    assert {name: (low[name], high[name]) for name in there} == ranges_of(outcomes, figure, there)


def test_verdicts_are_symmetric(release: Release, board: dict[str, Flags]) -> None:
    outcomes = outcomes_of(release, board)
    names = list(board)
    better = np.array([outcomes.against("overall", name, names).better for name in names])
    worse = np.array([outcomes.against("overall", name, names).worse for name in names])
    assert (better == worse.T).all()
    assert better.any()
    assert not (better & worse).any()


def test_what_is_let_go_of_leaves_the_others_as_they_were(release: Release, board: dict[str, Flags]) -> None:
    outcomes = outcomes_of(release, board)
    for name in ("e0", "same", "e26", "nobody"):
        outcomes.remove(name)
    rest = {name: correct for name, correct in board.items() if name in outcomes}
    assert len(outcomes) == len(rest) == 27
    assert ranges_of(outcomes) == ranges_of(outcomes_of(release, rest))


def test_what_comes_again_replaces_the_first(release: Release, board: dict[str, Flags]) -> None:
    outcomes = outcomes_of(release, board)
    outcomes.add("e0", packed(board["e25"]))
    assert ranges_of(outcomes) == ranges_of(outcomes_of(release, board | {"e0": board["e25"]}))


def test_partial_entries_stand_in_their_own_columns(release: Release, board: dict[str, Flags]) -> None:
    outcomes = outcomes_of(release, board)
    outcomes.add("part", packed(board["e26"] & (release.subtasks == 4)), scored=[4])
    assert "part" not in outcomes.having("overall") + outcomes.having("VisA") + outcomes.having(
        "object-analysis"
    )
    assert ranges_of(outcomes, "defect-analysis")["part"] == ranges_of(outcomes, "defect-analysis")["e26"]


def test_excluded_questions_play_no_part(release: Release, board: dict[str, Flags]) -> None:
    less = release.excluding(release.ids[::3])
    changed = {name: correct ^ ~less.counted for name, correct in board.items()}
    assert ranges_of(outcomes_of(less, board)) == ranges_of(outcomes_of(less, changed))


def test_bits_come_back_as_they_were(release: Release) -> None:
    correct = some_right(release)
    assert (unpack(packed(correct), release) == correct).all()

import random
from collections.abc import Collection
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest

from scoring.release import Release
from scoring.statistics.boards import Board
from scoring.statistics.outcomes import unpack
from scoring.statistics.pairs import compare
from scoring.statistics.ranks import critical
from tests.scoring.statistics.shapes import Flags, flat, packed, some_right


def board_of(release: Release, answers: dict[str, Flags], figure: str = "overall") -> Board[str]:
    board: Board[str] = Board(release, [figure], 1)
    for name, correct in answers.items():
        board.add(name, packed(correct & release.counted))
    board.settle({name: [True] for name in answers})
    return board


def ranges_of(
    board: Board[str], names: Collection[str], figure: str = "overall"
) -> dict[str, tuple[int, int]]:
    found = board.judged(figure)
    return {name: (1 + found[name].better[0], len(names) - found[name].worse[0]) for name in names}


def judged(
    release: Release, answers: dict[str, Flags], figure: str = "overall"
) -> dict[str, tuple[int, int]]:
    return ranges_of(board_of(release, answers, figure), answers, figure)


def missing(*wrong: int) -> Flags:
    """Right answers to 100 images of one question, but for these."""
    return ~np.isin(np.arange(100), wrong)


def test_ranges_by_hand() -> None:
    """Entries that miss none, the first four, the first eight of 100 images.

    Two of which the worse misses n more differ by n / 100, and their standard error is the root of
    100 / 99 (n (1 - n / 100)^2 + (100 - n) (n / 100)^2) / 100^2: z is 2.03 for four and 2.93 for eight. Three entries
    are judged as four: beyond 2.394, the quantile at 1 - 0.025 / 3.
    """
    assert critical(3, 1000) == critical(4, 1000) == pytest.approx(2.394, abs=5e-4)
    answers = {"none": missing(), "four": missing(*range(4)), "eight": missing(*range(8))}
    found = judged(flat(100), answers)
    assert found == {"none": (1, 2), "four": (1, 3), "eight": (2, 3)}


def test_one_entry_is_first() -> None:
    assert judged(flat(100), {"alone": missing()}) == {"alone": (1, 1)}


def test_nobody_needs_no_rank() -> None:
    assert judged(flat(100), {}) == {}


def test_equal_scores_share_a_range_whatever_was_answered() -> None:
    answers = {"early": missing(*range(20)), "late": missing(*range(80, 100)), "best": missing()}
    found = judged(flat(100), answers)
    assert found == {"best": (1, 1), "early": (2, 3), "late": (2, 3)}


def test_identical_answers_share_a_range() -> None:
    answers = {"one": missing(3), "again": missing(3), "bad": missing(*range(50))}
    assert judged(flat(100), answers) == {"one": (1, 2), "again": (1, 2), "bad": (3, 3)}


def test_one_image_tells_nobody_apart() -> None:
    answers = {"all": np.ones(9, dtype=bool), "none": np.zeros(9, dtype=bool)}
    assert judged(flat(1, 9), answers) == {"all": (1, 2), "none": (1, 2)}
    many = {f"e{number}": np.full(9, number % 2 == 0) for number in range(20)}
    board = board_of(flat(1, 9), many)
    board.settle({name: [True] for name in list(many)[1:]})
    assert set(ranges_of(board, list(many)[1:]).values()) == {(1, 19)}


def test_the_critical_value_moves_only_when_the_board_doubles() -> None:
    values = [critical(entries, 10_000) for entries in range(2, 70)]
    moves = [number for number, (one, other) in enumerate(pairwise(values), start=3) if one != other]
    assert moves == [3, 5, 9, 17, 33, 65]
    assert critical(2, 10_000) == pytest.approx(NormalDist().inv_cdf(0.975), rel=2e-4)


def test_a_board_tells_nobody_apart_whom_a_comparison_does_not() -> None:
    """Ten images, of which one entry has all and the other seven right: z is 1.96, and 2.26 are needed."""
    release = flat(10)
    seven = np.arange(10) < 7
    pair = compare(np.ones(10, dtype=bool), seven, release, [0]).differences["overall"]
    assert pair is not None
    assert (round(pair.z, 2), pair.verdict) == (1.96, 0)
    assert judged(release, {"ten": np.ones(10, dtype=bool), "seven": seven}) == {
        "ten": (1, 2),
        "seven": (1, 2),
    }


@pytest.mark.parametrize(("images", "verdict"), [(2, 0), (5, 0), (6, 1), (7, 1)])
def test_images_that_all_agree_tell_apart_when_a_sign_test_would(images: int, verdict: int) -> None:
    release = flat(images)
    every, none = np.ones(images, dtype=bool), np.zeros(images, dtype=bool)
    pair = compare(every, none, release, [0]).differences["overall"]
    assert pair is not None
    assert pair.verdict == verdict
    assert (pair.interval[0] > 0) == bool(verdict)
    assert judged(release, {"all": every, "none": none})["all"] == (1, 1 if verdict else 2)


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
    figures = release.strata.linear(range(7))
    beyond = critical(len(board), int(figures.images[figures.at(figure)]))
    expected = {}
    for name, correct in board.items():
        zs = []
        for other, its in board.items():
            pair = compare(its, correct, release, range(7)).differences[figure] if other != name else None
            zs.append(pair.z if pair else 0)
        expected[name] = (1 + sum(z > beyond for z in zs), len(board) - sum(z < -beyond for z in zs))
    found = judged(release, board, figure)
    assert found == expected
    assert len(set(found.values())) > 3


def test_the_order_in_which_entries_come_plays_no_part(release: Release, board: dict[str, Flags]) -> None:
    names = list(board)
    expected = judged(release, board)
    for seed in range(3):
        random.Random(seed).shuffle(names)
        assert judged(release, {name: board[name] for name in names}) == expected


@pytest.mark.parametrize("block", [1, 7, 29, 30, 31])
def test_blocks_play_no_part(
    release: Release, board: dict[str, Flags], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = judged(release, board)
    monkeypatch.setattr("scoring.statistics.boards.BLOCK", block)
    assert judged(release, board) == expected


@pytest.mark.parametrize("seed", range(3))
def test_one_by_one_is_all_at_once(release: Release, board: dict[str, Flags], seed: int) -> None:
    """Entries come, go, and change their division, one at a time and a few at once; some are partial."""
    figures = ["overall", "object-analysis", "GoodsAD", "detection/recall"]
    parts = {name: range(7) if number % 5 else [4, 6] for number, name in enumerate(board)}

    def added() -> Board[str]:
        made: Board[str] = Board(release, figures, 2)
        for name, correct in board.items():
            made.add(name, packed(correct), parts[name])
        return made

    chance = random.Random(seed)
    kept = added()
    there: dict[str, list[bool]] = {}
    for step in range(60):
        for name in chance.sample(list(board), 1 + step % 3):
            if name in there and chance.random() < (0.1 if step < 30 else 0.7):
                there.pop(name)
            else:
                there[name] = [True, chance.random() < 0.5]
        # What is not there is forgotten, and has to be made known again.
        for name in there:
            kept.add(name, packed(board[name]), parts[name])
        kept.settle(there)
        anew = added()
        anew.settle(there)
        for figure in figures:
            expected = anew.judged(figure)
            assert {name: kept.judged(figure)[name] for name in there} == expected


def test_one_that_moves_is_judged_beside_the_others_alone(
    release: Release, board: dict[str, Flags], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = board_of(release, board)
    rest = {name: correct for name, correct in board.items() if name != "e7"}
    expected = judged(release, rest)
    monkeypatch.delattr(Board, "_judge")
    members = {name: [True] for name in rest}
    assert kept.moves(members) == 1
    kept.settle(members)
    assert ranges_of(kept, rest) == expected
    assert kept.moves(members) == 0


def test_where_the_critical_value_moves_everybody_is_judged_anew(
    release: Release, board: dict[str, Flags]
) -> None:
    kept = board_of(release, board)
    sixteen = dict(list(board.items())[:16])
    members = {name: [True] for name in sixteen}
    assert kept.moves(members) == 32
    kept.settle(members)
    assert ranges_of(kept, sixteen) == judged(release, sixteen)


def test_bounds_decide_only_what_they_can(release: Release, board: dict[str, Flags]) -> None:
    """Verdicts on one beside the others are those of the exact errors, wherever a bound stands for one."""
    names = list(board)
    expected = judged(release, board)
    for name in ("e0", "e13", "e26", "nearly"):
        kept = board_of(release, board)
        kept.settle({other: [True] for other in names if other != name})
        kept.add(name, packed(board[name]))
        kept.settle({other: [True] for other in names})
        assert ranges_of(kept, names) == expected


def test_who_is_better_and_who_is_worse_is_the_same_of_both(
    release: Release, board: dict[str, Flags]
) -> None:
    names = list(board)
    found = judged(release, board)
    better = sum(low - 1 for low, _ in found.values())
    worse = sum(len(names) - high for _, high in found.values())
    assert better == worse > 0


def test_of_what_is_not_known_nothing_is_said(release: Release, board: dict[str, Flags]) -> None:
    kept = board_of(release, board)
    kept.settle({name: [True] for name in [*board, "unknown"]})
    assert set(kept.judged("overall")) == set(board)
    assert ranges_of(kept, board) == judged(release, board)


def test_partial_entries_stand_in_their_own_columns(release: Release, board: dict[str, Flags]) -> None:
    kept: Board[str] = Board(release, ["overall", "defect-analysis"], 1)
    for name, correct in board.items():
        kept.add(name, packed(correct))
    kept.add("part", packed(board["e26"] & (release.subtasks == 4)), scored=[4])
    kept.settle({name: [True] for name in [*board, "part"]})
    assert ranges_of(kept, board) == judged(release, board)
    found = kept.judged("defect-analysis")
    assert found["part"] == found["e26"] != ([0], [0])


def test_excluded_questions_play_no_part(release: Release, board: dict[str, Flags]) -> None:
    less = release.excluding(release.ids[::3])
    changed = {name: correct ^ ~less.counted for name, correct in board.items()}
    assert judged(less, board) == judged(less, changed)


def test_bits_come_back_as_they_were(release: Release) -> None:
    correct = some_right(release)
    assert (unpack(packed(correct), release) == correct).all()

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar

from scoring.release import Release
from scoring.statistics.pairs import Table, compare, mcnemar_mid_p
from tests.scoring.statistics.shapes import flat, some_right


def test_a_pair_by_hand() -> None:
    """100 images of one question: one is right on all, one on ninety."""
    release = flat(100)
    first, second = np.ones(100, dtype=bool), np.arange(100) >= 10
    pair = compare(first, second, release, [0])
    found = pair.differences["overall"]
    assert found is not None
    assert found.difference == pytest.approx(10)
    error = math.sqrt(100 / 99 * (10 * 0.9**2 + 90 * 0.1**2)) / 100
    assert found.error == pytest.approx(100 * error)
    assert found.z == pytest.approx(0.1 / error)
    assert found.interval == pytest.approx((10 - 198.4217 * error, 10 + 198.4217 * error), rel=1e-6)
    assert found.verdict == 1
    assert pair.table == Table(both=90, first=10, second=0, neither=0)
    assert pair.mid_p == pytest.approx(2 * 0.5**10 - 0.5**10)


def test_all_signs_turn_when_the_two_change_places(release: Release) -> None:
    first, second = some_right(release, 0.8, seed=1), some_right(release, 0.6, seed=2)
    there, back = (compare(*two, release, range(7)) for two in ((first, second), (second, first)))
    assert set(there.differences) == set(back.differences)
    for name, one in there.differences.items():
        other = back.differences[name]
        assert one is not None
        assert other is not None
        assert one.difference == -other.difference
        assert (one.error, one.z, one.verdict) == (other.error, -(other.z or 0), -other.verdict)
        assert one.interval == (-other.interval[1], -other.interval[0])
    assert there.mid_p == back.mid_p
    assert there.table == Table(back.table.both, back.table.second, back.table.first, back.table.neither)
    assert {each.verdict for each in there.differences.values() if each} == {0, 1}


def test_the_interval_leaves_out_zero_exactly_when_there_is_a_verdict(release: Release) -> None:
    for seed in range(20):
        pair = compare(
            some_right(release, 0.75, seed), some_right(release, 0.7, seed + 50), release, range(7)
        )
        for found in pair.differences.values():
            assert found is not None
            assert (found.interval[0] > 0 or found.interval[1] < 0) == (found.verdict != 0)


def test_identical_answers_cannot_be_told_apart(release: Release) -> None:
    correct = some_right(release)
    pair = compare(correct, correct, release, range(7))
    assert {
        (each.difference, each.error, each.z, each.verdict) for each in pair.differences.values() if each
    } == {(0, 0, 0, 0)}
    assert pair.mid_p == 1


def test_a_difference_on_which_all_images_agree_is_as_sure_as_there_are_images() -> None:
    release = flat(30)
    found = compare(np.ones(30, dtype=bool), np.zeros(30, dtype=bool), release, [0]).differences["overall"]
    assert found is not None
    assert found.z == pytest.approx(math.sqrt(30**2 - 1) / 2)
    assert found.interval == pytest.approx((100 - 2.04523 * 200 / math.sqrt(30**2 - 1), 100))
    assert found.verdict == 1


def test_of_some_subtasks_there_is_the_mean_of_those_and_of_all_the_overall_figure(release: Release) -> None:
    first, second = some_right(release, 0.8, seed=1), some_right(release, 0.7, seed=2)
    assert compare(first, second, release, range(7)).shared is None
    slugs = release.definition.subtask_slugs
    one, two = compare(first, second, release, [3]), compare(first, second, release, [5, 2])
    assert one.shared == one.differences[slugs[3]]
    by_subtask = [two.differences[slugs[at]] for at in (2, 5)]
    assert two.shared is not None
    assert two.shared.difference == pytest.approx(sum(each.difference for each in by_subtask if each) / 2)
    back = compare(second, first, release, [5, 2]).shared
    assert back is not None
    assert (back.difference, back.error, back.verdict) == (
        -two.shared.difference,
        two.shared.error,
        -two.shared.verdict,
    )


def test_one_image_says_nothing() -> None:
    release = flat(1, 9)
    pair = compare(np.ones(9, dtype=bool), np.zeros(9, dtype=bool), release, [0])
    assert set(pair.differences.values()) == {None}
    assert pair.table == Table(0, 9, 0, 0)


def test_questions_that_do_not_count_are_in_no_table(release: Release) -> None:
    less = release.excluding(release.ids[::5])
    nothing = np.zeros(release.size, dtype=bool)
    pair = compare(~nothing, nothing, less, [0, 1])
    expected = int(np.count_nonzero(less.counted & (release.subtasks <= 1)))
    assert pair.table == Table(0, expected, 0, 0)
    assert set(pair.differences) & {"overall", "VisA", "defect-analysis", "detection/miss"} == set()


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (3, 3), (7, 12), (400, 350), (20_000, 10)])
def test_mid_p_is_the_exact_p_less_half_the_point(first: int, second: int) -> None:
    exact = mcnemar([[5, first], [second, 5]], exact=True).pvalue if first != second else 1
    point = binom.pmf(min(first, second), first + second, 0.5) if first != second else 0
    assert mcnemar_mid_p(first, second) == pytest.approx(exact - point, abs=1e-12)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mid_p_is_symmetric_and_a_probability(first: int, second: int) -> None:
    assert 0 <= mcnemar_mid_p(first, second) == mcnemar_mid_p(second, first) <= 1

import pytest
from scipy.stats import t as student_t

from scoring.statistics.student import quantile, within


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 14, 39, 199, 200, 1499, 8365, 100_001])
def test_quantiles_are_scipy_s(freedom: int) -> None:
    assert quantile(freedom) == pytest.approx(student_t.ppf(0.975, freedom), rel=1e-10)


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 101])
@pytest.mark.parametrize("t", [0.0, 0.3, 2.0, 40.0])
def test_probabilities_are_scipy_s(t: float, freedom: int) -> None:
    assert within(t, freedom) == pytest.approx(1 - 2 * student_t.sf(t, freedom), abs=1e-12)

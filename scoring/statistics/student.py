"""Quantiles of Student's t distribution, for whole degrees of freedom."""

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np

LEVEL = 0.95
NORMAL = NormalDist().inv_cdf((1 + LEVEL) / 2)  # 1.96
STEPS = 100


def within(t: float, freedom: int) -> float:
    """The probability that |T| is at most t. Abramowitz & Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    is_odd = freedom % 2
    # Each term is the one before it times cos^2 x (its number) / (the next).
    numbers = np.arange(1 + is_odd, freedom - 2, 2, dtype=np.float64)
    series = float(np.cumprod(cosine**2 * numbers / (numbers + 1)).sum())
    if not is_odd:
        return sine * (1 + series)
    rest = sine * cosine * (1 + series) if freedom > 1 else 0.0
    return 2 / math.pi * (angle + rest)


@lru_cache(maxsize=4096)
def quantile(freedom: int) -> float:
    """The t that |T| exceeds with a probability of 5 %; `freedom` is at least 1."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    t = NORMAL
    # Newton's steps from below: the probability is concave in t, so none of them goes too far.
    for _ in range(STEPS):
        density = scale * math.exp(-(freedom + 1) / 2 * math.log1p(t * t / freedom))
        step = (LEVEL - within(t, freedom)) / (2 * density)
        t += step
        if abs(step) < 1e-13 * t:
            break
    return t

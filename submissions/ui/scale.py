"""The scale that intervals are drawn on: a part of 0 to 100 with its ends on round figures, ticked like a rule."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.safestring import SafeString

from submissions.ui import format as figures

STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10)
MOST_TICKS = 10
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Tick:
    x: str
    text: SafeString


@dataclass(frozen=True, slots=True)
class Scale:
    """From `start` to `end`, in percent points, with a tick at every `step`."""

    start: float
    end: float
    step: float

    @classmethod
    def around(cls, intervals: Iterable[Sequence[float]]) -> Self | None:
        """The smallest with at most ten steps that holds them all; None without any."""
        ends = [end for interval in intervals for end in interval]
        if not ends:
            return None
        low, high = min(ends), max(ends)
        for step in STEPS:
            start, end = math.floor(low / step + ROUNDING), math.ceil(high / step - ROUNDING)
            if end - start <= MOST_TICKS:
                break
        if start == end:
            start, end = (start - 1, end) if high >= 100 else (start, end + 1)
        return cls(start * step, end * step, step)

    def across(self, value: float) -> str:
        """A figure's place, in percent of the width."""
        return f"{min(max(100 * (value - self.start) / (self.end - self.start), 0.0), 100.0):.1f}%"

    def holds(self, value: float) -> bool:
        return self.start <= value <= self.end

    @property
    def ticks(self) -> list[Tick]:
        count = round((self.end - self.start) / self.step)
        decimals = 0 if self.step >= 1 else 1
        values = [self.start + number * self.step for number in range(count + 1)]
        return [Tick(self.across(value), figures.score(value, decimals)) for value in values]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A score with its interval on a scale; `gain_x` is where it stands without the luck of several tries, which is
    below zero where lower scores are better."""

    scale: Scale
    x: str
    low_x: str
    high_x: str
    gain_x: str = ""

    @classmethod
    def of(
        cls,
        score: float | None,
        interval: Sequence[float] | None,
        gain: float | None = None,
        scale: Scale | None = None,
    ) -> Self | None:
        """None where there is no score or no interval. Without a scale, on one with room on both sides."""
        if score is None or interval is None:
            return None
        room = interval[1] - interval[0]
        scale = scale or Scale.around([(max(interval[0] - room, 0), min(interval[1] + room, 100))])
        if scale is None:
            return None
        return cls(
            scale=scale,
            x=scale.across(score),
            low_x=scale.across(interval[0]),
            high_x=scale.across(interval[1]),
            gain_x=scale.across(score - gain) if gain else "",
        )

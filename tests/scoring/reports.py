"""Reports as tests compare them."""

from dataclasses import replace

from scoring.answers.sheet import Sheet
from scoring.evaluate import Evaluation, carry, score_all
from scoring.release import Release
from scoring.report import Report


def undrawn(report: Report) -> Report:
    """Without the intervals that rest on draws, which follow from the release's digest."""
    drawn = ("precision", "f1")
    kept = {name: ends for name, ends in report.intervals.items() if not name.endswith(drawn)}
    return replace(report, intervals=kept)


def rescore(sheet: Sheet, of: Release, to: Release) -> Evaluation:
    """What was said of one release's questions, scored against another."""
    return score_all([carry(sheet, of, to)], to)[0]

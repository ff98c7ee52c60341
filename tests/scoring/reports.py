"""Reports as tests compare them."""

from dataclasses import replace

from scoring.report import Report


def undrawn(report: Report) -> Report:
    """Without the intervals that rest on draws, which follow from the release's digest."""
    drawn = ("precision", "f1")
    kept = {name: ends for name, ends in report.intervals.items() if not name.endswith(drawn)}
    return replace(report, intervals=kept)

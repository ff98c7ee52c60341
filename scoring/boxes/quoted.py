"""Results on MMR-AD that others have printed: quoted, not verified."""

import csv
from importlib import resources
from typing import NamedTuple


class QuotedResult(NamedTuple):
    """Figures in percent by column, such as "mvtec/detection"; `source` says where they were printed."""

    name: str
    figures: dict[str, float]
    flags: str
    source: str


def results() -> list[QuotedResult]:
    """Those in scoring/benchmarks/mmr-ad/quoted_results.csv, in its order."""
    text = resources.files("scoring.benchmarks").joinpath("mmr-ad", "quoted_results.csv").read_text("utf-8")
    return [
        QuotedResult(
            name=row["name"],
            figures={column: float(value) for column, value in row.items() if "/" in column and value},
            flags=row["flags"],
            source=row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    ]

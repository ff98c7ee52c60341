"""The quoted results that the repository restates beside a benchmark's definition."""

from collections import defaultdict
from importlib import resources
from statistics import fmean

from scoring import definition
from scoring.benchmarks.mmad import tables
from submissions import quoted_file
from submissions.quoted_file import AUTHORS, BALANCED, Result


def results(slug: str) -> list[Result]:
    """The printed results beside the benchmark's definition, and for MMAD its authors' tables before them."""
    papers = resources.files("scoring.benchmarks").joinpath(slug, "quoted_results.csv")
    if not papers.is_file():
        return []
    published = tables.published_models() if slug == "mmad" else ()
    with papers.open("rb") as file:
        return [
            *map(_published, published),
            *quoted_file.read_open(file, papers.name, definition.load(slug)),
        ]


def _published(model: tables.PublishedModel) -> Result:
    """One of the authors' tables: the averages as printed, cells and rates from the counts behind them."""
    shares = {place: 100 * count.correct / count.read for place, count in model.counts.items()}
    by_cell: defaultdict[str, list[float]] = defaultdict(list)
    for place, share in shares.items():
        by_cell[f"{place.source_dataset}/{place.subtask}"].append(share)
    # Detection is balanced: the mean of its two classes. Every other cell has one.
    cells = {column: fmean(both) for column, both in by_cell.items()}
    shots = model.settings.get("shots")
    return Result(
        name=model.name,
        source=AUTHORS,
        figures={**model.averages, **cells, **_rates(model)},
        flags="" if model.complete else "answers are missing, and left out of the denominator",
        shots=None if shots is None else int(shots),
    )


def _rates(model: tables.PublishedModel) -> dict[str, float]:
    """The means over source datasets of the rates of detection, in percent."""
    by_dataset: defaultdict[str, dict[str, tables.Count]] = defaultdict(dict)
    for place, count in model.counts.items():
        if place.subtask == BALANCED:
            by_dataset[place.source_dataset][place.truth_class] = count
    means: defaultdict[str, list[float]] = defaultdict(list)
    for classes in by_dataset.values():
        normal, abnormal = classes["normal"], classes["abnormal"]
        false_alarms = normal.read - normal.correct
        recall = 100 * abnormal.correct / abnormal.read
        means["recall"].append(recall)
        means["miss"].append(100 - recall)
        means["overkill"].append(100 * false_alarms / normal.read)
        # These two compare the classes' sizes, which are not known where answers are missing.
        if model.complete:
            flagged = abnormal.correct + false_alarms
            precision = 100 * abnormal.correct / flagged if flagged else 0.0
            both = precision + recall
            means["precision"].append(precision)
            means["f1"].append(2 * precision * recall / both if both else 0.0)
    return {f"detection/{rate}": fmean(values) for rate, values in means.items()}

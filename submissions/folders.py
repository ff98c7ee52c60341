"""A benchmark's folder: what it says, what loading it would do, and doing it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from scoring import kinds
from scoring.boxes.importer import NORMAL
from scoring.boxes.release import BoxRelease
from scoring.folder.reader import Folder, read
from scoring.kinds import AnyRelease
from scoring.release import Release as Content
from submissions import benchmarks, disputes, releases, truths
from submissions.models import Benchmark

__all__ = ["Folder", "foreseen", "load", "read"]


_LEVELS = {"source_dataset": "source datasets", "subtask": "subtasks", "category": "categories"}
_USUAL_LIMITS = "5 a day, 200 in all, 20 public entries"


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _categories(number: int) -> str:
    return _counted(number, "category", "categories")


def load(found: Folder) -> benchmarks.Loaded:
    """Publish it and set what it says of its benchmark, see `benchmarks.load`."""
    return benchmarks.load(found.content, slug=found.content.definition.slug, **_wanted(found))


def _wanted(found: Folder) -> dict[str, Any]:
    """What it says of its benchmark; None is left as it is."""
    said = found.spec
    return {
        "name": said.name,
        "summary": said.summary or None,
        "daily_limit": said.limits.daily,
        "total_limit": said.limits.total,
        "public_entries_limit": said.limits.public_entries,
        "disclosure": said.disclosure,
    }


def foreseen(found: Folder) -> Iterator[str]:
    """What the folder holds and what loading it would do, in lines for the console. Changes nothing."""
    content = found.content
    yield from _images(content) if isinstance(content, BoxRelease) else _questions(content)
    yield from _settings(found)
    if found.ignored:
        yield f"columns that nothing is read from: {', '.join(found.ignored)}"
    yield from _outcome(found)


def _settings(found: Folder) -> Iterator[str]:
    """What is set of the benchmark; what the folder leaves out stays, and of a new one is what it is of any."""
    said, rules = found.spec, found.content.definition
    usual = releases.usual_disclosure(rules, rules.slug, is_standin=False)
    yield f"disclosure: {said.disclosure or f'{usual} where it is new'}"
    is_told = said.disclosure == "cells" and not rules.answers_public
    if is_told and rules.asks_for_boxes:
        yield "WARNING: cells are told by category, and a category of few images tells what is true of each"
    limits = said.limits
    each = {"a day": limits.daily, "in all": limits.total, "public entries": limits.public_entries}
    given = [f"{value} {what}" for what, value in each.items() if value is not None]
    left = f"left as they are (of a new benchmark {_USUAL_LIMITS})"
    yield f"limits of a team: {', '.join(given) or left}"


def _questions(content: Content) -> Iterator[str]:
    rules = content.definition
    clusters = len(set(content.clusters or content.images))
    yield f"{rules.name} ({rules.slug}): {_counted(content.size, 'question')} in {clusters} images or clusters"
    yield f"digest {content.digest}"
    counts = [int((content.option_counts == number).sum()) for number in range(27)]
    options = ", ".join(f"{count} with {number}" for number, count in enumerate(counts) if count)
    yield f"options: {options}"
    for position, subtask in enumerate(rules.subtasks):
        at = content.subtasks == position
        classes = (
            f", {int(content.abnormal[at].sum())} of them abnormal" if "balanced" in subtask.metric else ""
        )
        yield f"subtask {subtask.slug}: {_counted(int(at.sum()), 'question')}, {subtask.metric}{classes}"
        if not at.any():
            yield f"WARNING: no question is of the subtask {subtask.slug}: nothing gets a score in it"
    for position, name in enumerate(rules.source_datasets):
        yield f"source dataset {name}: {_counted(int((content.source_datasets == position).sum()), 'question')}"
    means = " of means over ".join(_LEVELS[level] for level in rules.average_over)
    better = "lower is better" if rules.lower_is_better else "higher is better"
    yield f"overall: {f'the mean over {means}' if means else 'the share of all questions'}; {better}"


def _images(content: BoxRelease) -> Iterator[str]:
    rules = content.definition
    categories = _categories(len(content.category_names))
    yield f"{rules.name} ({rules.slug}): {_counted(content.size, 'image')} in {categories}"
    yield f"digest {content.digest}"
    anomalous, without = int(content.anomalous.sum()), int((~content.located).sum())
    unlocated = f" ({without} of them without a box: they count for detection alone)" if without else ""
    yield (
        f"anomalous: {_counted(anomalous, 'image')}{unlocated}; not anomalous: {content.size - anomalous}; "
        f"{_counted(len(content.boxes), 'box', 'boxes')}"
    )
    known = int(content.sizes.all(axis=1).sum())
    if known == content.size:
        yield "sizes in pixels: known of all images, so answers may be in any frame"
    else:
        yield f"sizes in pixels: known of {known} images, so answers in the frame pixels are refused"
    telling = sum(bool(NORMAL & set(map(str.casefold, image.split("/")))) for image in content.ids)
    if telling and not rules.answers_public:
        yield (
            f"WARNING: {telling} paths hold good, normal or ok, and paths are public: whoever reads them knows which "
            "images are normal. Rename the images"
        )
    pairs = list(zip(content.source_datasets.tolist(), content.categories, strict=True))
    with_boxes = {pair for pair, count in zip(pairs, content.true_counts.tolist(), strict=True) if count}
    for position, name in enumerate(rules.source_datasets):
        its = [pair for pair in content.category_names if pair[0] == position]
        images = int(np.count_nonzero(content.source_datasets == position))
        lacking = len(set(its) - with_boxes)
        left_out = f", {lacking} of them without any box: localization leaves these out" if lacking else ""
        yield f"source dataset {name}: {_counted(images, 'image')} in {_categories(len(its))}{left_out}"
    yield "overall: the mean of detection and localization, each the mean over categories; higher is better"


def _outcome(found: Folder) -> Iterator[str]:
    content: AnyRelease = found.content
    wanted = benchmarks.given(_wanted(found))
    benchmark = Benchmark.objects.with_release().filter(slug=content.definition.slug).first()
    if benchmark is None or benchmark.current_release is None:
        yield "load_benchmark would open it as a new benchmark"
        return
    releases.refuse_another_kind(benchmark, content.definition)
    content = content.excluding(disputes.excluded(benchmark.slug))
    changes = benchmarks.differences(benchmark, wanted)
    if benchmark.current_release.digest == content.digest:
        is_reworded = benchmark.current_release.rules != content.definition
        if not changes and not is_reworded:
            yield "load_benchmark would change nothing: this is its current release"
            return
        yield "load_benchmark would make no release: this is the current one"
        if is_reworded:
            yield "it would take over the texts of its rules at once"
        yield from _at_once(changes)
        return
    before = truths.decoded(benchmark.current_release.digest)
    moved = kinds.changes(before, content)
    counted = ", ".join(f"{sum(by.values())} {kind.replace('_', ' ')}" for kind, by in moved.items() if by)
    yield f"load_benchmark would make a draft of {benchmark.slug}: {counted or 'other rules, the same questions'}"
    yield from _at_once(changes)


def _at_once(changes: list[benchmarks.Change]) -> Iterator[str]:
    """Nothing of it waits for a draft to become current."""
    for change in changes:
        yield f"it would set at once {change}"

"""A benchmark's folder: what it says, what loading it would do, and doing it."""

from collections.abc import Iterator

from scoring import kinds
from scoring.folder.reader import Folder, read
from scoring.release import Release as Content
from submissions import disputes, releases, truths
from submissions.models import Benchmark, Release

__all__ = ["Folder", "foreseen", "load", "read"]


def load(found: Folder) -> tuple[Release, releases.Outcome]:
    """Publish it, see `releases.publish`."""
    said, content = found.spec, found.content
    return releases.publish(
        content,
        slug=content.definition.slug,
        name=said.name,
        summary=said.summary or None,
        daily_limit=said.limits.daily,
        total_limit=said.limits.total,
        public_entries_limit=said.limits.public_entries,
        disclosure=said.disclosure,
    )


def foreseen(found: Folder) -> Iterator[str]:
    """What the folder holds and what loading it would do, in lines for the console. Changes nothing."""
    content = found.content
    rules = content.definition
    clusters = len(set(content.clusters or content.images))
    yield f"{rules.name} ({rules.slug}): {content.size} questions in {clusters} images or clusters"
    yield f"digest {content.digest}"
    counts = [int((content.option_counts == number).sum()) for number in range(27)]
    options = ", ".join(f"{count} with {number}" for number, count in enumerate(counts) if count)
    yield f"options: {options}"
    for position, subtask in enumerate(rules.subtasks):
        at = content.subtasks == position
        classes = (
            f", {int(content.abnormal[at].sum())} of them abnormal" if "balanced" in subtask.metric else ""
        )
        yield f"subtask {subtask.slug}: {int(at.sum())} questions, {subtask.metric}{classes}"
    for position, name in enumerate(rules.source_datasets):
        yield f"source dataset {name}: {int((content.source_datasets == position).sum())} questions"
    means = " of means over ".join(f"{level.replace('_', ' ')}s" for level in rules.average_over)
    better = "lower is better" if rules.lower_is_better else "higher is better"
    yield f"overall: {f'the mean over {means}' if means else 'the share of all questions'}; {better}"
    if found.ignored:
        yield f"columns that nothing is read from: {', '.join(found.ignored)}"
    yield _outcome(content)


def _outcome(content: Content) -> str:
    benchmark = Benchmark.objects.with_release().filter(slug=content.definition.slug).first()
    if benchmark is None or benchmark.current_release is None:
        return "load_benchmark would open it as a new benchmark"
    releases.refuse_another_kind(benchmark, content.definition)
    content = content.excluding(disputes.excluded(benchmark.slug))
    if benchmark.current_release.digest == content.digest:
        return "load_benchmark would change texts and settings at most: this is its current release"
    before = truths.decoded(benchmark.current_release.digest)
    changes = kinds.changes(before, content)
    counted = ", ".join(f"{sum(by.values())} {kind.replace('_', ' ')}" for kind, by in changes.items() if by)
    return f"load_benchmark would make a draft of {benchmark.slug}: {counted or 'other rules, the same questions'}"

"""What of a report may be shown: a benchmark decides how much its scores give away."""

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from submissions import storage
from submissions.models import Benchmark, Release, Report, Submission

# The table of sub-scores is the leak, not the score (Vernier's design, limits on what scores give away).
# Of a partial file, what pools all questions is its subtask's own figure.
_BY_SUBTASK = (
    *("cells", "detection_by_dataset", "micro", "official_compatible"),
    *("categories", "further_by_dataset", "boxes"),
)
_OVERALL_ONLY = (
    *_BY_SUBTASK,
    "subtasks",
    "datasets",
    "detection",
    "further",
    "readings",
    "commonest_by_subtask",
)


def current(submission: Submission) -> Report | None:
    """The report that the submission's score stands on."""
    reports = Report.objects.filter(submission=submission, release=submission.release).select_related(
        "release"
    )
    return reports.order_by("-created_at", "-id").first()


def on(submission: Submission, digest: str) -> Report | None:
    """The report on it against the public release whose digest begins so; None where there is none."""
    release = Release.objects.public().filter(benchmark=submission.benchmark_id).named(digest).first()
    return _told(submission).filter(fault="", release=release).last()


def elsewhere(submission: Submission) -> list[Report]:
    """What was said of it against other public releases than the one of its score, the earliest first."""
    return list(_told(submission).exclude(release=submission.release))


def problems(submission: Submission) -> list[dict[str, Any]]:
    """Everything that was found wrong with the file, 10,000 at most; the row has the first 20. Of a sound one, nothing.

    Raises StorageUnavailableError.
    """
    try:
        found: list[dict[str, Any]] = json.loads(storage.answers().get(submission.problems_key))
    except storage.MissingObjectError:
        return []
    return found


def _told(submission: Submission) -> QuerySet[Report]:
    """Every report that is not a draft's, which organizers alone know of."""
    told = Report.objects.filter(submission=submission, release__became_current_at__isnull=False)
    return told.select_related("release").order_by("release__became_current_at", "id")


def disclosed(body: Mapping[str, Any], benchmark: Benchmark) -> dict[str, Any]:
    """The report without what the benchmark keeps to itself."""
    hidden: tuple[str, ...] = ()
    if benchmark.disclosure == Benchmark.Disclosure.OVERALL:
        hidden = _OVERALL_ONLY
    elif benchmark.disclosure == Benchmark.Disclosure.SUBTASKS:
        hidden = _BY_SUBTASK
    shown = {key: value for key, value in body.items() if key not in hidden}
    # A report of an earlier scorer has none.
    if "intervals" in shown:
        shown["intervals"] = {key: value for key, value in shown["intervals"].items() if key not in hidden}
    return shown


def shows_column(benchmark: Benchmark, column: str) -> bool:
    """Whether a figure of this column may be shown."""
    if benchmark.disclosure == Benchmark.Disclosure.OVERALL:
        return column == "overall"
    if benchmark.disclosure == Benchmark.Disclosure.SUBTASKS:
        # What stands beside a subtask, as detection/recall does, is no cell.
        return column.partition("/")[0] not in benchmark.rules.source_datasets or "/" not in column
    return True

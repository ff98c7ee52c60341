"""What was wrong with an answer file: causes first, then lines, then the way out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from submissions import messages
from submissions.csv_cells import harmless
from submissions.models import Submission
from submissions.ui import format as figures
from submissions.ui.life import Cause, ProblemLine, Rejection

HEADER = ("line", "field", "code", "problem")


def view(submission: Submission) -> Rejection:
    """Causes with their counts, most frequent first, the first lines, and what to do about each cause."""
    counts: Mapping[str, int] = submission.error_counts
    by_count = sorted(counts, key=lambda code: (-counts[code], code))
    return Rejection(
        causes=tuple(Cause(messages.cause(code), figures.count(counts[code])) for code in by_count),
        lines=tuple(
            ProblemLine(
                text=messages.problem(problem["code"], problem["params"], field=problem["field"]),
                line="" if problem["line"] is None else figures.count(problem["line"]),
                field=problem["field"] or "",
            )
            for problem in submission.errors
        ),
        total=figures.count(submission.errors_total),
        more=submission.errors_total > len(submission.errors),
        advice=tuple(messages.advice(by_count, submission.benchmark.rules.kind)),
    )


def table(problems: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """The problems as rows of a file, after its header, with their sentences."""
    yield HEADER
    for problem in problems:
        said = messages.problem(problem["code"], problem["params"], field=problem["field"])
        line = "" if problem["line"] is None else str(problem["line"])
        # The file quotes what the sender wrote.
        yield line, harmless(problem["field"] or ""), problem["code"], harmless(said)

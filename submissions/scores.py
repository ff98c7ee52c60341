"""What scoring said of a submission, as rows: its report and its figures, against one release."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from scoring import kinds
from scoring.kinds import AnyReport
from submissions.models import Benchmark, Figure, Pair, Release, Report, Submission


@dataclass(frozen=True, slots=True)
class Score:
    """A submission with the report on it; without one, the code of what was in the way."""

    submission: Submission
    report: AnyReport | None
    fault: str = ""


def write(found: Sequence[Score], release: Release) -> None:
    """Keep these reports and their figures, none of which is on the board yet. Again: they replace the first.

    To be called in a transaction.
    """
    submissions = [each.submission for each in found]
    Report.objects.bulk_create(
        [_report(each, release) for each in found],
        update_conflicts=True,
        unique_fields=["submission", "release", "scorer_version"],
        update_fields=["score", "low", "high", "present", "coverage", "commonest", "body", "fault"],
    )
    Figure.objects.filter(submission__in=submissions, release=release).delete()
    # What was compared of them was of what is replaced here.
    for either in ("first", "second"):
        Pair.objects.filter(release=release, **{f"{either}__in": submissions}).delete()
    with connection.cursor() as cursor:
        cursor.executemany(_FIGURES, list(_figures(found, release)))


# Written out: the ORM takes longer to make 45 rows than the worker to score the file.
_FIGURES = """
INSERT INTO submissions_figure
    (benchmark_id, submission_id, release_id, "column", score, low, high, sort_key, sent_at, shown, archived)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, FALSE, FALSE)
"""


def _figures(found: Sequence[Score], release: Release) -> Iterator[tuple[Any, ...]]:
    rules = release.rules
    for each in found:
        if each.report is None:
            continue
        submission = each.submission
        key = Submission._meta.pk.get_db_prep_value(submission.pk, connection)
        sent_at = connection.ops.adapt_datetimefield_value(submission.received_at)
        for column, score in each.report.figures():
            sort_key = Figure.MISSING if score is None else rules.sort_key(score)
            ends = each.report.ends(column)
            yield submission.benchmark_id, key, release.pk, column, score, *ends, sort_key, sent_at


def _report(found: Score, release: Release) -> Report:
    made = Report(
        submission=found.submission,
        release=release,
        scorer_version=kinds.of(release.rules).scorer_version,
        body={},
        fault=found.fault,
    )
    if found.report is not None:
        made.body = found.report.to_dict()
        made.score, made.present, made.coverage = (
            found.report.score,
            found.report.present,
            found.report.coverage,
        )
        made.commonest = found.report.commonest and found.report.commonest.share
        made.low, made.high = found.report.ends("overall")
    return made


def adopt(benchmark: Benchmark, only: Sequence[Submission] = ()) -> None:
    """Let submissions stand on what was scored against the current release; those without keep their earlier score.

    The caller holds the benchmark's row.
    """
    pk = Submission._meta.pk
    ids = [pk.get_db_prep_value(each.pk, connection) for each in only]
    narrowed = f"AND submission_id IN ({', '.join(['%s'] * len(ids))})" if ids else ""
    version = kinds.of(benchmark.rules).scorer_version
    with connection.cursor() as cursor:
        cursor.execute(
            _ADOPT.format(only=narrowed), [benchmark.current_release_id, version, *ids, benchmark.pk]
        )


_ADOPT = """
WITH told AS MATERIALIZED (
    SELECT submission_id, release_id, score, low, high, present, coverage, commonest FROM submissions_report
    WHERE release_id = %s AND scorer_version = %s AND fault = '' {only}
)
UPDATE submissions_submission
SET release_id = told.release_id, score = told.score, low = told.low, high = told.high,
    present = told.present, coverage = told.coverage,
    commonest = told.commonest
FROM told
WHERE told.submission_id = submissions_submission.id AND submissions_submission.benchmark_id = %s
      AND submissions_submission.status = 'scored'
"""

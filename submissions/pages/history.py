"""A submission's line in an entry's or a team's list."""

from submissions.models import Entry, Submission
from submissions.ui import format as figures
from submissions.ui.life import HistoryRow


def row(submission: Submission, entry: Entry, *, url: str = "") -> HistoryRow:
    """The line of one of the entry's submissions; it leads to the submission's own page unless it is given another."""
    return HistoryRow(
        url=url or submission.get_absolute_url(),
        received=figures.when(submission.received_at, seconds=True),
        status=submission.status,
        status_text=submission.get_status_display(),
        score=figures.score(submission.score, 2),
        coverage=figures.share(submission.coverage),
        visibility=submission.get_visibility_display(),
        shown=submission.is_public and entry.shown_id == submission.pk and not entry.standing_due,
        reason=submission.withdrawn_reason,
        entry=entry.name,
        benchmark=entry.benchmark.name,
        held=submission.is_public and submission.is_held,
        verified=entry.verified_id == submission.pk,
    )

"""An entry as its template draws it."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from leaderboard import phrases
from leaderboard.cursors import HistoryCursor
from leaderboard.entries import Details
from leaderboard.filters import OPEN, OVERALL
from leaderboard.rivals import rivals
from submissions import provenance, reports
from submissions.models import Entry, Submission
from submissions.pages import history, report_view
from submissions.ui.life import HistoryRow, Setting


def context(found: Details) -> dict[str, Any]:
    """What leaderboard/entry.html asks for; figures are those of the shown submission."""
    entry, benchmark = found.entry, found.entry.benchmark
    # A withdrawn one stays the shown one until the worker has ranked the board without it, and so in a hidden entry.
    shown = found.shown if found.shown and found.shown.is_public and not entry.is_hidden else None
    report = reports.current(shown) if shown else None
    leader = report_view.leader_of(benchmark) if report else None
    is_first = leader is not None and shown is not None and leader.submission_id == shown.pk
    return {
        "benchmark": benchmark,
        "nav": "benchmarks",
        "entry": entry,
        "team_name": entry.team.name,
        "division_text": Entry.Division(entry.division).label,
        "report": report_view.build(report.body, benchmark, leader, tries=entry.tries) if report else None,
        "standing": report_view.standing(shown, leader)
        if report and shown and not entry.standing_due
        else None,
        "standing_due": entry.standing_due,
        "leader_name": "" if leader is None or is_first else leader.name,
        "attested": provenance.of(shown, is_ours=found.may_correct) if shown else None,
        "shown_url": shown.get_absolute_url() if shown else "",
        "settings_list": [setting(entry, name) for name in Entry.SETTINGS],
        "links_list": [
            Setting(phrases.LABELS[name], getattr(entry, name), url=getattr(entry, name))
            for name in Entry.LINKS
            if name != "note" and getattr(entry, name)
        ],
        "history": [history_row(submission, found) for submission in found.history.rows],
        "previous_url": history_url(entry, found.history.previous),
        "next_url": history_url(entry, found.history.next),
        "rivals": rivals(benchmark, entry.pk, found.ranks[OPEN].get(OVERALL)) if report else [],
        "tries": entry.tries,
        "decisions": found.decisions,
        "former_names": found.former_names,
        "correct_url": reverse("entry-correct", args=[entry.pk]) if found.may_correct else "",
        "json_url": reverse("api-entry", args=[entry.pk]),
        "report_url": reverse("entry-report", args=[entry.pk]),
    }


def history_url(entry: Entry, cursor: HistoryCursor | None) -> str:
    """The entry's page with another page of its history; empty where there is none."""
    return f"{entry.get_absolute_url()}?cursor={cursor.encode()}#history" if cursor else ""


def setting(entry: Entry, name: str) -> Setting:
    """One of the settings in words, or that it was not declared."""
    value = getattr(entry, name)
    if value in (None, ""):
        return Setting(phrases.LABELS[name], _("not declared"), declared=False)
    display = getattr(entry, f"get_{name}_display", None)
    text = display() if display else f"{value:g}" if isinstance(value, float) else str(value)
    return Setting(phrases.LABELS[name], text)


def history_row(submission: Submission, found: Details) -> HistoryRow:
    # A withdrawn submission's own page is its team's alone; its line here is for everyone.
    has_page = found.is_ours or submission.is_public
    return history.row(submission, found.entry, url="" if has_page else "#history")

"""Which teams may send: not those that their owners have archived, nor those that the organizers have banned.

Binding only while the caller holds the team's row.
"""

from submissions.models import Team
from submissions.refusals import Refusal


def refuse_silent(team: Team) -> None:
    """Raises Refusal, with the reason, when nothing is taken from the team."""
    refuse_archived(team)
    refuse_banned(team)


def refuse_archived(team: Team) -> None:
    """Raises Refusal when the team sends nothing more."""
    if team.archived_at is not None:
        raise Refusal("team-archived", team=team.slug)


def refuse_banned(team: Team) -> None:
    """Raises Refusal, with the reason, when the team is banned."""
    if team.is_banned:
        raise Refusal("team-banned", field="team", team=team.name, reason=team.banned_reason)

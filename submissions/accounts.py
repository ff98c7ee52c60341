"""The end of an account: the person goes, what their teams made stays."""

from datetime import datetime

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from submissions import audit, teams
from submissions.askers import Asker
from submissions.models import Membership, Team, User
from submissions.refusals import Refusal

OWNER = Membership.Role.OWNER


def held(user: User) -> list[Team]:
    """The teams with other members whose last owner the person is, by name: they have to be handed over first."""
    others = Membership.objects.filter(team=OuterRef("pk")).exclude(user=user)
    mine = Membership.objects.filter(team=OuterRef("pk"), user=user, role=OWNER)
    last = Team.objects.filter(Exists(mine), Exists(others)).exclude(Exists(others.filter(role=OWNER)))
    return list(last.order_by("name"))


def is_only_organizer(user: User) -> bool:
    """Whether nobody could act at the desk any more without this person."""
    return (
        user.is_staff and not User.objects.filter(is_staff=True, is_active=True).exclude(pk=user.pk).exists()
    )


def delete(user: User, *, now: datetime) -> None:
    """Remove the person with their memberships, addresses, sessions and the tokens that they made.

    Teams and what they made public stay; a team without members left is archived and its tokens end. The log of events
    knows people by number only, and keeps what they did. Raises Refusal while the person is the last owner of a team
    with other members, or the only organizer of the site; then nothing has changed.
    """
    with transaction.atomic():
        # Teams first, as whoever sends or hands over has them before the commit asks for the person.
        mine = Membership.objects.filter(user=user).values("team")
        list(Team.objects.select_for_update(no_key=True).filter(pk__in=mine).order_by("pk"))
        # Locked against a membership that is made meanwhile; all organizers, so that no two leave at once.
        list(User.objects.select_for_update().filter(Q(pk=user.pk) | Q(is_staff=True)).order_by("pk"))
        user.refresh_from_db()
        if is_only_organizer(user):
            raise Refusal("only-organizer")
        memberships = Membership.objects.filter(user=user).select_related("team")
        for membership in memberships.order_by("team"):
            teams.part_for_good(membership, by=user, now=now)
        audit.record(Asker(user=user), "account-deleted", user)
        _end_sessions(user, now=now)
        User.objects.get(pk=user.pk).delete()


def _end_sessions(user: User, *, now: datetime) -> None:
    """Sessions know their person only within what is signed: every living one is read."""
    for session in Session.objects.filter(expire_date__gt=now).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()

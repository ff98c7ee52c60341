"""What organizers decide against what teams did: each with a reason that is told, and each can be taken back."""

from datetime import datetime
from functools import partial

from django.db import transaction

from submissions import audit, names, notices, ringing
from submissions.askers import Asker
from submissions.models import Entry, Team, User
from submissions.refusals import Refusal

REASON_CHARACTERS = 500


def hide(entry: Entry, *, reason: str, by: audit.Actor, now: datetime) -> None:
    """Take an entry off the board and the ranks; its page stays and tells everybody why.

    Hidden again: the new reason stands in the old one's place.
    """
    reason = cleaned(reason)
    with transaction.atomic():
        entry = Entry.objects.select_for_update(no_key=True).get(pk=entry.pk)
        hidden_at = entry.hidden_at or now
        _place_later(entry, hidden_at=hidden_at, hidden_reason=reason)
        audit.record(by, "entry-hidden", entry, is_public=True, reason=reason)
        notices.tell(entry.team, "entry-hidden", entry, reason=reason)


def restore(entry: Entry, *, by: audit.Actor) -> None:
    """Let a hidden entry stand on the board again. Raises Refusal when it is not hidden."""
    with transaction.atomic():
        entry = Entry.objects.select_for_update(no_key=True).get(pk=entry.pk)
        if not entry.is_hidden:
            raise Refusal("not-hidden")
        _place_later(entry, hidden_at=None, hidden_reason="")
        audit.record(by, "entry-restored", entry, is_public=True)
        notices.tell(entry.team, "entry-restored", entry)


def ban(team: Team, *, reason: str, by: audit.Actor, now: datetime) -> None:
    """Take nothing from a team any more; its entries stay. Its members are told why.

    Whoever holds the team's row, as an upload does, is done first. Banned again: the new reason stands in the old
    one's place.
    """
    reason = cleaned(reason)
    with transaction.atomic():
        team = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        Team.objects.filter(pk=team.pk).update(banned_at=team.banned_at or now, banned_reason=reason)
        audit.record(by, "team-banned", team, reason=reason)
        notices.tell(team, "team-banned", team, reason=reason)


def unban(team: Team, *, by: audit.Actor) -> None:
    """Take answers from a banned team again. Raises Refusal when it is not banned."""
    with transaction.atomic():
        team = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        if not team.is_banned:
            raise Refusal("not-banned")
        Team.objects.filter(pk=team.pk).update(banned_at=None, banned_reason="")
        audit.record(by, "team-restored", team)
        notices.tell(team, "team-restored", team)


def shut_out(user: User, *, by: audit.Actor) -> None:
    """Let a person sign in no more; open sessions end with their next request. Raises Refusal for oneself."""
    _change(user, "person-shut-out", by=by, is_active=False)


def let_in(user: User, *, by: audit.Actor) -> None:
    """Let a person sign in again."""
    _change(user, "person-let-in", by=by, is_active=True)


def make_organizer(user: User, *, by: audit.Actor) -> None:
    """Give a person every right of an organizer."""
    _change(user, "organizer-made", by=by, is_staff=True, is_superuser=True)


def end_organizer(user: User, *, by: audit.Actor) -> None:
    """Take them away. Raises Refusal for oneself."""
    _change(user, "organizer-ended", by=by, is_staff=False, is_superuser=False)


def _change(user: User, action: str, *, by: audit.Actor, **rights: bool) -> None:
    if isinstance(by, Asker) and by.user is not None and by.user.pk == user.pk:
        raise Refusal("not-yourself")  # so that one organizer stays
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if all(getattr(user, name) == value for name, value in rights.items()):
            return
        User.objects.filter(pk=user.pk).update(**rights)
        audit.record(by, action, user)


def cleaned(reason: str, *, field: str = "reason") -> str:
    """What an organizer says of a decision, as it is kept. Raises Refusal without a word."""
    reason = names.sentence(reason, most=REASON_CHARACTERS)
    if not reason:
        raise Refusal("decision-without-reason", field=field)
    return reason


def _place_later(entry: Entry, **changes: object) -> None:
    # As with what teams decide: the mark is the truth, and the ring only hurries.
    Entry.objects.filter(pk=entry.pk).update(standing_due=True, **changes)
    transaction.on_commit(partial(ringing.place, entry.pk), robust=True)

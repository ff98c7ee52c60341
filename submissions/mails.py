"""Who wants which notices by mail: those of a team, and those to the person alone, each switched by itself.

Mails about somebody's tokens are switched off by nobody (`Notice.SECURITY`). A link in the others switches them without
signing in. It never ends, and holds no address.
"""

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from submissions.models import Letter, Membership, Notice, User

Receiver = Membership | User
"""A person as a member of a team, or for themselves."""

SALT = "submissions.mails"
OWN = 0  # in the place of a team


class UnknownLinkError(LookupError):
    """Nothing was ever sent with this link."""


class AccountGoneError(LookupError):
    """The link was good; the account is deleted."""


def link(receiver: Receiver) -> str:
    """The path of the page that stops these mails."""
    if isinstance(receiver, Membership):
        person, team = receiver.user_id, receiver.team_id
    else:
        person, team = receiver.pk, OWN
    return reverse("mails", args=[_signer().sign(f"{person}-{team}")])


def receiver_of(token: str) -> Receiver | None:
    """Whose mails the link stops; None when the person has left that team.

    Raises UnknownLinkError or AccountGoneError.
    """
    try:
        person, team = map(int, _signer().unsign(token).split("-"))
    except BadSignature as error:
        raise UnknownLinkError from error
    user = User.objects.filter(pk=person).first()
    if user is None:
        raise AccountGoneError
    if team == OWN:
        return user
    return user.memberships.filter(team=team).select_related("team").first()


def switch(receiver: Receiver, *, on: bool) -> None:
    """Send them from now on, or no more; what waits to be sent goes with it. Again: no change."""
    with transaction.atomic():
        if isinstance(receiver, Membership):
            Membership.objects.filter(pk=receiver.pk).update(mails=on)
        else:
            User.objects.filter(pk=receiver.pk).update(mails=on)
        if not on:
            Letter.objects.to(receiver).exclude(notice__kind__in=Notice.SECURITY).delete()


def _signer() -> Signer:
    return Signer(salt=SALT, sep=".")

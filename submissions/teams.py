"""Teams: people under one public name. Who makes one owns it; a team always keeps an owner."""

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from submissions import audit, notices, publishers, senders, tokens, webhooks
from submissions.askers import Asker
from submissions.models import Invitation, Membership, Publisher, Team, Token, User, Webhook
from submissions.refusals import Refusal

INVITATION_LIFE = timedelta(days=7)

Role = Membership.Role


def create(*, slug: str, name: str, owner: User | None = None, by: audit.Actor = audit.COMMAND) -> Team:
    """Make a team with its owner; one made by command has none yet. Raises Refusal when the slug is taken."""
    try:
        with transaction.atomic():
            team = Team.objects.create(slug=slug, name=name)
            if owner is not None:
                Membership.objects.create(team=team, user=owner, role=Role.OWNER)
            audit.record(by, "made", team)
    except IntegrityError as error:
        raise Refusal("team-name-taken", field="slug") from error
    return team


def person(email: str) -> User:
    """Who has this address, confirmed. Raises Refusal when nobody has, or the account cannot be used."""
    found = User.objects.filter(email__iexact=email.strip()).first()
    if found is None:
        raise Refusal("no-account", field="owner", email=email[:200])
    if not EmailAddress.objects.filter(user=found, email__iexact=found.email, verified=True).exists():
        raise Refusal("account-unconfirmed", field="owner", email=found.email)
    if not found.is_active:
        raise Refusal("account-inactive", field="owner", email=found.email)
    return found


def require_owner(team: Team, user: User) -> None:
    """Raises Refusal when the person is no owner of the team."""
    if not Membership.objects.filter(team=team, user=user, role=Role.OWNER).exists():
        raise Refusal("not-owner")


def invite(team: Team, *, by: User, now: datetime) -> tuple[Invitation, str]:
    """Make an invitation; the secret of its link is returned here and never again.

    Any number of people may use it until it ends, a week from now, or is revoked.
    """
    require_owner(team, by)
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        senders.refuse_archived(_locked(team.pk))
        invitation = Invitation.objects.create(
            team=team, digest=digest(secret), created_by=by, expires_at=now + INVITATION_LIFE
        )
        audit.record(Asker(user=by), "invited", team, invitation=invitation.pk)
    return invitation, secret


def digest(secret: str) -> str:
    """What is kept of an invitation's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def invitation_of(secret: str, *, now: datetime) -> Invitation:
    """The invitation that the link's secret opens. Raises Refusal when it is unknown, ended or revoked."""
    usable = Invitation.objects.usable(at=now).select_related("team", "created_by")
    invitation = usable.filter(digest=digest(secret)).first()
    if invitation is None:
        raise Refusal("invitation-ended")
    return invitation


def accept(secret: str, *, user: User, now: datetime) -> Team:
    """Join the team as a member; who is in it already stays as they are. Raises Refusal as `invitation_of` does."""
    invitation = invitation_of(secret, now=now)
    with transaction.atomic():
        _known, joined = Membership.objects.get_or_create(
            team=invitation.team, user=user, defaults={"role": Role.MEMBER}
        )
        if joined:
            audit.record(Asker(user=user), "joined", invitation.team, invitation=invitation.pk)
    return invitation.team


def revoke_invitation(invitation: Invitation, *, by: User, now: datetime) -> None:
    """Close the link at once. Again: no change."""
    require_owner(invitation.team, by)
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=now):
            audit.record(Asker(user=by), "invitation-revoked", invitation.team, invitation=invitation.pk)


def remove(membership: Membership, *, by: User, now: datetime) -> None:
    """Take a person out of the team, by an owner or by themselves; the tokens, trusted publishers and webhooks that
    they made end, and so do the team's invitations.

    Raises Refusal when it is the last owner, or when another member asks for it.
    """
    if by.pk != membership.user_id:
        require_owner(membership.team, by)
    with transaction.atomic():
        _keep_an_owner(membership)
        _part(membership, by=by, now=now)


def _part(membership: Membership, *, by: User, now: datetime) -> None:
    gone, _by_model = Membership.objects.filter(pk=membership.pk).delete()
    # Who has left still knows the text of these, and of the links, and may be whom the webhooks tell.
    made = Token.objects.filter(team=membership.team_id, created_by=membership.user_id)
    for token in made.living(at=now):
        tokens.revoke(token, by=Asker(user=by), now=now)
    registered = Publisher.objects.living().filter(team=membership.team_id, created_by=membership.user_id)
    for publisher in registered:
        publishers.remove(publisher, by=Asker(user=by), now=now)
    for webhook in Webhook.objects.known().filter(team=membership.team_id, created_by=membership.user_id):
        webhooks.remove(webhook, by=Asker(user=by), now=now)
    Invitation.objects.filter(team=membership.team_id).usable(at=now).update(revoked_at=now)
    if gone:
        action = "left" if by.pk == membership.user_id else "removed"
        audit.record(Asker(user=by), action, membership.team, person=membership.user_id)


def part_for_good(membership: Membership, *, by: User, now: datetime) -> None:
    """Take a person out whose account ends. A team without members left is archived and its tokens end.

    To be called in a transaction. Raises Refusal when others stay and no owner would be among them.
    """
    team = _locked(membership.team_id)
    others = Membership.objects.filter(team=team).exclude(pk=membership.pk)
    if not others.exists():
        for token in team.tokens.living(at=now):
            tokens.revoke(token, by=Asker(user=by), now=now)
        for publisher in Publisher.objects.living().filter(team=team):
            publishers.remove(publisher, by=Asker(user=by), now=now)
        for webhook in Webhook.objects.known().filter(team=team):
            webhooks.remove(webhook, by=Asker(user=by), now=now)
        put_away(team, by=Asker(user=by), now=now)
    elif membership.role == Role.OWNER and not others.filter(role=Role.OWNER).exists():
        raise Refusal("last-owner-of", team=team.name)
    _part(membership, by=by, now=now)


def change_role(membership: Membership, role: Membership.Role, *, by: User) -> None:
    """Make a member an owner, or an owner a member. Raises Refusal when no owner would be left."""
    require_owner(membership.team, by)
    with transaction.atomic():
        if role != Role.OWNER:
            _keep_an_owner(membership)
        if Membership.objects.filter(pk=membership.pk).exclude(role=role).update(role=role):
            audit.record(
                Asker(user=by),
                "role-changed",
                membership.team,
                person=membership.user_id,
                role=str(role),
            )


def hand_over(to: Membership, *, by: User) -> None:
    """Make a member the owner in one's own place, in one step: one stays as a member, and other owners stay owners.

    Raises Refusal when they have left the team meanwhile, or when it is oneself.
    """
    if to.user_id == by.pk:
        raise Refusal("not-to-yourself")
    with transaction.atomic():
        _locked(to.team_id)
        require_owner(to.team, by)  # with the row held: of two who hand over at once, each still is one
        if not Membership.objects.filter(pk=to.pk).update(role=Role.OWNER):
            raise Refusal("not-in-the-team")
        Membership.objects.filter(team=to.team_id, user=by).update(role=Role.MEMBER)
        audit.record(Asker(user=by), "handed-over", to.team, person=to.user_id)
        notices.tell_person(to.user, "team-handed-over", to.team, team=to.team.name)


def archive(team: Team, *, by: User, now: datetime) -> None:
    """Let the team send nothing more and invite nobody; what it made public stays under its name. Again: no change."""
    require_owner(team, by)
    with transaction.atomic():
        put_away(_locked(team.pk), by=Asker(user=by), now=now)


def put_away(team: Team, *, by: audit.Actor, now: datetime) -> None:
    """The same for a caller who holds the team's row and has asked who may."""
    if team.archived_at is None:
        Team.objects.filter(pk=team.pk).update(archived_at=now)
        Invitation.objects.filter(team=team).usable(at=now).update(revoked_at=now)
        audit.record(by, "archived", team)


def restore(team: Team, *, by: User) -> None:
    """Let an archived team send again. Again: no change."""
    require_owner(team, by)
    with transaction.atomic():
        if Team.objects.filter(pk=team.pk).exclude(archived_at=None).update(archived_at=None):
            audit.record(Asker(user=by), "restored", team)


def _locked(team_id: int) -> Team:
    return Team.objects.select_for_update(no_key=True).get(pk=team_id)


def _keep_an_owner(leaving: Membership) -> None:
    # The team's row is the lock: two owners who leave at once must not both see the other.
    _locked(leaving.team_id)
    others = Membership.objects.filter(team=leaving.team_id, role=Role.OWNER).exclude(pk=leaving.pk)
    if not others.exists():
        raise Refusal("last-owner")

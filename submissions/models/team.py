from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from submissions.askers import Asker
    from submissions.models.user import User


class TeamQuerySet(models.QuerySet["Team"]):
    def of(self, asker: "Asker") -> Self:
        """The teams that the asker belongs to."""
        return self.filter(pk__in=asker.team_ids)


class Team(models.Model):
    """Who sends: people under one public name."""

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=80)
    is_standin = models.BooleanField(default=False)  # holds rebuilt or made-up results, not people
    created_at = models.DateTimeField(db_default=Now())
    archived_at = models.DateTimeField(null=True, editable=False)  # since then it sends nothing more
    # By an organizer: it sends and publishes nothing, and its members are told why.
    banned_at = models.DateTimeField(null=True, editable=False)
    banned_reason = models.CharField(max_length=500, blank=True, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(banned_at=None) | ~models.Q(banned_reason=""), name="banned_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("team", args=[self.slug])

    @property
    def is_banned(self) -> bool:
        return self.banned_at is not None

    @property
    def owners(self) -> "list[User]":
        memberships = self.memberships.filter(role=Membership.Role.OWNER)
        return [membership.user for membership in memberships.select_related("user")]


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MEMBER = "member", _("member")

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(db_default=Now())
    mails = models.BooleanField(default=True)  # whether the team's notices come by mail, too
    mailed_at = models.DateTimeField(null=True)  # when a mail about them was last tried

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} ({self.role})"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def usable(self, *, at: "models.DateTimeField[object, object] | object") -> Self:
        return self.filter(revoked_at=None, expires_at__gt=at)


class Invitation(models.Model):
    """A link that lets whoever opens it join the team as a member, until it ends or is revoked."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the secret in the link
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"invitation to {self.team}"

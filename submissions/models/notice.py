"""What a team or a person is told, and the letters that carry it to them."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from submissions.models.team import Membership, Team

if TYPE_CHECKING:
    from submissions.askers import Asker
    from submissions.models.user import User


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, asker: "Asker") -> Self:
        """Those to teams that the asker is in now, and to the person; an organizer reads no others'."""
        theirs = Q(team__in=asker.team_ids)
        if asker.user is not None:
            theirs |= Q(user=asker.user)
        return self.filter(theirs)

    def unread_by(self, user: "User") -> Self:
        """Those that came after the newest that the person has seen, and not before they joined the team."""
        joined = Membership.objects.filter(team=OuterRef("team"), user=user, joined_at__lte=OuterRef("at"))
        return self.filter(Q(user=user) | Exists(joined), at__gt=user.notices_read_at)

    def newest_first(self) -> Self:
        return self.order_by("-pk")


class Notice(models.Model):
    """Something that happened to what a team, or one person, has here. Sentences: submissions/notice_texts.py."""

    # Of somebody's tokens and trusted publishers: their mails come whatever is switched off.
    SECURITY = frozenset({"token-made", "token-rotated", "token-network", "publisher-registered"})

    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="notices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="notices")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)
    path = models.CharField(max_length=300)  # of the page concerned
    # What the sentences name, as it was called then. Never truth, never another team's private things.
    params: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    letters_due = models.BooleanField(default=True)  # the worker has yet to make them

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(team=None, user__isnull=False) | Q(team__isnull=False, user=None),
                name="notice_to_a_team_or_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["team", "-at"], name="notices_of_a_team"),
            models.Index(fields=["user", "-at"], name="notices_of_a_person"),
            models.Index(
                fields=["letters_due"], condition=Q(letters_due=True), name="notices_without_letters"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.path}"


class LetterQuerySet(models.QuerySet["Letter"]):
    def to(self, receiver: "Membership | User") -> Self:
        """Those about a team to one of its members, or those to a person alone."""
        if isinstance(receiver, Membership):
            return self.filter(membership=receiver)
        return self.filter(user=receiver, membership=None)

    def wanted(self) -> Self:
        """Without those to a person alone who has switched them off, as far as they can be."""
        own_wanted = Q(user__mails=True) | Q(notice__kind__in=Notice.SECURITY)
        return self.filter(Q(membership__isnull=False) | own_wanted)


class Letter(models.Model):
    """A notice on its way to somebody by mail. The row goes when it is sent, or given up."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="letters")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="letters")
    # By which it is theirs: whoever leaves the team gets no more of its letters. Null: it is the person's own.
    membership = models.ForeignKey(Membership, models.CASCADE, null=True, related_name="letters")

    objects = LetterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "user"], name="one_letter_a_person"),
        ]

    def __str__(self) -> str:
        return f"notice {self.notice_id} to person {self.user_id}"

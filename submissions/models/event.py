from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from submissions.askers import Asker


class EventQuerySet(models.QuerySet["Event"]):
    def visible_to(self, asker: "Asker") -> Self:
        """Everything to organizers; to the others what is public, and what their teams did or had done to them."""
        if asker.is_staff:
            return self
        return self.filter(Q(is_public=True) | Q(team_id__in=asker.team_ids))

    def of(self, kind: str, key: object) -> Self:
        """What was done to one object."""
        return self.filter(object_kind=kind, object_key=str(key))

    def newest_first(self) -> Self:
        return self.order_by("-at", "-id")


class Event(models.Model):
    """Who did what to which object and when. Written once: the database itself refuses to change or remove a row.

    So it points at nothing by a foreign key, which the removal of the other row would have to change.
    """

    class Actor(models.TextChoices):
        PERSON = "person", _("person")
        TOKEN = "token", _("token")
        COMMAND = "command", _("command of the operator")
        SITE = "site", _("the site")

    at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=10, choices=Actor)
    actor_key = models.CharField(max_length=40, blank=True)  # of the user or token
    actor_name = models.CharField(
        max_length=80, blank=True
    )  # a token's; people's would outlive their accounts
    is_organizer = models.BooleanField(default=False)  # acted as one
    action = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=20)
    object_key = models.CharField(max_length=40)
    object_name = models.CharField(max_length=300)  # as it was called then
    benchmark_id = models.BigIntegerField(null=True)
    team_id = models.BigIntegerField(null=True)
    is_public = models.BooleanField(default=False)
    details: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["object_kind", "object_key", "-at"], name="events_of_an_object"),
            models.Index(fields=["team_id", "-at"], name="events_of_a_team"),
            models.Index(fields=["-at"], name="events_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}"

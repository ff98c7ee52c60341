from django.contrib import admin
from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from submissions.admin.desk import Desk
from submissions.models import Event, User


@admin.register(Event)
class EventAdmin(Desk[Event]):
    """The log: for reading alone, as the database sees to it."""

    list_display = ("at", "action", "object_kind", "object_name", "actor", "is_organizer", "is_public")
    list_filter = ("action", "object_kind", "actor_kind", "is_organizer", "is_public")
    search_fields = ("action", "object_name", "object_key")
    ordering = ("-at", "-id")
    show_full_result_count = False
    fields = (
        *("at", "action", "object_kind", "object_name", "object_key", "actor", "actor_kind", "actor_key"),
        *("is_organizer", "is_public", "benchmark_id", "team_id", "details"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """With the address of who did it, as long as there is such a person."""
        people = User.objects.annotate(key=Cast("pk", CharField())).filter(key=OuterRef("actor_key"))
        return super().get_queryset(request).annotate(person=Subquery(people.values("email")[:1]))

    @admin.display(description=_("who"))
    def actor(self, event: Event) -> str:
        if event.actor_kind == Event.Actor.PERSON:
            person: str | None = getattr(event, "person", None)
            return person or str(_("somebody whose account is gone"))
        return " ".join(filter(None, (event.get_actor_kind_display(), event.actor_name)))

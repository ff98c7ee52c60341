"""The log of who did what: written once, read by whom it concerns."""

import pytest
from django.db import DatabaseError, transaction

from submissions import askers, audit, publication
from submissions.models import Event
from tests import material

pytestmark = pytest.mark.django_db


def test_the_database_itself_refuses_to_change_or_remove_an_event() -> None:
    audit.record(audit.COMMAND, "opened", material.benchmark())
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        Event.objects.update(action="something else")
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        Event.objects.all().delete()
    assert Event.objects.get().action == "opened"


def test_an_event_says_who_did_what_to_which_object() -> None:
    owner = material.person("o@example.org")
    team = material.team("a", owner)
    submission = material.submitted(material.benchmark(), team, "model")
    audit.record(askers.for_user(owner), "published", submission, is_public=True, reason="why not")
    event = Event.objects.get()
    assert (event.actor_kind, event.actor_key, event.is_organizer) == ("person", str(owner.pk), False)
    assert (event.action, event.object_name, event.details) == ("published", "model", {"reason": "why not"})
    assert Event.objects.of("submission", submission.pk).get() == event
    assert "example.org" not in str(Event.objects.values().get()), "it would outlive the account"


def test_others_see_what_is_public_alone() -> None:
    team = material.team("a", material.person("o@example.org"))
    stranger = askers.for_user(material.person("s@example.org"))
    organizer = askers.for_user(material.person("b@example.org", is_staff=True))
    audit.record(audit.SITE, "made", team)
    audit.record(audit.COMMAND, "opened", material.benchmark(), is_public=True)
    seen = {
        name: set(Event.objects.visible_to(asker).values_list("action", flat=True))
        for name, asker in {
            "nobody": askers.NOBODY,
            "stranger": stranger,
            "member": askers.for_user(team.memberships.get().user),
            "organizer": organizer,
        }.items()
    }
    assert seen == {
        "nobody": {"opened"},
        "stranger": {"opened"},
        "member": {"made", "opened"},
        "organizer": {"made", "opened"},
    }


def test_what_a_team_decides_of_a_submission_is_public_and_says_who() -> None:
    owner = material.person("o@example.org")
    team, by = material.team("a", owner), askers.for_user(owner)
    submission = material.scored(material.benchmark(), team, "model")
    for _again in range(2):
        publication.publish(submission, by=by, now=material.NOON)
        publication.choose(submission, by=by)
    publication.withdraw(submission, reason=" a slip ", by=by, now=material.NOON)
    told = Event.objects.filter(is_public=True, actor_key=str(owner.pk)).order_by("id")
    assert list(told.values_list("action", "details")) == [
        ("published", {}),
        ("chosen", {}),
        ("withdrawn", {"reason": "a slip"}),
    ]

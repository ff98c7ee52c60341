"""The log of who did what: written once, read by whom it concerns."""

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from submissions import askers, audit, publication, teams, tokens
from submissions.models import Event, Token, User
from tests import material

pytestmark = pytest.mark.django_db


def test_the_database_itself_refuses_to_change_or_remove_an_event() -> None:
    audit.record(audit.COMMAND, "opened", material.benchmark())
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        Event.objects.update(action="something else")
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        Event.objects.all().delete()
    assert Event.objects.newest_first()[0].action == "opened"


def test_an_event_says_who_did_what_to_which_object() -> None:
    owner = material.person("o@example.org")
    team = material.team("a", owner)
    submission = material.submitted(material.benchmark(), team, "model")
    audit.record(askers.for_user(owner), "published", submission, is_public=True, reason="why not")
    event = Event.objects.get(actor_kind="person")
    assert (event.actor_kind, event.actor_key, event.is_organizer) == ("person", str(owner.pk), False)
    assert (event.action, event.object_name, event.details) == ("published", "model", {"reason": "why not"})
    assert Event.objects.of("submission", submission.pk).get() == event
    assert "example.org" not in str(list(Event.objects.values())), "it would outlive the account"


def test_others_see_what_is_public_alone() -> None:
    team = material.team("a", material.person("o@example.org"))
    stranger = askers.for_user(material.person("s@example.org"))
    organizer = askers.for_user(material.person("b@example.org", is_staff=True))
    audit.record(audit.SITE, "made", team)
    benchmark = material.benchmark()
    audit.record(audit.COMMAND, "opened", benchmark, is_public=True)
    before = ("benchmark-opened", "release-made-current")
    seen = {
        name: set(Event.objects.visible_to(asker).exclude(action__in=before).values_list("action", flat=True))
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


def test_the_log_tells_what_became_of_a_team_and_of_its_tokens() -> None:
    owner, guest = material.person("o@example.org"), material.person("g@example.org")
    team = teams.create(slug="a", name="A", owner=owner, by=askers.for_user(owner))
    _invitation, secret = teams.invite(team, by=owner, now=material.NOON)
    for _again in range(2):
        teams.accept(secret, user=guest, now=material.NOON)
    membership = team.memberships.get(user=guest)
    for _again in range(2):
        teams.change_role(membership, membership.Role.OWNER, by=owner)
    tokens.create(team, name="ci", scope=Token.Scope.READ, days=1, now=material.NOON, created_by=guest)
    teams.remove(membership, by=owner, now=material.NOON)
    told = Event.objects.order_by("id").values_list("actor_key", "object_kind", "action")
    o, g = str(owner.pk), str(guest.pk)
    assert list(told) == [
        (o, "team", "made"),
        (o, "team", "invited"),
        (g, "team", "joined"),
        (o, "team", "role-changed"),
        (g, "token", "made"),
        (o, "token", "revoked"),
        (o, "team", "removed"),
    ]
    assert Event.objects.get(action="removed").details == {"person": guest.pk}
    assert not Event.objects.filter(is_public=True).exists()


def test_organizers_read_the_log_and_change_nothing_of_it() -> None:
    audit.record(audit.COMMAND, "opened", material.benchmark())
    event = Event.objects.newest_first()[0]
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org", "correct horse battery"))
    assert "opened" in client.get("/admin/submissions/event/?q=mmad").content.decode()
    page = f"/admin/submissions/event/{event.pk}/"
    assert 'name="_save"' not in client.get(f"{page}change/").content.decode()
    assert client.post(f"{page}change/", {"action": "closed"}).status_code == 403
    assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403

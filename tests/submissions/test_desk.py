"""The desk is for reading; what is changed there is changed by deeds."""

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from submissions import askers, audit, moderation
from submissions.admin.desk import Desk
from submissions.models import Event, Question, Report, User
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db


@pytest.fixture
def organizer() -> User:
    return User.objects.create_superuser("staff@example.org", "correct horse battery")


@pytest.fixture
def desk(organizer: User) -> Client:
    client = Client()
    client.force_login(organizer)
    return client


def test_nothing_at_the_desk_is_changed_but_by_deeds(organizer: User) -> None:
    request = RequestFactory().get("/admin/")
    request.user = organizer
    for model, shown in admin.site._registry.items():
        assert isinstance(shown, Desk), model
        assert not shown.has_change_permission(request), model
        assert not shown.has_delete_permission(request), model
        assert shown.has_add_permission(request) == (model.__name__ == "Announcement")


def test_the_desk_shows_no_answers_reports_or_secrets() -> None:
    shown = {model.__name__ for model in admin.site._registry}
    assert not shown & {Question.__name__, Report.__name__, "Token", "Invitation", "Authenticator", "Session"}


def test_the_log_names_who_did_what(desk: Client, organizer: User) -> None:
    team = material.team("home")
    moderation.ban(team, reason="a copy", by=askers.for_user(organizer), now=material.NOON)
    audit.record(audit.COMMAND, "opened", material.benchmark())
    url = reverse("admin:submissions_event_changelist")
    text = desk.get(url).content.decode()
    assert "team-banned" in text
    assert "command of the operator" in text
    assert text.count("staff@example.org") == 2, "in the list and in the page's head"
    filtered = desk.get(url, {"action": "opened"}).content.decode()
    assert "command of the operator" in filtered
    event = Event.objects.get(action="team-banned")
    page = desk.get(reverse("admin:submissions_event_change", args=[event.pk])).content.decode()
    assert "a copy" in page


def test_a_person_is_shut_out_and_let_in(desk: Client) -> None:
    person = material.person("p@example.org")
    theirs = Client()
    theirs.force_login(person)
    for deed, status in (("shut-out", 302), ("let-in", 200)):
        desk.post(reverse("admin:submissions_user_deed", args=[person.pk, deed]))
        if deed == "let-in":
            theirs.force_login(person)
        assert theirs.get(reverse("teams")).status_code == status
    actions = Event.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["person-shut-out", "person-let-in"]


def test_an_organizer_makes_another_and_never_ends_themselves(desk: Client, organizer: User) -> None:
    person = material.person("p@example.org")
    desk.post(reverse("admin:submissions_user_deed", args=[person.pk, "make-organizer"]))
    person.refresh_from_db()
    assert (person.is_staff, person.is_superuser) == (True, True)
    for deed in ("end-organizer", "shut-out"):
        answer = desk.post(reverse("admin:submissions_user_deed", args=[organizer.pk, deed]))
        assert answer.status_code == 422
    with pytest.raises(Refusal, match="not-yourself"):
        moderation.end_organizer(organizer, by=askers.for_user(organizer))
    moderation.end_organizer(organizer, by=askers.for_user(person))
    assert desk.get("/admin/").status_code == 302

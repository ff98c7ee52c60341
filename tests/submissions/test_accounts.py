"""An account ends: the person goes, what their teams made stays, and the log keeps what was done."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from submissions import accounts, askers, teams, tokens
from submissions.models import Event, Membership, Submission, Team, Token, User
from submissions.refusals import Refusal
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
URL = "/accounts/delete/"


@pytest.fixture
def user() -> User:
    made = material.person("leaving@example.org")
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    return made


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_public_results_stay_under_the_teams_name(client: Client, user: User) -> None:
    team = material.team("a", user)
    shown = material.scored(material.benchmark(), team, public=True)
    Submission.objects.update(sent_by=user)
    answer = client.post(URL, {"password": PASSWORD}, follow=True)
    assert "Your account is deleted." in answer.content.decode()
    assert not User.objects.exists()
    assert not EmailAddress.objects.exists()
    assert not Membership.objects.exists()
    html = Client().get(shown.entry.get_absolute_url()).content.decode()
    assert "Entry by A" in html
    team.refresh_from_db()
    assert team.archived_at


def test_every_session_ends(client: Client, user: User) -> None:
    elsewhere, other = Client(), Client()
    elsewhere.force_login(user)
    other.force_login(material.person("other@example.org"))
    client.post(URL, {"password": PASSWORD})
    assert elsewhere.get("/teams/").status_code == 302
    assert other.get("/teams/").status_code == 200
    # Nothing of the three is left but the other person's.
    assert Session.objects.count() == 1


def test_a_wrong_password_deletes_nothing(client: Client, user: User) -> None:
    for password in ("", "wrong"):
        assert client.post(URL, {"password": password}).status_code == 422
    assert User.objects.filter(pk=user.pk).exists()
    assert client.get("/teams/").status_code == 200


def test_guessing_is_slowed_down(client: Client, user: User) -> None:
    for _guess in range(20):
        html = client.post(URL, {"password": "wrong"}).content.decode()
    assert "Too many failed login attempts" in html
    assert client.post(URL, {"password": PASSWORD}).status_code == 422


def test_the_last_owner_hands_over_first(client: Client, user: User) -> None:
    alone, team = material.team("alone", user), material.team("a", user)
    member = material.person("m@example.org")
    membership = team.memberships.create(user=member)
    assert "Hand these teams over first" in client.get(URL).content.decode()
    with pytest.raises(Refusal, match="last-owner-of"):
        accounts.delete(user, now=NOON)
    assert client.post(URL, {"password": PASSWORD}).status_code == 422
    alone.refresh_from_db()
    assert (user.memberships.count(), alone.archived_at) == (2, None), "nothing is half done"
    teams.change_role(membership, Membership.Role.OWNER, by=user)
    assert "Hand these teams over first" not in client.get(URL).content.decode()
    assert client.post(URL, {"password": PASSWORD}).status_code == 303
    assert list(Team.objects.filter(archived_at=None)) == [team]
    assert list(User.objects.all()) == [member]


def test_the_only_organizer_makes_another_one_first(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    shut_out = material.person("shut-out@example.org", is_staff=True)
    User.objects.filter(pk=shut_out.pk).update(is_active=False)
    assert "You are the only organizer" in client.get(URL).content.decode()
    answer = client.post(URL, {"password": PASSWORD})
    assert answer.status_code == 422
    assert "You are the only organizer" in answer.content.decode()
    assert User.objects.filter(pk=user.pk).exists()
    material.person("next@example.org", is_staff=True)
    assert client.post(URL, {"password": PASSWORD}).status_code == 303
    assert not User.objects.filter(pk=user.pk).exists()


def test_a_member_may_always_go(user: User) -> None:
    team = material.team("a", material.person("o@example.org"))
    team.memberships.create(user=user)
    assert accounts.held(user) == []
    accounts.delete(user, now=NOON)
    assert team.memberships.count() == 1


def test_tokens_end_that_only_the_person_knew(user: User) -> None:
    alone, team = material.team("alone", user), material.team("a", user, material.person("o@example.org"))
    by_command = material.token(alone)
    for made_in in (alone, team):
        tokens.create(
            made_in, name="mine", scope=Token.Scope.SUBMIT, days=9, now=timezone.now(), created_by=user
        )
    theirs = material.token(team)
    accounts.delete(user, now=timezone.now())
    assert tokens.authenticate(theirs, now=timezone.now()).team == team
    with pytest.raises(tokens.UnusableTokenError):
        tokens.authenticate(by_command, now=timezone.now())
    assert Token.objects.filter(revoked_at=None).count() == 1


def test_the_log_keeps_what_was_done_without_the_address(user: User) -> None:
    teams.create(slug="a", name="A", owner=user, by=askers.for_user(user))
    key = str(user.pk)
    accounts.delete(user, now=NOON)
    told = Event.objects.filter(actor_key=key).order_by("id").values_list("action", flat=True)
    assert list(told) == ["made", "archived", "left", "account-deleted"]
    assert "leaving@example.org" not in str(list(Event.objects.values()))

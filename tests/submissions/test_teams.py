"""Teams: who owns, joins, leaves. The rules first, then the pages."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from submissions import publishers, teams, tokens
from submissions.models import Benchmark, Event, Invitation, Membership, Team, Token, User
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db
Role = Membership.Role
NOON = material.NOON


@pytest.fixture
def owner() -> User:
    return material.person("owner@example.org")


@pytest.fixture
def member() -> User:
    return material.person("member@example.org")


@pytest.fixture
def team(owner: User, member: User) -> Team:
    made = teams.create(slug="a", name="A", owner=owner)
    made.memberships.create(user=member)
    return made


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def of(team: Team, user: User) -> Membership:
    return Membership.objects.select_related("team").get(team=team, user=user)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=code)


def test_who_makes_a_team_owns_it(team: Team, owner: User) -> None:
    assert of(team, owner).role == Role.OWNER


def test_a_team_made_by_command_may_have_an_owner(owner: User) -> None:
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    call_command("create_team", "b", "--owner", "Owner@example.org", stdout=StringIO())
    assert of(Team.objects.get(slug="b"), owner).role == Role.OWNER


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("nobody@example.org", "Nobody here has"),
        ("owner@example.org", "not confirmed"),
        ("", "Nobody here has"),
    ],
)
def test_a_team_is_not_made_for_somebody_who_cannot_sign_in(owner: User, email: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("create_team", "b", "--owner", email)
    assert not Team.objects.exists()


def test_a_short_name_belongs_to_one_team(team: Team, owner: User) -> None:
    with refused("team-name-taken"):
        teams.create(slug="a", name="Another", owner=owner)
    assert Team.objects.count() == 1


def test_an_invitation_lets_many_join_until_it_ends(team: Team, owner: User) -> None:
    _invitation, secret = teams.invite(team, by=owner, now=NOON)
    for number in range(2):
        user = material.person(f"guest{number}@example.org")
        assert teams.accept(secret, user=user, now=NOON + timedelta(days=6)) == team
        assert of(team, user).role == Role.MEMBER
    with refused("invitation-ended"):
        teams.accept(secret, user=material.person("late@example.org"), now=NOON + timedelta(days=7))


def test_a_revoked_invitation_opens_nothing(team: Team, owner: User) -> None:
    invitation, secret = teams.invite(team, by=owner, now=NOON)
    teams.revoke_invitation(invitation, by=owner, now=NOON)
    with refused("invitation-ended"):
        teams.invitation_of(secret, now=NOON)


def test_the_secret_of_an_invitation_is_not_kept(team: Team, owner: User) -> None:
    _invitation, secret = teams.invite(team, by=owner, now=NOON)
    assert all(secret not in str(value) for value in Invitation.objects.values().get().values())


def test_an_owner_who_accepts_stays_an_owner(team: Team, owner: User) -> None:
    _invitation, secret = teams.invite(team, by=owner, now=NOON)
    teams.accept(secret, user=owner, now=NOON)
    assert of(team, owner).role == Role.OWNER


def test_only_owners_invite_remove_and_change_roles(team: Team, owner: User, member: User) -> None:
    invitation, _secret = teams.invite(team, by=owner, now=NOON)
    with refused("not-owner"):
        teams.invite(team, by=member, now=NOON)
    with refused("not-owner"):
        teams.revoke_invitation(invitation, by=member, now=NOON)
    with refused("not-owner"):
        teams.remove(of(team, owner), by=member, now=NOON)
    with refused("not-owner"):
        teams.change_role(of(team, member), Role.OWNER, by=member)


def test_the_last_owner_stays(team: Team, owner: User, member: User) -> None:
    with refused("last-owner"):
        teams.remove(of(team, owner), by=owner, now=NOON)
    with refused("last-owner"):
        teams.change_role(of(team, owner), Role.MEMBER, by=owner)
    teams.change_role(of(team, member), Role.OWNER, by=owner)
    teams.remove(of(team, owner), by=owner, now=NOON)
    assert of(team, member).role == Role.OWNER


def test_a_team_is_handed_over_in_one_step(team: Team, owner: User, member: User) -> None:
    signed_in(owner).post(f"/teams/a/members/{of(team, member).pk}/hand-over/")
    assert (of(team, owner).role, of(team, member).role) == (Role.MEMBER, Role.OWNER)
    event = Event.objects.get(action="handed-over")
    assert event.details == {"person": member.pk}


def test_a_team_is_handed_over_by_an_owner_to_another_member(team: Team, owner: User, member: User) -> None:
    with refused("not-owner"):
        teams.hand_over(of(team, owner), by=member)
    with refused("not-to-yourself"):
        teams.hand_over(of(team, owner), by=owner)
    gone = of(team, member)
    teams.remove(of(team, member), by=member, now=NOON)
    with refused("not-in-the-team"):
        teams.hand_over(gone, by=owner)
    assert of(team, owner).role == Role.OWNER


def test_who_leaves_takes_their_tokens_along(team: Team, owner: User, member: User) -> None:
    for user in (owner, member):
        tokens.create(team, name="ci", scope=Token.Scope.SUBMIT, days=9, now=NOON, created_by=user)
    teams.remove(of(team, member), by=member, now=NOON)
    assert [token.created_by for token in Token.objects.living(at=NOON)] == [owner]


def test_who_is_removed_cannot_come_back_by_an_old_link(team: Team, owner: User, member: User) -> None:
    _invitation, secret = teams.invite(team, by=owner, now=NOON)
    teams.remove(of(team, member), by=owner, now=NOON)
    with refused("invitation-ended"):
        teams.accept(secret, user=member, now=NOON)


# The pages


def test_making_a_team_leads_to_its_page(owner: User) -> None:
    client = signed_in(owner)
    answer = client.post("/teams/new/", {"name": "  The  Team ", "slug": "the-team"})
    assert (answer.status_code, answer["Location"]) == (303, "/teams/the-team/")
    assert Team.objects.get().name == "The Team"
    assert "The Team" in client.get("/teams/").content.decode()


@pytest.mark.parametrize("slug", ["", "Capital", "new", "-a", "a b", "a/b", "ä"])
def test_a_short_name_that_cannot_be_is_refused_at_its_field(owner: User, slug: str) -> None:
    answer = signed_in(owner).post("/teams/new/", {"name": "kept", "slug": slug})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["slug"]
    assert 'value="kept"' in answer.content.decode()


def test_a_taken_short_name_is_refused_at_its_field(team: Team, owner: User) -> None:
    answer = signed_in(owner).post("/teams/new/", {"name": "B", "slug": "a"})
    assert "exists already" in answer.context["form"].errors["slug"][0]


def test_an_invitation_is_made_shown_once_and_accepted(team: Team, owner: User) -> None:
    client = signed_in(owner)
    link = client.post("/teams/a/invite/").context["invitation_url"]
    assert link.startswith("http://testserver/invitations/")
    assert link not in client.get("/teams/a/").content.decode()
    guest = signed_in(material.person("guest@example.org"))
    assert "Join A" in guest.get(link).content.decode()
    answer = guest.post(link)
    assert (answer.status_code, answer["Location"]) == (303, "/teams/a/")
    assert "already" in guest.get(link).content.decode()


def test_an_invitation_sends_who_is_not_signed_in_through_the_door_and_back(team: Team, owner: User) -> None:
    link = (
        signed_in(owner).post("/teams/a/invite/").context["invitation_url"].removeprefix("http://testserver")
    )
    visitor = Client()
    page = visitor.get(link)
    for door in ("login", "signup"):
        assert page.context[f"{door}_url"] == f"/accounts/{door}/?next={link.replace('/', '%2F')}"
    assert visitor.post(link)["Location"] == f"/accounts/login/?next={link}"


def test_an_ended_invitation_says_so(team: Team, owner: User) -> None:
    client = signed_in(owner)
    link = client.post("/teams/a/invite/").context["invitation_url"]
    client.post(f"/teams/a/invitations/{Invitation.objects.get().pk}/revoke/")
    answer = client.get(link)
    assert answer.status_code == 410
    assert "Ask the team for a new link" in answer.content.decode()
    assert "Ask the team for a new link" in client.post(link, follow=True).content.decode()


def test_members_are_changed_and_removed_by_an_owner(team: Team, owner: User, member: User) -> None:
    client, membership = signed_in(owner), of(team, member)
    assert client.post(f"/teams/a/members/{membership.pk}/role/", {"role": "owner"}).status_code == 303
    assert of(team, member).role == Role.OWNER
    assert client.post(f"/teams/a/members/{membership.pk}/role/", {"role": "king"}).status_code == 400
    client.post(f"/teams/a/members/{membership.pk}/remove/")
    assert not Membership.objects.filter(user=member).exists()


def test_the_last_owner_is_told_why_they_stay(team: Team, owner: User) -> None:
    answer = signed_in(owner).post("/teams/a/leave/", follow=True)
    assert "keeps at least one owner" in answer.content.decode()
    assert of(team, owner).role == Role.OWNER


def test_a_member_leaves_by_themselves(team: Team, member: User) -> None:
    client = signed_in(member)
    assert client.post("/teams/a/leave/")["Location"] == "/teams/"
    assert client.get("/teams/a/").status_code == 404


def test_a_page_of_another_teams_membership_cannot_be_named(team: Team, owner: User) -> None:
    other = teams.create(slug="b", name="B", owner=material.person("other@example.org"))
    theirs = other.memberships.get()
    assert signed_in(owner).post(f"/teams/a/members/{theirs.pk}/remove/").status_code == 404
    assert theirs in Membership.objects.all()


def test_a_page_without_submissions_leads_to_the_benchmarks_that_take_some(team: Team, owner: User) -> None:
    taking = material.benchmark()
    page = signed_in(owner).get(team.get_absolute_url()).content.decode()
    assert f'<a href="/benchmarks/{taking.slug}/submit/">{taking.name}</a>' in page
    Benchmark.objects.update(is_open=False)
    assert "/submit/" not in signed_in(owner).get(team.get_absolute_url()).content.decode()


def test_two_submissions_of_a_minute_are_told_apart(team: Team, owner: User) -> None:
    material.submitted(material.benchmark(), team)
    page = signed_in(owner).get(team.get_absolute_url()).content.decode()
    assert re.search(r">2 Mar 2026, 12:00:00\sUTC<", page)


def test_the_page_lists_the_newest_submissions_fifty_a_page(team: Team, owner: User) -> None:
    benchmark = material.benchmark(daily_limit=100)
    for number in range(51):
        material.submitted(
            benchmark,
            team,
            f"entry {number}",
            file=b"question_id,answer\n%d,A" % number,
            now=NOON + timedelta(seconds=number),
        )
    page = signed_in(owner).get("/teams/a/")
    assert [row.entry for row in page.context["submissions"]][:2] == ["entry 50", "entry 49"]
    assert page.context["next_url"] == "/teams/a/?page=2"
    last = signed_in(owner).get("/teams/a/?page=2")
    assert [row.entry for row in last.context["submissions"]] == ["entry 0"]


def test_the_page_asks_the_same_number_of_queries_however_much_there_is(
    team: Team, owner: User, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(owner)
    client.get("/teams/a/")
    with django_assert_max_num_queries(21):
        client.get("/teams/a/")
    benchmark = material.benchmark()
    for number in range(5):
        user = material.person(f"m{number}@example.org")
        team.memberships.create(user=user)
        tokens.create(team, name="ci", scope=Token.Scope.READ, days=9, now=timezone.now(), created_by=user)
        teams.invite(team, by=owner, now=timezone.now())
        material.submitted(benchmark, team, f"entry {number}")
        publishers.register(
            team,
            benchmark,
            issuer="https://gitlab.com",
            repository=f"example/{number}",
            workflow=".gitlab-ci.yml",
            by=user,
            now=timezone.now(),
        )
    with django_assert_max_num_queries(21):
        client.get("/teams/a/")
    with django_assert_max_num_queries(6):
        client.get("/teams/")


def test_create_team_prints_the_team(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_team", "a-team", name="The A-Team")
    assert capsys.readouterr().out == "a-team\n"
    assert Team.objects.get().name == "The A-Team"
    with pytest.raises(CommandError, match="exists already"):
        call_command("create_team", "a-team")
    with pytest.raises(CommandError, match="lower-case"):
        call_command("create_team", "A Team")

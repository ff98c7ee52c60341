"""Tokens: what they look like, what is kept, who makes and ends them."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from submissions import audit, tokens
from submissions.models import Membership, Team, Token, User
from tests import material

pytestmark = pytest.mark.django_db
FORM = {"name": "nightly", "scope": "submit", "days": "30"}


@pytest.fixture
def member() -> User:
    return material.person("member@example.org")


@pytest.fixture
def team(client: Client, member: User) -> Team:
    made = material.team("a", material.person("owner@example.org"))
    made.memberships.create(user=member)
    client.force_login(member)
    return made


def test_the_check_sum_tells_a_mistyped_token(team: Team) -> None:
    text = material.token(team)
    assert len(text) == 40
    assert tokens.is_well_formed(text)
    wrong = text[:10] + ("b" if text[10] == "a" else "a") + text[11:]
    assert not tokens.is_well_formed(wrong)


def test_a_token_is_shown_once_and_only_its_digest_is_kept(client: Client, team: Team) -> None:
    page = client.post("/teams/a/tokens/", FORM)
    text = page.context["new_token_text"]
    assert page.status_code == 200
    assert text in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    token = tokens.authenticate(text, now=timezone.now())
    assert (token.name, token.scope, token.created_by) == (
        "nightly",
        "submit",
        User.objects.get(email__startswith="m"),
    )
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)
    again = client.get("/teams/a/").content.decode()
    assert text not in again
    assert token.hint in again
    assert all(text not in str(value) for value in Token.objects.values().get().values())


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("scope", "all"), ("days", "0"), ("days", "366")])
def test_a_token_that_cannot_be_is_refused_at_its_field(
    client: Client, team: Team, field: str, value: str
) -> None:
    page = client.post("/teams/a/tokens/", {**FORM, field: value})
    assert page.status_code == 422
    assert list(page.context["token_form"].errors) == [field]
    assert not Token.objects.exists()


def test_its_maker_and_an_owner_revoke_a_token_and_no_other_member(
    client: Client, team: Team, member: User
) -> None:
    def make() -> Token:
        return tokens.create(
            team, name="ci", scope=Token.Scope.READ, days=9, now=timezone.now(), created_by=member
        )[0]

    def revoke(user: User, token: Token) -> int:
        client.force_login(user)
        return client.post(f"/teams/a/tokens/{token.pk}/revoke/").status_code

    other = material.person("other@example.org")
    team.memberships.create(user=other)
    token = make()
    assert revoke(other, token) == 403
    assert revoke(member, token) == 303
    assert revoke(Membership.objects.get(role="owner").user, make()) == 303
    assert not Token.objects.living(at=timezone.now()).exists()


def test_a_token_of_another_team_cannot_be_named(client: Client, team: Team) -> None:
    theirs = material.team("b")
    material.token(theirs)
    assert client.post(f"/teams/a/tokens/{Token.objects.get().pk}/revoke/").status_code == 404


def test_a_revoked_or_ended_token_opens_nothing(team: Team) -> None:
    token, text = tokens.create(team, name="ci", scope=Token.Scope.READ, days=1, now=material.NOON)
    with pytest.raises(tokens.UnusableTokenError, match="ended"):
        tokens.authenticate(text, now=material.NOON + timedelta(days=1))
    tokens.revoke(token, by=audit.COMMAND, now=material.NOON)
    with pytest.raises(tokens.UnusableTokenError, match="revoked"):
        tokens.authenticate(text, now=material.NOON)


def test_create_token_prints_the_token_alone(capsys: pytest.CaptureFixture[str]) -> None:
    material.team("a")
    call_command("create_token", "a", days=7, scope="read")
    text = capsys.readouterr().out
    token = tokens.authenticate(text.removesuffix("\n"), now=timezone.now())
    assert (token.team.slug, token.scope) == ("a", "read")
    assert token.expires_at - timezone.now() <= timedelta(days=7)


def test_create_token_needs_a_team_and_a_life_of_at_most_a_year() -> None:
    with pytest.raises(CommandError, match="create_team"):
        call_command("create_token", "nobody")
    material.team("a")
    with pytest.raises(CommandError, match="365"):
        call_command("create_token", "a", days=366)

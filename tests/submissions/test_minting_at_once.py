"""Two at once around a trusted publisher: no identity is exchanged twice, and no token outlives its publisher."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from submissions import audit, limits, minting, publishers, teams
from submissions.models import Benchmark, Event, Publisher, Team, Token, UsedIdentity
from submissions.oidc import keys
from tests import material
from tests.servers import issuer as servers
from tests.servers.issuer import Issuer
from tests.submissions.test_two_at_once import at_once

pytestmark = pytest.mark.usefixtures("commits")
ROUNDS = 4


@pytest.fixture
def issuer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    with servers.running() as running:
        settings.VERNIER_URL = "http://127.0.0.1:8000"
        settings.VERNIER_OIDC_ISSUERS = [("github", running.url)]
        monkeypatch.setattr(limits, "MINTS_A_MINUTE", 100_000)
        yield running
    keys.forget()


@pytest.fixture
def team(commits: None) -> Team:
    return material.team("home", material.person("owner@example.org"))


@pytest.fixture
def mmad(commits: None) -> Benchmark:
    return material.benchmark()


def registered(team: Team, benchmark: Benchmark, issuer: Issuer) -> Publisher:
    return publishers.register(
        team,
        benchmark,
        issuer=issuer.url,
        repository="example/inspector",
        workflow="submit.yml",
        by=team.memberships.get().user,
        now=timezone.now(),
    )


def mint(token: str) -> Any:
    return lambda _world: minting.mint(token, team="home", address="127.0.0.1", now=timezone.now())


def test_of_two_that_bring_the_same_identity_one_gets_a_token(
    team: Team, mmad: Benchmark, issuer: Issuer
) -> None:
    registered(team, mmad, issuer)
    for turn in range(ROUNDS):
        token = issuer.token()
        assert at_once(None, *[mint(token)] * 3) == 1  # type: ignore[arg-type]  # no world is needed
        assert Token.objects.count() == UsedIdentity.objects.count() == turn + 1


def test_the_first_of_two_repositories_of_one_name_pins_its_ids(
    team: Team, mmad: Benchmark, issuer: Issuer
) -> None:
    for _turn in range(ROUNDS):
        publisher = registered(team, mmad, issuer)
        acts = [mint(issuer.token(repository_id=each)) for each in ("1", "2")]
        assert at_once(None, *acts) == 1  # type: ignore[arg-type]
        publisher.refresh_from_db()
        assert publisher.tokens.get().claims["repository_id"] == publisher.repository_id
        publishers.remove(publisher, by=audit.COMMAND, now=timezone.now())


def test_no_token_outlives_its_publisher(team: Team, mmad: Benchmark, issuer: Issuer) -> None:
    for _turn in range(ROUNDS):
        publisher = registered(team, mmad, issuer)
        acts = [
            mint(issuer.token()),
            lambda _world, publisher=publisher: publishers.remove(
                publisher, by=audit.COMMAND, now=timezone.now()
            ),
        ]
        assert at_once(None, *acts) in (1, 2)  # type: ignore[arg-type]
        assert not Token.objects.living(at=timezone.now()).exists()
        assert not Publisher.objects.living().exists()


def test_removed_twice_is_removed_once(team: Team, mmad: Benchmark, issuer: Issuer) -> None:
    publisher = registered(team, mmad, issuer)
    remove = [
        lambda _world: publishers.remove(publisher, by=audit.COMMAND, now=timezone.now())
        for _time in range(2)
    ]
    assert at_once(None, *remove) == 2  # type: ignore[arg-type]
    assert Event.objects.filter(object_kind="publisher", action="removed").count() == 1


def test_registered_twice_is_registered_once(team: Team, mmad: Benchmark, issuer: Issuer) -> None:
    assert at_once(None, *[lambda _world: registered(team, mmad, issuer)] * 2) == 1  # type: ignore[arg-type]
    assert Publisher.objects.count() == 1


def test_an_archived_team_gets_no_token_afterwards(team: Team, mmad: Benchmark, issuer: Issuer) -> None:
    owner = team.memberships.get().user
    registered(team, mmad, issuer)
    acts = [mint(issuer.token()), lambda _world: teams.archive(team, by=owner, now=timezone.now())]
    assert at_once(None, *acts) in (1, 2)  # type: ignore[arg-type]
    assert at_once(None, mint(issuer.token())) == 0  # type: ignore[arg-type]

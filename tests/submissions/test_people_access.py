"""Anonymous, stranger, member, owner and organizer, each against every page of people, uploads and submissions."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from submissions import (
    deliveries,
    mails,
    publishers,
    releases,
    storage,
    teams,
    tokens,
    urls,
    webhooks,
)
from submissions.models import Membership, Publisher, Submission, Token, User
from tests import material

pytestmark = pytest.mark.django_db
WHO = ("anonymous", "stranger", "member", "owner", "organizer")


@dataclass(frozen=True)
class Scene:
    """A team with one of everything; every name that an address can hold."""

    clients: dict[str, Client]
    names: dict[str, object]


def addresses(scene: Scene) -> dict[str, str]:
    """URL name -> address, for every page of submissions/urls.py."""
    found = {}
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        assert pattern.name
        slug = "mmad" if str(pattern.pattern).startswith("benchmarks/") else "a"
        names = {"slug": slug, **scene.names}
        taken = {name: names[name] for name in pattern.pattern.converters}
        found[pattern.name] = reverse(pattern.name, kwargs=taken)
    return found


@pytest.fixture(scope="module")
def made(kept: Path) -> tuple[dict[str, User], dict[str, object]]:
    people = {who: material.person(f"{who}@example.org", is_staff=who == "organizer") for who in WHO[1:]}
    material.team("elsewhere", people["stranger"])
    team = material.team("a", people["owner"])
    team.memberships.create(user=people["member"])
    guest = material.person("guest@example.org")
    benchmark = material.benchmark()
    submission = material.scored(benchmark, team)
    publisher = publishers.register(
        team,
        benchmark,
        issuer="https://gitlab.com",
        repository="example/inspector",
        workflow=".gitlab-ci.yml",
        by=people["owner"],
        now=timezone.now(),
    )
    problem: dict[str, Any] = {"line": 1, "field": None, "code": "empty", "params": {}}
    storage.answers().put(submission.problems_key, json.dumps([problem]).encode())
    invitation, secret = teams.invite(team, by=people["owner"], now=timezone.now())
    draft, _outcome = releases.publish(material.content(seed=99), slug="mmad")
    token, _text = tokens.create(team, name="ci", scope=Token.Scope.READ, days=9, now=timezone.now())
    told = "https://ci.example.org/hook"
    webhook, _secret = webhooks.add(team, url=told, by=people["owner"], now=timezone.now())
    return people, {
        "webhook_id": webhook.pk,
        "delivery_id": deliveries.ping(webhook, now=timezone.now()).pk,
        "submission_id": submission.pk,
        "entry_id": submission.entry_id,
        "invitation_id": invitation.pk,
        "secret": secret,
        "token_id": token.pk,
        "publisher_id": publisher.pk,
        "membership_id": team.memberships.create(user=guest).pk,
        "name": "nothing",
        "token": mails.link(team.memberships.get(user=people["member"])).split("/")[-2],
        "digest": draft.short_digest,
    }


@pytest.fixture
def scene(made: tuple[dict[str, User], dict[str, object]], copied: Path) -> Scene:
    people, names = made
    clients = {who: Client() for who in WHO}
    for who, user in people.items():
        clients[who].force_login(user)
    return Scene(clients, names)


LOGIN, OK, NONE, NO, DONE = "login", 200, 404, 403, 303

# What a GET answers to each of WHO, in their order.
GETS = {
    "account-delete": (LOGIN, OK, OK, OK, OK),
    "teams": (LOGIN, OK, OK, OK, OK),
    "team-new": (LOGIN, OK, OK, OK, OK),
    "team": (LOGIN, NONE, OK, OK, NONE),
    "webhook": (LOGIN, NONE, OK, OK, NONE),
    "delivery": (LOGIN, NONE, OK, OK, NONE),
    "invitation": (OK, OK, OK, OK, OK),
    "notices": (LOGIN, OK, OK, OK, OK),
    "mails": (OK,) * 5,
    "mailbox": (NONE,) * 5,
    "mail-message": (NONE,) * 5,
    "upload": (LOGIN, OK, OK, OK, OK),
    "sample-answers": (OK,) * 5,
    "entry-correct": (LOGIN, NONE, OK, OK, NONE),
    "entry-report": (NONE, NONE, OK, OK, OK),
    "submission": (NONE, NONE, OK, OK, OK),
    "submission-state": (NONE, NONE, 204, 204, 204),
    "submission-problems": (LOGIN, NONE, OK, OK, NONE),
    "submission-answers": (LOGIN, NONE, OK, OK, NONE),
}

# What a POST answers; a deed's GET leads to the page that it stands on.
POSTS = {
    "team-invite": (LOGIN, NONE, NO, OK, NONE),
    "invitation-revoke": (LOGIN, NONE, NO, DONE, NONE),
    "team-archive": (LOGIN, NONE, NO, DONE, NONE),
    "team-restore": (LOGIN, NONE, NO, DONE, NONE),
    "team-leave": (LOGIN, NONE, DONE, DONE, NONE),
    "team-remove-member": (LOGIN, NONE, NO, DONE, NONE),
    "team-role": (LOGIN, NONE, NO, DONE, NONE),
    "team-hand-over": (LOGIN, NONE, NO, DONE, NONE),
    "token-new": (LOGIN, NONE, OK, OK, NONE),
    "token-rotate": (LOGIN, NONE, NO, OK, NONE),
    "token-revoke": (LOGIN, NONE, NO, DONE, NONE),
    "publisher-new": (LOGIN, NONE, 422, 422, NONE),
    "publisher-remove": (LOGIN, NONE, NO, DONE, NONE),
    "webhook-new": (LOGIN, NONE, 422, 422, NONE),
    "webhook-ping": (LOGIN, NONE, NO, DONE, NONE),
    "webhook-pause": (LOGIN, NONE, NO, DONE, NONE),
    "webhook-resume": (LOGIN, NONE, NO, DONE, NONE),
    "webhook-rotate": (LOGIN, NONE, NO, OK, NONE),
    "webhook-remove": (LOGIN, NONE, NO, DONE, NONE),
    "delivery-again": (LOGIN, NONE, NO, DONE, NONE),
    "release-rescore": (LOGIN, NONE, NONE, NONE, DONE),
    "release-publish": (LOGIN, NONE, NONE, NONE, DONE),
    "release-discard": (LOGIN, NONE, NONE, NONE, DONE),
    "submission-publish": (LOGIN, NONE, DONE, DONE, NONE),
    "submission-withdraw": (LOGIN, NONE, 422, 422, NONE),
    "submission-choose": (LOGIN, NONE, DONE, DONE, NONE),
    "submission-cancel": (LOGIN, NONE, DONE, DONE, NONE),
}
FIELDS = {"role": "owner", "name": "n", "scope": "read", "days": "1", "overlap": "24"}


def answer_of(client: Client, method: str, url: str) -> object:
    answer = client.get(url) if method == "get" else client.post(url, FIELDS)
    if answer.streaming:
        answer.getvalue()  # a download holds its file open until it is read
    if answer.status_code == 302:
        assert answer["Location"].startswith("/accounts/login/?next=/")
        return LOGIN
    return answer.status_code


def test_every_page_is_tried(scene: Scene) -> None:
    assert set(addresses(scene)) == set(GETS) | set(POSTS)


@pytest.mark.parametrize("name", GETS)
def test_who_may_read(scene: Scene, name: str) -> None:
    url = addresses(scene)[name]
    assert tuple(answer_of(scene.clients[who], "get", url) for who in WHO) == GETS[name]


@pytest.mark.parametrize("name", POSTS)
def test_who_may_act(scene: Scene, name: str) -> None:
    url = addresses(scene)[name]
    # Whoever may not comes first, so that nothing has changed when it is their turn.
    assert tuple(answer_of(scene.clients[who], "get", url) for who in WHO) == (LOGIN, *(DONE,) * 4)
    assert tuple(answer_of(scene.clients[who], "post", url) for who in WHO) == POSTS[name]


@pytest.mark.parametrize("name", POSTS)
def test_who_may_not_changes_nothing(scene: Scene, name: str) -> None:
    def state() -> list[object]:
        found = Submission.objects.get()
        memberships = sorted(Membership.objects.values_list("pk", "role"))
        living = (Token.objects.filter(revoked_at=None).count(), Publisher.objects.living().count())
        return [found.visibility, memberships, *living]

    before = state()
    for who in ("anonymous", "stranger", "organizer"):
        answer_of(scene.clients[who], "post", addresses(scene)[name])
    assert state() == before


def test_nobody_sends_for_a_team_that_they_are_not_in(scene: Scene) -> None:
    for who in ("anonymous", "stranger", "organizer"):
        upload = SimpleUploadedFile("answers.csv", material.answers(seed=9))
        fields = {"entry": "theirs", "team": "a", "visibility": "private", "file": upload}
        assert scene.clients[who].post("/benchmarks/mmad/submit/", fields).status_code in (302, 422)
    assert Submission.objects.count() == 1


def test_a_public_one_is_for_everybody_and_its_file_is_not(scene: Scene) -> None:
    Submission.objects.update(visibility="public", published_at=timezone.now())
    found = addresses(scene)
    for who in WHO:
        assert scene.clients[who].get(found["submission"]).status_code == 200
    for who in ("anonymous", "stranger", "organizer"):
        assert scene.clients[who].get(found["submission-answers"]).status_code in (302, 404)


def test_nobody_sees_an_address_of_somebody_elses(scene: Scene) -> None:
    Submission.objects.update(
        visibility="public", published_at=timezone.now(), sent_by=User.objects.get(email__startswith="owner")
    )
    for who in ("anonymous", "stranger"):
        for url in (addresses(scene)["submission"], "/teams/"):
            html = scene.clients[who].get(url, follow=True).content.decode()
            assert set(re.findall(r"\w+@example\.org", html)) <= {f"{who}@example.org"}

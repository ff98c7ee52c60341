"""Trusted publishing: jobs that send without a secret, and every identity token that gets none.

The issuers are real ones on loopback, with keys of their own; nothing of the verification is replaced.
"""

import base64
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from leaderboard import env
from submissions import askers, evaluation, limits, minting, moderation, publishers, sweeper, teams, tokens
from submissions.api import problems
from submissions.models import (
    Benchmark,
    Event,
    Notice,
    Publisher,
    Submission,
    Team,
    Token,
    UsedIdentity,
    User,
)
from submissions.oidc import issuers, keys
from submissions.refusals import Refusal
from tests import material
from tests.servers import issuer as servers
from tests.servers import receiver
from tests.servers.issuer import SHA, Issuer, ec_key, public, rsa_key
from tests.servers.site import PROJECT

pytestmark = pytest.mark.django_db
MINT = "/api/v1/oidc/mint-token/"
GITHUB = {"repository": "example/inspector", "workflow": "submit.yml"}
GITLAB = {"repository": "example/vision/inspector", "workflow": ".gitlab-ci.yml"}


@pytest.fixture(scope="module")
def servers_of_all() -> Iterator[tuple[Issuer, Issuer]]:
    with servers.running("github") as github, servers.running("gitlab") as gitlab:
        yield github, gitlab


@pytest.fixture(autouse=True)
def listed(
    servers_of_all: tuple[Issuer, Issuer], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    settings.VERNIER_URL = "http://127.0.0.1:8000"
    settings.VERNIER_OIDC_ISSUERS = [(each.kind, each.url) for each in servers_of_all]
    monkeypatch.setattr(limits, "MINTS_A_MINUTE", 100_000)
    keys.forget()
    yield
    for each in servers_of_all:
        each.wrong, each.asked = servers.Misbehaviour(), []
        each.keys = [public("rsa", rsa_key("first")), public("ec", ec_key("first"))]


@pytest.fixture
def github(servers_of_all: tuple[Issuer, Issuer]) -> Issuer:
    return servers_of_all[0]


@pytest.fixture
def gitlab(servers_of_all: tuple[Issuer, Issuer]) -> Issuer:
    return servers_of_all[1]


@pytest.fixture
def owner() -> User:
    return material.person("owner@example.org")


@pytest.fixture
def team(owner: User) -> Team:
    return material.team("home", owner)


@pytest.fixture
def mmad() -> Benchmark:
    return material.benchmark()


def registered(team: Team, issuer: Issuer, benchmark: str = "mmad", **more: Any) -> Publisher:
    said = {**(GITHUB if issuer.kind == "github" else GITLAB), **more}
    return publishers.register(
        team,
        Benchmark.objects.get(slug=benchmark),
        issuer=issuer.url,
        by=team.memberships.get().user,
        now=timezone.now(),
        **said,
    )


def mint(token: str, **said: Any) -> Any:
    body = {"token": token, "team": "home", **said}
    shown = {name: value for name, value in body.items() if value is not None}
    return Client().post(MINT, shown, content_type="application/json")


def refused(answer: Any, code: str, status: int = 403) -> str:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert "{" not in problem["detail"]
    assert not Token.objects.exists()
    detail: str = problem["detail"]
    return detail


def with_token(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"})


def send(client: Client, slug: str = "mmad", **fields: Any) -> Any:
    file = SimpleUploadedFile("answers.csv", material.answers())
    return client.post(f"/api/v1/benchmarks/{slug}/submissions/", {"file": file, "entry": "model", **fields})


# What is taken


@pytest.mark.parametrize("kid", ["rsa", "ec"])
@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_a_job_gets_a_token_of_15_minutes_for_its_team_and_benchmark(
    team: Team, mmad: Benchmark, servers_of_all: tuple[Issuer, Issuer], kind: str, kid: str
) -> None:
    issuer = next(each for each in servers_of_all if each.kind == kind)
    registered(team, issuer)
    before = timezone.now()
    answer = mint(issuer.token(kid=kid, algorithm="RS256" if kid == "rsa" else "ES256"))
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    said = answer.json()
    assert (said["team"], said["benchmarks"], said["scope"]) == ("home", ["mmad"], "submit")
    ends = datetime.fromisoformat(said["expires_at"])
    assert timedelta(minutes=15) <= ends - before < timedelta(minutes=15, seconds=20)
    assert send(with_token(said["token"])).status_code == 202
    assert tokens.is_well_formed(said["token"])


def test_the_audience_is_the_sites_address(client: Client) -> None:
    assert client.get("/api/v1/oidc/audience/").json() == {"audience": "http://127.0.0.1:8000"}


def test_a_minted_token_is_for_that_benchmark_alone_and_dies_with_its_time(
    team: Team, mmad: Benchmark, github: Issuer
) -> None:
    material.benchmark("other", seed=9)
    registered(team, github)
    text = mint(github.token()).json()["token"]
    assert send(with_token(text), "other").json()["code"] == "token-for-others"
    assert with_token(text).post("/api/v1/token/rotate/").json()["code"] == "token-minted"
    now = timezone.now()
    assert tokens.authenticate(text, now=now + timedelta(minutes=14, seconds=50)).is_minted
    with pytest.raises(tokens.UnusableTokenError, match="ended"):
        tokens.authenticate(text, now=now + timedelta(minutes=15, seconds=1))


def test_a_minted_token_dies_when_its_publisher_is_removed(
    team: Team, mmad: Benchmark, github: Issuer, client: Client, owner: User
) -> None:
    publisher = registered(team, github)
    text = mint(github.token()).json()["token"]
    client.force_login(owner)
    assert client.post(f"/teams/home/publishers/{publisher.pk}/remove/").status_code == 303
    assert send(with_token(text)).json()["code"] == "token-revoked"
    again = mint(github.token())
    assert (again.status_code, again.json()["code"]) == (403, "publisher-removed")
    registered(team, github)
    assert mint(github.token()).status_code == 201


def test_no_mail_is_sent_for_a_job_and_one_for_the_registration(
    team: Team, mmad: Benchmark, github: Issuer, owner: User
) -> None:
    registered(team, github, environment="release")
    send(with_token(mint(github.token(environment="Release")).json()["token"]))
    assert list(Notice.objects.filter(user=owner).values_list("kind", flat=True)) == ["publisher-registered"]
    assert mail.outbox == []  # the worker's to send
    assert Token.objects.get().networks.count() == 0


def test_the_log_tells_who_registered_and_what_was_minted(
    team: Team, mmad: Benchmark, github: Issuer
) -> None:
    publishers.remove(
        registered(team, github), by=askers.for_user(team.memberships.get().user), now=timezone.now()
    )
    registered(team, github)
    mint(github.token())
    said = Event.objects.order_by("pk").values_list("object_kind", "action", "actor_kind")
    assert [each for each in said if each[0] in ("publisher", "token")] == [
        ("publisher", "registered", "person"),
        ("publisher", "removed", "person"),
        ("publisher", "registered", "person"),
        ("token", "made", "site"),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"event_name": "schedule"},
        {"event_name": "workflow_dispatch"},
        {"event_name": "deployment"},
        {"event_name": "release", "ref": "refs/tags/v1", "workflow_ref": "@refs/tags/v1"},
        {"workflow_ref": f"@{SHA}", "job_workflow_ref": f"@{SHA}"},
        {"job_workflow_ref": "example/inspector/.github/workflows/called.yml@refs/heads/main"},
        {"repository": "Example/Inspector", "repository_owner": "Example"},
        {"repository_id": 1001, "run_attempt": 3},
        {"environment": "anything"},
    ],
    ids=str,
)
def test_every_way_in_which_people_of_the_repository_start_a_workflow_is_taken(
    team: Team, mmad: Benchmark, github: Issuer, changed: dict[str, Any]
) -> None:
    registered(team, github)
    path = "example/inspector/.github/workflows/submit.yml"
    full: dict[str, Any] = {
        name: path + value if isinstance(value, str) and value.startswith("@") else value
        for name, value in changed.items()
    }
    if "workflow_ref" in full:
        full.setdefault("job_workflow_ref", full["workflow_ref"])
    assert mint(github.token(**full)).status_code == 201


@pytest.mark.parametrize(
    "source", ["push", "schedule", "web", "api", "trigger", "pipeline", "parent_pipeline"]
)
def test_every_way_in_which_people_of_the_project_start_a_pipeline_is_taken(
    team: Team, mmad: Benchmark, gitlab: Issuer, source: str
) -> None:
    registered(team, gitlab)
    host = gitlab.url.partition("://")[2]
    tag: dict[str, Any] = {
        "ref": "v1",
        "ref_type": "tag",
        "ref_path": "refs/tags/v1",
        "ci_config_ref_uri": f"{host}/example/vision/inspector//.gitlab-ci.yml@refs/tags/v1",
    }
    life: dict[str, Any] = {"exp": int(time.time()) + 12 * 3600}
    if source != "parent_pipeline":
        life["job_project_id"] = None  # as an older GitLab
    assert mint(gitlab.token(pipeline_source=source, **tag, **life)).status_code == 201


# What is refused: thirty and more forged, stolen, replayed and misdirected ones


@pytest.fixture
def scene(team: Team, mmad: Benchmark, github: Issuer, gitlab: Issuer) -> None:
    registered(team, github, environment="release")
    registered(team, gitlab)


Forge = Callable[[Issuer, Issuer], str]


def of_github(**changed: Any) -> Forge:
    """A job's identity token in which GitHub says something else."""
    return lambda github, _gitlab: github.token(**{"environment": "release", **changed})


def of_gitlab(**changed: Any) -> Forge:
    return lambda _github, gitlab: gitlab.token(**changed)


def at_gitlab(path: str) -> Forge:
    return lambda _github, gitlab: gitlab.token(ci_config_ref_uri=gitlab.url.partition("://")[2] + path)


def from_issuer(change: Callable[[str], str]) -> Forge:
    return lambda github, _gitlab: github.token(iss=change(github.url))


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def unsigned(github: Issuer, _gitlab: Issuer) -> str:
    return f"{part({'alg': 'none', 'kid': 'rsa'})}.{part(github.claims(environment='release'))}."


def by_the_public_key(github: Issuer, _gitlab: Issuer) -> str:
    """HS256, whose secret is what everybody knows."""
    pem = rsa_key("first").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = part({"alg": "HS256", "kid": "rsa"}), part(github.claims(environment="release"))
    signed = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        f"{head}.{body}".encode(), pem
    )
    return f"{head}.{body}.{base64.urlsafe_b64encode(signed).decode().rstrip('=')}"


def changed_afterwards(github: Issuer, _gitlab: Issuer) -> str:
    head, _body, signature = github.token().split(".")
    return f"{head}.{part(github.claims(environment='release'))}.{signature}"


def with_a_key_of_its_own(name: str) -> Forge:
    value: Any = public("own", rsa_key("theirs")) if name == "jwk" else "http://127.0.0.1:1/keys"
    value = ["MIIB"] if name == "x5c" else value
    return of_github(key=rsa_key("theirs"), headers={name: value})


def of_another_curve(github: Issuer, _gitlab: Issuer) -> str:
    github.keys.append(public("p384", ec_key("p384", ec.SECP384R1)))
    return github.token(key=ec_key("first"), kid="p384", algorithm="ES256", environment="release")


def by_a_small_key(github: Issuer, _gitlab: Issuer) -> str:
    github.keys.append(public("small", rsa_key("small", 1024)))
    head, body = part({"alg": "RS256", "kid": "small"}), part(github.claims(environment="release"))
    signed = RSA.sign(f"{head}.{body}".encode(), rsa_key("small", 1024))
    return f"{head}.{body}.{base64.urlsafe_b64encode(signed).decode().rstrip('=')}"


RSA = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
HOUR = 3600


def shifted(**seconds: int) -> Forge:
    """With times so far from now."""

    def forge(github: Issuer, _gitlab: Issuer) -> str:
        moments: dict[str, Any] = {name: int(time.time()) + value for name, value in seconds.items()}
        return github.token(environment="release", **moments)

    return forge


FILE = "/.github/workflows/submit.yml@refs/heads/main"
# What was forged -> what makes it, and the reason that it is refused with.
FORGED: dict[str, tuple[Forge, str]] = {
    "no token at all": (lambda _a, _b: "vrn_" + "0" * 36, "identity-malformed"),
    "two parts": (lambda a, _b: a.token().rpartition(".")[0], "identity-malformed"),
    "five parts, as encrypted ones have": (lambda _a, _b: "a.b.c.d.e", "identity-malformed"),
    "a header that is a list": (lambda a, _b: f"W10.{part(a.claims())}.x", "identity-malformed"),
    "no signature": (unsigned, "identity-algorithm"),
    "the public key as a secret": (by_the_public_key, "identity-algorithm"),
    "another algorithm of the same key": (of_github(algorithm="RS512"), "identity-algorithm"),
    "PSS padding": (of_github(algorithm="PS256"), "identity-algorithm"),
    "a key in the header": (with_a_key_of_its_own("jwk"), "identity-key-carried"),
    "the address of a key": (with_a_key_of_its_own("jku"), "identity-key-carried"),
    "the address of a certificate": (with_a_key_of_its_own("x5u"), "identity-key-carried"),
    "a certificate": (with_a_key_of_its_own("x5c"), "identity-key-carried"),
    "an extension": (of_github(headers={"crit": ["b64"], "b64": True}), "identity-critical"),
    "an issuer with a slash": (from_issuer(lambda url: url + "/"), "identity-issuer"),
    "an issuer with a path": (from_issuer(lambda url: url + "/example"), "identity-issuer"),
    "an issuer below": (from_issuer(lambda url: url.replace("://", "://evil.")), "identity-issuer"),
    "an issuer by another scheme": (from_issuer(lambda url: url.replace("http", "https")), "identity-issuer"),
    "an issuer before an at sign": (from_issuer(lambda url: url + "@evil.example"), "identity-issuer"),
    "no issuer": (of_github(iss=None), "identity-issuer"),
    "a list of issuers": (
        lambda a, _b: f"{part({'alg': 'RS256', 'kid': 'rsa'})}.{part(a.claims(iss=[a.url]))}.x",
        "identity-issuer",
    ),
    "no name of a key": (of_github(kid=None), "identity-key-unnamed"),
    "an unknown key": (of_github(key=rsa_key("theirs"), kid="theirs"), "identity-key-unknown"),
    "another issuer's key": (of_github(key=rsa_key("theirs"), kid="../keys"), "identity-key-unknown"),
    "an EC key for RSA": (of_github(kid="ec", key=rsa_key("first")), "identity-key-kind"),
    "an RSA key for EC": (of_github(kid="rsa", key=ec_key("x"), algorithm="ES256"), "identity-key-kind"),
    "another curve": (of_another_curve, "identity-key-kind"),
    "a key too small": (by_a_small_key, "identity-key-kind"),
    "another key of the same name": (of_github(key=rsa_key("theirs")), "identity-signature"),
    "another EC key of the same name": (
        of_github(kid="ec", key=ec_key("theirs"), algorithm="ES256"),
        "identity-signature",
    ),
    "changed afterwards": (changed_afterwards, "identity-signature"),
    "no end": (of_github(exp=None), "identity-claim-missing"),
    "no beginning": (of_github(nbf=None), "identity-claim-missing"),
    "no time": (of_github(iat=None), "identity-claim-missing"),
    "no jti": (of_github(jti=None), "identity-claim-missing"),
    "no subject": (of_github(sub=None), "identity-claim-missing"),
    "no audience": (of_github(aud=None), "identity-claim-missing"),
    "no workflow": (of_github(workflow_ref=None), "identity-claim-missing"),
    "no reused workflow": (of_github(job_workflow_ref=None), "identity-claim-missing"),
    "no visibility": (of_github(repository_visibility=None), "identity-claim-missing"),
    "a CI file from elsewhere": (of_gitlab(ci_config_ref_uri=None), "identity-claim-missing"),
    "an end that is text": (of_github(environment="release", exp=True), "identity-claim-unreadable"),
    "a name that turns text": (of_github(environment="rel\u202eease"), "identity-claim-unreadable"),
    "a name with a line's end": (of_github(ref="refs/heads/a\nb"), "identity-claim-unreadable"),
    "a name without end": (of_github(ref="refs/heads/" + "a" * 999), "identity-claim-unreadable"),
    "a repository that is a path": (of_github(repository="../evil"), "identity-claim-unreadable"),
    "an id that is a name": (of_github(repository_id="one"), "identity-claim-unreadable"),
    "a commit that is a branch": (of_github(sha="main"), "identity-claim-unreadable"),
    "ended": (shifted(iat=-600, nbf=-600, exp=-60), "identity-expired"),
    "not yet good": (shifted(nbf=120), "identity-not-yet"),
    "made in the future": (shifted(iat=120, nbf=0), "identity-of-the-future"),
    "good for a day": (shifted(exp=24 * HOUR), "identity-lifetime"),
    "ended before it was made": (shifted(iat=20, exp=10), "identity-lifetime"),
    "for others": (of_github(aud="https://pypi.org"), "identity-audience"),
    "for us and a slash": (of_github(aud="http://127.0.0.1:8000/"), "identity-audience"),
    "for the owner, as is usual": (of_github(aud="https://github.com/example"), "identity-audience"),
    "for us and others": (of_github(aud=["http://127.0.0.1:8000", "evil"]), "identity-audience-list"),
    "for us, in a list": (of_github(aud=["http://127.0.0.1:8000"]), "identity-audience-list"),
    "pull_request_target": (of_github(event_name="pull_request_target"), "identity-pull-request-target"),
    "a pull request": (
        of_github(event_name="pull_request", ref="refs/pull/1/merge"),
        "identity-pull-request",
    ),
    "a pull request's ref": (of_github(ref="refs/pull/1/head"), "identity-pull-request"),
    "a comment": (of_github(event_name="issue_comment"), "identity-event"),
    "after another workflow": (of_github(event_name="workflow_run"), "identity-event"),
    "a deployment of a commit": (
        of_github(event_name="deployment", ref=""),
        "identity-deployment",
    ),
    "a child pipeline that does not tell a fork": (
        of_gitlab(pipeline_source="parent_pipeline", job_project_id=None),
        "identity-claim-missing",
    ),
    "a merge request": (of_gitlab(pipeline_source="merge_request_event"), "identity-merge-request"),
    "a merge request's ref": (of_gitlab(ref_path="refs/merge-requests/1/head"), "identity-merge-request"),
    "a fork's merge request": (of_gitlab(job_project_id="9", job_project_path="a/b"), "identity-fork"),
    "a chat": (of_gitlab(pipeline_source="chat"), "identity-event"),
    "a workflow of another repository": (
        of_github(workflow_ref=f"evil/inspector{FILE}"),
        "identity-workflow-elsewhere",
    ),
    "a repository whose name is longer": (
        of_github(workflow_ref=f"example/inspector-evil{FILE}"),
        "identity-workflow-elsewhere",
    ),
    "a CI file of another project": (
        at_gitlab("/example/vision/evil//.gitlab-ci.yml@refs/heads/main"),
        "identity-workflow-elsewhere",
    ),
    "a CI file of another host": (
        of_gitlab(ci_config_ref_uri="evil.example/example/vision/inspector//.gitlab-ci.yml@refs/heads/main"),
        "identity-workflow-elsewhere",
    ),
    "a workflow of another branch": (
        of_github(workflow_ref="example/inspector/.github/workflows/submit.yml@refs/heads/evil"),
        "identity-workflow-ref",
    ),
    "a CI file of another branch": (
        at_gitlab("/example/vision/inspector//.gitlab-ci.yml@refs/heads/evil"),
        "identity-workflow-ref",
    ),
    "a reused workflow of others": (
        of_github(job_workflow_ref=f"evil/shared{FILE}"),
        "identity-reused-workflow",
    ),
    "a reused workflow of another branch": (
        of_github(job_workflow_ref="example/inspector/.github/workflows/submit.yml@refs/heads/evil"),
        "identity-reused-workflow",
    ),
    "an owner who is another": (of_github(repository_owner="evil"), "identity-claims-disagree"),
    "a group that is another": (of_gitlab(namespace_path="example"), "identity-claims-disagree"),
    "a branch that is another": (of_gitlab(ref="evil"), "identity-claims-disagree"),
    "a repository of others": (
        of_github(
            repository="evil/inspector",
            repository_owner="evil",
            workflow_ref=f"evil/inspector{FILE}",
            job_workflow_ref=f"evil/inspector{FILE}",
        ),
        "publisher-unknown",
    ),
    "another file of the repository": (
        of_github(workflow_ref="example/inspector/.github/workflows/test.yml@refs/heads/main"),
        "publisher-other-workflow",
    ),
    "another file of the project": (
        at_gitlab("/example/vision/inspector//ci/test.yml@refs/heads/main"),
        "publisher-other-workflow",
    ),
    "no environment": (of_github(environment=None), "publisher-environment-missing"),
    "another environment": (of_github(environment="test"), "publisher-other-environment"),
}


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_identity_token_is_refused_with_its_reason(
    github: Issuer, gitlab: Issuer, name: str
) -> None:
    forge, code = FORGED[name]
    detail = refused(mint(forge(github, gitlab)), code)
    assert len(detail) > 40
    assert not UsedIdentity.objects.exists()
    assert not Publisher.objects.exclude(repository_id="").exists()


def test_there_are_thirty_reasons_and_more() -> None:
    assert len(FORGED) >= 70
    assert len({code for _forge, code in FORGED.values()}) >= 27


# Replayed


@pytest.mark.usefixtures("scene")
def test_an_identity_token_is_exchanged_once(gitlab: Issuer) -> None:
    token = gitlab.token()
    assert mint(token).status_code == 201
    again = mint(token)
    assert (again.status_code, again.json()["code"]) == (403, "identity-replayed")
    assert mint(gitlab.token(jti=gitlab.claims()["jti"])).status_code == 201
    assert Token.objects.count() == 2


@pytest.mark.usefixtures("scene")
def test_the_same_jti_of_another_issuer_is_another(github: Issuer, gitlab: Issuer) -> None:
    assert mint(gitlab.token(jti="one")).status_code == 201
    assert mint(github.token(jti="one", environment="release")).status_code == 201
    assert (
        mint(github.token(jti="one", environment="release", sha="1" * 40)).json()["code"]
        == "identity-replayed"
    )


@pytest.mark.usefixtures("scene")
def test_what_was_refused_is_not_used_up(gitlab: Issuer) -> None:
    token = gitlab.token()
    assert mint(token, team="nowhere").json()["code"] == "publisher-for-another"
    assert mint(token, benchmark="nothing").json()["code"] == "publisher-for-another"
    assert mint(token).status_code == 201


# Who it is registered by


@pytest.mark.usefixtures("scene")
def test_the_ids_of_the_first_use_are_pinned(gitlab: Issuer) -> None:
    assert mint(gitlab.token()).status_code == 201
    publisher = Publisher.objects.get(kind="gitlab")
    assert (publisher.repository_id, publisher.owner_id) == ("2002", "88")
    # A project of the same name, after the first was deleted.
    other = mint(gitlab.token(project_id="3003", job_project_id="3003"))
    assert (other.status_code, other.json()["code"]) == (403, "publisher-other-repository")
    assert "2002" not in other.json()["detail"]
    owned = mint(gitlab.token(namespace_id="99", project_id="3003", job_project_id="3003"))
    assert owned.json()["code"] == "publisher-other-owner"
    publisher.refresh_from_db()
    assert publisher.repository_id == "2002"


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ({"owner_id": "78"}, "publisher-other-owner"),
        ({"repository_id": "1002"}, "publisher-other-repository"),
        ({"owner_id": "77", "repository_id": "1001"}, None),
    ],
)
def test_ids_can_be_given_before_the_first_use(
    team: Team, mmad: Benchmark, github: Issuer, ids: dict[str, str], code: str | None
) -> None:
    registered(team, github, **ids)
    assert mint(github.token()).json().get("code") == code


def test_a_job_says_once_for_which_team_it_sends(team: Team, mmad: Benchmark, github: Issuer) -> None:
    registered(team, github)
    detail = refused(mint(github.token(), team=None), "publisher-unproven")
    assert "home" not in detail
    assert mint(github.token()).status_code == 201
    assert mint(github.token(), team=None).json()["team"] == "home"


def test_nobody_gets_what_anothers_job_sends_by_registering_it(
    team: Team, mmad: Benchmark, github: Issuer
) -> None:
    away = material.team("away", material.person("away@example.org"))
    registered(away, github, owner_id="77", repository_id="1001")
    refused(mint(github.token(), team=None), "publisher-unproven")
    registered(team, github)
    assert mint(github.token()).status_code == 201
    assert mint(github.token(), team=None).json()["team"] == "home"


def test_a_job_of_several_benchmarks_says_for_which_it_sends(
    team: Team, mmad: Benchmark, github: Issuer
) -> None:
    material.benchmark("other", seed=9)
    registered(team, github)
    registered(team, github, "other")
    refused(mint(github.token()), "publisher-ambiguous")
    assert mint(github.token(), benchmark="other").json()["benchmarks"] == ["other"]


def test_of_two_that_fit_the_one_with_the_environment_is_meant(
    team: Team, mmad: Benchmark, github: Issuer
) -> None:
    registered(team, github)
    close = registered(team, github, environment="release")
    mint(github.token(environment="release"))
    assert Token.objects.get().publisher == close


def test_an_archived_or_banned_team_and_a_closed_benchmark_get_no_token(
    team: Team, mmad: Benchmark, github: Issuer, owner: User
) -> None:
    registered(team, github)
    Benchmark.objects.update(closes_at=timezone.now())
    assert "took submissions until" in refused(mint(github.token()), "publisher-benchmark-over")
    Benchmark.objects.update(closes_at=None)
    staff = askers.for_user(material.person("staff@example.org", is_staff=True))
    moderation.ban(team, reason="looked at", by=staff, now=timezone.now())
    refused(mint(github.token()), "publisher-team-banned")
    team.refresh_from_db()
    moderation.unban(team, by=staff)
    teams.archive(team, by=owner, now=timezone.now())
    assert "archived" in refused(mint(github.token()), "publisher-team-archived")
    teams.restore(team, by=owner)
    assert mint(github.token()).status_code == 201


def test_who_leaves_the_team_takes_along_what_they_registered(
    team: Team, mmad: Benchmark, github: Issuer, owner: User
) -> None:
    registered(team, github)
    text = mint(github.token()).json()["token"]
    team.memberships.create(user=material.person("second@example.org"), role="owner")
    teams.remove(team.memberships.select_related("team").get(user=owner), by=owner, now=timezone.now())
    assert send(with_token(text)).json()["code"] == "token-revoked"
    assert mint(github.token()).json()["code"] == "publisher-removed"


# The issuer


@pytest.mark.usefixtures("scene")
def test_keys_are_asked_for_once_and_again_when_one_is_new(
    gitlab: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = [servers.DISCOVERY, servers.KEYS]
    for _time in range(3):
        assert mint(gitlab.token()).status_code == 201
    assert gitlab.asked == once
    gitlab.keys = [public("new", rsa_key("new"))]
    # Not for each name that somebody makes up.
    assert mint(gitlab.token(key=rsa_key("new"), kid="new")).json()["code"] == "identity-key-unknown"
    assert gitlab.asked == once
    monkeypatch.setattr(keys, "LOOK_AGAIN_SECONDS", 0)
    assert mint(gitlab.token(key=rsa_key("new"), kid="new")).status_code == 201
    assert mint(gitlab.token()).json()["code"] == "identity-key-unknown"


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"status": 500}, "identity-issuer-silent"),
        ({"status": 429}, "identity-issuer-silent"),
        ({"seconds": 3}, "identity-issuer-silent"),
        ({"status": 404}, "identity-issuer-unusable"),
        ({"content": b"<html>"}, "identity-issuer-unusable"),
        ({"content": b"[]"}, "identity-issuer-unusable"),
        ({"content": b"[" * 100_000}, "identity-issuer-unusable"),
        ({"content": b"{" + b" " * keys.LARGEST_BYTES + b"}"}, "identity-issuer-unusable"),
        ({"redirect": "https://evil.example/"}, "identity-issuer-unusable"),
        ({"discovery": {"issuer": "https://evil.example"}}, "identity-issuer-unusable"),
        ({"discovery": {"jwks_uri": "http://evil.example/keys"}}, "identity-issuer-unusable"),
        ({"discovery": {"jwks_uri": "file:///etc/passwd"}}, "identity-issuer-unusable"),
        ({"discovery": {"jwks_uri": "https://[x/"}}, "identity-issuer-unusable"),
        ({"discovery": {"jwks_uri": None}}, "identity-issuer-unusable"),
    ],
    ids=str,
)
def test_an_issuer_that_does_not_say_its_keys_is_no_fault_of_the_job(
    gitlab: Issuer, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], code: str
) -> None:
    monkeypatch.setattr(keys, "TIMEOUT_SECONDS", 1)
    gitlab.wrong = servers.Misbehaviour(**wrong)
    token = gitlab.token()
    answer = mint(token)
    refused(answer, code, 503)
    assert answer["Retry-After"] == str(keys.SILENT_SECONDS)
    # For a while nobody asks it, so that it holds nobody up.
    asked = len(gitlab.asked)
    refused(mint(token), code, 503)
    assert len(gitlab.asked) == asked
    gitlab.wrong = servers.Misbehaviour()
    monkeypatch.setattr(keys, "SILENT_SECONDS", 0)
    assert mint(token).status_code == 201


def test_an_issuer_that_is_not_there_is_no_fault_of_the_job(github: Issuer, settings: Settings) -> None:
    with servers.running() as gone:
        token = gone.token()
    settings.VERNIER_OIDC_ISSUERS = [("github", gone.url)]
    refused(mint(token), "identity-issuer-silent", 503)


def test_a_key_that_is_known_waits_for_nobody_who_asks_for_one_that_is_not(
    github: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = issuers.find(github.url)
    assert issuer
    assert keys.find(issuer, "rsa")
    monkeypatch.setattr(keys, "LOOK_AGAIN_SECONDS", 0)
    github.wrong = servers.Misbehaviour(seconds=1.5)
    asking = threading.Thread(target=keys.find, args=(issuer, "made-up"))
    asking.start()
    time.sleep(0.3)
    began = time.monotonic()
    assert keys.find(issuer, "rsa")
    assert time.monotonic() - began < 1
    asking.join()


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n{", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"],
    ids=["headers", "a body without an end", "a body"],
)
def test_an_issuer_that_trickles_is_left_in_time(
    beginning: bytes, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "TIMEOUT_SECONDS", 1)
    with receiver.saying(beginning, endless=b" ", pause=0.05) as port:
        settings.VERNIER_OIDC_ISSUERS = [("github", f"http://127.0.0.1:{port}")]
        issuer = issuers.find(f"http://127.0.0.1:{port}")
        assert issuer
        began = time.monotonic()
        with pytest.raises(Refusal, match="identity-issuer-silent"):
            keys.find(issuer, "rsa")
    assert time.monotonic() - began < 4


def test_a_slow_issuer_does_not_hold_every_thread(github: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "PATIENCE_SECONDS", 0.1)
    github.wrong = servers.Misbehaviour(seconds=1.5)
    issuer = issuers.find(github.url)
    assert issuer
    asking = threading.Thread(target=keys.find, args=(issuer, "rsa"))
    asking.start()
    time.sleep(0.3)
    began = time.monotonic()
    with pytest.raises(Refusal, match="identity-issuer-silent"):
        keys.find(issuer, "rsa")
    assert time.monotonic() - began < 1
    asking.join()
    assert keys.find(issuer, "rsa")


# The body, and how many


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '"text"', "{}", '{"token": ""}', '{"token": 7.5e99}']
)
def test_a_body_that_cannot_be_read_is_422(body: str) -> None:
    answer = Client().post(MINT, body, content_type="application/json")
    assert answer.status_code in (403, 422), answer.content
    assert answer.json()["code"] in ("identity-body-unreadable", "invalid", "identity-malformed")


def test_a_session_or_token_of_ours_plays_no_part(
    team: Team, mmad: Benchmark, owner: User, github: Issuer
) -> None:
    registered(team, github)
    client = Client(headers={"Authorization": "Bearer vrn_none"}, enforce_csrf_checks=True)
    client.force_login(owner)
    body = {"token": github.token(), "team": "home"}
    assert client.post(MINT, body, content_type="application/json").status_code == 201


@pytest.mark.usefixtures("scene")
def test_identity_tokens_are_counted_by_address_and_by_publisher(
    gitlab: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: Counter[str] = Counter()

    def count(what: str, who: str, *, most: int, seconds: int) -> None:
        counted[f"{what} {who}"] += 1
        if counted[f"{what} {who}"] > 2:
            raise Refusal("too-many-mints", limit=most, seconds=9)

    monkeypatch.setattr(limits, "_count", count)
    publisher = Publisher.objects.get(kind="gitlab")
    for _time in range(2):
        assert mint(gitlab.token()).status_code == 201
    answer = mint(gitlab.token())
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "too-many-mints", "9")
    assert counted == {"mints 127.0.0.1/32": 3, f"mints publisher:{publisher.pk}": 2}


# Swept


@pytest.mark.usefixtures("scene")
def test_what_nobody_needs_any_more_is_swept(gitlab: Issuer) -> None:
    unused = mint(gitlab.token()).json()["token"]
    send(with_token(mint(gitlab.token()).json()["token"]))
    now = timezone.now()
    minting.forget_old(now=now + timedelta(seconds=200))
    assert (UsedIdentity.objects.count(), Token.objects.count()) == (2, 2)
    sweeper.sweep(now=now + timedelta(hours=1))
    assert (UsedIdentity.objects.count(), Token.objects.count()) == (0, 2)
    sweeper.sweep(now=now + timedelta(days=1, hours=1))
    assert Token.objects.get() == Submission.objects.get().token
    with pytest.raises(tokens.UnusableTokenError):
        tokens.authenticate(unused, now=now)


# Shown


@pytest.mark.usefixtures("scene")
def test_a_submission_says_from_which_job_it_came(gitlab: Issuer, owner: User, client: Client) -> None:
    text = mint(gitlab.token(environment="test")).json()["token"]
    state = send(with_token(text), visibility="public").json()
    assert state["provenance"] == {
        "tier": "ci-attested",
        "issuer": gitlab.url,
        "repository": "example/vision/inspector",
        "commit": SHA,
        "ref": "refs/heads/main",
        "workflow": ".gitlab-ci.yml",
        "run_url": None,  # by plain HTTP nobody is led anywhere
        "environment": "test",
    }


@pytest.mark.parametrize(
    ("kind", "issuer", "run_url"),
    [
        (
            "github",
            "https://token.actions.githubusercontent.com",
            "https://github.com/example/inspector/actions/runs/5005/attempts/1",
        ),
        (
            "github",
            "https://token.actions.githubusercontent.com/acme",
            "https://github.com/example/inspector/actions/runs/5005/attempts/1",
        ),
        (
            "github",
            "https://token.actions.acme.ghe.com",
            "https://acme.ghe.com/example/inspector/actions/runs/5005/attempts/1",
        ),
        (
            "github",
            "https://git.example.org/_services/token",
            "https://git.example.org/example/inspector/actions/runs/5005/attempts/1",
        ),
        ("gitlab", "https://gitlab.com", "https://gitlab.com/example/vision/inspector/-/jobs/7007"),
        (
            "gitlab",
            "https://example.org/gitlab",
            "https://example.org/gitlab/example/vision/inspector/-/jobs/7007",
        ),
    ],
)
@pytest.mark.usefixtures("scene")
def test_the_page_leads_to_commit_and_run(
    client: Client, github: Issuer, gitlab: Issuer, mmad: Benchmark, kind: str, issuer: str, run_url: str
) -> None:
    server = github if kind == "github" else gitlab
    text = mint(server.token(environment="release")).json()["token"]
    sent = send(with_token(text), visibility="public").json()
    Token.objects.update(claims={**Token.objects.get().claims, "issuer": issuer})
    assert with_token(text).get(sent["links"]["self"]).json()["provenance"]["run_url"] == run_url
    evaluation.run(Submission.objects.get().pk)
    page = client.get(f"/submissions/{sent['id']}/").content.decode()
    assert f'href="{run_url}"' in page
    assert f"/commit/{SHA}" in page
    assert "does not attest how the answers" in page


@pytest.mark.usefixtures("scene")
def test_a_repository_that_is_not_public_is_named_to_its_team_alone(
    client: Client, gitlab: Issuer, owner: User
) -> None:
    text = mint(gitlab.token(project_visibility="internal")).json()["token"]
    sent = send(with_token(text), visibility="public").json()
    assert sent["provenance"]["repository"] == "example/vision/inspector"
    evaluation.run(Submission.objects.get().pk)
    url, page = sent["links"]["self"], f"/submissions/{sent['id']}/"
    told = client.get(url).json()["provenance"]
    assert told.pop("tier") == "ci-attested"
    assert set(told.values()) == {None}
    entry = f"/entries/{Submission.objects.get().entry_id}/"
    staff = Client()
    staff.force_login(material.person("staff@example.org", is_staff=True))
    for reader in (client, staff):
        for path in (page, entry, url):
            said = reader.get(path).content.decode()
            assert "inspector" not in said
            assert SHA[:12] not in said
        assert "not public" in reader.get(page).content.decode()
    ours = Client()
    ours.force_login(owner)
    assert "example/vision/inspector" in ours.get(page).content.decode()
    assert "to your team alone" in ours.get(page).content.decode()


def test_what_people_send_has_no_provenance(team: Team, mmad: Benchmark) -> None:
    assert send(with_token(material.token(team))).json()["provenance"] is None


@pytest.mark.usefixtures("scene")
def test_a_list_of_attested_submissions_costs_no_more_queries(
    gitlab: Issuer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    text = mint(gitlab.token()).json()["token"]
    client = with_token(text)
    for entry in ("one", "two", "three"):
        send(client, entry=entry)
    with django_assert_num_queries(
        6
    ):  # token, benchmark, the page; team, benchmark and account for RateLimit
        assert len(client.get("/api/v1/benchmarks/mmad/submissions/").json()["results"]) == 3


# Registered on the page


def form(at: Issuer, **changed: str) -> dict[str, str]:
    return {"issuer": at.url, **GITHUB, "environment": "", "benchmark": "mmad", **changed}


def test_a_member_registers_a_publisher_and_sees_it(
    team: Team, mmad: Benchmark, github: Issuer, client: Client
) -> None:
    member = material.person("member@example.org")
    team.memberships.create(user=member)
    client.force_login(member)
    said = form(github, workflow=".github/workflows/submit.yml", environment="release")
    answer = client.post("/teams/home/publishers/", said, follow=True)
    assert answer.redirect_chain == [("/teams/home/#publishers", 303)]
    page = answer.content.decode()
    assert "example/inspector" in page
    assert "first run pins" in page
    made = Publisher.objects.get()
    assert (made.workflow, made.environment, made.created_by) == ("submit.yml", "release", member)
    mint(github.token(environment="release"))
    page = client.get("/teams/home/").content.decode()
    assert "id 1001" in page
    assert "owner’s id 77" in page
    # A token of a job is not one that somebody made.
    assert "vrn_" not in page


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"repository": "inspector"}, "repository"),
        ({"repository": "https://github.com/example/inspector"}, "repository"),
        ({"repository": "example/inspector/more"}, "repository"),
        ({"workflow": "submit"}, "workflow"),
        ({"workflow": "a/../submit.yml"}, "workflow"),
        ({"environment": "rel\u202eease"}, "environment"),
        ({"benchmark": "nothing"}, "benchmark"),
        ({"issuer": "https://evil.example"}, "issuer"),
        ({"owner_id": "example"}, "owner_id"),
        ({"repository_id": "-1"}, "repository_id"),
    ],
)
def test_what_cannot_be_registered_is_said_at_its_field(
    team: Team,
    mmad: Benchmark,
    github: Issuer,
    owner: User,
    client: Client,
    changed: dict[str, str],
    field: str,
) -> None:
    client.force_login(owner)
    page = client.post("/teams/home/publishers/", form(github, **changed))
    assert (page.status_code, list(page.context["publisher_form"].errors)) == (422, [field])
    assert not Publisher.objects.exists()


def test_the_same_is_registered_once(
    team: Team, mmad: Benchmark, github: Issuer, owner: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(owner)
    client.post("/teams/home/publishers/", form(github))
    again = client.post("/teams/home/publishers/", form(github, repository="Example/Inspector"))
    assert list(again.context["publisher_form"].errors) == ["repository"]
    monkeypatch.setattr(publishers, "MOST", 1)
    assert client.post("/teams/home/publishers/", form(github, workflow="b.yml")).status_code == 422
    assert Publisher.objects.count() == 1


def test_an_archived_team_registers_nothing(
    team: Team, mmad: Benchmark, github: Issuer, owner: User, client: Client
) -> None:
    teams.archive(team, by=owner, now=timezone.now())
    client.force_login(owner)
    assert client.post("/teams/home/publishers/", form(github)).status_code == 422
    assert not Publisher.objects.exists()


# Told


def test_the_guide_has_every_reason_and_no_other() -> None:
    guide = (PROJECT / "docs" / "trusted-publishing.md").read_text()
    rows = [
        line.split("|")[1]
        for line in guide.splitlines()
        if line.startswith(("| `identity-", "| `publisher-"))
    ]
    told = [code for row in rows for code in re.findall(r"`([a-z-]+)`", row)]
    known = {code for code in problems.STATUS if code.startswith(("identity-", "publisher-"))}
    assert sorted(told) == sorted(known | {"identity-body-unreadable"})


@pytest.mark.parametrize(
    "value",
    [
        "https://gitlab.com",
        "gitea=https://gitea.example",
        "gitlab=http://gitlab.example",
        "gitlab=https://gitlab.com/",
        "gitlab=https://gitlab.com?x=1",
        "gitlab=https://me@gitlab.com",
        "gitlab=https://",
        "gitlab=https://a.example github=https://a.example",
    ],
)
def test_a_list_of_issuers_that_cannot_be_stops_the_site(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("VERNIER_OIDC_ISSUERS", value)
    with pytest.raises(ImproperlyConfigured, match="VERNIER_OIDC_ISSUERS"):
        env.issuers("VERNIER_OIDC_ISSUERS", "")


def test_a_list_of_issuers_is_by_spaces_or_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISSUERS", "gitlab=https://a.example/x, github=http://127.0.0.1:9\n")
    listed = [("gitlab", "https://a.example/x"), ("github", "http://127.0.0.1:9")]
    assert env.issuers("ISSUERS", "") == listed
    monkeypatch.setenv("ISSUERS", "")
    assert env.issuers("ISSUERS", "gitlab=https://gitlab.com") == []


def test_without_issuers_nobody_registers_and_the_page_says_so(
    team: Team, mmad: Benchmark, owner: User, client: Client, settings: Settings
) -> None:
    settings.VERNIER_OIDC_ISSUERS = []
    client.force_login(owner)
    assert "takes no identity tokens" in client.get("/teams/home/").content.decode()
    with pytest.raises(Refusal, match="publisher-issuer"):
        publishers.register(team, mmad, issuer="https://gitlab.com", **GITHUB, by=owner, now=timezone.now())

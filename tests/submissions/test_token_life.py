"""Tokens from day to day: for which benchmarks, rotated, revoked, told of by mail."""

import logging
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from submissions import askers, audit, mails, networks, post_office, sweeper, teams, tokens, uploads
from submissions.models import Benchmark, Event, Letter, Notice, Submission, Team, Token, TokenNetwork, User
from submissions.refusals import Refusal
from tests import material
from tests.servers.site import PROJECT, clean_environment

pytestmark = pytest.mark.django_db
NOW = material.NOON
DAY = timedelta(days=1)


@pytest.fixture
def owner() -> User:
    made = material.person("owner@example.org")
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    return made


@pytest.fixture
def team(owner: User) -> Team:
    return material.team("home", owner)


@pytest.fixture
def mmad() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def other() -> Benchmark:
    return material.benchmark("other", seed=9)


def made(
    team: Team, *, by: User | None = None, now: datetime | None = None, **more: Any
) -> tuple[Token, str]:
    said = {"name": "nightly", "scope": Token.Scope.SUBMIT, "days": 30, **more}
    return tokens.create(team, now=now or timezone.now(), created_by=by, **said)


def with_token(text: str, **options: Any) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"}, **options)


def send(client: Client, slug: str = "mmad", **fields: Any) -> Any:
    file = SimpleUploadedFile("answers.csv", material.answers())
    return client.post(f"/api/v1/benchmarks/{slug}/submissions/", {"file": file, "entry": "model", **fields})


def kinds(user: User) -> Counter[str]:
    return Counter(Notice.objects.filter(user=user).values_list("kind", flat=True))


# For which benchmarks


def test_a_token_for_one_benchmark_sends_there_and_nowhere_else(
    team: Team, mmad: Benchmark, other: Benchmark
) -> None:
    client = with_token(made(team, benchmarks=["mmad"])[1])
    assert send(client).status_code == 202
    refused = send(client, "other")
    assert (refused.status_code, refused.json()["code"]) == (403, "token-for-others")
    assert "for mmad alone, not for other" in refused.json()["detail"]
    assert Submission.objects.count() == 1
    assert client.get("/api/v1/benchmarks/mmad/submissions/").status_code == 200
    assert client.get("/api/v1/benchmarks/other/submissions/").status_code == 403


def test_a_token_for_other_benchmarks_reads_what_everybody_may_and_no_more(
    team: Team, mmad: Benchmark, other: Benchmark
) -> None:
    client = with_token(made(team, benchmarks=["other"])[1])
    private = material.scored(mmad, team, "private")
    public = material.scored(mmad, team, "public", public=True, file=material.answers(0.5, seed=3))
    material.scored(mmad, team, "public", file=material.answers(0.4, seed=4))
    assert client.get("/api/v1/benchmarks/mmad/").status_code == 200
    assert client.get("/api/v1/benchmarks/mmad/leaderboard/").status_code == 200
    for path in ("", "report/"):
        assert client.get(f"/api/v1/submissions/{public.pk}/{path}").status_code == 200
        assert client.get(f"/api/v1/submissions/{private.pk}/{path}").status_code == 403
    assert client.get(f"/api/v1/submissions/{public.pk}/problems/").status_code == 403
    assert client.get(f"/api/v1/entries/{private.entry_id}/").status_code == 403
    entry = f"/api/v1/entries/{public.entry_id}/"
    assert client.get(entry).json() == Client().get(entry).json()
    assert len(client.get(entry).json()["history"]) == 1


@pytest.mark.parametrize("deed", ["publish", "withdraw", "choose", "cancel"])
def test_a_token_for_other_benchmarks_does_nothing_to_a_submission(
    team: Team, mmad: Benchmark, other: Benchmark, deed: str
) -> None:
    sent = material.scored(mmad, team, public=deed in ("withdraw", "choose"))
    before = Submission.objects.values().get()
    for benchmarks, status in ((["other"], 403), (["other", "mmad"], 409 if deed == "cancel" else 200)):
        client = with_token(made(team, benchmarks=benchmarks)[1])
        answer = client.post(f"/api/v1/submissions/{sent.pk}/{deed}/", {"reason": "by mistake"})
        assert answer.status_code == status
        if status == 403:
            assert Submission.objects.values().get() == before


def test_another_team_learns_nothing_from_a_limited_token(
    team: Team, mmad: Benchmark, other: Benchmark
) -> None:
    private = material.scored(mmad, team)
    client = with_token(made(material.team("away"), benchmarks=["other"])[1])
    assert client.get(f"/api/v1/submissions/{private.pk}/").status_code == 404
    assert client.post(f"/api/v1/submissions/{private.pk}/publish/").status_code == 404
    assert client.get(f"/api/v1/entries/{private.entry_id}/").status_code == 404


def test_the_form_and_the_command_limit_a_token(
    client: Client,
    owner: User,
    team: Team,
    mmad: Benchmark,
    other: Benchmark,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client.force_login(owner)
    form = {"name": "a", "scope": "submit", "days": "9", "benchmarks": ["mmad", "other"]}
    page = client.post("/teams/home/tokens/", form)
    assert "mmad, other" in page.content.decode()
    call_command("create_token", "home", benchmarks=["mmad"], name="b")
    assert dict(Token.objects.values_list("name", "benchmarks")) == {"a": ["mmad", "other"], "b": ["mmad"]}
    text = capsys.readouterr().out.strip()
    assert with_token(text).get("/api/v1/token/").json()["benchmarks"] == ["mmad"]
    assert Event.objects.of("token", Token.objects.get(name="b").pk).get().details["benchmarks"] == ["mmad"]


def test_nobody_limits_a_token_to_a_benchmark_that_there_is_not(
    client: Client, owner: User, team: Team, mmad: Benchmark
) -> None:
    client.force_login(owner)
    form = {"name": "a", "scope": "submit", "days": "9", "benchmarks": ["none"]}
    page = client.post("/teams/home/tokens/", form)
    assert (page.status_code, list(page.context["token_form"].errors)) == (422, ["benchmarks"])
    with pytest.raises(CommandError, match="mmad"):
        call_command("create_token", "home", benchmarks=["none"])
    assert not Token.objects.exists()


def test_a_limited_token_never_becomes_one_for_all(team: Team, other: Benchmark) -> None:
    token, _text = made(team, benchmarks=["gone"])
    assert not token.is_for(other)


# Its own state


def test_a_token_asks_what_it_may_do(team: Team) -> None:
    token, text = made(team, scope=Token.Scope.READ)
    answer = with_token(text).get("/api/v1/token/")
    assert answer["Cache-Control"] == "no-store"
    state = answer.json()
    ends_at = datetime.fromisoformat(state.pop("ends_at"))
    assert ends_at == token.expires_at
    assert datetime.fromisoformat(state.pop("made_at")) == token.created_at
    assert state == {
        "name": "nightly",
        "team": "home",
        "scope": "read",
        "benchmarks": [],
        "last_used_at": None,
        "is_rotated": False,
    }


# Rotated


def test_a_rotated_token_stays_good_for_the_overlap(team: Team, owner: User) -> None:
    old, text = made(team, by=owner, now=NOW, benchmarks=["mmad"])
    new, new_text = tokens.rotate(old, overlap=tokens.OVERLAP, by=askers.for_token(old), now=NOW + DAY)
    assert (new.name, new.scope, new.benchmarks, new.created_by) == ("nightly", "submit", ["mmad"], owner)
    assert new.expires_at == NOW + 31 * DAY
    last = NOW + 2 * DAY
    assert tokens.authenticate(text, now=last - timedelta(seconds=1)) == old
    assert tokens.authenticate(new_text, now=last) == new
    with pytest.raises(tokens.UnusableTokenError, match="ended"):
        tokens.authenticate(text, now=last)
    events = Event.objects.filter(object_kind="token").order_by("pk").values_list("action", "actor_kind")
    assert list(events) == [("made", "person"), ("made", "token"), ("rotated", "token")]


@pytest.mark.parametrize(
    ("overlap", "left"),
    [(timedelta(0), timedelta(0)), (timedelta(hours=1), timedelta(hours=1)), (99 * DAY, 7 * DAY)],
)
def test_the_overlap_is_from_none_to_a_week(team: Team, overlap: timedelta, left: timedelta) -> None:
    old, _text = made(team, now=NOW)
    tokens.rotate(old, overlap=overlap, by=askers.for_token(old), now=NOW)
    old.refresh_from_db()
    assert old.expires_at == NOW + left


def test_no_overlap_lengthens_a_tokens_life(team: Team) -> None:
    old, _text = made(team, now=NOW)
    tokens.rotate(old, overlap=7 * DAY, by=askers.for_token(old), now=NOW + 29 * DAY)
    old.refresh_from_db()
    assert old.expires_at == NOW + 30 * DAY


def test_a_token_is_rotated_once_and_only_while_it_lives(team: Team) -> None:
    old, _text = made(team, now=NOW)
    tokens.rotate(old, overlap=DAY, by=askers.for_token(old), now=NOW)
    with pytest.raises(Refusal, match="token-rotated"):
        tokens.rotate(old, overlap=DAY, by=askers.for_token(old), now=NOW)
    revoked, ended = made(team, now=NOW)[0], made(team, now=NOW - 30 * DAY)[0]
    tokens.revoke(revoked, by=audit.COMMAND, now=NOW)
    for over in (revoked, ended):
        with pytest.raises(Refusal, match="token-over"):
            tokens.rotate(over, overlap=DAY, by=askers.for_token(over), now=NOW)
    assert Token.objects.exclude(replaces=None).count() == 1


def test_a_pipeline_rotates_its_own_token(team: Team) -> None:
    _old, text = made(team)
    client = with_token(text)
    answer = client.post("/api/v1/token/rotate/", {"overlap_hours": "2"})
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    said = answer.json()
    ends = datetime.fromisoformat(said["previous_ends_at"]) - timezone.now()
    assert timedelta(minutes=119) < ends <= timedelta(hours=2)
    assert with_token(said["token"]).get("/api/v1/token/").json()["name"] == "nightly"
    assert client.get("/api/v1/token/").json()["is_rotated"]
    again = client.post("/api/v1/token/rotate/")
    assert (again.status_code, again.json()["code"]) == (409, "token-rotated")


def test_a_revoked_token_takes_along_what_it_has_put_in_its_place(team: Team, owner: User) -> None:
    leaked, text = made(team)
    renewed = with_token(text).post("/api/v1/token/rotate/").json()["token"]
    again = with_token(renewed).post("/api/v1/token/rotate/").json()["token"]
    assert with_token(again).get("/api/v1/token/").status_code == 200
    tokens.revoke(leaked, by=askers.for_user(owner), now=timezone.now())
    for each in (text, renewed, again):
        assert with_token(each).get("/api/v1/token/").json()["code"] == "token-revoked"
    assert Event.objects.filter(action="revoked").count() == 3


def test_a_token_that_renewed_itself_a_thousand_times_is_revoked_all_the_same(
    team: Team, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    leaked, _text = made(team, by=owner)
    now = timezone.now()
    Token.objects.bulk_create(
        Token(
            team=team,
            name="nightly",
            digest=str(number),
            family=leaked,
            created_by=owner,
            expires_at=now - DAY,
        )
        for number in range(1200)
    )
    last = Token.objects.last()
    assert last is not None
    Token.objects.filter(pk=last.pk).update(expires_at=now + DAY)
    _renewed, text = tokens.rotate(last, overlap=DAY, by=askers.for_token(last), now=now)
    with django_assert_max_num_queries(12):
        tokens.revoke(leaked, by=askers.for_user(owner), now=timezone.now())
    assert with_token(text).get("/api/v1/token/").json()["code"] == "token-revoked"


def test_a_token_in_the_middle_takes_along_what_came_after_it_alone(team: Team, owner: User) -> None:
    first, first_text = made(team)
    second, second_text = tokens.rotate(first, overlap=DAY, by=askers.for_token(first), now=timezone.now())
    third, third_text = tokens.rotate(second, overlap=DAY, by=askers.for_token(second), now=timezone.now())
    _fourth, kept = tokens.rotate(third, overlap=DAY, by=askers.for_user(owner), now=timezone.now())
    tokens.revoke(second, by=askers.for_user(owner), now=timezone.now())
    said = [
        with_token(text).get("/api/v1/token/").status_code
        for text in (first_text, second_text, third_text, kept)
    ]
    assert said == [200, 401, 401, 200]


def test_a_family_is_of_those_that_renewed_themselves_in_a_row(team: Team, owner: User) -> None:
    first, _text = made(team)
    second, _text = tokens.rotate(first, overlap=DAY, by=askers.for_token(first), now=timezone.now())
    third, _text = tokens.rotate(second, overlap=DAY, by=askers.for_token(second), now=timezone.now())
    fourth, _text = tokens.rotate(third, overlap=DAY, by=askers.for_user(owner), now=timezone.now())
    fifth, _text = tokens.rotate(fourth, overlap=DAY, by=askers.for_token(fourth), now=timezone.now())
    assert list(Token.objects.order_by("pk").values_list("pk", "family")) == [
        (first.pk, None),
        (second.pk, first.pk),
        (third.pk, first.pk),
        (fourth.pk, None),
        (fifth.pk, fourth.pk),
    ]


def test_families_of_tokens_from_before_are_found(tmp_path: Path) -> None:
    def migrate(*to: str) -> None:
        settings = {"VERNIER_VAR": str(tmp_path)}
        command = [sys.executable, "manage.py", "migrate", *to]
        subprocess.run(
            command, cwd=PROJECT, env=clean_environment() | settings, check=True, capture_output=True
        )

    migrate("submissions", "0031")
    with closing(sqlite3.connect(tmp_path / "vernier.sqlite3")) as site:
        site.execute(
            "INSERT INTO submissions_team (id, slug, name, is_standin, banned_reason) VALUES (1, 'a', 'a', 0, '')"
        )
        for key, replaces, renewed_itself in ((1, None, 0), (2, 1, 1), (3, 2, 1), (4, 3, 0), (5, 4, 1)):
            site.execute(
                "INSERT INTO submissions_token (id, team_id, name, digest, hint, scope, benchmarks, replaces_id,"
                " renewed_itself, claims, expires_at)"
                " VALUES (?, 1, 'n', ?, 'vrn_', 'read', '[]', ?, ?, '{}', '2027-01-01')",
                (key, str(key), replaces, renewed_itself),
            )
        site.commit()
    migrate()
    with closing(sqlite3.connect(tmp_path / "vernier.sqlite3")) as site:
        found = site.execute("SELECT id, family_id FROM submissions_token ORDER BY id").fetchall()
    assert found == [(1, None), (2, 1), (3, 1), (4, None), (5, 4)]


def test_a_team_has_a_hundred_living_tokens_at_most(client: Client, team: Team, owner: User) -> None:
    client.force_login(owner)
    token, _text = made(team)
    Token.objects.bulk_create(
        Token(team=team, name="nightly", digest=str(number), expires_at=timezone.now() + DAY)
        for number in range(tokens.MOST - 1)
    )
    with pytest.raises(Refusal, match="too-many-tokens"):
        made(team)
    with pytest.raises(CommandError, match="at most 100 tokens"):
        call_command("create_token", "home")
    page = client.post("/teams/home/tokens/", {"name": "one more", "scope": "read", "days": "9"}, follow=True)
    assert "A team has at most 100 tokens at once" in page.content.decode()
    with pytest.raises(Refusal, match="too-many-tokens"):
        tokens.rotate(token, overlap=DAY, by=askers.for_token(token), now=timezone.now())
    tokens.rotate(token, overlap=timedelta(0), by=askers.for_token(token), now=timezone.now())
    assert Token.objects.living(at=timezone.now()).count() == tokens.MOST


def test_what_a_person_has_put_in_a_tokens_place_stays(team: Team, owner: User) -> None:
    old, _text = made(team)
    _new, text = tokens.rotate(old, overlap=timedelta(hours=1), by=askers.for_user(owner), now=timezone.now())
    tokens.revoke(old, by=askers.for_user(owner), now=timezone.now())
    assert with_token(text).get("/api/v1/token/").status_code == 200


def test_a_token_rotated_at_once_opens_nothing_more(team: Team) -> None:
    _old, text = made(team)
    client = with_token(text)
    said = client.post("/api/v1/token/rotate/", {"overlap_hours": 0}, content_type="application/json").json()
    assert client.get("/api/v1/token/").status_code == 401
    assert with_token(said["token"]).get("/api/v1/token/").status_code == 200


@pytest.mark.parametrize("hours", ["-1", "169", "many"])
def test_an_overlap_that_cannot_be_is_refused(team: Team, hours: str) -> None:
    _old, text = made(team)
    answer = with_token(text).post("/api/v1/token/rotate/", {"overlap_hours": hours})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "overlap_hours")
    assert Token.objects.count() == 1


def test_a_token_rotated_on_the_page_is_shown_once_and_both_are_linked(
    client: Client, team: Team, owner: User
) -> None:
    client.force_login(owner)
    old, _text = made(team, by=owner)
    page = client.post(f"/teams/home/tokens/{old.pk}/rotate/", {"overlap": "24"})
    new, text = page.context["new_token"], page.context["new_token_text"]
    assert tokens.authenticate(text, now=timezone.now()) == new
    shown = client.get("/teams/home/").content.decode()
    assert text not in shown
    assert f"replaced by {new.hint}…" in shown
    assert f"in place of {old.hint}…" in shown
    again = client.post(f"/teams/home/tokens/{old.pk}/rotate/", {"overlap": "24"}, follow=True)
    assert "This token was rotated already" in again.content.decode()
    assert Token.objects.count() == 2


def test_whoever_rotates_anothers_token_answers_for_the_new_one(team: Team, owner: User) -> None:
    member = material.person("member@example.org")
    membership = team.memberships.create(user=member)
    old, _text = made(team, by=member)
    new, _new_text = tokens.rotate(old, overlap=DAY, by=askers.for_user(owner), now=timezone.now())
    assert new.created_by == owner
    assert kinds(member) == {"token-made": 1, "token-rotated": 1}
    assert kinds(owner) == {"token-rotated": 1}
    teams.remove(membership, by=owner, now=timezone.now())
    assert list(Token.objects.living(at=timezone.now())) == [new]


def test_who_leaves_takes_along_what_their_tokens_became(team: Team, owner: User) -> None:
    member = material.person("member@example.org")
    membership = team.memberships.create(user=member)
    old, _text = made(team, by=member)
    tokens.rotate(old, overlap=DAY, by=askers.for_token(old), now=timezone.now())
    teams.remove(membership, by=owner, now=timezone.now())
    assert not Token.objects.living(at=timezone.now()).exists()


# Revoked


@pytest.mark.parametrize("code", ["token-revoked", "token-ended"])
def test_what_a_token_sends_is_refused_when_it_is_over_before_all_of_it_is_there(
    code: str, team: Team, mmad: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, text = made(team)
    real = uploads.refuse_if_unusable

    def meanwhile(request: Any) -> None:
        if code == "token-revoked":
            tokens.revoke(token, by=audit.COMMAND, now=timezone.now())
        else:
            Token.objects.filter(pk=token.pk).update(expires_at=timezone.now())
        real(request)

    monkeypatch.setattr(uploads, "refuse_if_unusable", meanwhile)
    answer = send(with_token(text))
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert not Submission.objects.exists()


def test_who_was_removed_while_the_file_came_in_sends_nothing(
    client: Client, team: Team, owner: User, mmad: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = material.person("member@example.org")
    membership = team.memberships.create(user=member)
    client.force_login(member)
    real = uploads.refuse_if_unusable

    def meanwhile(request: Any) -> None:
        teams.remove(membership, by=owner, now=timezone.now())
        real(request)

    monkeypatch.setattr(uploads, "refuse_if_unusable", meanwhile)
    file = SimpleUploadedFile("answers.csv", material.answers())
    fields = {"team": "home", "entry": "model", "file": file, "visibility": "private"}
    answer = client.post("/benchmarks/mmad/submit/", fields)
    assert answer.status_code == 422
    assert "You are in no team" in answer.content.decode()
    assert not Submission.objects.exists()


def test_no_cache_stands_between_a_revocation_and_the_next_request(
    team: Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """What another process writes counts at the next request: the row is read each time."""
    token, text = made(team)
    client = with_token(text)
    assert client.get("/api/v1/token/").status_code == 200
    with connection.cursor() as cursor:  # as from elsewhere: no code of ours hears of it
        cursor.execute(
            "UPDATE submissions_token SET revoked_at = %s WHERE id = %s", [timezone.now(), token.pk]
        )
    with django_assert_num_queries(1):
        refused = client.get("/api/v1/token/")
    assert (refused.status_code, refused.json()["code"]) == (401, "token-revoked")


# Told


def test_whoever_makes_a_token_is_told_and_of_one_by_command_the_owners(
    team: Team, owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    member = material.person("member@example.org")
    team.memberships.create(user=member)
    made(team, by=member)
    assert (kinds(member), kinds(owner)) == ({"token-made": 1}, {})
    call_command("create_token", "home")
    assert (kinds(member), kinds(owner)) == ({"token-made": 1}, {"token-made": 1})


def test_mails_about_tokens_come_to_who_wants_no_mails(team: Team, owner: User, settings: Settings) -> None:
    settings.VERNIER_URL = "https://vernier.example.org"
    mails.switch(owner, on=False)
    _token, text = made(team, by=owner, benchmarks=["mmad"])
    with_token(text).get("/api/v1/token/")
    post_office.take_turn()
    mails.switch(owner, on=False)  # what waits is not lost by it either
    assert post_office.is_due(timezone.now()) is False
    message = mail.outbox[0]
    assert message.subject == "Vernier: 2 notices"
    body = str(message.body)
    assert "It may read and submit for Home and ends at" in body
    assert "It is limited to mmad." in body
    assert "Home: the token “nightly” is used from a new network" in body
    assert "https://vernier.example.org/teams/home/#tokens" in body
    assert "Mails about your tokens always come" in body
    assert "List-Unsubscribe" not in message.extra_headers
    assert not Letter.objects.exists()


def test_a_mail_about_tokens_waits_when_others_are_switched_off(team: Team, owner: User) -> None:
    made(team, by=owner)
    post_office._write_letters()
    mails.switch(owner, on=False)
    post_office.take_turn()
    assert [message.to for message in mail.outbox] == [[owner.email]]


def test_a_tokens_text_is_in_no_mail_log_or_event(
    team: Team, owner: User, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    _token, text = made(team, by=owner)
    client = with_token(text)
    said = client.post("/api/v1/token/rotate/").json()
    refused = client.post("/api/v1/token/rotate/").content.decode()
    post_office.take_turn()
    rows = [
        Notice.objects.values(),
        Event.objects.values(),
        TokenNetwork.objects.values(),
        Token.objects.values(),
    ]
    seen = [*map(list, rows), caplog.text, *capsys.readouterr(), refused, [m.body for m in mail.outbox]]
    assert mail.outbox
    for secret in (text, said["token"]):
        assert secret not in str(seen)
        assert secret[10:] not in str(seen)


# Networks


def test_a_new_network_is_told_of_once(team: Team, owner: User) -> None:
    _token, text = made(team, by=owner)
    for address in (
        "192.0.2.1",
        "192.0.2.200",
        "192.0.2.1",
        "198.51.100.1",
        "2001:db8:1:2::3",
        "2001:db8:1:9::",
    ):
        with_token(text, REMOTE_ADDR=address).get("/api/v1/token/")
    assert kinds(owner)["token-network"] == 3


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        (None, "unknown"),
    ],
)
def test_a_network_is_an_ipv4_24_or_an_ipv6_48(address: str | None, network: str) -> None:
    assert networks.of(address) == network


def test_the_address_is_what_the_proxies_tell(team: Team, owner: User, settings: Settings) -> None:
    _token, text = made(team, by=owner)
    said = {"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}
    for proxies in (0, 1, 2, 3):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
        answer = with_token(text, REMOTE_ADDR="127.0.0.1").get("/api/v1/token/", headers=said)
        assert answer.status_code == 200
    assert (
        kinds(owner)["token-network"] == 4
    )  # the loopback's, each of the two, and the one that nobody can tell


def test_only_a_keyed_hash_of_a_network_is_kept(team: Team, settings: Settings) -> None:
    token, _text = made(team)
    tokens.note_network(token, "192.0.2.1", now=NOW)
    kept = TokenNetwork.objects.get()
    assert "192.0.2" not in str(TokenNetwork.objects.values())
    settings.SECRET_KEY = "another"
    assert networks.is_new(token, "192.0.2.1", now=NOW)
    assert len(kept.digest) == 64


def test_at_most_twenty_networks_are_kept_and_learned_in_a_day(team: Team, owner: User) -> None:
    token, _text = made(team, by=owner)
    for number in range(25):
        tokens.note_network(token, f"10.0.{number}.1", now=NOW + timedelta(minutes=number))
    assert kinds(owner)["token-network"] == token.networks.count() == 20
    tokens.note_network(token, "10.0.99.1", now=NOW + 2 * DAY)
    assert kinds(owner)["token-network"] == 21
    assert token.networks.count() == 20
    assert networks.is_new(token, "10.0.0.1", now=NOW + 2 * DAY)
    assert not networks.is_new(token, "10.0.1.1", now=NOW + 2 * DAY)


def test_a_network_is_forgotten_a_year_after_its_last_use(team: Team) -> None:
    token, _text = made(team)
    tokens.note_network(token, "192.0.2.1", now=NOW)
    tokens.note_network(token, "192.0.2.1", now=NOW + 300 * DAY)
    sweeper.sweep(now=NOW + 400 * DAY)
    assert not networks.is_new(token, "192.0.2.1", now=NOW + 400 * DAY)
    sweeper.sweep(now=NOW + 766 * DAY)
    assert not TokenNetwork.objects.exists()


def test_a_tokens_successor_knows_its_networks(team: Team, owner: User) -> None:
    old, _text = made(team, by=owner, now=NOW)
    tokens.note_network(old, "192.0.2.1", now=NOW)
    new, _new_text = tokens.rotate(old, overlap=DAY, by=askers.for_token(old), now=NOW)
    tokens.note_network(new, "192.0.2.2", now=NOW)
    assert kinds(owner)["token-network"] == 1


@pytest.mark.usefixtures("commits")
def test_of_first_uses_at_once_one_is_told_of() -> None:
    owner = material.person("owner@example.org")
    token, _text = made(material.team("home", owner), by=owner)
    start = threading.Barrier(4)

    def use() -> None:
        start.wait()
        tokens.note_network(token, "192.0.2.1", now=NOW)
        connection.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kinds(owner)["token-network"] == token.networks.count() == 1


def test_a_refused_token_leaves_no_network(team: Team) -> None:
    token, text = made(team)
    tokens.revoke(token, by=audit.COMMAND, now=timezone.now())
    with_token(text).get("/api/v1/token/")
    assert not TokenNetwork.objects.exists()

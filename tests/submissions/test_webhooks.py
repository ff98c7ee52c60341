"""Webhooks: what is told, signed how, tried how often; and what a team's people may do with them."""

import base64
import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from submissions import (
    audit,
    courier,
    deliveries,
    evaluation,
    outgoing,
    polling,
    publication,
    sealing,
    signatures,
    sweeper,
    teams,
    webhooks,
)
from submissions.askers import Asker
from submissions.models import Benchmark, Delivery, Event, Notice, Submission, Team, User, Webhook
from submissions.refusals import Refusal
from tests import material
from tests.servers import receiver
from tests.servers.process import free_port

pytestmark = pytest.mark.django_db
SITE = "https://vernier.example.org"
State = Delivery.State


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    settings.VERNIER_URL = SITE
    settings.VERNIER_EMBEDDED = True
    settings.VERNIER_WEBHOOK_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def owner() -> User:
    return material.person("owner@example.org")


@pytest.fixture
def team(owner: User) -> Team:
    return material.team("home", owner)


@pytest.fixture
def server() -> Iterator[receiver.Receiver]:
    with receiver.running() as running:
        yield running


def added(team: Team, url: str, by: User, **options: Any) -> tuple[Webhook, str]:
    return webhooks.add(team, url=url, by=by, now=timezone.now(), **options)


def nowhere() -> str:
    return f"http://127.0.0.1:{free_port()}/"


def pinged(webhook: Webhook) -> Delivery:
    with transaction.atomic():
        return deliveries.ping(webhook, now=timezone.now())


def turn(delivery: Delivery) -> Delivery:
    """The message after it was tried now, whenever it was due."""
    Delivery.objects.filter(pk=delivery.pk).exclude(next_at=None).update(next_at=timezone.now())
    Webhook.objects.update(rests_until=None)
    courier.take_turn()
    delivery.refresh_from_db()
    return delivery


def verified(told: receiver.Told, secret: str) -> bool:
    """As a receiver would find out, by the letter of Standard Webhooks."""
    signed = f"{told.headers['webhook-id']}.{told.headers['webhook-timestamp']}.{told.body}".encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    good = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{good}" in told.headers["webhook-signature"].split(" ")


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    said = signatures.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
    )
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_has_as_many_bytes_as_the_standard_asks_for() -> None:
    assert 24 <= len(base64.b64decode(signatures.new_secret().removeprefix("whsec_"))) <= 64


def test_a_scored_submission_is_told_as_the_api_shows_it_to_its_team(
    benchmark: Benchmark, team: Team, owner: User, server: receiver.Receiver, client: Client
) -> None:
    _webhook, secret = added(team, server.url, owner)
    submission = material.scored(benchmark, team, "my model")
    courier.take_turn()
    (told,) = server.told
    assert told.headers["content-type"] == "application/json"
    assert told.headers["webhook-id"].startswith("msg_")
    assert abs(int(told.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 20
    assert verified(told, secret)
    body = json.loads(told.body)
    assert body["type"] == "submission.scored"
    assert datetime.fromisoformat(body["timestamp"]) <= timezone.now()
    client.force_login(owner)
    shown = client.get(f"/api/v1/submissions/{submission.pk}/").json()
    links = {name: url.replace("http://testserver", SITE) for name, url in shown.pop("links").items()}
    assert body["data"].pop("links") == links
    assert body["data"] == shown
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.status_code) == (State.DELIVERED, 1, 200)
    assert (delivery.answer, delivery.submission, delivery.payload) == ("thanks", submission, told.body)


def test_a_rejected_a_failed_and_a_cancelled_one_are_told_too(
    benchmark: Benchmark, team: Team, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(team, nowhere(), owner)
    material.scored(benchmark, team, file=b"question_id,answer\nnone,A\n")
    broken = material.submitted(benchmark, team, "broken")
    Submission.objects.filter(pk=broken.pk).update(
        status="scoring", attempts=3, lease=uuid4(), lease_until=material.NOON
    )
    sweeper.sweep()
    taken_back = material.submitted(benchmark, team, "taken back")
    publication.cancel(taken_back, by=Asker(user=owner), now=timezone.now())
    publication.cancel(taken_back, by=Asker(user=owner), now=timezone.now())
    withdrawn = material.submitted(benchmark, team, "withdrawn", public=True)
    publication.withdraw(withdrawn, reason="a slip", by=Asker(user=owner), now=timezone.now())
    told = [
        json.loads(payload) for payload in Delivery.objects.order_by("pk").values_list("payload", flat=True)
    ]
    assert [each["type"].removeprefix("submission.") for each in told] == [
        "rejected", "failed", "cancelled", "cancelled",
    ]  # fmt: skip
    assert [each["data"]["status"] for each in told] == ["rejected", "failed", "cancelled", "cancelled"]
    assert told[0]["data"]["errors"][0]["detail"]


def test_what_is_told_of_a_held_one_says_that_it_is_held(
    benchmark: Benchmark, team: Team, owner: User
) -> None:
    material.scored(benchmark, material.team("first"), public=True)
    added(team, nowhere(), owner)
    held = material.scored(benchmark, team, public=True)
    told = json.loads(Delivery.objects.get().payload)
    assert held.is_held == (told["data"]["held_at"] is not None)


def test_nobody_elses_webhook_is_told_nor_one_of_another_benchmark_nor_one_that_is_paused(
    benchmark: Benchmark, team: Team, owner: User
) -> None:
    stranger = material.person("stranger@example.org")
    added(material.team("elsewhere", stranger), nowhere(), stranger)
    other = material.benchmark("other")
    added(team, nowhere(), owner, benchmark=other)
    paused, _secret = added(team, nowhere(), owner)
    webhooks.pause(paused, by=owner, now=timezone.now())
    removed, _secret = added(team, nowhere(), owner)
    webhooks.remove(removed, by=Asker(user=owner), now=timezone.now())
    mine, _secret = added(team, nowhere(), owner, benchmark=benchmark)
    material.scored(benchmark, team)
    assert [delivery.webhook for delivery in Delivery.objects.all()] == [mine]


def test_a_team_without_webhooks_costs_one_query(
    benchmark: Benchmark, team: Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    submission = material.scored(benchmark, team)
    with django_assert_num_queries(1):
        deliveries.tell_end(submission)


def test_a_score_that_is_rolled_back_tells_nothing(
    benchmark: Benchmark, team: Team, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(team, nowhere(), owner)
    submission = material.submitted(benchmark, team)

    told = deliveries.tell_end

    def told_and_broken(each: Submission) -> None:
        told(each)
        raise RuntimeError("after the message was written")

    monkeypatch.setattr(deliveries, "tell_end", told_and_broken)
    with pytest.raises(sealing.SealedError):
        evaluation.run(submission.pk)
    assert not Delivery.objects.exists()


def test_a_message_is_tried_for_a_day_with_growing_gaps_and_then_given_up(team: Team, owner: User) -> None:
    webhook, _secret = added(team, nowhere(), owner)
    delivery = pinged(webhook)
    gaps = []
    for number in range(1, 9):
        delivery = turn(delivery)
        assert (delivery.state, delivery.attempts, delivery.reason) == (State.FAILED, number, "no-connection")
        assert delivery.next_at
        gaps.append(delivery.next_at - timezone.now())
    assert all(later > earlier for earlier, later in pairwise(gaps))
    assert timedelta(hours=20) < sum(gaps, timedelta()) < timedelta(hours=28)
    assert timedelta(hours=23) < sum(courier.GAPS, timedelta()) < timedelta(hours=25)
    delivery = turn(delivery)
    assert (delivery.state, delivery.attempts, delivery.next_at) == (State.GIVEN_UP, 9, None)
    assert not courier.is_due(timezone.now())


def test_what_failed_is_delivered_under_the_same_id_once_it_is_taken(
    team: Team, owner: User, server: receiver.Receiver
) -> None:
    webhook, secret = added(team, server.url, owner)
    server.says = receiver.Says(500, body=b"\x00out of\x1b[31m order" + b"!" * 5000)
    delivery = turn(pinged(webhook))
    assert (delivery.state, delivery.status_code, delivery.reason) == (State.FAILED, 500, "refused")
    assert delivery.answer.startswith("out of [31m order!!!")
    assert len(delivery.answer) <= 500
    webhook.refresh_from_db()
    assert webhook.failing_since
    server.says = receiver.Says(204, body=b"")
    delivery = turn(delivery)
    assert (delivery.state, delivery.status_code, delivery.reason, delivery.answer) == (
        "delivered",
        204,
        "",
        "",
    )
    first, second = server.told
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == delivery.message_id
    assert first.body == second.body
    assert verified(first, secret)
    assert verified(second, secret)
    webhook.refresh_from_db()
    assert webhook.failing_since is None


def test_a_redirect_is_a_failure_that_says_so(team: Team, owner: User, server: receiver.Receiver) -> None:
    server.says = receiver.Says(302, {"Location": "http://127.0.0.1:1/"})
    delivery = turn(pinged(added(team, server.url, owner)[0]))
    assert (delivery.state, delivery.status_code, delivery.reason) == (State.FAILED, 302, "redirect")


def test_gone_pauses_at_once_and_tells_the_owners(team: Team, owner: User, server: receiver.Receiver) -> None:
    team.memberships.create(user=material.person("member@example.org"))
    server.says = receiver.Says(410)
    webhook, _secret = added(team, server.url, owner)
    delivery = turn(pinged(webhook))
    assert (delivery.state, delivery.reason) == (State.GIVEN_UP, "gone")
    webhook.refresh_from_db()
    assert webhook.paused_because == Webhook.Pause.GONE
    notice = Notice.objects.get()
    assert (notice.user, notice.kind, notice.path) == (
        owner,
        "webhook-paused-gone",
        webhook.get_absolute_url(),
    )
    assert Event.objects.get(action="paused").actor_kind == Event.Actor.SITE
    with pytest.raises(Refusal, match="webhook-paused"):
        webhooks.send_again(delivery, by=owner, now=timezone.now())
    webhooks.resume(webhook, by=owner)
    server.says = receiver.Says()
    webhooks.send_again(delivery, by=owner, now=timezone.now())
    assert turn(delivery).state == State.DELIVERED


def test_the_owners_are_told_once_that_it_fails_and_again_when_it_is_paused(team: Team, owner: User) -> None:
    webhook, _secret = added(team, nowhere(), owner)
    for _ in range(2):
        delivery = pinged(webhook)
        Delivery.objects.filter(pk=delivery.pk).update(attempts=len(courier.GAPS))
        assert turn(delivery).state == State.GIVEN_UP
    assert [notice.kind for notice in Notice.objects.all()] == ["webhook-failing"]
    Webhook.objects.update(failing_since=timezone.now() - courier.PAUSED_AFTER)
    waiting = turn(pinged(webhook))
    webhook.refresh_from_db()
    assert webhook.paused_because == Webhook.Pause.FAILING
    kinds = [notice.kind for notice in Notice.objects.order_by("pk")]
    assert kinds == ["webhook-failing", "webhook-paused-failing"]
    assert turn(waiting).attempts == 1  # a paused one is left alone
    assert not courier.is_due(timezone.now() + timedelta(days=2))


def test_a_slow_receiver_rests_and_keeps_no_other_waiting(
    team: Team, owner: User, server: receiver.Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.4)
    monkeypatch.setattr(courier, "SLOW_SECONDS", 0.3)
    with receiver.saying(b"", pause=9) as port:
        slow, _secret = added(team, f"http://127.0.0.1:{port}/", owner)
        quick, _secret = added(team, server.url, owner)
        for _ in range(3):
            pinged(slow)
        for _ in range(3):
            pinged(quick)
        courier.take_turn()
    assert len(server.told) == 3
    tried = Delivery.objects.filter(webhook=slow, attempts__gt=0)
    assert [(each.attempts, each.reason) for each in tried] == [(1, "timeout")]
    slow.refresh_from_db()
    assert slow.rests_until
    assert slow.rests_until > timezone.now() + timedelta(seconds=0.5)


def test_a_worker_that_died_in_between_costs_its_lease(
    team: Team, owner: User, server: receiver.Receiver
) -> None:
    delivery = pinged(added(team, server.url, owner)[0])
    now = timezone.now()
    assert courier._claimed(now)
    assert courier._claimed(now) == []
    with pytest.raises(Refusal, match="delivery-in-flight"):
        webhooks.send_again(delivery, by=owner, now=now)
    assert courier._claimed(now + courier.LEASE) != []
    assert turn(delivery).state == State.DELIVERED
    assert delivery.attempts == 3


def test_what_a_worker_finds_out_after_its_lease_changes_nothing(
    team: Team, owner: User, server: receiver.Receiver
) -> None:
    delivery = pinged(added(team, server.url, owner)[0])
    now = timezone.now()
    (late,) = courier._claimed(now)
    (_other,) = courier._claimed(now + courier.LEASE)
    courier.record(late, courier.Try(None, "timeout", 1.0), now=now)
    delivery.refresh_from_db()
    assert (delivery.reason, delivery.attempts) == ("", 2)


def test_one_turn_is_taken_at_a_time(team: Team, owner: User, server: receiver.Receiver) -> None:
    pinged(added(team, server.url, owner)[0])
    with courier._only_one() as is_mine:
        assert is_mine
        assert not courier.is_due(timezone.now())
        courier.take_turn()
        assert server.told == []
    courier.take_turn()
    assert len(server.told) == 1


def test_the_sweeper_rings_for_what_nobody_heard_and_so_does_a_worker_that_polls(
    team: Team, owner: User, server: receiver.Receiver, rings: list[tuple[str | int, ...]]
) -> None:
    pinged(added(team, server.url, owner)[0])
    rings.clear()
    sweeper.sweep()
    assert ("submissions.tasks.deliver",) in rings
    piece = polling.next_piece(timezone.now())
    assert piece is not None
    piece()
    assert len(server.told) == 1
    assert polling.next_piece(timezone.now()) is None


def test_what_is_old_is_forgotten_and_so_is_what_was_removed(team: Team, owner: User) -> None:
    kept, _secret = added(team, nowhere(), owner)
    gone, _secret = added(team, nowhere(), owner)
    old, young = pinged(kept), pinged(kept)
    pinged(gone)
    Delivery.objects.filter(pk=old.pk).update(made_at=timezone.now() - timedelta(days=30))
    webhooks.remove(gone, by=Asker(user=owner), now=timezone.now())
    courier.forget_old(now=timezone.now())
    assert Webhook.objects.count() == 2
    courier.forget_old(now=timezone.now() + courier.REMOVED_AFTER)
    assert list(Webhook.objects.all()) == [kept]
    assert list(Delivery.objects.all()) == [young]


def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(
    team: Team, owner: User, server: receiver.Receiver
) -> None:
    webhook, old = added(team, server.url, owner)
    new = webhooks.rotate(webhook, by=owner, now=timezone.now())
    delivery = turn(pinged(webhook))
    assert verified(server.told[0], old)
    assert verified(server.told[0], new)
    Webhook.objects.update(old_secrets=[(old, timezone.now().isoformat())])
    webhooks.send_again(delivery, by=owner, now=timezone.now())
    turn(delivery)
    assert not verified(server.told[1], old)
    assert verified(server.told[1], new)


def test_each_of_the_last_days_secrets_signs_and_five_old_ones_at_most(
    team: Team, owner: User, server: receiver.Receiver
) -> None:
    webhook, first = added(team, server.url, owner)
    now = timezone.now()
    second = webhooks.rotate(webhook, by=owner, now=now - timedelta(hours=23))
    third = webhooks.rotate(webhook, by=owner, now=now)
    turn(pinged(webhook))
    assert all(verified(server.told[0], secret) for secret in (first, second, third))
    made = [webhooks.rotate(webhook, by=owner, now=now) for _time in range(5)]
    turn(pinged(webhook))
    assert [verified(server.told[1], secret) for secret in (second, third, *made)] == [False] + 6 * [True]


def test_a_message_is_sent_again_at_once_whatever_became_of_it(
    team: Team, owner: User, server: receiver.Receiver
) -> None:
    delivery = turn(pinged(added(team, server.url, owner)[0]))
    webhooks.send_again(delivery, by=owner, now=timezone.now())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (State.PENDING, 0)
    courier.take_turn()
    assert [told.headers["webhook-id"] for told in server.told] == [delivery.message_id] * 2
    assert Event.objects.get(action="sent-again").details == {"message": delivery.message_id}


def test_a_team_has_one_webhook_to_an_address_and_ten_at_most(team: Team, owner: User) -> None:
    url = nowhere()
    added(team, url, owner)
    with pytest.raises(Refusal, match="webhook-known"):
        added(team, url, owner)
    for number in range(9):
        added(team, f"{url}{number}", owner)
    with pytest.raises(Refusal, match="too-many-webhooks"):
        added(team, f"{url}more", owner)


def test_an_archived_team_adds_none(team: Team, owner: User) -> None:
    teams.archive(team, by=owner, now=timezone.now())
    with pytest.raises(Refusal, match="team-archived"):
        added(team, nowhere(), owner)


def test_who_leaves_takes_their_webhooks_with_them(team: Team, owner: User) -> None:
    member = material.person("member@example.org")
    membership = team.memberships.create(user=member)
    theirs, _secret = added(team, nowhere(), member)
    mine, _secret = added(team, nowhere(), owner)
    teams.remove(membership, by=owner, now=timezone.now())
    assert list(Webhook.objects.known()) == [mine]
    theirs.refresh_from_db()
    assert (theirs.secret, theirs.old_secrets) == ("", [])


def test_neither_the_log_of_deeds_nor_the_logs_hold_a_secret_or_an_address(
    team: Team, owner: User, server: receiver.Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    webhook, secret = added(team, f"{server.url}?key=tellnobody", owner)
    new = webhooks.rotate(webhook, by=owner, now=timezone.now())
    turn(pinged(webhook))
    webhooks.pause(webhook, by=owner, now=timezone.now())
    webhooks.remove(webhook, by=Asker(user=owner), now=timezone.now())
    written = (
        caplog.text + json.dumps(list(Event.objects.values_list("details", "object_name"))) + repr(webhook)
    )
    assert not any(hidden in written for hidden in (secret, new, "tellnobody"))
    actions = list(
        Event.objects.filter(object_kind="webhook").order_by("pk").values_list("action", flat=True)
    )
    assert actions == ["made", "rotated", "paused", "removed"]
    assert set(Event.objects.filter(object_kind="webhook").values_list("team_id", flat=True)) == {team.pk}


def test_the_secret_is_shown_once(team: Team, owner: User, client: Client) -> None:
    client.force_login(owner)
    page = client.post("/teams/home/webhooks/", {"url": "https://ci.example.org/hooks/x"})
    webhook = Webhook.objects.get()
    assert (page.status_code, "no-store" in page["Cache-Control"]) == (200, True)
    assert webhook.secret in page.text
    for shown in (client.get(webhook.get_absolute_url()), client.get("/teams/home/")):
        assert "whsec_" not in shown.text
        assert "ci.example.org" in shown.text
    old, seen = webhook.secret, page.context["secret_print"]
    again = client.post(f"{webhook.get_absolute_url()}rotate/", {"in_place_of": seen})
    webhook.refresh_from_db()
    assert webhook.secret in again.text
    assert old not in again.text
    reloaded = client.post(f"{webhook.get_absolute_url()}rotate/", {"in_place_of": seen}, follow=True)
    assert "The secret was rotated since this page was drawn" in reloaded.text
    assert "whsec_" not in reloaded.text
    assert Webhook.objects.get().secret == webhook.secret


def test_an_address_that_is_refused_comes_back_at_its_field(team: Team, owner: User, client: Client) -> None:
    client.force_login(owner)
    page = client.post("/teams/home/webhooks/", {"url": "https://10.0.0.1/"})
    assert page.status_code == 422
    assert "not on the public internet" in page.text
    assert not Webhook.objects.exists()


def test_a_member_sees_the_log_but_not_the_address_and_changes_their_own_alone(
    team: Team, owner: User, client: Client
) -> None:
    member = material.person("member@example.org")
    team.memberships.create(user=member)
    webhook, _secret = added(team, "http://ci.example.org/hooks/tellnobody", owner)
    client.force_login(member)
    page = client.get(webhook.get_absolute_url())
    assert page.status_code == 200
    assert "tellnobody" not in page.text
    assert "Send a ping" not in page.text
    assert client.post(f"{webhook.get_absolute_url()}pause/").status_code == 403
    own, _secret = added(team, nowhere(), member)
    assert client.post(f"{own.get_absolute_url()}pause/").status_code == 303
    own.refresh_from_db()
    assert own.is_paused


def test_the_log_shows_what_was_sent_and_what_came_back(
    benchmark: Benchmark, team: Team, owner: User, server: receiver.Receiver, client: Client
) -> None:
    server.says = receiver.Says(503, body=b"<b>not now</b>")
    webhook, _secret = added(team, server.url, owner)
    material.scored(benchmark, team, "my model")
    courier.take_turn()
    client.force_login(owner)
    log = client.get(webhook.get_absolute_url()).text
    assert "submission.scored" in log
    assert "my model" in log
    assert "503" in log
    page = client.get(f"{webhook.get_absolute_url()}messages/{Delivery.objects.get().pk}/").text
    assert "&lt;b&gt;not now&lt;/b&gt;" in page
    assert "It answered that the message is not taken." in page
    assert "&quot;submission.scored&quot;" in page


@pytest.mark.usefixtures("commits")
@pytest.mark.parametrize("round_number", range(3))
def test_of_two_workers_each_message_is_sent_by_one(round_number: int) -> None:
    owner = material.person("owner@example.org")
    team = material.team("home", owner)
    with receiver.running() as server:
        webhook, _secret = added(team, server.url, owner)
        for _ in range(4):
            pinged(webhook)
        both_at_once(courier.take_turn, courier.take_turn)
        courier.take_turn()
        ids = [told.headers["webhook-id"] for told in server.told]
    assert sorted(ids) == sorted(Delivery.objects.values_list("message_id", flat=True))


@pytest.mark.usefixtures("commits")
def test_who_removes_a_webhook_while_a_submission_is_scored_disturbs_nothing() -> None:
    owner = material.person("owner@example.org")
    team, benchmark = material.team("home", owner), material.benchmark()
    for _ in range(3):
        webhook, _secret = added(team, nowhere(), owner)
        submission = material.submitted(benchmark, team)
        both_at_once(
            lambda: evaluation.run(submission.pk),  # noqa: B023 - called in this round
            lambda: webhooks.remove(webhook, by=audit.COMMAND, now=timezone.now()),  # noqa: B023
        )
        submission.refresh_from_db()
        assert (submission.status, submission.attempts) == ("scored", 1)
        courier.forget_old(now=timezone.now() + courier.REMOVED_AFTER)
        assert not Delivery.objects.exists()


@pytest.mark.usefixtures("commits")
def test_of_two_who_add_the_tenth_at_once_one_does() -> None:
    owner, member = material.person("owner@example.org"), material.person("member@example.org")
    team = material.team("home", owner, member)
    for number in range(9):
        added(team, f"https://ci.example.org/{number}", owner)
    refused: list[str] = []

    def add(by: User) -> None:
        try:
            added(team, f"https://ci.example.org/{by.pk}-last", by)
        except Refusal as refusal:
            refused.append(refusal.code)

    both_at_once(lambda: add(owner), lambda: add(member))
    assert (Webhook.objects.count(), refused) == (10, ["too-many-webhooks"])


@pytest.mark.usefixtures("commits")
def test_of_two_who_rotate_at_once_the_last_secret_signs_beside_the_one_before() -> None:
    owner = material.person("owner@example.org")
    webhook, first = added(material.team("home", owner), "https://ci.example.org/", owner)
    made: list[str] = []

    def rotate() -> None:
        made.append(webhooks.rotate(webhook, by=owner, now=timezone.now()))

    both_at_once(rotate, rotate)
    webhook.refresh_from_db()
    assert {webhook.secret, *(old for old, _until in webhook.old_secrets)} == {first, *made}
    assert Event.objects.filter(action="rotated").count() == 2


@pytest.mark.usefixtures("commits")
def test_who_sends_again_while_a_worker_sends_either_is_told_so_or_has_it_sent_once_more() -> None:
    owner = material.person("owner@example.org")
    with receiver.running() as server:
        webhook, _secret = added(material.team("home", owner), server.url, owner)
        for _ in range(3):
            delivery = pinged(webhook)
            refused: list[str] = []
            before = len(server.told)

            def again(delivery: Delivery = delivery, refused: list[str] = refused) -> None:
                try:
                    webhooks.send_again(delivery, by=owner, now=timezone.now())
                except Refusal as refusal:
                    refused.append(refusal.code)

            both_at_once(courier.take_turn, again)
            courier.take_turn()
            delivery.refresh_from_db()
            assert delivery.state == State.DELIVERED
            assert refused in ([], ["delivery-in-flight"])
            assert 1 <= len(server.told) - before <= 2


def both_at_once(*deeds: Any) -> None:
    faults: list[BaseException] = []
    barrier = threading.Barrier(len(deeds))

    def run(deed: Any) -> None:
        try:
            barrier.wait()
            deed()
        except BaseException as fault:  # noqa: BLE001 - raised below
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]

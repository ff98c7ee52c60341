"""Notices by mail: who gets which, once; what happens when nobody takes it; and how it is stopped."""

import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from submissions import audit, mails, moderation, notices, post_office, sweeper, teams
from submissions.models import Benchmark, Letter, Membership, Notice, Team, User
from tests import material
from tests.servers import smtp
from tests.servers.process import free_port

pytestmark = pytest.mark.django_db
SITE = "https://vernier.example.org"


@pytest.fixture(autouse=True)
def address(settings: Settings) -> None:
    settings.VERNIER_URL = SITE
    settings.DEFAULT_FROM_EMAIL = "site@example.org"


def confirmed(email: str) -> User:
    made = material.person(email)
    EmailAddress.objects.create(user=made, email=email, verified=True, primary=True)
    return made


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def owner() -> User:
    return confirmed("owner@example.org")


@pytest.fixture
def team(owner: User) -> Team:
    return material.team("home", owner)


@pytest.fixture
def server(settings: Settings) -> Iterator[smtp.Sink]:
    """The mail server that the site is told of."""
    with smtp.running() as sink:
        use(settings, sink.port)
        yield sink


def use(settings: Settings, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 10


def tell(team: Team, number: int = 1) -> None:
    with transaction.atomic():
        for each in range(number):
            notices.tell(team, "team-banned", team, reason=f"reason {each}")


def later(**passed: float) -> None:
    """Let time pass for those who were written to."""
    past = timezone.now() - timedelta(**passed)
    Membership.objects.update(mailed_at=past)
    User.objects.update(mailed_at=past)


def subjects() -> list[str]:
    return [str(sent.subject) for sent in mail.outbox]


def test_a_scored_submission_comes_by_mail_with_a_way_to_its_page_and_one_to_no_more(
    benchmark: Benchmark, team: Team, server: smtp.Sink
) -> None:
    submission = material.scored(benchmark, team, "my model")
    post_office.take_turn()
    ((to, sent),) = server.taken
    assert (to, sent["To"], sent["From"]) == ("owner@example.org", "owner@example.org", "site@example.org")
    assert sent["Subject"] == f"MMAD: “my model” scored {submission.score:.2f}"
    text = body(sent)
    assert f"{SITE}{submission.get_absolute_url()}\n" in text
    stop = sent["List-Unsubscribe"].strip(" <>")
    assert stop.startswith(f"{SITE}/notices/mails/")
    assert text.rstrip().endswith(stop)
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent.get_content_type() == "text/plain"
    assert not Letter.objects.exists()


def body(sent: EmailMessage) -> str:
    return str(sent.get_content()).replace("\r\n", "\n")


def test_it_goes_to_confirmed_addresses_of_active_members_alone(team: Team, owner: User) -> None:
    for name in ("member", "inactive"):
        team.memberships.create(user=confirmed(f"{name}@example.org"))
    team.memberships.create(user=material.person("unconfirmed@example.org"))
    changing = confirmed("changing@example.org")
    team.memberships.create(user=changing)
    User.objects.filter(pk=changing.pk).update(email="another@example.org")
    User.objects.filter(email="inactive@example.org").update(is_active=False)
    confirmed("stranger@example.org")
    tell(team)
    post_office.take_turn()
    assert sorted(sent.to[0] for sent in mail.outbox) == ["member@example.org", "owner@example.org"]
    assert not Letter.objects.exists()


def test_a_team_without_members_gets_none() -> None:
    tell(material.team("empty"))
    post_office.take_turn()
    assert mail.outbox == []
    assert not post_office.is_due(timezone.now())


def test_who_left_before_it_was_sent_gets_none(team: Team) -> None:
    member = confirmed("member@example.org")
    membership = team.memberships.create(user=member)
    tell(team)
    post_office._write_letters()
    teams.remove(membership, by=member, now=timezone.now())
    post_office.take_turn()
    assert [sent.to for sent in mail.outbox] == [["owner@example.org"]]


def test_a_second_turn_sends_nothing_twice(team: Team) -> None:
    tell(team)
    for _turn in range(3):
        later(hours=1)
        post_office.take_turn()
    assert len(mail.outbox) == 1


def test_what_comes_within_five_minutes_is_gathered_into_one_mail(team: Team) -> None:
    tell(team)
    post_office.take_turn()
    tell(team, 100)
    for _turn in range(3):
        post_office.take_turn()
    assert len(mail.outbox) == 1
    assert not post_office.is_due(timezone.now())
    later(minutes=6)
    assert post_office.is_due(timezone.now())
    post_office.take_turn()
    assert subjects() == ["Home may not send at present", "Home: 100 notices"]
    text = str(mail.outbox[1].body)
    assert text.count("Their reason: ") == post_office.NOTICES_A_MAIL
    assert f"and 80 more: {SITE}/notices/" in text


def test_who_is_in_two_teams_can_stop_the_mails_of_each(team: Team, owner: User) -> None:
    second = material.team("second", owner)
    for told in (team, second):
        tell(told)
    post_office.take_turn()
    assert len({sent.extra_headers["List-Unsubscribe"] for sent in mail.outbox}) == 2


def test_what_is_to_one_person_alone_comes_to_that_person(benchmark: Benchmark, owner: User) -> None:
    with transaction.atomic():
        notices.tell_person(owner, "dispute-answered", benchmark, question="x#0", answer="It is right.")
    post_office.take_turn()
    (sent,) = mail.outbox
    assert sent.subject == "An answer to your report on x#0"
    assert "as a member" not in sent.body
    stop = sent.extra_headers["List-Unsubscribe"].strip("<>").removeprefix(SITE)
    Client().post(stop)
    owner.refresh_from_db()
    assert not owner.mails
    with transaction.atomic():
        notices.tell_person(owner, "dispute-answered", benchmark, question="y#0", answer="It is right.")
    later(hours=1)
    post_office.take_turn()
    assert len(mail.outbox) == 1


def test_a_subject_is_one_line_whatever_a_name_holds(team: Team) -> None:
    Team.objects.update(name="one\r\nBcc: all@example.org")
    team.refresh_from_db()
    tell(team)
    post_office.take_turn()
    assert subjects() == ["one Bcc: all@example.org may not send at present"]


@pytest.mark.django_db(transaction=True)
def test_two_posters_at_once_send_one_mail(team: Team, server: smtp.Sink) -> None:
    tell(team, 3)
    start = threading.Barrier(2)

    def post() -> None:
        start.wait()
        try:
            post_office.take_turn()
        finally:
            connection.close()

    posters = [threading.Thread(target=post) for _ in range(2)]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    later(hours=1)
    post_office.take_turn()
    assert sum(body(sent).count("Their reason: ") for _to, sent in server.taken) == 3
    assert not Letter.objects.exists()


def test_one_who_died_while_sending_is_made_good(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    tell(team)
    with monkeypatch.context() as patch:
        patch.setattr(post_office, "_mail", die)
        with pytest.raises(KeyboardInterrupt):
            post_office.take_turn()
    post_office.take_turn()
    assert mail.outbox == [], "it may still be on its way"
    later(minutes=6)
    post_office.take_turn()
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_away_is_asked_once_a_minute_and_gets_the_letters_when_it_is_back(
    team: Team, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    use(settings, port)
    for number in range(3):
        team.memberships.create(user=confirmed(f"member{number}@example.org"))
    tell(team)
    tried: list[mails.Receiver] = []
    claim = post_office._claim

    def counted(receiver: mails.Receiver, now: datetime) -> bool:
        tried.append(receiver)
        return claim(receiver, now)

    monkeypatch.setattr(post_office, "_claim", counted)
    for _turn in range(5):
        post_office.take_turn()
        assert not post_office.is_due(timezone.now())
    assert len(tried) == 1
    assert "letters wait" in caplog.text
    assert "member" not in caplog.text
    assert Letter.objects.count() == 4
    cache.delete(post_office.AWAY_KEY)  # the minute is over
    later(minutes=6)
    with smtp.running(port) as sink:
        post_office.take_turn()
    assert len(sink.taken) == 4
    assert not Letter.objects.exists()


def test_nothing_waits_for_a_mail_server_that_is_away(
    benchmark: Benchmark, team: Team, settings: Settings
) -> None:
    use(settings, free_port())
    material.scored(benchmark, team)
    post_office.take_turn()
    assert material.scored(benchmark, team, "second", now=material.NOON).status == "scored"


def test_letters_that_nobody_takes_for_a_day_are_given_up(
    team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    tell(team)
    post_office._write_letters()
    Notice.objects.update(at=timezone.now() - timedelta(hours=23))
    post_office._give_up(timezone.now() - post_office.TRIED_FOR)
    assert Letter.objects.count() == 1
    Notice.objects.update(at=timezone.now() - timedelta(hours=25))
    with caplog.at_level(logging.ERROR):
        post_office.take_turn()
    assert "gave up 1 letters" in caplog.text
    assert mail.outbox == []
    assert not post_office.is_due(timezone.now())


@pytest.mark.parametrize(
    ("place", "answer", "kept"),
    [
        ("member@example.org", "550 no such person", 0),
        ("member@example.org", "450 come back later", 1),
        ("data", "554 not wanted", 0),
        ("data", "451 not now", 2),
    ],
)
def test_an_address_that_is_refused_holds_up_nobody_else(
    team: Team, settings: Settings, place: str, answer: str, kept: int
) -> None:
    team.memberships.create(user=confirmed("member@example.org"))
    with smtp.running(refused={place: answer}) as sink:
        use(settings, sink.port)
        tell(team)
        post_office.take_turn()
        assert [to for to, _sent in sink.taken] == ([] if place == "data" else ["owner@example.org"])
        assert Letter.objects.count() == kept
        assert not cache.get(post_office.AWAY_KEY)
        sink.refused.clear()
        later(minutes=6)
        post_office.take_turn()
        assert len(sink.taken) == kept + (place != "data")


def test_a_turn_ends_in_time_and_rings_for_the_next(
    team: Team, monkeypatch: pytest.MonkeyPatch, rings: list[tuple[str, ...]]
) -> None:
    team.memberships.create(user=confirmed("member@example.org"))
    tell(team)
    monkeypatch.setattr(post_office, "TURN_SECONDS", -1.0)
    post_office.take_turn()
    assert rings[-1:] == [("submissions.tasks.post",)]
    assert Letter.objects.count() == 2


def test_the_sweeper_rings_for_letters_that_nobody_heard_of(team: Team, rings: list[tuple[str, ...]]) -> None:
    sweeper.sweep()
    assert rings == []
    tell(team)
    sweeper.sweep()
    assert rings == [("submissions.tasks.post",)]
    post_office.take_turn()
    sweeper.sweep()
    assert len(rings) == 1


def test_the_embedded_default_keeps_them_for_its_page(
    benchmark: Benchmark, team: Team, settings: Settings, tmp_path: object
) -> None:
    settings.EMAIL_BACKEND = "submissions.mailbox.Backend"
    settings.EMAIL_FILE_PATH = f"{tmp_path}/mail"
    settings.VERNIER_EMBEDDED = True
    material.scored(benchmark, team, "my model")
    post_office.take_turn()
    (kept,) = Client().get("/mail/").context["mails"]
    text = Client().get(f"/mail/{kept.id}/").content.decode()
    assert "“my model” scored" in text
    assert f'href="{SITE}/notices/mails/' in text


# One click


def stop_of(team: Team, user: User) -> str:
    return mails.link(team.memberships.get(user=user))


def wants(team: Team, user: User) -> bool:
    return team.memberships.get(user=user).mails


@pytest.fixture
def mail_program() -> Client:
    """It has no cookie, is not signed in, and comes from no page of ours."""
    return Client(enforce_csrf_checks=True)


def test_one_click_stops_the_mails_of_one_team_at_once(team: Team, owner: User, mail_program: Client) -> None:
    second = material.team("second", owner)
    tell(team)
    post_office._write_letters()
    answer = mail_program.post(stop_of(team, owner), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert (wants(team, owner), wants(second, owner)) == (False, True)
    tell(team)
    post_office.take_turn()
    assert mail.outbox == []
    assert Notice.objects.count() == 2, "on the site they stand"


def test_whoever_only_opens_the_link_changes_nothing(team: Team, owner: User, mail_program: Client) -> None:
    for method in ("get", "head"):
        assert getattr(mail_program, method)(stop_of(team, owner)).status_code == 200
    assert wants(team, owner)
    assert "Stop them" in mail_program.get(stop_of(team, owner)).content.decode()


def test_there_is_a_way_back(team: Team, owner: User, mail_program: Client) -> None:
    url = stop_of(team, owner)
    assert "Send them again" in mail_program.post(url).content.decode()
    assert "Stop them" in mail_program.post(url, {"mails": "on"}).content.decode()
    assert wants(team, owner)


def test_a_link_that_was_made_up_is_none(team: Team, owner: User, mail_program: Client) -> None:
    other = material.team("away", confirmed("away@example.org"))
    good = stop_of(team, owner)
    value, _dot, signature = good.strip("/").rpartition("/")[2].partition(".")
    forged = [
        f"{owner.pk}-{other.pk}.{signature}",
        f"{value}.{signature[:-2]}xx",
        value,
        f"{value}.",
        "1-1.x",
    ]
    for token in forged:
        for method in ("get", "post"):
            assert getattr(mail_program, method)(f"/notices/mails/{token}/").status_code == 404
    assert wants(team, owner)


def test_a_link_says_nothing_of_an_address(team: Team, owner: User, mail_program: Client) -> None:
    url = stop_of(team, owner)
    assert "owner" not in url
    assert "@" not in mail_program.get(url).content.decode()


def test_a_link_outlives_the_membership_and_ends_with_the_account(
    team: Team, owner: User, mail_program: Client
) -> None:
    member = confirmed("member@example.org")
    membership = team.memberships.create(user=member)
    url = mails.link(membership)
    teams.remove(membership, by=owner, now=timezone.now())
    for method in ("get", "post"):
        answer = getattr(mail_program, method)(url)
        assert answer.status_code == 200
        assert "no longer in the team" in answer.content.decode()
    member.delete()
    for method in ("get", "post"):
        answer = getattr(mail_program, method)(url)
        assert answer.status_code == 200
        assert "nothing more is sent" in answer.content.decode()


def test_a_member_switches_the_mails_of_a_team_on_the_site(team: Team, owner: User) -> None:
    client = Client()
    client.force_login(owner)
    assert client.post("/notices/", {"team": "home"}, follow=True).status_code == 200
    assert not wants(team, owner)
    client.post("/notices/", {"team": "home", "mails": "on"})
    assert wants(team, owner)
    client.post("/notices/", {"team": ""})
    owner.refresh_from_db()
    assert (owner.mails, wants(team, owner)) == (False, True)
    other = material.team("away", confirmed("away@example.org"))
    assert client.post("/notices/", {"team": "away"}).status_code == 404
    assert other.memberships.get().mails


def test_hiding_reaches_a_teams_mailbox(benchmark: Benchmark, team: Team) -> None:
    sent = material.submitted(benchmark, team, "ours")
    moderation.hide(sent.entry, reason="a copy", by=audit.COMMAND, now=timezone.now())
    post_office.take_turn()
    assert subjects() == ["MMAD: “ours” is hidden"]
    assert "Their reason: a copy" in mail.outbox[0].body

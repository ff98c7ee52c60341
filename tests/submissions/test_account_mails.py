"""Mails into accounts: sent at once; what the mail server does not take waits, but not for long, and nobody sees it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from submissions import post_office, sweeper, tables
from submissions.models import Mail, User
from tests import material
from tests.servers import smtp
from tests.servers.process import free_port

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = "known@example.org", "unknown@example.org"
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def user() -> User:
    made = material.person(KNOWN)
    EmailAddress.objects.create(user=made, email=KNOWN, verified=True, primary=True)
    return made


@pytest.fixture
def away(settings: Settings) -> int:
    """The port of a mail server that is away."""
    return use(settings, free_port())


@pytest.fixture
def server(settings: Settings) -> Iterator[smtp.Sink]:
    with smtp.running() as sink:
        use(settings, sink.port)
        yield sink


def use(settings: Settings, port: int) -> int:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    return port


def asked(address: str) -> tuple[int, str]:
    """Ask for a password to be reset: what is answered."""
    answer = Client().post("/accounts/password/reset/", {"email": address})
    return answer.status_code, answer["Location"]


def later(**passed: float) -> None:
    """The mail server is tried again, and time has passed for what waits."""
    cache.delete(post_office.AWAY_KEY)
    ago = timezone.now() - timedelta(**passed)
    Mail.objects.update(not_before=timezone.now(), made_at=ago)


def test_it_is_sent_before_the_answer_and_nothing_is_kept(server: smtp.Sink) -> None:
    assert asked(KNOWN) == asked(UNKNOWN)
    assert [to for to, _message in server.taken] == [KNOWN, UNKNOWN]
    assert not Mail.objects.exists()


def test_while_the_mail_server_is_away_pages_are_the_same_and_mails_come_later(away: int) -> None:
    assert asked(KNOWN) == asked(UNKNOWN)
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert Client().post("/accounts/signup/", form).status_code == 302
    assert [kept.to for kept in Mail.objects.order_by("pk")] == [KNOWN, UNKNOWN, "new@example.org"]
    post_office.take_turn()
    assert Mail.objects.count() == 3
    with smtp.running(away) as sink:
        assert not post_office.is_due(timezone.now()), "tried once a minute"
        later(minutes=1)
        assert post_office.is_due(timezone.now())
        post_office.take_turn()
        assert [to for to, _message in sink.taken] == [KNOWN, UNKNOWN, "new@example.org"]
        (link,) = [
            word for word in str(sink.taken[0][1].get_content()).split() if "/password/reset/key/" in word
        ]
    assert not Mail.objects.exists()
    assert Client().get("/" + link.split("/", 3)[3], follow=True).status_code == 200


def test_the_sweeper_rings_for_what_waits(away: int, rings: list[tuple[str]]) -> None:
    asked(KNOWN)
    later(minutes=1)
    sweeper.sweep()
    assert ("submissions.tasks.post",) in rings


def test_what_nobody_takes_is_gone_after_an_hour(away: int) -> None:
    asked(KNOWN)
    later(minutes=59)
    post_office.take_turn()
    assert Mail.objects.count() == 1
    later(minutes=61)
    post_office.take_turn()
    assert not Mail.objects.exists()


@pytest.mark.parametrize(("said", "kept"), [("451 come again", 1), ("550 nobody here", 0)])
def test_who_is_refused_finds_the_same_page_as_everybody(server: smtp.Sink, said: str, kept: int) -> None:
    expected = asked(KNOWN)
    server.refused[UNKNOWN] = said
    assert asked(UNKNOWN) == expected
    assert Mail.objects.count() == kept
    assert not cache.get(post_office.AWAY_KEY), "the server itself takes mail"
    del server.refused[UNKNOWN]
    later(minutes=1)
    post_office.take_turn()
    assert len(server.taken) == 1 + kept


def test_a_mail_that_another_worker_has_taken_up_is_left_alone(away: int) -> None:
    asked(KNOWN)
    later(minutes=1)
    (seen,) = Mail.objects.due(at=timezone.now())
    Mail.objects.update(not_before=timezone.now() + timedelta(minutes=1))
    backend = mail.get_connection("django.core.mail.backends.locmem.EmailBackend")
    post_office._send_kept(seen, backend)
    assert mail.outbox == []
    assert Mail.objects.count() == 1


def test_what_waits_is_in_no_backup_and_not_at_the_desk() -> None:
    assert Mail not in tables.models()
    assert not admin.site.is_registered(Mail)

"""The mailbox of the embedded default, and signing up through it."""

import re
import stat
from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives, send_mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from submissions import mailbox, teams
from submissions.models import User
from tests import material

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """The embedded default's way to keep mail."""
    settings.EMAIL_BACKEND = "submissions.mailbox.Backend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.VERNIER_EMBEDDED = True
    return tmp_path / "mail"


def test_a_mail_is_a_file_of_its_owner_alone(folder: Path) -> None:
    assert send_mail("Größe", "Straße", "from@example.org", ["to@example.org"]) == 1
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (mail,) = mailbox.newest()
    assert (mail.subject, mail.body.strip(), mail.to) == ("Größe", "Straße", "to@example.org")


def test_an_address_with_an_account_and_one_without_are_told_so_in_our_words(
    folder: Path, client: Client
) -> None:
    material.person("known@example.org")
    signing_up = {"email": "known@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", signing_up)
    client.post("/accounts/password/reset/", {"email": "unknown@example.org"})
    subjects = {mail.to: mail.subject for mail in mailbox.newest()}
    assert subjects == {
        "known@example.org": "Vernier: you have an account already",
        "unknown@example.org": "Vernier: no account with this address",
    }
    for mail in mailbox.newest():
        assert mail.body.startswith("Hello,\n\nsomebody, probably you")


def test_the_newest_stands_first(folder: Path, client: Client) -> None:
    for number in range(3):
        send_mail(f"number {number}", "", None, ["to@example.org"])
    assert [mail.subject for mail in client.get("/mail/").context["mails"]] == [
        "number 2",
        "number 1",
        "number 0",
    ]


def test_what_a_mail_holds_is_text_and_never_markup(folder: Path, client: Client) -> None:
    mail = EmailMultiAlternatives(
        "<b>subject</b>", "<script>x</script> http://e.org/a", None, ["to@example.org"]
    )
    mail.attach_alternative("<script>html</script>", "text/html")
    mail.send()
    html = client.get(f"/mail/{mailbox.newest()[0].id}/").content.decode()
    assert "<script>x" not in html
    assert "<script>html" not in html
    assert "<b>subject" not in html
    assert 'href="http://e.org/a"' in html


@pytest.mark.parametrize("name", ["nothing", "20260101T000000000000Z-000000000000", "..-secret"])
def test_no_other_file_can_be_named(folder: Path, client: Client, name: str) -> None:
    assert mailbox.read("../" + name) is None
    assert client.get(f"/mail/{name}/").status_code == 404


def test_the_page_exists_only_where_mail_is_kept(folder: Path, client: Client, settings: Settings) -> None:
    send_mail("hello", "", None, ["to@example.org"])
    name = mailbox.newest()[0].id
    assert "/mail/" in client.get("/accounts/login/").content.decode()
    settings.VERNIER_EMBEDDED = False
    assert [client.get(url).status_code for url in ("/mail/", f"/mail/{name}/")] == [404, 404]
    assert "/mail/" not in client.get("/accounts/login/").content.decode()
    settings.VERNIER_EMBEDDED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert client.get("/mail/").status_code == 404


def sign_up(client: Client, email: str, after: str = "") -> str:
    """Sign up, open the mail, confirm; answers with where that leads."""
    answer = client.post(
        "/accounts/signup/", {"email": email, "password1": PASSWORD, "password2": PASSWORD, "next": after}
    )
    assert answer.status_code == 302
    link = re.search(r"https?://testserver(/accounts/confirm-email/\S+)", mailbox.newest()[0].body)
    assert link is not None
    assert client.get(link.group(1)).status_code == 200
    return str(client.post(link.group(1))["Location"])


def test_signing_up_leads_through_the_mailbox_to_the_teams(folder: Path, client: Client) -> None:
    assert sign_up(client, "New@Example.org") == "/teams/"
    page = client.get("/teams/").content.decode()
    assert page.count('class="notice') == 1
    assert "new@example.org is confirmed." in page
    assert User.objects.get().email == "new@example.org"


def test_an_invitation_survives_signing_up(folder: Path, client: Client) -> None:
    owner = material.person("owner@example.org")
    _invitation, secret = teams.invite(
        teams.create(slug="a", name="A", owner=owner), by=owner, now=timezone.now()
    )
    link = f"/invitations/{secret}/"
    html = client.get(client.get(link).context["signup_url"]).content.decode()
    assert f'name="next" value="{link}"' in html
    assert sign_up(client, "guest@example.org", after=link) == link
    assert client.post(link)["Location"] == "/teams/a/"


def test_no_other_site_can_be_returned_to(folder: Path, client: Client) -> None:
    assert sign_up(client, "new@example.org", after="https://evil.example/") == "/teams/"

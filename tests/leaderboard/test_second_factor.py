"""The desk asks organizers for a second factor."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from submissions.models import User
from tests import material

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
DESK = "/admin/"


@pytest.fixture
def organizer() -> User:
    made = User.objects.create_superuser("staff@example.org", PASSWORD)
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    return made


def sign_in(client: Client) -> str:
    """Where the password leads to."""
    form = {"login": "staff@example.org", "password": PASSWORD}
    answer = client.post(reverse("account_login"), form)
    assert answer.status_code == 302
    return str(answer["Location"])


def code(secret: str, step: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))


def set_up(client: Client) -> str:
    """Set it up as a person does; answers with the secret."""
    password = {"password": PASSWORD, "next": reverse("mfa_activate_totp")}
    page = client.post(reverse("account_reauthenticate"), password, follow=True).content.decode()
    found = re.search(r'<code class="token"[^>]*>(\w+)</code>', page)
    assert found
    assert 'src="data:image/svg+xml;base64,' in page
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(found[1])})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    return found[1]


def test_where_it_is_only_offered_the_desk_opens_without(organizer: User) -> None:
    client = Client()
    sign_in(client)
    assert client.get(DESK).status_code == 200


def test_where_it_is_demanded_the_desk_leads_to_setting_it_up(organizer: User, settings: Settings) -> None:
    settings.VERNIER_SECOND_FACTOR = True
    client = Client()
    sign_in(client)
    answer = client.get(DESK, follow=True)
    ways = [way for way, _status in answer.redirect_chain]
    assert ways[-2] == reverse("mfa_activate_totp")
    assert ways[-1].startswith(reverse("account_reauthenticate"))
    assert "The desk asks organizers for a second factor." in answer.content.decode()
    assert client.post(reverse("admin:submissions_uploadswitch_deed", args=[1, "close"])).status_code == 302


def test_until_it_is_shown_an_organizer_is_one_nowhere_on_the_site(
    organizer: User, settings: Settings
) -> None:
    settings.VERNIER_SECOND_FACTOR = True
    private = material.submitted(material.benchmark(), material.team("home"))
    client = Client()
    sign_in(client)
    assert client.get(private.get_absolute_url()).status_code == 404
    set_up(client)
    later = Client()
    assert sign_in(later) == reverse("mfa_authenticate")
    assert later.get(private.get_absolute_url()).status_code == 404


def test_once_set_up_a_password_alone_signs_nobody_in(organizer: User) -> None:
    first = Client()
    sign_in(first)
    secret = set_up(first)
    client = Client()
    assert sign_in(client) == reverse("mfa_authenticate")
    assert "organizers" not in client.get(DESK).content.decode()
    assert client.get(DESK).status_code == 302
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    assert client.get(DESK).status_code == 302
    shown = code(secret)
    assert client.post(reverse("mfa_authenticate"), {"code": shown}).status_code == 302
    assert client.get(DESK).status_code == 200
    # A code that was seen over somebody's shoulder is used up.
    another = Client()
    sign_in(another)
    assert another.post(reverse("mfa_authenticate"), {"code": shown}).status_code == 200
    assert another.get(DESK).status_code == 302


def test_a_recovery_code_signs_in_once(organizer: User) -> None:
    first = Client()
    sign_in(first)
    set_up(first)
    codes = re.findall(r"<code>(\d+)</code>", first.get(reverse("mfa_view_recovery_codes")).content.decode())
    assert len(codes) == 10
    client = Client()
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert client.get(DESK).status_code == 200
    again = Client()
    sign_in(again)
    assert again.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 200
    assert again.get(DESK).status_code == 302


def test_a_session_from_before_is_asked_for_the_code(organizer: User) -> None:
    old, new = Client(), Client()
    sign_in(old)
    sign_in(new)
    secret = set_up(new)
    answer = old.get(DESK, follow=True)
    way = answer.redirect_chain[-1][0]
    assert way.startswith(reverse("mfa_reauthenticate"))
    assert 'class="head"' in answer.content.decode()
    assert old.post(way, {"code": code(secret)}, follow=True).redirect_chain[-1][0] == DESK


def test_the_desk_shows_no_secret_of_a_second_factor(organizer: User) -> None:
    client = Client()
    sign_in(client)
    assert client.get("/admin/mfa/authenticator/").status_code == 404


@pytest.mark.parametrize(
    "name", ["mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp"]
)
def test_its_pages_are_the_sites_own(organizer: User, name: str) -> None:
    client = Client()
    sign_in(client)
    set_up(client)
    page = client.get(reverse(name))
    assert page.status_code == 200
    assert 'class="head"' in page.content.decode()


def test_taken_off_it_is_asked_for_no_more(organizer: User) -> None:
    client = Client()
    sign_in(client)
    set_up(client)
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.exists()
    assert Client().get(DESK).status_code == 302
    assert client.get(DESK).status_code == 200

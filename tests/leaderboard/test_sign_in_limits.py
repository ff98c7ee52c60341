"""Guessing passwords is slowed down by address, as the proxies tell it, and in all processes together."""

from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests import material
from tests.leaderboard.test_headers import PRODUCTION, run

pytestmark = pytest.mark.django_db
GUESSES = 10  # a minute and address
OURS, THEIRS = "203.0.113.7", "203.0.113.8"


@pytest.fixture(autouse=True)
def person() -> None:
    user = material.person("p@example.org")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def sign_in(forwarded_for: str, **form: str) -> bool:
    form = {"login": "p@example.org", "password": "correct horse battery"} | form
    answer = Client().post(reverse("account_login"), form, headers={"X-Forwarded-For": forwarded_for})
    return answer.status_code == 302


def guess(forwarded_for: str) -> None:
    for number in range(GUESSES):
        assert not sign_in(forwarded_for, login=f"somebody-{number}@example.org", password="wrong")


def test_behind_a_proxy_guesses_are_counted_by_the_clients_address(settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    guess(f"198.51.100.1, {OURS}")
    assert not sign_in(OURS)
    assert not sign_in(f"{THEIRS}, {OURS}")  # the client's own claim does not help
    assert sign_in(THEIRS)


def test_without_a_proxy_nobody_says_who_he_is(settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    guess(OURS)
    assert not sign_in(THEIRS)


@pytest.mark.parametrize(
    ("more", "proxies"),
    [({}, "1"), ({"VERNIER_PROXIES": "2"}, "2"), ({"VERNIER_HTTPS": "0"}, "0")],
)
def test_a_site_over_https_stands_behind_one_proxy_unless_told_otherwise(
    more: dict[str, str], proxies: str
) -> None:
    script = ["-c", "from leaderboard import settings; print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)"]
    done = run(script, **(PRODUCTION | more))
    assert done.stdout.strip() == proxies, done.stderr


COUNT = "from django.core.cache import cache; print(cache.add('guess', 0), cache.incr('guess'))"


def test_what_one_process_counts_the_next_one_knows(tmp_path: Path) -> None:
    assert run(["manage.py", "migrate", "--verbosity", "0"], VERNIER_VAR=str(tmp_path)).returncode == 0
    for expected in ("True 1", "False 2"):
        done = run(["manage.py", "shell", "--verbosity", "0", "--command", COUNT], VERNIER_VAR=str(tmp_path))
        assert done.stdout.strip() == expected, done.stderr

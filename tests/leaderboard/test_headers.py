"""What goes out beside the pages: policies, cookies' flags, errors that say nothing, settings that fail loudly."""

import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as site_settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from leaderboard import board, env
from submissions import evaluation, storage
from submissions.models import Submission, User
from submissions.sealing import SealedError
from tests import material
from tests.servers.site import PROJECT, clean_environment

pytestmark = pytest.mark.django_db

DATA_ONLY = ("application/json", "application/ld+json", "importmap")


class Inline(HTMLParser):
    """Collects what a page would have to be allowed by `unsafe-inline`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open_script = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name, value in attrs:
            # htmx evaluates hx-on and hx-vals with "js:", which no policy without unsafe-eval lets pass.
            if (
                name == "style"
                or name.startswith(("on", "hx-on"))
                or (value or "").strip().lower().startswith("javascript:")
            ):
                self.found.append(f"<{tag} {name}={value!r}>")
        if tag == "style":
            self.found.append("<style>")
        if tag == "script" and "src" not in given and given.get("type") not in DATA_ONLY:
            self.found.append("<script> without src")
        for name in ("src", "href") if tag in ("script", "link", "img", "iframe") else ():
            address = given.get(name) or ""
            if address.startswith(("http:", "https:", "//")) and given.get("rel") != "canonical":
                self.found.append(f"from elsewhere: {address}")


def inline_in(answer: HttpResponse) -> list[str]:
    page = Inline()
    page.feed(answer.content.decode())
    return page.found


def directives(policy: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}


def problems(answer: HttpResponse) -> Iterator[str]:
    """What is wrong with an answer's headers, and with its page."""
    policy = directives(answer.headers.get("Content-Security-Policy", ""))
    if policy.get("default-src") != ["'none'"]:
        yield f"policy {policy}"
    yield from (f"{name} {value}" for name, values in policy.items() for value in values if "unsafe" in value)
    for name in ("frame-ancestors", "base-uri"):
        if policy.get(name) != ["'none'"]:
            yield f"{name} {policy.get(name)}"
    if policy.get("form-action") != ["'self'"]:
        yield f"form-action {policy.get('form-action')}"
    for header, value in (
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ):
        if answer.headers.get(header) != value:
            yield f"{header}: {answer.headers.get(header)}"
    if answer.headers.get("Content-Type", "").startswith("text/html") and answer.content:
        yield from inline_in(answer)


@pytest.mark.parametrize("url", ["/nothing", "/api/nothing", "/static/nothing.css", "/benchmarks/nothing/"])
def test_what_is_not_there_has_them_too(client: Client, url: str) -> None:
    assert not list(problems(client.get(url)))  # type: ignore[arg-type]  # the test client's own class


def test_the_parser_sees_what_a_policy_would_stop() -> None:
    for text in (
        "<p style='color:red'>", "<script>x()</script>", "<style>p{}</style>", "<a href='javascript:x()'>",
        "<b onclick=x()>", "<div hx-on:click='x()'>", "<script src='https://elsewhere.example/x.js'></script>",
    ):  # fmt: skip
        assert inline_in(HttpResponse(text))
    assert not inline_in(
        HttpResponse("<script src='/static/x.js'></script><script type='application/json'>{}</script>")
    )


@pytest.fixture
def https(settings: Settings) -> Settings:
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    return settings


def signed_in(person: User) -> Any:
    """The cookies after signing in by the form, over HTTPS."""
    client = Client()
    client.get(reverse("account_login"), secure=True)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    answer = client.post(
        reverse("account_login"), {"login": person.email, "password": "correct horse battery"}, secure=True
    )
    assert answer.status_code == 302
    return client.cookies


PRODUCTION = {
    "VERNIER_DATABASE_URL": "postgresql://vernier:secret@db.example.org:5432/vernier",
    "VERNIER_REDIS_URL": "redis://redis.example.org:6379/0",
    "VERNIER_HOSTS": "vernier.example.org",
    "VERNIER_ORIGINS": "https://vernier.example.org",
    "VERNIER_ROLE": "web",
    "VERNIER_ANSWERS": "s3://answers",
    "VERNIER_TRUTH": "s3://truth",
    "VERNIER_EMAIL_URL": "smtp://user:secret@mail.example.org:587",
    "VERNIER_URL": "https://vernier.example.org",
    "VERNIER_SECRET_KEY": "k9" * 13 + "Zq_7-xW!" * 4,
}


def run(script: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    """A command of the site under these settings alone; it reaches nothing."""
    full = clean_environment() | {"VERNIER_VAR": os.environ["VERNIER_VAR"]} | env
    return subprocess.run(
        [sys.executable, *script], cwd=PROJECT, env=full, capture_output=True, text=True, check=False
    )


def test_the_deployment_check_has_nothing_to_say_in_production() -> None:
    done = run(
        [
            "-W",
            "error::DeprecationWarning:leaderboard",
            "manage.py",
            "check",
            "--deploy",
            "--fail-level",
            "INFO",
        ],
        **PRODUCTION,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


SHOW_FLAGS = """
import django
django.setup()
from django.conf import settings
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SECURE_SSL_REDIRECT")
print(*(getattr(settings, name) for name in names), settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_SAMESITE)
from django.test import Client
far, near = Client(), Client(headers={"X-Forwarded-Proto": "https"})
for client in (far, near):
    answer = client.get("/accounts/login/", headers={"Host": "vernier.example.org"})
    print(answer.status_code, answer.headers.get("Location"), answer.headers.get("Strict-Transport-Security"))
print(near.cookies["csrftoken"].OutputString())
print(far.get("/healthz", headers={"Host": "vernier.example.org"}).status_code)
print(near.get("/", headers={"Host": "elsewhere.example"}).status_code)
"""


def test_cookies_and_answers_in_production_are_for_https_alone(tmp_path: Path) -> None:
    script = SHOW_FLAGS
    env = PRODUCTION | {"DJANGO_SETTINGS_MODULE": "leaderboard.settings", "VERNIER_LOG_LEVEL": "CRITICAL"}
    env |= {"VERNIER_DATABASE_URL": "", "VERNIER_EMBEDDED": "0", "VERNIER_VAR": str(tmp_path)}
    assert run(["manage.py", "migrate", "--verbosity", "0"], **env).returncode == 0
    done = run(["-W", "ignore", "-c", script], **env)
    assert done.returncode == 0, done.stderr
    flags, far, near, cookie, healthz, elsewhere = done.stdout.splitlines()
    assert flags == "True True True True Lax Lax"
    assert far == "301 https://vernier.example.org/accounts/login/ None"
    assert near == "200 None max-age=31536000; includeSubDomains; preload"
    assert "Secure" in cookie
    assert "SameSite=Lax" in cookie
    assert (healthz, elsewhere) == ("200", "400")


@pytest.mark.usefixtures("https")
def test_the_sessions_cookie_is_out_of_reach_of_scripts_and_of_plain_http() -> None:
    cookies = signed_in(material.person("p@example.org"))
    session, csrf = cookies["sessionid"], cookies["csrftoken"]
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")
    assert (csrf["secure"], csrf["samesite"]) == (True, "Lax")


@pytest.mark.parametrize("missing", ["VERNIER_SECRET_KEY", "VERNIER_EMAIL_URL"])
@pytest.mark.parametrize("more", [{}, {"VERNIER_DATABASE_URL": "", "VERNIER_EMBEDDED": "0"}])
def test_a_missing_secret_key_or_mail_server_stops_the_start_outside_the_embedded_default(
    missing: str, more: dict[str, str]
) -> None:
    env = {name: value for name, value in (PRODUCTION | more).items() if name != missing}
    done = run(["manage.py", "check"], **env)
    assert done.returncode != 0
    assert done.stderr.startswith(f"manage.py: {missing} is not set. ")


def test_mail_is_kept_in_a_folder_only_by_the_embedded_default_or_when_that_is_said(tmp_path: Path) -> None:
    kept = {"EMAIL_BACKEND": "submissions.mailbox.Backend", "EMAIL_FILE_PATH": str(tmp_path / "mail box")}
    assert env.mail((tmp_path / "mail box").as_uri(), Path("/var"), embedded=False) == kept
    kept["EMAIL_FILE_PATH"] = str(tmp_path / "mail")
    assert env.mail("", tmp_path, embedded=True) == kept
    for wrong in ("mail.example.org", "file:mail", "file:///", "file://host/mail", "imap://mail.example.org"):
        with pytest.raises(ImproperlyConfigured, match="must look like"):
            env.mail(wrong, tmp_path, embedded=True)


def test_the_sites_address_is_an_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.origin("VERNIER_URL", 8010, hosts=["127.0.0.1"]) == "http://127.0.0.1:8010"
    assert env.origin("VERNIER_URL", 8010, hosts=["board.example.org"]) == "https://board.example.org"
    monkeypatch.setenv("VERNIER_URL", "https://vernier.example.org/")
    assert env.origin("VERNIER_URL", 8010, hosts=["other.example.org"]) == "https://vernier.example.org"
    for wrong in ("vernier.example.org", "https://", "https://example.org/vernier", "ftp://example.org"):
        monkeypatch.setenv("VERNIER_URL", wrong)
        with pytest.raises(ImproperlyConfigured, match="must look like"):
            env.origin("VERNIER_URL", 8010, hosts=[])


def test_the_embedded_default_makes_a_key_once_that_only_its_owner_reads(tmp_path: Any) -> None:
    script = ["-c", "from leaderboard import settings; print(settings.SECRET_KEY)"]
    keys = {run(script, VERNIER_VAR=str(tmp_path / "var")).stdout for _ in range(2)}
    assert len(keys) == 1
    assert len(keys.pop().strip()) >= 50
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0


SECRET = "ABCDDCBAABCDABCDDCBAABCDABCDDCBAABCD"


@pytest.mark.parametrize(
    "url", ["/", "/benchmarks/mmad/", "/api/v1/benchmarks/mmad/leaderboard/", "/entries/{}/"]
)
def test_an_error_page_says_nothing_of_what_broke(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    def broken(*_args: object, **_names: object) -> None:
        truth = SECRET
        raise RuntimeError(f"the truth is {truth}")

    benchmark = material.benchmark()
    sent = material.scored(benchmark, material.team("a"), public=True)
    for name in ("page", "ranked_entries"):
        monkeypatch.setattr(board, name, broken)
    monkeypatch.setattr("leaderboard.entries.details", broken)
    client = Client(raise_request_exception=False)
    for method in ("get", "head"):
        answer = getattr(client, method)(url.format(sent.entry_id))
        assert answer.status_code == 500
        told = answer.content.decode() + repr(answer.headers)
        assert SECRET not in told
        assert "RuntimeError" not in told
        assert "Traceback" not in told


def test_a_scoring_that_breaks_says_nothing_to_its_team(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_names: object) -> None:
        raise RuntimeError(f"the truth is {SECRET}")

    owner = material.person("owner@example.org")
    submission = material.submitted(material.benchmark(), material.team("a", owner))
    monkeypatch.setattr(evaluation, "evaluate", broken)
    for _attempt in range(Submission.MOST_ATTEMPTS):
        with pytest.raises(SealedError):
            evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert submission.status == "failed"
    client = Client()
    client.force_login(owner)
    for name in ("submission", "api-submission", "api-report"):
        answer = client.get(reverse(name, args=[submission.pk]))
        assert answer.status_code in (200, 409)
        assert SECRET not in answer.content.decode()


def test_no_debug_pages() -> None:
    assert site_settings.DEBUG is False


def test_the_web_role_is_refused_the_truth_by_the_code_alone(settings: Settings) -> None:
    settings.VERNIER_ROLE = "web"
    with pytest.raises(storage.TruthForbiddenError):
        storage.truth()

"""Who may open and do what: every address of the site, tried by everybody who could ask for it.

The table below names what each asker gets. An address that is missing from it fails a test, so that a new page
cannot be forgotten.
"""

import itertools
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import send_mail
from django.db import models, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from pytest_django import Settings

from submissions import (
    askers,
    audit,
    deliveries,
    disputes,
    mailbox,
    mails,
    publication,
    publishers,
    releases,
    teams,
    upload_switch,
    webhooks,
)
from submissions.models import (
    Alarm,
    Announcement,
    Benchmark,
    Complaint,
    Dispute,
    DisputedQuestion,
    Entry,
    Event,
    Figure,
    Invitation,
    Membership,
    Question,
    Report,
    Submission,
    Team,
    Token,
    User,
)
from submissions.models.dispute import About
from tests import material

pytestmark = pytest.mark.django_db

SESSIONS = ("anonymous", "stranger", "member", "owner", "staff")
TOKENS = ("token", "other token", "read token", "ended token")
OUTSIDERS = ("anonymous", "stranger", "staff", "other token", "ended token")
# Who must not even learn that something private is there.
BLIND = ("anonymous", "stranger", "other token", "ended token")
MARKS = ("last_login", "last_used_at", "notices_read_at")  # when somebody came last
STATES = ("private", "queued", "rejected", "public", "withdrawn")
NOTHING = uuid.UUID("00000000-0000-4000-8000-000000000000")


@dataclass
class World:
    """A team with everything that one can have, another team beside it, and those who ask."""

    benchmark: Benchmark
    home: Team
    colleague: Membership
    people: dict[str, User]
    tokens: dict[str, str]
    submissions: dict[str, Submission]
    invitation: Invitation
    secret: str
    cookies: dict[str, SimpleCookie]  # of those who have signed in

    def client(self, asker: str, **options: Any) -> Client:
        """The asker's own client: a session, or one that sends a token."""
        if asker in self.tokens:
            return Client(headers={"Authorization": f"Bearer {self.tokens[asker]}"}, **options)
        client = Client(**options)
        client.cookies.update(self.cookies.get(asker, {}))
        return client


def embedded(folder: Path) -> dict[str, Any]:
    """The settings of a site whose mail is on a page."""
    return {
        "VERNIER_EMBEDDED": True,
        "EMAIL_BACKEND": "submissions.mailbox.Backend",
        "EMAIL_FILE_PATH": str(folder / "mail"),
    }


@pytest.fixture(scope="module")
def made(kept: Path) -> World:
    with override_settings(**embedded(kept)):
        return new_world()


@pytest.fixture
def world(made: World, copied: Path, settings: Settings) -> World:
    """The world as it was made, to be changed at will."""
    for name, value in embedded(copied).items():
        setattr(settings, name, value)
    return deepcopy(made)


def new_world() -> World:
    send_mail("Subject", "Text", "vernier@example.org", ["somebody@example.org"])
    benchmark = material.benchmark()
    names = ("stranger", "member", "owner", "colleague")
    people = {name: material.person(f"{name}@example.org") for name in names}
    people["staff"] = User.objects.create_superuser("staff@example.org", "correct horse battery")
    home, away = material.team("home", people["owner"]), material.team("away", people["stranger"])
    home.memberships.create(user=people["member"], role="member")
    colleague = home.memberships.create(user=people["colleague"], role="member")
    ended = material.token(home)
    Token.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    tokens = {
        "token": material.token(home),
        "other token": material.token(away),
        "read token": material.token(home, Token.Scope.READ),
        "ended token": ended,
    }
    invitation, secret = teams.invite(home, by=people["owner"], now=timezone.now())
    publishers.register(
        home,
        benchmark,
        issuer="https://gitlab.com",
        repository="example/inspector",
        workflow=".gitlab-ci.yml",
        by=people["owner"],
        now=timezone.now(),
    )
    webhook, _secret = webhooks.add(
        home, url="https://ci.example.org/hook", by=people["owner"], now=timezone.now()
    )
    deliveries.ping(webhook, now=timezone.now())
    submissions = sent_by(home, benchmark)
    question = Question.objects.get(release=benchmark.current_release, position=0)
    by = askers.for_user(people["colleague"])
    disputes.dispute(question, about=About.ANSWER, reason="a scratch", by=by, now=material.NOON)
    releases.publish(material.content(4, seed=99), slug=benchmark.slug)
    return World(
        Benchmark.objects.with_release().get(pk=benchmark.pk),
        home,
        colleague,
        people,
        tokens,
        submissions,
        invitation,
        secret,
        {name: signed_in(person) for name, person in people.items()},
    )


def signed_in(person: User) -> SimpleCookie:
    client = Client()
    client.force_login(person)
    return client.cookies


def sent_by(home: Team, benchmark: Benchmark) -> dict[str, Submission]:
    """One submission in each state, each of an entry of its own."""
    now = datetime.now(UTC)
    wrong = b"question_id,answer\nnone#0,A\n"
    made = {
        "private": material.scored(benchmark, home, "private", now=now),
        "rejected": material.scored(benchmark, home, "rejected", file=wrong, public=True, now=now),
        "public": material.scored(benchmark, home, "public", public=True, now=now),
        "withdrawn": material.scored(benchmark, home, "withdrawn", public=True, now=now),
        "queued": material.submitted(benchmark, home, "queued", now=now),
    }
    publication.withdraw(made["withdrawn"], reason="by mistake", by=audit.SITE, now=now)
    publication.place(made["withdrawn"].entry_id)
    return made


Data = Callable[[World], dict[str, Any]]


def no_data(world: World) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    """An address, and what each asker gets of it: one word for all, or one an asker.

    Five words are for the sessions; pages know no tokens, to which they answer as to anybody. Nine are for the
    sessions and the tokens. `login` leads to the login page. `missing` is the same kind of address with nothing
    behind it, from which those who may not know of this one must be unable to tell it. `open_to` are those outside
    the team who may change something of it by what is posted.
    """

    get: str
    post: str
    args: Callable[[World], list[Any]] = lambda world: []
    missing: tuple[Any, ...] | None = None
    data: Data = no_data
    open_to: tuple[str, ...] = ()
    by_link: bool = False  # the address itself is the secret: no form of ours has to be shown first

    def expected(self, method: str) -> dict[str, str]:
        """Asker -> word."""
        words = {"get": self.get, "post": self.post}[method].split()
        if len(words) == 1:
            words *= len(SESSIONS)
        if len(words) == len(SESSIONS):
            words += words[:1] * len(TOKENS)
        return dict(zip((*SESSIONS, *TOKENS), words, strict=True))


# Askers:   anonymous stranger member owner staff   token other-token read-token ended-token
TEAM_SEES = "404      404      200    200   200"
# What only does something leads whoever opens it to the page that it belongs to, which decides who sees it.
PAGE_INSTEAD = "login 303     303    303   303"
TEAM_ONLY = "login    404      200    200   404"
TEAM_DOES = "login    404      303    303   404"
OWNER_DOES = "login   404      403    303   404"
SIGNED_IN = "login    200      200    200   200"
NEVER_HERE = "login   404      404    404   404"
API_ALL = "  200      200      200    200   200     200   200         200        401"
API_NONE = " 405      405      405    405   405     405   405         405        401"
API_SEES = " 404      404      200    200   200     200   404         200        401"
API_WAITS = "404      404      409    409   409     409   404         409        401"
API_DOES = " 401      404      200    200   404     200   404         403        401"
API_CANNOT = "401     404      409    409   404     409   404         403        401"
STAFF_SEES = "login   login    login  login 200"
STAFF_DOES = "login   login    login  login 302"
STAFF_ACTS = "login   404      404    404   303"
DESK_REFUSES = "login login    login  login 422"
DESK_MISSES = "login  login    login  login 404"
NOT_EVEN_STAFF = "login login  login  login 403"


def plain(get: str, post: str = "405", **more: Any) -> dict[str, Row]:
    """An address without parameters."""
    return {"": Row(get, post, **more)}


def of_benchmark(get: str, post: str = "405", data: Data = no_data) -> dict[str, Row]:
    return {"": Row(get, post, lambda world: [world.benchmark.slug], data=data)}


def of_team(post: str, get: str = PAGE_INSTEAD, data: Data = no_data) -> dict[str, Row]:
    return {"": Row(get, post, lambda world: [world.home.slug], ("nowhere",), data)}


def part_of_team(part: Callable[[World], models.Model], post: str, data: Data = no_data) -> dict[str, Row]:
    """Something that belongs to the team; nobody reaches it through another team's address."""
    return {
        "": Row(
            PAGE_INSTEAD, post, lambda world: [world.home.slug, part(world).pk], ("nowhere", 999_999), data
        ),
        "through another team": Row(
            PAGE_INSTEAD, NEVER_HERE, lambda world: ["away", part(world).pk], ("away", 999_999), data
        ),
    }


def first_delivery(world: World) -> list[int]:
    return [world.home.webhooks.get().deliveries.earliest("pk").pk]


def of_webhook(
    get: str = PAGE_INSTEAD, post: str = "405", part: Callable[[World], list[int]] = lambda world: []
) -> dict[str, Row]:
    """A webhook, or something of it; nobody reaches it through another team's address."""

    def args(world: World, team: str) -> list[Any]:
        return [team, world.home.webhooks.get().pk, *part(world)]

    elsewhere = NEVER_HERE if get == TEAM_ONLY else get, NEVER_HERE if post != "405" else post
    return {
        "": Row(get, post, lambda world: args(world, world.home.slug)),
        "through another team": Row(*elsewhere, lambda world: args(world, "away")),
    }


def in_states(
    get: str, post: str = "405", *, of: str = "pk", data: Data = no_data, **other: tuple[str, str]
) -> dict[str, Row]:
    """A row for each state of a submission, which the address names by itself or by its entry."""

    def row(state: str, get: str, post: str) -> Row:
        missing = None if "200" in get.split()[:2] or "204" in get.split()[:2] else (NOTHING,)
        return Row(get, post, lambda world: [getattr(world.submissions[state], of)], missing, data)

    return {state: row(state, *other.get(state, (get, post))) for state in STATES}


def of_release(release: str, get: str, post: str = "405", open_to: tuple[str, ...] = ()) -> Row:
    """An address of the benchmark's current or draft release."""

    def args(world: World) -> list[Any]:
        return [world.benchmark.slug, getattr(world.benchmark, release).digest[:12]]

    return Row(get, post, args, ("mmad", "0" * 12) if release == "draft_release" else None, open_to=open_to)


def upload(world: World) -> dict[str, Any]:
    file = SimpleUploadedFile("answers.csv", material.answers(seed=8))
    return {"entry": "new", "file": file, "team": "home", "visibility": "private"}


def admin_of(
    model: str,
    *,
    make: str,
    change: str,
    delete: str,
    find: Callable[[World], models.Model],
    listed: str = STAFF_SEES,
) -> dict[str, dict[str, Row]]:
    """The admin's pages of one model: what staff gets when making, changing and deleting."""

    def row(get: str, post: str) -> dict[str, Row]:
        return {"": Row(get, post, lambda world: [find(world).pk], open_to=("staff",))}

    redirect = f"admin/{model.replace('_', '/')}/<path:object_id>/"
    return {
        f"admin:{model}_changelist": plain(listed, listed),
        f"admin:{model}_add": plain(make, make),
        f"admin:{model}_history": row(STAFF_DOES, STAFF_DOES),
        f"admin:{model}_delete": row(delete, delete),
        f"admin:{model}_change": row(STAFF_SEES, change),
        redirect: {"": Row(STAFF_DOES, STAFF_DOES, lambda world: [find(world).pk])},
    }


def deeds_of(find: Callable[[World], models.Model], **words: tuple[str, str]) -> dict[str, Row]:
    """The desk's deeds on a row of the model: what their pages answer, and what doing them without a word does."""

    def row(name: str) -> Row:
        return Row(*words[name], lambda world: [find(world).pk, name], open_to=("staff",))

    return {name: row(name) for name in words} | {
        "unknown": Row(DESK_MISSES, DESK_MISSES, lambda world: [find(world).pk, "unknown"]),
        "of nothing": Row(DESK_MISSES, DESK_MISSES, lambda world: [0, next(iter(words))]),
    }


def stop_link(world: World) -> list[Any]:
    membership = world.home.memberships.get(user=world.people["member"])
    return [mails.link(membership).rstrip("/").rpartition("/")[2]]


ACCOUNT = {
    "account_login": plain("200 302 302 302 302", "200 302 302 302 302"),
    "account_logout": plain("302 200 200 200 200", "302"),
    "account_inactive": plain("200"),
    "account_signup": plain("200 302 302 302 302", "200 302 302 302 302"),
    "account_reauthenticate": plain(SIGNED_IN, SIGNED_IN),
    "account_email": plain(SIGNED_IN, "login 302 302 302 302"),
    "account_email_verification_sent": plain("200"),
    "account_change_password": plain(SIGNED_IN, SIGNED_IN),
    "account_set_password": plain("login 302 302 302 302", "login 302 302 302 302"),
    "account_reset_password": plain("200", "200"),
    "account_confirm_login_code": plain("login 302 302 302 302", "login 302 302 302 302"),
    "account_confirm_email": {"": Row("200", "404", lambda world: ["unknown"])},
    "account_reset_password_from_key": {"": Row("200", "200", lambda world: ["1", "unknown"])},
    "account_reset_password_from_key_done": plain("200"),
    "account_reset_password_done": plain("200"),
    "mfa_index": plain(SIGNED_IN, "login 405 405 405 405"),
    "mfa_authenticate": plain("login 302 302 302 302", "login 302 302 302 302"),
    # Whoever has not signed in just now is asked for the password first.
    "mfa_reauthenticate": plain("login 302 302 302 302", "login 302 302 302 302"),
    "mfa_activate_totp": plain("login 302 302 302 302", "login 302 302 302 302"),
    "mfa_deactivate_totp": plain(NEVER_HERE, NEVER_HERE),
    "mfa_view_recovery_codes": plain(NEVER_HERE, "login 405 405 405 405"),
    "mfa_generate_recovery_codes": plain("login 302 302 302 302", "login 302 302 302 302"),
    "mfa_download_recovery_codes": plain(NEVER_HERE, NEVER_HERE),
}
ADMIN = {
    "admin:index": plain(STAFF_SEES, STAFF_SEES),
    # The admin has no form for passwords of its own: it leads to the site's.
    "admin:login": plain("login 403 403 403 302", "login 403 403 403 200"),
    "admin:logout": plain("302 302 302 302 405", "302"),
    "admin:password_change": plain(STAFF_SEES, STAFF_SEES),
    "admin:password_change_done": plain(STAFF_SEES, "login login login login 405"),
    "admin:autocomplete": plain(NOT_EVEN_STAFF, "login login login login 405"),
    "admin:jsi18n": plain(STAFF_SEES, "login login login login 405"),
    "admin:view_on_site": {
        "": Row(STAFF_DOES, STAFF_DOES, lambda world: [content_type(), world.submissions["private"].pk])
    },
    "admin:app_list": {"": Row(STAFF_SEES, STAFF_SEES, lambda world: ["submissions"])},
    "admin/(?P<url>.*)$": {"": Row("login login login login 404", "login login login login 404")},
    **admin_of(
        "submissions_benchmark",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: world.benchmark,
    ),
    "admin:submissions_benchmark_deed": deeds_of(
        lambda world: world.benchmark,
        open=(STAFF_SEES, STAFF_DOES),
        close=(STAFF_SEES, STAFF_DOES),
        dates=(STAFF_SEES, STAFF_DOES),
        limits=(STAFF_SEES, DESK_REFUSES),
        disclosure=(STAFF_SEES, DESK_REFUSES),
        hold=(STAFF_SEES, STAFF_DOES),
        **{"hold-nothing": (STAFF_SEES, STAFF_DOES)},
        name=(STAFF_SEES, DESK_REFUSES),
    ),
    **admin_of(
        "submissions_submission",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: world.submissions["private"],
    ),
    "admin:submissions_submission_queue": plain(STAFF_SEES, STAFF_SEES),
    "admin:submissions_submission_deed": deeds_of(
        lambda world: world.submissions["private"], retry=(STAFF_SEES, DESK_REFUSES)
    ),
    **admin_of(
        "submissions_entry",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: world.submissions["private"].entry,
    ),
    "admin:submissions_entry_deed": deeds_of(
        lambda world: world.submissions["private"].entry,
        **dict.fromkeys(
            ("hide", "restore", "verify", "unverify", "review", "end-review"), (STAFF_SEES, DESK_REFUSES)
        ),
    ),
    **admin_of(
        "submissions_disputedquestion",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: disputed(world),
    ),
    "admin:submissions_disputedquestion_deed": deeds_of(
        lambda world: disputed(world),
        **dict.fromkeys(("stand", "exclude", "correct"), (STAFF_SEES, DESK_REFUSES)),
    ),
    "admin:submissions_team_deed": deeds_of(
        lambda world: world.home, ban=(STAFF_SEES, DESK_REFUSES), restore=(STAFF_SEES, DESK_REFUSES)
    ),
    **admin_of(
        "submissions_event",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: Event.objects.all()[0],
    ),
    **admin_of(
        "submissions_team",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: world.home,
    ),
    **admin_of(
        "submissions_user",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: world.people["owner"],
    ),
    **admin_of(
        "submissions_announcement",
        make=STAFF_SEES,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: announcement(),
    ),
    **admin_of(
        "submissions_alarm",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: alarm(world),
    ),
    "admin:submissions_alarm_deed": deeds_of(
        lambda world: alarm(world), stand=(STAFF_SEES, DESK_REFUSES), uphold=(STAFF_SEES, DESK_REFUSES)
    ),
    **admin_of(
        "submissions_complaint",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: complaint(world),
    ),
    "admin:submissions_complaint_deed": deeds_of(
        lambda world: complaint(world), close=(STAFF_SEES, DESK_REFUSES)
    ),
    "admin:submissions_announcement_deed": deeds_of(
        lambda world: announcement(), end=(STAFF_SEES, STAFF_DOES)
    ),
    **admin_of(
        "submissions_uploadswitch",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: upload_switch.row(),
        listed=STAFF_DOES,
    ),
    "admin:submissions_uploadswitch_deed": deeds_of(
        lambda world: upload_switch.row(),
        close=(STAFF_SEES, DESK_REFUSES),
        reopen=(STAFF_SEES, DESK_REFUSES),
    ),
    **admin_of(
        "account_emailaddress",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: address_of(world.people["owner"]),
    ),
    **admin_of(
        "submissions_event",
        make=NOT_EVEN_STAFF,
        change=NOT_EVEN_STAFF,
        delete=NOT_EVEN_STAFF,
        find=lambda world: Event.objects.all()[0],
    ),
    "admin:submissions_user_deed": deeds_of(
        lambda world: world.people["owner"],
        **dict.fromkeys(("shut-out", "let-in", "make-organizer", "end-organizer"), (STAFF_SEES, STAFF_DOES)),
    ),
}
TABLE: dict[str, dict[str, Row]] = {
    **ACCOUNT,
    **ADMIN,
    "account-delete": plain(SIGNED_IN, "login 422 422 422 422"),
    "home": plain("200"),
    "how-to-read": plain("200"),
    "statistics": plain("200"),
    "favicon": plain("302"),
    "healthz": plain("200"),
    "metrics": plain("404"),
    "readyz": plain("503"),  # no first data here
    "board": of_benchmark("200"),
    "benchmark-about": of_benchmark("200"),
    "benchmark-ci": of_benchmark("200"),
    "client": plain("200"),
    "gitlab-template": plain("200"),
    "compare": of_benchmark("200"),
    "releases": of_benchmark("200"),
    "release": {
        "": of_release("current_release", "200"),
        "draft": of_release("draft_release", "404 404 404 404 200"),
    },
    "questions": of_benchmark("200"),
    "question": {
        "": Row(
            "200",
            "login 303 303 303 303",
            lambda world: [world.benchmark.slug, disputed(world).question_id],
            data=lambda world: {"about": "answer", "reason": "a scratch"},
            open_to=("stranger", "staff"),
        ),
        "draft": Row(
            "404 404 404 404 200",
            "404 404 404 404 422",
            lambda world: [world.benchmark.slug, "DS-MVTec/thing/image/good/003.png#0"],
            ("mmad", "DS-MVTec/thing/image/good/009.png#0"),
            data=lambda world: {"about": "answer", "reason": "a scratch"},
        ),
    },
    "release-rescore": {"": of_release("draft_release", PAGE_INSTEAD, STAFF_ACTS, open_to=("staff",))},
    "release-publish": {"": of_release("draft_release", PAGE_INSTEAD, STAFF_ACTS, open_to=("staff",))},
    "release-discard": {"": of_release("draft_release", PAGE_INSTEAD, STAFF_ACTS, open_to=("staff",))},
    "sample-answers": of_benchmark("200"),
    # On the embedded default alone, where whoever reaches the site may read its mail.
    "mailbox": plain("200"),
    "notices": plain(SIGNED_IN, "login 303 303 303 303", open_to=OUTSIDERS),
    # For mail programs, which have no session: whoever has the link of a mail may stop its kind, and no more.
    "mails": {
        "": Row("200", "200", stop_link, open_to=OUTSIDERS, by_link=True),
        "unknown": Row("404", "404", lambda world: ["1-1.unknown"], by_link=True),
    },
    "mail-message": {"": Row("200", "405", lambda world: [mailbox.newest()[0].id])},
    "upload": of_benchmark(SIGNED_IN, "login 422 303 303 422", upload),
    "teams": plain(SIGNED_IN),
    "team-new": plain(
        SIGNED_IN, "login 303 303 303 303", data=lambda world: {"slug": "new-one", "name": "New"}
    ),
    "team": of_team("405", TEAM_ONLY),
    "team-invite": of_team("login 404 403 200 404"),
    "team-archive": of_team("login 404 403 303 404"),
    "team-restore": of_team("login 404 403 303 404"),
    "team-leave": of_team(TEAM_DOES),
    "team-hand-over": part_of_team(lambda world: world.colleague, OWNER_DOES),
    "token-new": of_team(TEAM_ONLY, data=lambda world: {"name": "ci", "scope": "submit", "days": "30"}),
    "token-rotate": part_of_team(
        lambda world: world.home.tokens.order_by("-expires_at")[0],
        "login 404 403 200 404",
        lambda world: {"overlap": "24"},
    ),
    "publisher-new": of_team(
        TEAM_DOES,
        data=lambda world: {
            "issuer": "https://gitlab.com",
            "repository": "example/other",
            "workflow": ".gitlab-ci.yml",
            "benchmark": "mmad",
        },
    ),
    "publisher-remove": part_of_team(lambda world: world.home.publishers.get(), OWNER_DOES),
    "webhook-new": of_team(TEAM_ONLY, data=lambda world: {"url": "https://ci.example.org/other"}),
    "webhook": of_webhook(TEAM_ONLY),
    **{f"webhook-{deed}": of_webhook(post=OWNER_DOES) for deed in ("ping", "pause", "resume", "remove")},
    "webhook-rotate": of_webhook(post="login 404 403 200 404"),
    "delivery": of_webhook(TEAM_ONLY, part=first_delivery),
    "delivery-again": of_webhook(post=OWNER_DOES, part=first_delivery),
    "invitation-revoke": part_of_team(lambda world: world.invitation, OWNER_DOES),
    "team-remove-member": part_of_team(lambda world: world.colleague, OWNER_DOES),
    "team-role": part_of_team(lambda world: world.colleague, OWNER_DOES, lambda world: {"role": "owner"}),
    "token-revoke": part_of_team(lambda world: world.home.tokens.all()[0], OWNER_DOES),
    "invitation": {
        "": Row("200", "login 303 303 303 303", lambda world: [world.secret], open_to=("stranger", "staff")),
        "unknown": Row("410", "login 303 303 303 303", lambda world: ["unknown"]),
    },
    "entry": in_states(TEAM_SEES, of="entry_id", public=("200", "405"), withdrawn=("200", "405")),
    "entry-correct": in_states(
        TEAM_ONLY, TEAM_DOES, of="entry_id", data=lambda world: {"name": "corrected", "note": "new"}
    ),
    "entry-report": in_states(
        TEAM_SEES,
        "404 404 303 303 303",
        of="entry_id",
        data=lambda world: {"about": "other", "text": "It seems odd."},
        public=("200", "303"),
        withdrawn=("200", "303"),
    ),
    "submission": in_states(TEAM_SEES, public=("200", "405")),
    "submission-state": in_states("404 404 204 204 204", queued=(TEAM_SEES, "405"), public=("204", "405")),
    "submission-problems": in_states(NEVER_HERE, rejected=(TEAM_ONLY, "405")),
    "submission-answers": in_states(TEAM_ONLY),
    "submission-publish": in_states(PAGE_INSTEAD, TEAM_DOES),
    "submission-withdraw": in_states(PAGE_INSTEAD, TEAM_DOES, data=lambda world: {"reason": "by mistake"}),
    "submission-choose": in_states(PAGE_INSTEAD, TEAM_DOES),
    "submission-cancel": in_states(PAGE_INSTEAD, TEAM_DOES),
    "api-schema": plain(API_ALL, API_NONE),
    "api-docs": plain(API_ALL, API_NONE),
    # The same for everyone: no token is looked at.
    "api-index": plain("200"),
    "api-benchmarks": plain("200"),
    "api-benchmark": of_benchmark("200"),
    "api-leaderboard": of_benchmark("200"),
    "api-questions": of_benchmark("200"),
    "api-prompts": of_benchmark("200"),
    "api-compare": of_benchmark("422"),  # without entries; tests/leaderboard/test_compare.py has some
    "api-submissions": of_benchmark(
        "401 200 200 200 200   200 200 200 401", "401 404 202 202 404   202 404 403 401", upload
    ),
    "api-validate": of_benchmark(
        "405 405 405 405 405   405 405 405 401", "401 200 200 200 422   200 200 403 401", upload
    ),
    "api-entry": in_states(
        API_SEES, API_NONE, of="entry_id", public=(API_ALL, API_NONE), withdrawn=(API_ALL, API_NONE)
    ),
    "api-submission": in_states(API_SEES, API_NONE, public=(API_ALL, API_NONE)),
    "api-report": in_states(
        API_SEES,
        API_NONE,
        queued=(API_WAITS, API_NONE),
        rejected=(API_WAITS, API_NONE),
        public=(API_ALL, API_NONE),
    ),
    # Not even organizers read what the file quotes.
    "api-problems": in_states("404 404 200 200 404  200 404 200 401", API_NONE),
    "api-publish": in_states(
        API_NONE, API_DOES, rejected=(API_NONE, API_CANNOT), withdrawn=(API_NONE, API_CANNOT)
    ),
    "api-withdraw": in_states(
        API_NONE,
        API_CANNOT,
        data=lambda world: {"reason": "by mistake"},
        public=(API_NONE, API_DOES),
        rejected=(API_NONE, API_DOES),
    ),
    # About the token that it is sent with: a session has none.
    "api-token": plain("401 403 403 403 403  200 200 200 401", API_NONE),
    "api-token-rotate": plain(API_NONE, "401 403 403 403 403  201 201 201 401"),
    # The same for everyone: an identity token says who asks, and none of these has one.
    "api-oidc-audience": plain("200"),
    "api-oidc-mint-token": plain("405", "403", data=lambda world: {"token": "none"}),
    "api-cancel": in_states(API_NONE, API_CANNOT, queued=(API_NONE, API_DOES)),
    "api-choose": in_states(API_NONE, API_CANNOT, public=(API_NONE, API_DOES)),
}


def content_type() -> int:
    return ContentType.objects.get_for_model(Submission).pk


def announcement() -> models.Model:
    return Announcement.objects.get_or_create(
        text="Closed on Sunday.", defaults={"ends_at": timezone.now() + timedelta(days=1)}
    )[0]


def disputed(world: World) -> DisputedQuestion:
    return DisputedQuestion.objects.get(benchmark=world.benchmark)


def alarm(world: World) -> models.Model:
    """That the private one agrees with the public one; of which team each is plays no part here."""
    return Alarm.objects.get_or_create(
        submission=world.submissions["private"],
        other=world.submissions["public"],
        defaults={
            "release": world.benchmark.releases.earliest("pk"),
            "same": 1,
            "same_wrong": 1,
            "both_wrong": 99,
            "found_at": timezone.now(),
        },
    )[0]


def complaint(world: World) -> models.Model:
    return Complaint.objects.get_or_create(
        entry=world.submissions["public"].entry,
        defaults={"about": "other", "text": "It seems odd.", "reported_at": timezone.now()},
    )[0]


def address_of(user: User) -> models.Model:
    return cast("models.Model", EmailAddress.objects.get_or_create(user=user, email=user.email)[0])


def patterns(resolver: URLResolver, route: str = "", namespace: str = "") -> Iterator[str]:
    """The name of every address, with its namespace; its route when it has none."""
    for found in resolver.url_patterns:
        here = route + str(found.pattern)
        if isinstance(found, URLPattern):
            yield f"{namespace}{found.name}" if found.name else here
        else:
            inner = f"{namespace}{found.namespace}:" if found.namespace else namespace
            yield from patterns(found, here, inner)


def test_every_address_of_the_site_is_in_the_table() -> None:
    assert sorted(TABLE) == sorted(set(patterns(get_resolver())))


def url_of(name: str, args: Sequence[Any]) -> str:
    """Unnamed addresses are the admin's; those have at most one parameter."""
    if "/" not in name:
        return reverse(name, args=args)
    return "/" + re.sub(r"[<(].*[>)]\$?", lambda _found: str(args[0]) if args else "nothing", name)


def sent(client: Client, method: str, url: str, data: dict[str, Any]) -> HttpResponse:
    """The answer, read to its end."""
    for value in data.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    how = {} if method in ("get", "post") else {"content_type": "application/json"}
    answer = getattr(client, method)(url, data if method == "post" else {}, **how)
    if isinstance(answer, StreamingHttpResponse):
        b"".join(cast("Iterator[bytes]", answer.streaming_content))
    return cast("HttpResponse", answer)


def word(answer: HttpResponse) -> str:
    """The status, or `login` for the way to the login page. Nobody is led away from the site."""
    if answer.status_code not in (301, 302, 303, 307, 308):
        return str(answer.status_code)
    target = urlsplit(answer["Location"])
    assert target.netloc in ("", "testserver")
    return "login" if target.path.endswith("/login/") else str(answer.status_code)


def everything() -> dict[str, list[Any]]:
    """All rows but those of the other team, and but the marks of when somebody came last."""
    ours = {
        Benchmark: Benchmark.objects.all(),
        Team: Team.objects.exclude(slug__in=("away", "new-one")),
        Membership: Membership.objects.exclude(team__slug__in=("away", "new-one")),
        Invitation: Invitation.objects.exclude(team__slug="away"),
        Token: Token.objects.exclude(team__slug="away"),
        Entry: Entry.objects.exclude(team__slug="away"),
        Submission: Submission.objects.exclude(team__slug="away"),
        Report: Report.objects.exclude(submission__team__slug="away"),
        Figure: Figure.objects.exclude(submission__team__slug="away"),
        User: User.objects.all(),
        DisputedQuestion: DisputedQuestion.objects.all(),
        Dispute: Dispute.objects.all(),
    }
    return {
        model.__name__: list(
            rows.order_by("pk").values_list(
                *(field.attname for field in model._meta.concrete_fields if field.name not in MARKS)
            )
        )
        for model, rows in ours.items()
    }


def told(answer: Any, *unsaid: Any) -> tuple[Any, ...]:
    """All that an answer tells, without what was asked for, the form’s secret, its own id and its second."""
    own = ("Set-Cookie", "Expires", "X-Request-ID")
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    text = f"{headers}\n" + answer.content.decode()
    for value in unsaid:
        if not isinstance(value, int):
            text = text.replace(str(value), "…")
    text = re.sub(r"'Content-Length': '\d+'", "", text)
    return answer.status_code, re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


@pytest.mark.parametrize("name", TABLE)
def test_everybody_gets_what_the_table_says(world: World, name: str) -> None:
    for state, row in TABLE[name].items():
        url, before = url_of(name, row.args(world)), everything()
        for asker in (*SESSIONS, *TOKENS):
            tried(world, name, row, asker, "get")
        assert everything() == before, f"reading {url} ({state}) has changed something"
        for asker in (*SESSIONS, *TOKENS):
            with transaction.atomic():
                tried(world, name, row, asker, "post")
                if asker in OUTSIDERS and asker not in row.open_to:
                    assert everything() == before, f"{asker} has changed something: {url} ({state})"
                transaction.set_rollback(True)
    # What follows does not depend on the state.
    by_other_methods(world, name, url, before)
    without_the_forms_secret(world, row, url, before)


def tried(world: World, name: str, row: Row, asker: str, method: str) -> None:
    """The asker gets the word of the table, and learns nothing from it about what is private."""
    args, data = row.args(world), row.data(world)
    client, url = world.client(asker), url_of(name, args)
    answer = sent(client, method, url, data)
    assert word(answer) == row.expected(method)[asker], f"{method} {url} as {asker}: {answer.content[:900]!r}"
    if row.missing and asker in BLIND:
        other = sent(client, method, url_of(name, row.missing), data)
        unsaid = (*args, *row.missing)
        assert told(answer, *unsaid) == told(other, *unsaid), f"{asker} can tell that there is {url}"


def by_other_methods(world: World, name: str, url: str, before: dict[str, list[Any]]) -> None:
    """No other method changes anything; our own pages and calls take none."""
    for asker, method in itertools.product(
        ("stranger", "owner", "staff", "token"), ("put", "patch", "delete")
    ):
        answer = sent(world.client(asker), method, url, {})
        if not name.startswith(("admin", "account", "mfa", "healthz", "readyz")):
            assert answer.status_code in (401, 403, 404, 405), f"{method} {url} as {asker}"
    assert everything() == before, f"{url} can be changed"


def without_the_forms_secret(world: World, row: Row, url: str, before: dict[str, list[Any]]) -> None:
    """A session posts nothing that does not come from a form of ours."""
    for asker in ("owner", "staff"):
        answer = sent(world.client(asker, enforce_csrf_checks=True), "post", url, row.data(world))
        # A call that takes no POST from anybody need not ask.
        takes_none = url.startswith("/api/") and row.post in ("405", API_NONE)
        if not row.by_link:
            assert answer.status_code in ((403, 405) if takes_none else (403,)), f"{url} as {asker}"
    assert row.by_link or everything() == before


@pytest.mark.parametrize("asker", ["token", "read token"])
def test_a_token_opens_no_page(world: World, asker: str) -> None:
    for name in ("teams", "team", "upload", "submission-answers", "admin:index"):
        row = next(iter(TABLE[name].values()))
        assert word(sent(world.client(asker), "get", url_of(name, row.args(world)), {})) == "login"


@pytest.mark.parametrize("asker", SESSIONS)
def test_a_token_in_the_header_decides_over_the_session_beside_it(world: World, asker: str) -> None:
    client = world.client(asker)
    url = reverse("api-submission", args=[world.submissions["private"].pk])
    for token, status in (("token", 200), ("other token", 404), ("ended token", 401)):
        headers = {"Authorization": f"Bearer {world.tokens[token]}"}
        assert client.get(url, headers=headers).status_code == status


def test_an_organizer_who_was_given_no_rights_changes_nothing_in_the_admin(world: World) -> None:
    client = Client()
    client.force_login(material.person("new@example.org", is_staff=True))
    before = everything()
    for name in ADMIN:
        if name != "admin:password_change" and name.endswith(
            ("_changelist", "_add", "_change", "_delete", "_history")
        ):
            row = TABLE[name][""]
            for method in ("get", "post"):
                assert sent(client, method, url_of(name, row.args(world)), {}).status_code in (403, 302)
    assert everything() == before


def test_somebody_who_was_shut_out_is_nobody(world: World) -> None:
    client = world.client("owner")
    assert client.get(reverse("team", args=["home"])).status_code == 200
    User.objects.filter(pk=world.people["owner"].pk).update(is_active=False)
    assert word(sent(client, "get", reverse("team", args=["home"]), {})) == "login"
    assert client.get(reverse("submission", args=[world.submissions["private"].pk])).status_code == 404


def test_who_was_removed_from_a_team_sees_and_does_nothing_there_any_more(world: World) -> None:
    client = world.client("member")
    left = world.home.memberships.get(user=world.people["member"])
    teams.remove(left, by=world.people["owner"], now=timezone.now())
    pk = world.submissions["private"].pk
    assert client.get(reverse("team", args=["home"])).status_code == 404
    assert client.get(reverse("submission", args=[pk])).status_code == 404
    assert client.post(reverse("submission-publish", args=[pk])).status_code == 404
    assert client.get(reverse("api-submissions", args=["mmad"])).json()["results"] == []


@pytest.mark.parametrize("change", ["revoked_at", "expires_at"])
def test_a_closed_invitation_looks_like_one_that_never_was(world: World, change: str) -> None:
    Invitation.objects.update(**{change: timezone.now()})
    url, unknown = reverse("invitation", args=[world.secret]), reverse("invitation", args=["unknown"])
    for asker in ("anonymous", "stranger"):
        client = world.client(asker)
        closed, never = client.get(url), client.get(unknown)
        assert closed.status_code == 410
        assert told(closed, world.secret) == told(never, "unknown")
    client.post(url)
    assert not world.home.memberships.filter(user=world.people["stranger"]).exists()


def test_an_invitation_makes_members_only_and_of_its_own_team(world: World) -> None:
    client = world.client("stranger")
    client.post(reverse("invitation", args=[world.secret]), {"role": "owner", "team": "away"})
    assert world.home.memberships.get(user=world.people["stranger"]).role == "member"
    world.client("owner").post(reverse("invitation", args=[world.secret]))
    assert world.home.memberships.get(user=world.people["owner"]).role == "owner"


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:x()"]
)
@pytest.mark.parametrize("page", ["account_login", "account_signup", "account_logout", "admin:login"])
def test_nobody_is_led_elsewhere_by_next(world: World, page: str, target: str) -> None:
    form = {
        "login": "owner@example.org",
        "password": "correct horse battery",
        "email": "new@example.org",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
        "next": target,
    }
    EmailAddress.objects.create(
        user=world.people["owner"], email="owner@example.org", verified=True, primary=True
    )
    for asker in ("anonymous", "owner", "staff"):
        client = world.client(asker)
        for answer in (
            client.get(reverse(page), {"next": target}),
            client.post(f"{reverse(page)}?{urlencode({'next': target})}", form),
        ):
            assert urlsplit(answer.headers.get("Location", "")).netloc in ("", "testserver")
            assert not answer.headers.get("Location", "").startswith(("javascript", "/\\"))
            assert f'href="{target}' not in answer.content.decode()

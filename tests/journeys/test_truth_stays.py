"""The truth stays where it is kept: whoever looks at the site, or into its other stores, finds no run of it."""

import base64
import hashlib
import json
import re
import sqlite3
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import psycopg
import pytest
import redis
from botocore.exceptions import ClientError
from django.urls import Resolver404, get_resolver, resolve

from leaderboard import broker
from scoring.release import Release
from submissions.storage import Bucket, Folder, S3Account, Store
from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.journeys.crawl import Crawl
from tests.leaderboard.test_access import patterns
from tests.servers.site import PROJECT, Site
from tests.services import Servers
from tests.truth_search import RUN, Leak, TruthSearch

MATERIAL = material.questions(10, seed=2024)
TRUTH = material.truth(MATERIAL)
BROKEN = material.questions(10, seed=2025)
BROKEN_TRUTH = material.truth(BROKEN)
# The same questions with other answers: a draft, which the history is scored against.
LATER = material.questions(10, seed=2026)
SEARCH = TruthSearch(TRUTH, BROKEN_TRUTH, material.truth(LATER))
PASSWORD = "correct horse battery"
PEOPLE = ("stranger", "member", "owner", "staff")
WRONG = b"question_id,answer\nDS-MVTec/none.png#0,A\n"


def answers(right_in_a_row: int, truth: Mapping[str, str] = TRUTH) -> bytes:
    """A file with that many right answers, a wrong one, and so on."""
    assert right_in_a_row < RUN
    lines = ["question_id,answer"]
    for place, (question_id, letter) in enumerate(truth.items()):
        wrong = "B" if letter == "A" else "A"
        lines.append(f"{question_id},{wrong if place % (right_in_a_row + 1) == right_in_a_row else letter}")
    return "\n".join(lines).encode() + b"\n"


def native(right_in_a_row: int) -> bytes:
    """The same as the authors' scripts write it."""
    given = dict(line.rsplit(",", 1) for line in answers(right_in_a_row).decode().splitlines()[1:])
    return json.dumps(
        [
            {
                "image": image,
                "question": {"text": question["Question"], "options": question["Options"]},
                "question_type": question["type"],
                "gpt_answer": given[f"{image}#{index}"],
                "correct_answer": "",
            }
            for image, record in MATERIAL.items()
            for index, question in enumerate(record["conversation"])
        ]
    ).encode()


MAKE_PEOPLE = f"""
from allauth.account.models import EmailAddress
from django.utils import timezone
from submissions import deliveries, publishers, teams, webhooks
from submissions.models import Benchmark, Team, User
for name in {PEOPLE!r}:
    user = User.objects.create_user(name + "@example.org", {PASSWORD!r})
    user.is_staff = user.is_superuser = name == "staff"
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if name in ("member", "owner"):
        home = Team.objects.get(slug="home")
        home.memberships.create(user=user, role=name)
        if name == "owner":
            said = dict(by=user, now=timezone.now())
            job = dict(issuer="https://gitlab.com", repository="example/inspector", workflow=".gitlab-ci.yml")
            publishers.register(home, Benchmark.objects.get(slug="truth"), **job, **said)
            webhook, _secret = webhooks.add(home, url="https://nowhere.invalid/hook", **said)
            deliveries.ping(webhook, now=timezone.now())
            print(teams.invite(home, by=user, now=timezone.now())[1])
"""
# What the sweeper would do within a minute.
RING_UNTIL_FAILED = """
import time
from submissions import ringing
from submissions.models import Submission
for _ in range(300):
    found = Submission.objects.get(pk="{pk}")
    if found.is_finished:
        break
    if found.status == "queued":
        ringing.score(found.pk)
    time.sleep(0.2)
print(found.status)
"""


@dataclass
class Played:
    """A site after everything that can happen has happened, and what everybody saw of it."""

    site: Site
    crawls: dict[str, Crawl] = field(default_factory=dict)
    others: list[httpx.Response] = field(default_factory=list)  # answers to what was posted
    outcomes: list[bytes] = field(default_factory=list)  # right or wrong, a bit per question, however written

    def leaks(self, place: str, data: bytes) -> list[Leak]:
        """The runs of truth in the data, and the outcomes: with the answers they are the truth as well."""
        found = [Leak(place, "outcomes", len(each)) for each in self.outcomes if each in data]
        return found + SEARCH.in_bytes(place, data)


def imported(site: Site, folder: Path, slug: str, questions: Mapping[str, Any]) -> None:
    path = folder / f"{slug}.json"
    path.write_text(json.dumps(questions))
    site.manage("import_mmad", str(path), "--slug", slug, "--daily-limit", "50")
    path.unlink()


def digest_of(site: Site, slug: str) -> str:
    shell = f"from submissions.models import *; print(Benchmark.objects.get(slug='{slug}').current_release.digest)"
    return site.manage("shell", "--no-imports", "-c", shell).stdout.strip()


def store(site: Site, name: str) -> Store:
    """The site's store for "answers" or for "truth", opened by the organizer's means."""
    url = urlsplit(site.env.get(f"VERNIER_{name.upper()}", (site.var / name).as_uri()))
    if url.scheme == "file":
        return Folder(Path(url.path))
    return Bucket(url.netloc, account_in(site.env))


def account_in(env: Mapping[str, str]) -> S3Account:
    names = ("ENDPOINT", "REGION", "ACCESS_KEY", "SECRET_KEY")
    return S3Account(*(env[f"VERNIER_S3_{name}"] for name in names))


def environment(pid: int) -> dict[str, str]:
    """The environment that a process was started with."""
    parts = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(part.split("=", 1) for part in parts if "=" in part)


def web_processes(site: Site) -> list[int]:
    """gunicorn and its workers."""
    return [pid for pid in site.pids() if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def damaged(kept: bytes) -> bytes:
    """A release that cannot be read."""
    return kept[: len(kept) // 2] + bytes(1000) + kept[len(kept) // 2 :]


def quoting(kept: bytes) -> bytes:
    """A release whose reader refuses it with an error that quotes the truth."""
    magic, _line, rest = kept.partition(b"\n")
    columns = msgspec.msgpack.decode(zlib.decompress(rest[32:]))
    columns["".join(BROKEN_TRUTH.values())] = "a column of this name is not known"
    packed = zlib.compress(msgspec.msgpack.encode(columns))
    made = magic + b"\n" + hashlib.sha256(packed).digest() + packed
    with pytest.raises(msgspec.ValidationError) as refused:
        Release.decode(made)
    assert SEARCH.in_bytes("error", str(refused.value).encode())
    return made


def crash(site: Site, pipe: Pipeline) -> None:
    """Submissions fail because the truth is damaged; once that is mended, the next one is scored."""
    truth, key = store(site, "truth"), f"releases/{digest_of(site, 'broken')}"
    kept = truth.get(key)
    for right_in_a_row, damage in enumerate((damaged, quoting), start=20):
        truth.delete(key)
        truth.put(key, damage(kept))
        sent = pipe.upload(answers(right_in_a_row, BROKEN_TRUTH), damage.__name__, slug="broken")
        assert sent.status_code == 202, sent.text
        shell = RING_UNTIL_FAILED.format(pk=sent.json()["id"])
        assert site.manage("shell", "--no-imports", "-c", shell).stdout.strip() == "failed"
    truth.delete(key)
    truth.put(key, kept)
    assert pipe.outcome(answers(19, BROKEN_TRUTH), "mended", slug="broken")["status"] == "scored"


def submissions(pipe: Pipeline) -> Iterator[httpx.Response]:
    """Files that are right, wrong and in between, and what a team does with them."""
    for place, file in enumerate((answers(29), answers(11), answers(17), native(25))):
        state = pipe.outcome(file, f"model {place}", visibility="public" if place else "private")
        assert state["status"] == "scored", state
        assert state["score"] > 80
    yield pipe.post(f"/submissions/{state['id']}/choose/")
    yield pipe.post(f"/submissions/{state['id']}/withdraw/", reason="by mistake")
    assert pipe.outcome(WRONG, "rejected")["status"] == "rejected"
    lines = answers(28).decode().splitlines()
    # Right answers with a fault in each tenth line: the sentences about it quote the file.
    faulty = [line.rpartition(",")[0] + ",Z" if place % 10 == 9 else line for place, line in enumerate(lines)]
    assert pipe.outcome("\n".join(faulty).encode(), "faulty")["status"] == "rejected"
    yield pipe.upload(b"", "empty")
    yield pipe.upload(answers(13), "model 0", shots="77")
    yield pipe.upload(lines[5].encode(), "unknown", partial="no-such-subtask")


def signed_in(site: Site, name: str) -> httpx.Client:
    http = httpx.Client(timeout=60, trust_env=False)
    if name != "anonymous":
        url = f"{site.base_url}/accounts/login/"
        http.get(url)
        form = {
            "login": f"{name}@example.org",
            "password": PASSWORD,
            "csrfmiddlewaretoken": http.cookies["csrftoken"],
        }
        assert http.post(url, data=form, headers={"Referer": url}).status_code == 302
    return http


def forgetful(http: httpx.Client, site: Site) -> httpx.Response:
    """Ask for a new password, so that there is a mail."""
    url = f"{site.base_url}/accounts/password/reset/"
    http.get(url)
    form = {"email": "stranger@example.org", "csrfmiddlewaretoken": http.cookies["csrftoken"]}
    answer = http.post(url, data=form, headers={"Referer": url})
    assert answer.status_code == 302
    return answer


DISPUTED = "/benchmarks/truth/questions/DS-MVTec/thing/image/good/000.png%230/"
RULE_ON_IT = """
from django.utils import timezone
from submissions import askers, disputes
from submissions.models import DisputedQuestion, User
by = askers.for_user(User.objects.get(email="staff@example.org"))
for disputed in DisputedQuestion.objects.all():
    disputes.rule(disputed, decision="corrected", reply="It is put right.", by=by, now=timezone.now())
"""


def disputed(http: httpx.Client, site: Site) -> Iterator[httpx.Response]:
    """Report a question, which organizers promise to correct, and once more."""
    url = f"{site.base_url}{DISPUTED}"
    for reason in ("It is the other one.", "Look again."):
        http.get(url)
        form = {"about": "answer", "reason": reason, "csrfmiddlewaretoken": http.cookies["csrftoken"]}
        answer = http.post(url, data=form, headers={"Referer": url})
        assert answer.status_code == 303, answer.text
        yield answer
        site.manage("shell", "--no-imports", "-c", RULE_ON_IT)


def link_in_a_mail(site: Site) -> str:
    """The one that stops mails, to which no page leads."""
    kept = "".join(path.read_text() for path in (site.var / "mail").glob("*.eml"))
    found = re.search(r"List-Unsubscribe:\s+<(\S+)>", kept)
    assert found, "the team was written to"
    return found[1]


def compared(pipe: Pipeline) -> list[str]:
    """The two on the board side by side, after a worker has computed them."""
    on_board = pipe.get("/benchmarks/truth/leaderboard/").json()["results"]
    ids = [row["entry"]["id"] for row in on_board if row["kind"] == "scored"]
    assert len(ids) == 2
    path = f"/benchmarks/truth/compare/?entries={','.join(ids)}"
    pipe.until(lambda: pipe.get(path).status_code == 200, seconds=20)
    assert pipe.get(path).json()["pairs"][0]["table"] is not None
    return [path, f"/api/v1{path}"]


def starts(pipe: Pipeline) -> list[str]:
    """Addresses that nothing leads to, or not for everyone."""
    listed = [
        state
        for slug in ("truth", "broken")
        for state in pipe.get(f"/benchmarks/{slug}/submissions/").json()["results"]
    ]
    own = [
        f"{prefix}/submissions/{state['id']}/{rest}"
        for state in listed
        for prefix, rest in (
            ("", ""), ("", "state/"), ("", "problems.csv"), ("", "answers/"),
            ("/api/v1", ""), ("/api/v1", "report/"), ("/admin/submissions", ""),
            *((prefix, f"{act}/") for prefix in ("", "/api/v1") for act in ("publish", "withdraw", "choose", "cancel")),
        )
    ]  # fmt: skip
    own = [url.replace("/admin/submissions/submissions/", "/admin/submissions/submission/") for url in own]
    entries = [f"{prefix}/entries/{state['entry']['id']}/" for state in listed for prefix in ("", "/api/v1")]
    entries += compared(pipe)
    files = [
        f"/api/v1/benchmarks/truth/{name}/?format={form}"
        for name, forms in (("questions", ("json", "csv", "jsonl")), ("leaderboard", ("json", "csv")))
        for form in forms
    ]
    more = [
        "/",
        "/admin/",
        "/api/v1/",
        "/api/v1/schema/",
        "/api/v1/benchmarks/",
        "/api/v1/benchmarks/truth/",
        "/accounts/logout/",
        "/favicon.ico",
        "/healthz",
        "/readyz",
        "/mail/",
        "/benchmarks/truth/questions/?q=good",
        "/api/v1/benchmarks/truth/prompts/",
        DISPUTED,
        "/teams/home/",
        "/teams/home/invite/",
        "/teams/home/leave/",
        "/teams/home/archive/",
        "/teams/home/restore/",
        "/teams/home/tokens/",
        "/api/v1/token/",
        "/api/v1/token/rotate/",
        "/teams/home/publishers/",
        "/teams/home/webhooks/",
        "/teams/home/webhooks/1/resume/",
        "/client/vernier-client.zip",
        "/client/vernier.gitlab-ci.yml",
        "/api/v1/benchmarks/truth/validate/",
        "/api/v1/oidc/audience/",
        "/api/v1/oidc/mint-token/",
        "/accounts/inactive/",
        "/nothing",
        "/api/nothing",
    ]
    accounts = [
        f"/accounts/{name}/"
        for name in (
            "reauthenticate",
            "password/set",
            "login/code/confirm",
            "confirm-email",
            "password/reset/key/done",
            "password/reset/done",
            "confirm-email/x",
            "password/reset/key/1-x",
            "2fa/authenticate",
            "2fa/reauthenticate",
            "2fa/totp/deactivate",
            "2fa/recovery-codes",
            "2fa/recovery-codes/generate",
            "2fa/recovery-codes/download",
        )
    ]
    admin = [
        "/admin/autocomplete/",
        "/admin/r/1/1/",
        "/admin/password_change/done/",
        "/admin/logout/",
        "/admin/login/",
    ]
    return [*more, *accounts, *admin, *own, *entries, *files, "/api/v1/benchmarks/truth/submissions/"]


def written(outcomes: bytes) -> list[bytes]:
    """Part of some outcomes as it is kept, and in hex, as Python prints it and in base64."""
    part = outcomes[9:27]
    shifted = [base64.b64encode(outcomes[9 + start : 27 + start]) for start in range(3)]
    return [part, part.hex().encode(), repr(part)[2:-1].encode(), *shifted]


@contextmanager
def played(site: Site, folder: Path) -> Iterator[Played]:
    """Let everything happen that can happen, and everybody look at everything, at the same time."""
    imported(site, folder, "truth", MATERIAL)
    imported(site, folder, "broken", BROKEN)
    pipe = pipeline(site, "home", slug="truth")
    secret = site.manage("shell", "--no-imports", "-c", MAKE_PEOPLE).stdout.strip()
    with ExitStack() as stack:
        seen = Played(site)
        seen.others += submissions(pipe)
        crash(site, pipe)
        with closing(signed_in(site, "stranger")) as stranger:
            seen.others += disputed(stranger, site)
        imported(site, folder, "truth", LATER)
        site.manage("rescore", "truth")
        truth = store(site, "truth")
        seen.outcomes += [way for key in truth.keys("outcomes/") for way in written(truth.get(key))]
        addresses = [*starts(pipe), f"/invitations/{secret}/", link_in_a_mail(site)]
        for name in ("anonymous", *PEOPLE):
            seen.crawls[name] = Crawl(stack.enter_context(closing(signed_in(site, name))), site.base_url)
        if site.kind == "embedded":
            seen.others.append(forgetful(seen.crawls["anonymous"].http, site))
        bare = stack.enter_context(httpx.Client(timeout=60, trust_env=False))
        seen.crawls["token"] = Crawl(bare, site.base_url, pipe.headers)
        calls = [url for url in addresses if url.startswith("/api/")]
        with ThreadPoolExecutor(len(seen.crawls)) as pool:
            crawling = [
                pool.submit(crawl.everything, calls if name == "token" else addresses)
                for name, crawl in seen.crawls.items()
            ]
        for each in crawling:
            each.result()
        # By those who may do nothing first.
        for name in ("anonymous", "stranger", "token", "member", "staff", "owner"):
            seen.crawls[name].post(lambda url: "/leave/" not in url)
        for name in ("member", "owner"):
            seen.crawls[name].post(lambda url: "/leave/" in url)
        yield seen


@pytest.fixture(scope="module", params=["embedded", "production"])
def after(
    request: pytest.FixtureRequest,
    site: Callable[..., AbstractContextManager[Site]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("truth")
    # The level at which logs hold most.
    with (
        site(
            request.param, first_data=False, VERNIER_LOG_LEVEL="DEBUG", VERNIER_SECOND_FACTOR="0"
        ) as running,
        played(running, folder) as everything,
    ):
        yield everything


def test_the_truth_is_where_it_belongs_and_would_be_found(after: Played) -> None:
    truth = store(after.site, "truth")
    kept = truth.get(f"releases/{digest_of(after.site, 'truth')}")
    assert SEARCH.in_bytes("truth", kept)
    outcomes = [truth.get(key) for key in truth.keys("outcomes/")]
    assert len(outcomes) == 5 + 4
    assert all(
        any(leak.encoding == "outcomes" for leak in after.leaks("outcomes", each)) for each in outcomes
    )


def test_the_crawl_has_seen_every_address(after: Played) -> None:
    seen = set()
    for crawl in after.crawls.values():
        for url, answer in (*crawl.answers.items(), *crawl.posted.items()):
            try:
                found = resolve(urlsplit(url).path)
            except Resolver404:
                continue
            if answer.status_code not in (401, 403, 404, 405):
                seen.add(found.view_name)
    # Figures for Prometheus are 404 without their token: numbers, which tests/leaderboard/test_metrics.py reads.
    expected = {name for name in patterns(get_resolver()) if "/" not in name} - {"metrics"}
    if after.site.kind == "production":
        expected -= {"mailbox", "mail-message"}
    missing = {name for name in expected - seen if not name.startswith("admin:")}
    assert not missing
    assert {"admin:submissions_submission_change", "admin:submissions_benchmark_change"} <= seen


def test_no_answer_holds_truth(after: Played) -> None:
    answers = [
        (f"{url} as {name}", answer)
        for name, crawl in after.crawls.items()
        for url, answer in (*crawl.answers.items(), *crawl.posted.items())
    ]
    answers += [(str(answer.url), answer) for answer in after.others]
    # Many see the same: each body is searched once.
    places = {answer.content: place for place, answer in answers}
    found = [leak for content, place in places.items() for leak in after.leaks(place, content)]
    headers = [repr(answer.headers) for _place, answer in answers]
    assert not found + after.leaks("headers", "\n".join(headers).encode())


def test_no_log_holds_truth(after: Played, servers: Servers) -> None:
    """Nor do those of the database, of Redis and of the gateway."""
    logs = {*after.site.logs(), *servers.folder.rglob("*.log")}
    assert not [leak for log in logs for leak in after.leaks(log.name, log.read_bytes())]
    # Both crashes are in one of the site's own, by what was raised and where.
    told = b"".join(log.read_bytes() for log in after.site.logs())
    assert b" DEBUG " in told or b'"level": "DEBUG"' in told
    assert b"scoring.errors.ReleaseError (damaged-release)" in told
    assert b"msgspec.ValidationError" in told
    assert b"in Release.decode" in told


def test_no_file_beside_the_truth_holds_it(after: Played) -> None:
    """The database's files with its journal, the broker's, the mail, whatever lies in the site's folder."""
    outside = [
        path
        for path in after.site.var.rglob("*")
        if path.is_file() and not {"truth", "static"} & set(path.relative_to(after.site.var).parts)
    ]
    if after.site.kind == "embedded":
        assert {"vernier.sqlite3", "vernier.sqlite3-wal"} <= {path.name for path in outside}
    assert not [leak for path in outside for leak in after.leaks(str(path), path.read_bytes())]


def test_no_answer_file_or_list_of_problems_holds_truth(after: Played) -> None:
    answers = store(after.site, "answers")
    keys = list(answers.keys())
    assert len(keys) >= 7
    assert not [leak for key in keys for leak in after.leaks(key, answers.get(key))]


def test_no_table_of_the_database_holds_truth(after: Played) -> None:
    tables = list(tables_of(after.site))
    assert {"submissions_question", "submissions_report"} <= {name for name, _columns, _rows in tables}
    found = []
    for name, columns, rows in tables:
        found += after.leaks(name, "\n".join(",".join(map(str, row)) for row in rows).encode())
        found += after.leaks(
            name, b"\n".join(value for row in rows for value in row if isinstance(value, bytes))
        )
        for place, column in enumerate(columns):
            found += SEARCH.in_values(f"{name}.{column}", [row[place] for row in rows])
    assert not found


def tables_of(site: Site) -> Iterator[tuple[str, list[str], list[tuple[object, ...]]]]:
    """Every table with its columns and rows, in the order in which the rows were made."""
    url = site.env.get("VERNIER_DATABASE_URL")
    if url:
        with psycopg.connect(url) as connection:
            listing = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            for (name,) in connection.execute(listing).fetchall():
                found = connection.execute(
                    psycopg.sql.SQL("SELECT * FROM {} ORDER BY ctid").format(psycopg.sql.Identifier(name))
                )
                yield name, [column.name for column in found.description or ()], found.fetchall()
        return
    with closing(sqlite3.connect(f"file:{site.var / 'vernier.sqlite3'}?mode=ro", uri=True)) as database:
        listing = "SELECT name FROM sqlite_master WHERE type = 'table'"
        for (name,) in database.execute(listing).fetchall():
            rows = database.execute(f'SELECT * FROM "{name}"')  # noqa: S608  # the database's own name
            yield name, [column[0] for column in rows.description], rows.fetchall()


def test_no_key_in_redis_holds_truth(after: Played) -> None:
    url = after.site.env.get("VERNIER_REDIS_URL") or f"unix://{broker.socket_path(after.site.var)}"
    with redis.Redis.from_url(url) as client:
        # What it writes out would else be packed in a way of its own.
        client.config_set("rdbcompression", "no")
        dumps = {key: client.dump(key) for key in client.scan_iter()}
        assert dumps
        found = [leak for key, dump in dumps.items() for leak in after.leaks(repr(key), dump or b"")]
        for key in dumps:
            found += after.leaks(repr(key), repr(content(client, key)).encode())
        client.save()
        file = Path(client.config_get("dir")["dir"], client.config_get("dbfilename")["dbfilename"])
        found += after.leaks(file.name, file.read_bytes())
        file.unlink()
    assert not found


def content(client: redis.Redis, key: bytes) -> object:
    """What stands under the key, as its type has it."""
    how: dict[bytes, Callable[[], object]] = {
        b"string": lambda: client.get(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"hash": lambda: client.hgetall(key),
        b"zset": lambda: client.zrange(key, 0, -1, withscores=True),
    }
    kind = client.type(key)
    return how[kind]() if kind in how else None


def test_the_web_processes_know_that_they_may_not_read_it(after: Played) -> None:
    pids = web_processes(after.site)
    assert len(pids) >= 2
    for pid in pids:
        env = environment(pid)
        assert env["VERNIER_ROLE"] == "web"
    command = [
        sys.executable,
        "manage.py",
        "shell",
        "--no-imports",
        "-c",
        "from submissions import storage; storage.truth()",
    ]
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "TruthForbiddenError" in done.stderr


def only_for_its_user(site: Site) -> None:
    """The embedded site has no credentials: its folders are for the one user whose processes all of it are."""
    for folder in (site.var, *(path for path in (site.var / "truth").rglob("*") if path.is_dir())):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_no_web_process_has_the_workers_credentials(after: Played) -> None:
    if after.site.kind == "embedded":
        only_for_its_user(after.site)
        return
    workers = after.site.env["VERNIER_S3_SECRET_KEY"]
    for pid in web_processes(after.site):
        assert workers not in environment(pid).values()


def test_the_gateway_refuses_the_web_roles_own_credentials(after: Played) -> None:
    if after.site.kind == "embedded":
        only_for_its_user(after.site)
        return
    truth = store(after.site, "truth")
    assert isinstance(truth, Bucket)
    keys = [next(truth.keys("releases/")), next(truth.keys("outcomes/"))]
    account = account_in(environment(web_processes(after.site)[0]))
    if account.secret_key == "web-secret":
        pytest.skip("moto lets everybody in")
    web, bucket = account.client, truth.name
    web.list_objects_v2(
        Bucket=urlsplit(after.site.env["VERNIER_ANSWERS"]).netloc
    )  # they are good for something
    attempts: list[Callable[[], object]] = [
        lambda: web.list_objects_v2(Bucket=bucket),
        lambda: web.list_objects_v2(Bucket=bucket, Prefix="outcomes/"),
        lambda: web.get_bucket_policy(Bucket=bucket),
        lambda: web.put_object(Bucket=bucket, Key="outcomes/mine", Body=b"x"),
    ]
    for key in keys:
        attempts += [
            partial(web.get_object, Bucket=bucket, Key=key),
            partial(web.head_object, Bucket=bucket, Key=key),
            partial(web.delete_object, Bucket=bucket, Key=key),
            partial(web.copy_object, Bucket=urlsplit(after.site.env["VERNIER_ANSWERS"]).netloc, Key="mine",
                    CopySource={"Bucket": bucket, "Key": key}),
        ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(ClientError) as refused:
            attempt()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert all(truth.exists(key) for key in keys)

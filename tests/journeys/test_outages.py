"""One part at a time is taken away from a site in production; what people and pipelines see before, during and after.

The parts are processes of their own on servers of their own. One worker and one beat: what is taken up again here is
taken up by what every site has.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from tests.faults.cluster import SLUG, Cluster, opened
from tests.faults.cluster import running as running_cluster
from tests.faults.network import Weather
from tests.faults.work import uploads
from tests.journeys.client import Pipeline
from tests.journeys.visitor import PASSWORD, Visitor
from tests.servers import smtp
from tests.servers.site import run_manage
from tests.services import SERVERS, or_skip

MAIL_HOST, MAIL_PORT = "127.0.0.25", 1025  # the one port on which mail goes without TLS
MEMBER = "member@example.org"
PAGES = ("/", f"/benchmarks/{SLUG}/", f"/benchmarks/{SLUG}/about/", "/accounts/login/")
CALLS = (
    "/benchmarks/",
    f"/benchmarks/{SLUG}/leaderboard/",
    f"/benchmarks/{SLUG}/leaderboard/?format=csv",
    f"/benchmarks/{SLUG}/submissions/",
)
MAKE_MEMBER = f"""
from allauth.account.models import EmailAddress
from submissions.models import Team, User
user = User.objects.create_user({MEMBER!r}, {PASSWORD!r})
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
Team.objects.get(slug="team-0").memberships.create(user=user, role="owner")
"""
FILES = uploads(40, 1, seed=5)
REJECTED = FILES[0].file + b"nowhere.png#0,A\n"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = SERVERS.new_folder("outages")
    folder.chmod(0o711)
    with or_skip():
        mail = f"smtp://{MAIL_HOST}:{MAIL_PORT}"
        made = running_cluster(
            folder, SERVERS.gateway_or_moto, workers=1, polls=False, VERNIER_EMAIL_URL=mail
        )
        with made as cluster:
            yield cluster


@pytest.fixture(scope="module")
def pipe(cluster: Cluster) -> Pipeline:
    """A team's pipeline, and a member who signs in."""
    ((token, *_others),) = opened(cluster, 1)
    cluster.manage("shell", "--no-imports", "-c", MAKE_MEMBER)
    return Pipeline(cluster.base_url, token, SLUG)


@pytest.fixture(scope="module")
def member(cluster: Cluster, pipe: Pipeline) -> Visitor:
    return Visitor(cluster.base_url, MEMBER).sign_in()


numbers = iter(range(1, len(FILES)))


def send(pipe: Pipeline) -> httpx.Response:
    """A file that was not sent before."""
    return pipe.upload(FILES[next(numbers)].file, "model", visibility="public")


def statuses(cluster: Cluster, pipe: Pipeline) -> dict[str, int]:
    """What every page and call answers."""
    found = {path: httpx.get(cluster.base_url + path, trust_env=False, timeout=30) for path in PAGES}
    found |= {path: pipe.get(path) for path in CALLS}
    for path, answer in found.items():
        assert "Traceback" not in answer.text, path
        assert answer.status_code != 503 or answer.headers["Retry-After"] == "60", path
    return {path: answer.status_code for path, answer in found.items()}


def is_up(cluster: Cluster) -> bool:
    return httpx.get(f"{cluster.base_url}/healthz", trust_env=False).status_code == 200


def missing(cluster: Cluster) -> set[str]:
    """What /readyz names; the first data was never loaded here."""
    answer = httpx.get(f"{cluster.base_url}/readyz", trust_env=False, timeout=60)
    return {name for name, answers in answer.json()["parts"].items() if not answers} - {"first_data"}


def rows(cluster: Cluster, what: str, *given: str) -> list[tuple[object, ...]]:
    with psycopg.connect(cluster.env["VERNIER_DATABASE_URL"]) as connection:
        return connection.execute(what, given).fetchall()


def submissions(cluster: Cluster) -> int:
    ((number,),) = rows(cluster, "SELECT count(*) FROM submissions_submission")
    assert isinstance(number, int)
    return number


def until(holds: Callable[[], bool], at_most: float) -> None:
    deadline = time.monotonic() + at_most
    while not holds():
        assert time.monotonic() < deadline, f"not within {at_most} s"
        time.sleep(0.05)


@contextmanager
def held(cluster: Cluster, name: str) -> Iterator[None]:
    """The processes of a part stand still."""
    pids = cluster.parts[name].pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_without_redis_everything_is_answered_and_uploads_are_scored_by_polling(
    cluster: Cluster, pipe: Pipeline, member: Visitor
) -> None:
    assert pipe.finished(send(pipe).json())["status"] == "scored"
    assert missing(cluster) == set()
    cluster.stop_redis()
    try:
        begun = time.monotonic()
        sent = send(pipe)
        assert sent.status_code == 202, sent.text
        assert time.monotonic() - begun < 3
        assert set(statuses(cluster, pipe).values()) == {200}
        assert Visitor(cluster.base_url, MEMBER).sign_in().get("/teams/").status_code == 200
        page = member.get(f"/submissions/{sent.json()['id']}/")
        assert "in the queue" in page.text
        assert is_up(cluster)
        assert missing(cluster) == {"queue"}
        run_manage(cluster.worker_env, "work", "--until-idle")
        assert pipe.finished(sent.json(), seconds=5)["status"] == "scored"
        # By then Celery, left to itself, would wait for ten seconds and more between its tries.
        time.sleep(20)
    finally:
        cluster.start_redis()
    assert missing(cluster) == set()
    back = time.monotonic()
    assert pipe.finished(send(pipe).json())["status"] == "scored"
    assert time.monotonic() - back < 8
    assert {part.starts for part in cluster.parts.values()} == {1}, "nobody had to be started again"


@pytest.mark.parametrize("weather", [Weather.BROKEN, Weather.SILENT])
def test_without_the_store_nothing_is_taken_nor_charged_and_what_waits_is_scored_afterwards(
    cluster: Cluster, pipe: Pipeline, member: Visitor, weather: Weather
) -> None:
    scored = pipe.finished(send(pipe).json())
    rejected = pipe.finished(pipe.upload(REJECTED + b"#%d" % len(weather.value), "wrong").json())
    assert rejected["status"] == "rejected"
    with held(cluster, "worker-0"):
        waiting = send(pipe).json()
        cluster.network.turn(weather)
    try:
        known = submissions(cluster)
        with ThreadPoolExecutor(8) as pool:
            tries = [pool.submit(send, pipe) for _try in range(6)]
            time.sleep(25 if weather is Weather.SILENT else 1)
            # Two threads in each of two processes: what waits for the store must not hold all of them.
            begun = time.monotonic()
            assert set(statuses(cluster, pipe).values()) == {200}
            assert time.monotonic() - begun < 15
            for answer in (each.result() for each in tries):
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert answer.json()["code"] == "storage-unavailable"
                assert "Nothing was taken or charged" in answer.json()["detail"]
        form = sent_by_form(member)
        assert (form.status_code, form.headers["Retry-After"]) == (503, "60")
        assert "Nothing was taken or charged: send it again in a minute." in form.text
        for path in (
            f"/submissions/{scored['id']}/answers/",
            f"/submissions/{rejected['id']}/problems.csv",
        ):
            answer = member.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60"), path
            assert "The store does not answer" in answer.text
        for submission in (scored, rejected, waiting):
            assert member.get(f"/submissions/{submission['id']}/").status_code == 200
        assert submissions(cluster) == known
        assert is_up(cluster)
        assert missing(cluster) == {"storage"}
        assert pipe.get(waiting["links"]["self"]).json()["status"] in ("queued", "scoring")
    finally:
        cluster.network.turn(Weather.FAIR)
    assert pipe.finished(waiting)["status"] == "scored"
    ((attempts,),) = rows(cluster, "SELECT attempts FROM submissions_submission WHERE id = %s", waiting["id"])
    assert attempts == 1, "waiting used up none"
    # Each process asks again within five seconds, and first one thread of it.
    until(lambda: missing(cluster) == set() and send(pipe).status_code == 202, at_most=10)
    until(lambda: member.get(f"/submissions/{scored['id']}/answers/").status_code == 200, at_most=10)
    ((counted,),) = rows(cluster, "SELECT count FROM submissions_storefault WHERE kind = 'away'")
    assert isinstance(counted, int)
    assert counted >= 2


def sent_by_form(member: Visitor) -> httpx.Response:
    """The form, with a file, as a browser sends it."""
    url = f"{member.base_url}/benchmarks/{SLUG}/submit/"
    member.get(url)
    fields = {"team": "team-0", "entry": "by form", "visibility": "private"}
    return httpx.post(
        url,
        data=fields | {"csrfmiddlewaretoken": member.cookies["csrftoken"]},
        files={"file": ("answers.csv", FILES[0].file)},
        headers={"Referer": url},
        cookies=member.cookies,
        trust_env=False,
        timeout=120,
    )


def test_without_the_database_everybody_is_told_to_come_back_and_nothing_has_to_be_started_again(
    cluster: Cluster, pipe: Pipeline, member: Visitor
) -> None:
    starts = {name: part.starts for name, part in cluster.parts.items()}
    cluster.stop_postgres()
    try:
        assert set(statuses(cluster, pipe).values()) == {503}
        assert "The database does not answer" in member.get("/teams/").text
        assert member.get("/accounts/login/").status_code == 503
        sent = send(pipe)
        assert (sent.status_code, sent.headers["Retry-After"]) == (503, "60")
        assert sent.json()["code"] == "database-unavailable"
        assert is_up(cluster)
        assert missing(cluster) == {"database", "migrations"}
        time.sleep(15)  # a sweep, and a worker that has nothing to ask
    finally:
        cluster.start_postgres()
    assert set(statuses(cluster, pipe).values()) == {200}
    assert missing(cluster) == set()
    assert member.get("/teams/").status_code == 200
    assert pipe.finished(send(pipe).json(), seconds=60)["status"] == "scored"
    assert {name: part.starts for name, part in cluster.parts.items()} == starts


def test_without_the_mail_server_every_page_is_as_always_and_mails_come_later(
    cluster: Cluster, pipe: Pipeline
) -> None:
    begun = time.monotonic()
    known, unknown, new = (Visitor(cluster.base_url) for _person in range(3))
    pages = [
        visitor.post("/accounts/password/reset/", email=address)
        for visitor, address in ((known, MEMBER), (unknown, "nobody@example.org"))
    ]
    assert [page.status_code for page in pages] == [200, 200]
    assert str(pages[0].url) == str(pages[1].url)
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    assert new.post("/accounts/signup/", email="new@example.org", **passwords).status_code == 200
    assert time.monotonic() - begun < 10
    assert len(rows(cluster, "SELECT 1 FROM submissions_mail")) == 3
    with smtp.running(MAIL_PORT, host=MAIL_HOST) as sink:
        # The minute passes that lies between two tries; what is due is found by a sweep.
        rows(cluster, "DELETE FROM vernier_cache WHERE cache_key LIKE '%%mail-server-away' RETURNING 1")
        rows(cluster, "UPDATE submissions_mail SET not_before = now() RETURNING 1")
        until(lambda: not rows(cluster, "SELECT 1 FROM submissions_mail"), at_most=60)
        sent = "".join(str(message.get_content()) for _to, message in sink.taken)
        assert {MEMBER, "nobody@example.org", "new@example.org"} == {to for to, _message in sink.taken}
    (confirm,) = re.findall(r"https?://\S*?(/accounts/confirm-email/\S+)", sent)
    new.post(confirm).raise_for_status()
    (reset,) = re.findall(r"https?://\S*?(/accounts/password/reset/key/\S+)", sent)
    assert "password1" in known.get(reset).text

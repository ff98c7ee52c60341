"""The whole site in processes of its own, as somebody would run it."""

import os
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from submissions.storage import S3Account
from tests.servers.postgres import Postgres
from tests.servers.process import Process, descendants, free_port, start
from tests.servers.redis import Redis
from tests.servers.s3 import S3, Buckets

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Site:
    """A running site. `env` is what its commands see, and the truth's credentials are in it."""

    kind: str
    base_url: str
    var: Path
    env: Mapping[str, str]
    processes: dict[str, Process] = field(default_factory=dict)

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a manage.py command beside the site, as an organizer would."""
        return run_manage(self.env, *arguments, check=check)

    def pids(self) -> set[int]:
        """The ids of all processes of the site, grandchildren too."""
        mine = {process.pid for process in self.processes.values()}
        return mine.union(*(descendants(pid) for pid in mine))

    def make_teams(self, number: int, tokens: int = 1) -> list[list[str]]:
        """New teams, each with so many tokens, which are returned."""
        return make_teams(self.env, number, tokens)

    def logs(self) -> list[Path]:
        """Every log file that there is."""
        return sorted({process.log for process in self.processes.values()} | set(self.var.rglob("*.log")))

    def wait_until_ready(self, seconds: float = 600) -> None:
        """Return when /readyz says that all parts answer and the first data is in."""
        self._any_process().wait_until(lambda: answers_ok(f"{self.base_url}/readyz"), seconds)

    def wait_until_up(self, seconds: float = 180) -> None:
        """Return when the site takes requests."""
        self._any_process().wait_until(lambda: answers_ok(f"{self.base_url}/healthz"), seconds)

    def _any_process(self) -> Process:
        return next(iter(self.processes.values()))


def run_manage(
    env: Mapping[str, str], *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a manage.py command to its end; on failure, what it printed is part of the error."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"manage.py {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done


def make_teams(env: Mapping[str, str], number: int, tokens: int) -> list[list[str]]:
    """New teams, each with so many tokens, which are returned: by one command, where one for each takes seconds."""
    code = MAKE_TEAMS.format(number, tokens)
    made = run_manage(env, "shell", "--no-imports", "-c", code).stdout.split()
    return [made[place : place + tokens] for place in range(0, len(made), tokens)]


MAKE_TEAMS = """
from django.utils import timezone
from submissions import teams, tokens
from submissions.models import Token
for number in range({0}):
    team = teams.create(slug=f"team-{{number}}", name=f"Team {{number}}")
    for each in range({1}):
        print(tokens.create(team, name=f"ci {{each}}", scope=Token.Scope.SUBMIT, days=2, now=timezone.now())[1])
"""


def answers_ok(url: str) -> bool:
    """Whether a GET of the URL answers 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def clean_environment() -> dict[str, str]:
    """Our environment without any setting of the site."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("VERNIER_", "DJANGO_"))}


@contextmanager
def embedded(folder: Path, *, first_data: bool = True, **settings: str) -> Iterator[Site]:
    """Run the embedded default, as `make run` does, on the stores in the folder, which are fresh at first."""
    port = int(settings.get("VERNIER_PORT") or free_port())
    var = folder / "var"
    env = clean_environment() | {"VERNIER_VAR": str(var), "VERNIER_PORT": str(port)} | settings
    site = Site("embedded", f"http://127.0.0.1:{port}", var, env)
    command = [sys.executable, "manage.py", "serve", *([] if first_data else ["--without-first-data"])]
    site.processes["serve"] = start("serve", command, folder=folder, env=env, cwd=PROJECT)
    try:
        site.wait_until_up()
        yield site
    finally:
        site.processes["serve"].stop(60)


@contextmanager
def production(
    folder: Path,
    *,
    postgres: Postgres,
    redis: Redis,
    s3: S3,
    first_data: bool = True,
    workers: int = 1,
    **settings: str,
) -> Iterator[Site]:
    """Run the site on PostgreSQL, Redis and S3, each role with its own credentials.

    The Redis is the site's alone; database and buckets are made fresh.
    """
    port = free_port()
    var = folder / "var"
    shared = clean_environment() | {
        "VERNIER_VAR": str(var),
        "VERNIER_PORT": str(port),
        "VERNIER_SECRET_KEY": secrets.token_hex(32),
        "VERNIER_DATABASE_URL": postgres.new_database(f"site_{secrets.token_hex(4)}"),
        "VERNIER_REDIS_URL": redis.url,
        "VERNIER_EMAIL_URL": (var / "mail").as_uri(),
        "VERNIER_URL": f"http://127.0.0.1:{port}",
        "VERNIER_HTTPS": "0",  # tests speak to gunicorn itself, without the proxy that ends TLS
        **settings,
    }
    buckets = s3.new_buckets()
    worker = shared | role("worker", s3.worker, buckets)
    env = shared | role("organizer", s3.worker, buckets)
    site = Site("production", f"http://127.0.0.1:{port}", var, env)
    run_manage(env, "migrate", "--verbosity", "0")
    if not Path(env.get("VERNIER_STATIC", var / "static"), "staticfiles.json").exists():
        run_manage(env, "collectstatic", "--no-input", "--verbosity", "0")
    with ExitStack() as stack:

        def run(name: str, command: list[str], env: Mapping[str, str]) -> None:
            site.processes[name] = start(name, command, folder=folder, env=env, cwd=PROJECT)
            stack.callback(site.processes[name].stop, 30)

        run("worker", worker_command(folder), worker)
        for number in range(1, workers):
            run(f"worker-{number}", worker_command(), worker)
        run("web", web_command(), shared | role("web", s3.web, buckets))
        if first_data:
            run("first-data", [sys.executable, "manage.py", "load_first_data"], env)
        site.wait_until_up()
        yield site


def role(name: str, account: S3Account, buckets: Buckets) -> dict[str, str]:
    """The settings by which one role differs from another."""
    return {
        "VERNIER_ROLE": name,
        "VERNIER_ANSWERS": f"s3://{buckets.answers}",
        "VERNIER_TRUTH": f"s3://{buckets.truth}",
        "VERNIER_S3_ENDPOINT": account.endpoint,
        "VERNIER_S3_REGION": account.region,
        "VERNIER_S3_ACCESS_KEY": account.access_key,
        "VERNIER_S3_SECRET_KEY": account.secret_key,
    }


def worker_command(beat_folder: Path | None = None) -> list[str]:
    """One worker; with a folder for its schedule, with the beat that rings the sweeper, too."""
    beat = ["-B", "--schedule", str(beat_folder / "beat-schedule")] if beat_folder else []
    return [
        sys.executable, "-m", "celery", "-A", "leaderboard", "worker", *beat,
        "--hostname", f"{secrets.token_hex(4)}@localhost", "--concurrency", "1", "--loglevel", "INFO",
    ]  # fmt: skip


def web_command() -> list[str]:
    """The web server as deploy/ configures it."""
    return [
        sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "leaderboard.wsgi",
    ]  # fmt: skip

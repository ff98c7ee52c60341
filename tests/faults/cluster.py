"""The whole site, every part a process of its own that can be killed, on servers that can be taken away."""

import json
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.network import Network
from tests.faults.work import questions
from tests.servers import postgres, redis
from tests.servers.process import Process, descendants, free_port, start
from tests.servers.s3 import S3
from tests.servers.site import (
    PROJECT,
    answers_ok,
    clean_environment,
    make_teams,
    role,
    run_manage,
    web_command,
)

WORKERS = 4
SLUG = "faults"
TOKENS_A_TEAM = 3  # each sends sixty files a minute at most
STARTED_AGAIN_AFTER = 0.5  # seconds, as a supervisor would


@dataclass
class Part:
    """A process that is started again when it has died, as systemd would."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    process: Process | None = None
    starts: int = 0

    def launch(self) -> None:
        self.process = start(self.name, self.command, folder=self.folder, env=self.env, cwd=PROJECT)
        self.starts += 1

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.running.poll() is None

    def pids(self) -> list[int]:
        """Its own process and those that it started, itself first."""
        if not self.is_alive or self.process is None:
            return []
        return [self.process.pid, *sorted(descendants(self.process.pid))]


@dataclass
class Cluster:
    """A running site; `parts` are watched over until `close`."""

    folder: Path
    base_url: str
    env: Mapping[str, str]  # of an organizer
    worker_env: Mapping[str, str]
    postgres: postgres.Postgres
    redis: redis.Redis
    network: Network  # between the site and its S3 service
    parts: dict[str, Part] = field(default_factory=dict)
    _closing: threading.Event = field(default_factory=threading.Event)

    def manage(self, *arguments: str, check: bool = True) -> str:
        """What a manage.py command prints."""
        return run_manage(self.env, *arguments, check=check).stdout.strip()

    def add(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.parts[name] = Part(name, command, env, self.folder)
        self.parts[name].launch()

    def watch(self) -> None:
        """Start again what has died, until the end."""
        while not self._closing.wait(0.1):
            for part in self.parts.values():
                if not part.is_alive:
                    if self._closing.wait(STARTED_AGAIN_AFTER):
                        return
                    part.launch()

    def restart_postgres(self) -> None:
        self.stop_postgres()
        self.start_postgres()

    def stop_postgres(self) -> None:
        self.postgres.stop()

    def start_postgres(self) -> None:
        self.postgres = self.postgres.started_again()

    def stop_redis(self) -> None:
        self.redis.process.stop(5, by=signal.SIGKILL)

    def start_redis(self) -> None:
        self.redis = self.redis.started_again()

    def close(self) -> None:
        """Stop every part, softly where it lets us."""
        self._closing.set()
        for part in self.parts.values():
            if part.process is not None and part.is_alive:
                part.process.running.terminate()
        for part in self.parts.values():
            if part.process is not None:
                part.process.stop(15)


@contextmanager
def running(
    folder: Path, s3: Callable[[], S3], *, workers: int = WORKERS, polls: bool = True, **settings: str
) -> Iterator[Cluster]:
    """Run the site in the folder: web, beat, workers, and one `manage.py work`, which needs no Redis, if it polls."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres.running(made(folder / "postgres")))
        broker = stack.enter_context(redis.running(made(folder / "redis")))
        service = s3()
        buckets = service.new_buckets()
        network = Network(urlsplit(service.endpoint).port or 80)
        stack.callback(network.close)
        endpoint = f"http://127.0.0.1:{network.port}"
        port = free_port()
        shared = clean_environment() | {
            "VERNIER_VAR": str(folder / "var"),
            "VERNIER_PORT": str(port),
            "VERNIER_SECRET_KEY": secrets.token_hex(32),
            "VERNIER_DATABASE_URL": database.new_database("faults"),
            "VERNIER_REDIS_URL": broker.url,
            "VERNIER_EMAIL_URL": (folder / "mail").as_uri(),
            "VERNIER_HTTPS": "0",  # the clients speak to gunicorn itself, without the proxy that ends TLS
            **settings,
        }
        worker = shared | role("worker", replace(service.worker, endpoint=endpoint), buckets)
        web = shared | role("web", replace(service.web, endpoint=endpoint), buckets)
        env = shared | role("organizer", service.worker, buckets)
        run_manage(env, "migrate", "--verbosity", "0")
        run_manage(env, "collectstatic", "--no-input", "--verbosity", "0")
        cluster = Cluster(folder, f"http://127.0.0.1:{port}", env, worker, database, broker, network)
        stack.callback(cluster.close)
        # A new one each time that it was started again.
        stack.callback(lambda: cluster.postgres.process.stop())
        stack.callback(lambda: cluster.redis.process.stop())
        celery = [sys.executable, "-m", "celery", "-A", "leaderboard"]
        cluster.add("web", web_command(), web)
        cluster.add("beat", [*celery, "beat", "--schedule", str(folder / "beat-schedule")], worker)
        for number in range(workers):
            name = f"worker-{number}"
            arguments = ["--concurrency", "1", "--hostname", f"{name}@localhost", "--loglevel", "INFO"]
            cluster.add(name, [*celery, "worker", *arguments], worker)
        if polls:
            cluster.add("work", [sys.executable, "manage.py", "work"], worker)
        watcher = threading.Thread(target=cluster.watch, daemon=True)
        watcher.start()
        deadline = time.monotonic() + 60
        while not answers_ok(f"{cluster.base_url}/healthz"):
            if time.monotonic() > deadline:
                raise TimeoutError("the web server does not answer")
            time.sleep(0.1)
        yield cluster


def opened(cluster: Cluster, teams: int) -> list[list[str]]:
    """Make the benchmark and so many teams; the tokens of each."""
    path = cluster.folder / "questions.json"
    path.write_text(json.dumps(questions()))
    limits = ("--daily-limit", "10000", "--total-limit", "10000")
    cluster.manage("import_mmad", str(path), "--slug", SLUG, *limits)
    return make_teams(cluster.env, teams, TOKENS_A_TEAM)


def made(folder: Path) -> Path:
    folder.mkdir(mode=0o711)
    return folder

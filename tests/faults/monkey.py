"""Who breaks things: every fault at a moment that the seed chooses, workers with work in hand."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import psycopg
import redis as redis_client

from tests.faults.cluster import WORKERS, Cluster
from tests.faults.network import Weather

MOMENT_SECONDS = 3.0  # how long to wait for one with work in flight


@dataclass(frozen=True)
class Plan:
    """How often what is to break, spread over so many seconds."""

    seconds: float
    worker_kills: int
    web_kills: int
    beat_kills: int
    redis_emptied: int
    redis_stopped: float  # seconds
    postgres_restarts: int
    storage_broken: float  # seconds
    storage_silent: float


WHOLE = Plan(
    seconds=215,
    worker_kills=32,
    web_kills=10,
    beat_kills=5,
    redis_emptied=2,
    redis_stopped=60,
    postgres_restarts=2,
    storage_broken=8,
    storage_silent=8,
)
SHORT = Plan(
    seconds=50,
    worker_kills=7,
    web_kills=2,
    beat_kills=1,
    redis_emptied=1,
    redis_stopped=12,
    postgres_restarts=1,
    storage_broken=3,
    storage_silent=3,
)


@dataclass(frozen=True)
class Fault:
    """Something that was broken, from when to when (time.time)."""

    what: str
    begun: float
    ended: float


@dataclass
class Monkey:
    """Breaks a cluster by a plan; `faults` is what it did."""

    cluster: Cluster
    plan: Plan
    seed: int
    faults: list[Fault] = field(default_factory=list)

    def run(self) -> None:
        """Do everything that the plan holds, in the order that the seed gives it."""
        chance = random.Random(self.seed)
        begun = time.monotonic()
        for at, what, act in sorted(self._scheduled(chance), key=lambda each: each[0]):
            time.sleep(max(0.0, begun + at - time.monotonic()))
            started = time.time()
            act()
            self.faults.append(Fault(what, started, time.time()))

    def _scheduled(self, chance: random.Random) -> list[tuple[float, str, Callable[[], None]]]:
        plan, found = self.plan, []

        def spread(count: int, what: str, act: Callable[[], None]) -> None:
            for number in range(count):
                at = plan.seconds * (number + chance.random()) / count
                found.append((at, what, act))

        spread(plan.worker_kills, "worker killed", lambda: self._kill_worker(chance))
        spread(plan.web_kills, "web killed", lambda: self._kill("web", chance))
        spread(plan.beat_kills, "beat killed", lambda: self._kill("beat", chance))
        spread(plan.redis_emptied, "Redis emptied", self._empty_redis)
        spread(plan.postgres_restarts, "PostgreSQL restarted", self.cluster.restart_postgres)
        # What lasts: apart from each other, so that something still works.
        stop = plan.seconds * (0.25 + 0.1 * chance.random())
        found.append((stop, "Redis stopped", self.cluster.stop_redis))
        found.append((stop + plan.redis_stopped, "Redis started", self.cluster.start_redis))
        for place, weather, seconds in (
            (0.1, Weather.BROKEN, plan.storage_broken),
            (0.75, Weather.SILENT, plan.storage_silent),
        ):
            at = plan.seconds * (place + 0.05 * chance.random())
            turn = self.cluster.network.turn
            found.append((at, f"storage {weather.value}", partial(turn, weather)))
            found.append((at + seconds, "storage back", partial(turn, Weather.FAIR)))
        return found

    def _kill_worker(self, chance: random.Random) -> None:
        """One of those that take work, while something is being scored; the whole of it, or the child that scores."""
        names = [f"worker-{number}" for number in range(WORKERS)] + ["work"]
        self._wait_for_work()
        self._kill(chance.choice(names), chance)

    def _kill(self, name: str, chance: random.Random) -> None:
        pids = self.cluster.parts[name].pids()
        if pids:
            with suppress(ProcessLookupError):
                os.kill(pids[0] if chance.random() < 0.6 else chance.choice(pids), signal.SIGKILL)

    def _wait_for_work(self) -> None:
        deadline = time.monotonic() + MOMENT_SECONDS
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(
                self.cluster.env["VERNIER_DATABASE_URL"], autocommit=True, connect_timeout=2
            ) as connection,
        ):
            scoring = "SELECT 1 FROM submissions_submission WHERE status = 'scoring' LIMIT 1"
            while time.monotonic() < deadline and connection.execute(scoring).fetchone() is None:
                time.sleep(0.005)

    def _empty_redis(self) -> None:
        client = redis_client.Redis.from_url(self.cluster.redis.url, socket_timeout=2)
        with suppress(redis_client.RedisError):
            client.flushall()
        client.close()

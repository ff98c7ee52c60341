"""Fifty pipelines send answer files for a minute: `make load`, or `python -m bench.load --site production --workers 2`.

Each client sends MMAD's native list of 39,672 answers, gzipped, as soon as its last one was taken, to five entries of
its team, every other one public. Then nothing more is sent until everything is final. The clients run on the same
machine as the site, whose processes' CPU time and memory are read from the kernel; times are the clients' own and those
that the API gives.
"""

import argparse
import gzip
import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg

from scoring import definition, standin
from scoring.benchmarks.mmad import importer
from tests.journeys.client import FINISHED, Pipeline
from tests.servers import ceph, postgres, redis, s3, site
from tests.servers.process import PartMissingError, descendants

CLIENTS = 50
SECONDS = 60
ENTRIES = 5
SAMPLED_EVERY = 10.0
DRAINED_WITHIN = 900.0
# Words of a command line, and the part of the site that it is of; the first that fits.
PARTS = (
    ("gunicorn", "web"),
    ("celery", "worker"),
    ("postgres", "database"),
    ("redis", "Redis"),
    ("radosgw", "S3"),
    ("ceph-", "S3"),
    ("moto", "S3"),
)
TICK = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class Client:
    """One team's pipeline."""

    pipeline: Pipeline
    file: bytes
    accepted: list[str] = field(default_factory=list)  # addresses of its submissions
    seconds: list[float] = field(default_factory=list)  # that each upload took
    told_to_wait: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def run(self, until: float) -> None:
        """Send one file after the other."""
        for number in count():
            begun = time.monotonic()
            if begun >= until:
                return
            try:
                answer = self._send(number)
            except httpx.HTTPError as error:
                self.errors[type(error).__name__] += 1
                continue
            if answer.status_code == 202:
                self.accepted.append(answer.json()["links"]["self"])
                self.seconds.append(time.monotonic() - begun)
            elif answer.status_code == 429:
                self.told_to_wait += 1
                time.sleep(min(float(answer.headers["Retry-After"]), max(0.0, until - time.monotonic())))
            else:
                self.errors[f"{answer.status_code} {answer.text[:200]}"] += 1

    def _send(self, number: int) -> httpx.Response:
        # A member of blanks makes it another file with the same answers.
        file = self.file + gzip.compress(b" " * (number + 1))
        entry = number % ENTRIES
        visibility = "public" if entry % 2 == 0 else "private"
        return self.pipeline.upload(file, f"model {entry}", name="answers.json.gz", visibility=visibility)

    def states(self) -> list[dict[str, Any]]:
        """What became of its submissions."""
        url: str | None = f"/benchmarks/{self.pipeline.slug}/submissions/"
        found: list[dict[str, Any]] = []
        while url:
            page = self.pipeline.get(url).raise_for_status().json()
            found += page["results"]
            url = page["next"]
        return found


@dataclass(frozen=True)
class Usage:
    """What the site's processes have used so far, by part."""

    at: float  # time.time
    cpu: Mapping[str, float]  # seconds
    memory: Mapping[str, float]  # MB resident in the largest process


class Meter:
    """Reads the usage of all processes that this one started, directly or not."""

    def __init__(self) -> None:
        self.samples: list[Usage] = []
        self._spent: dict[int, tuple[str, float]] = {}
        self._ended = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take a sample now and then while the block runs."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            self.samples.append(self.read())
            due += SAMPLED_EVERY

    def read(self) -> Usage:
        """The usage now; processes that have ended count as last seen."""
        memory: defaultdict[str, float] = defaultdict(float)
        for pid in descendants(os.getpid()):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            part = next((name for word, name in PARTS if word in command), None)
            if part is not None:
                self._spent[pid] = (part, (int(fields[11]) + int(fields[12])) / TICK)
                memory[part] = max(memory[part], int(fields[21]) * PAGE_MB)
        cpu: defaultdict[str, float] = defaultdict(float)
        for part, seconds in self._spent.values():
            cpu[part] += seconds
        return Usage(time.time(), cpu, memory)


def main() -> int:
    """Measure what was asked for; 1 when something went wrong at the site."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--site", choices=("embedded", "production"), action="append")
    parser.add_argument("--workers", type=int, default=1, help="of production; the embedded site has one")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    files = answer_files(min(options.clients, 10))
    well = True
    for kind in options.site or ("embedded", "production"):
        with tempfile.TemporaryDirectory(prefix="vernier-load-") as name, ExitStack() as stack:
            running = started(stack, Path(name), kind, options.workers)
            tokens = running.make_teams(options.clients)
            clients = [
                Client(Pipeline(running.base_url, token[0]), files[number % len(files)])
                for number, token in enumerate(tokens)
            ]
            before = stored(running)
            scored = measure(clients, options.seconds, options.workers if kind == "production" else 1)
            say_stored(before, stored(running), scored)
            well &= scored == sum(len(client.accepted) for client in clients)
            well &= not any(client.errors for client in clients)
    return 0 if well else 1


def answer_files(number: int) -> list[bytes]:
    """So many native lists of different models, gzipped."""
    release = importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))
    models = [model for model in standin.published_models() if model.complete][:number]
    return [gzip.compress(standin.rebuild(model, release, native=True)) for model in models]


def started(stack: ExitStack, folder: Path, kind: str, workers: int) -> site.Site:
    """A site with its first data."""
    folder.chmod(0o711)

    def made(name: str) -> Path:
        (folder / name).mkdir(mode=0o700)
        return folder / name

    about = f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}"
    if kind == "embedded":
        say(f"\nembedded default: SQLite, folders, 1 worker; {about}")
        running = stack.enter_context(site.embedded(made("site")))
    else:
        try:
            store, service = "Ceph's gateway", stack.enter_context(ceph.gateway(made("ceph")))
        except PartMissingError:
            store, service = "moto", stack.enter_context(s3.moto(made("moto")))
        say(f"\nproduction: PostgreSQL, Redis, S3 by {store}, workers: {workers}; {about}")
        running = stack.enter_context(
            site.production(
                made("site"),
                postgres=stack.enter_context(postgres.running(made("postgres"))),
                redis=stack.enter_context(redis.running(made("redis"))),
                s3=service,
                workers=workers,
            )
        )
    running.wait_until_ready()
    return running


def measure(clients: Sequence[Client], seconds: float, workers: int) -> int:
    """Send, wait, print; how many were scored."""
    meter = Meter()
    with meter.running():
        before = meter.read()
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=client.run, args=(until,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sent = meter.read()
        wait_until_final(clients)
        drained = meter.read()
    states = [state for client in clients for state in client.states()]
    accepted = sum(len(client.accepted) for client in clients)
    errors = sum((client.errors for client in clients), Counter[str]())
    say_uploads(clients, accepted, sent.at - before.at, errors)
    scored = [state for state in states if state["status"] == "scored"]
    say_scores(scored, sent.at, workers)
    say_usage(meter.samples, before, sent, drained, accepted, scored)
    for what, times in errors.most_common(5):
        say(f"  error, {times} times: {what}")
    return len(scored)


def stored(running: site.Site) -> dict[str, int]:
    """The bytes that the site has stored, by store, as far as they can be seen."""
    if running.kind == "production":
        with psycopg.connect(running.env["VERNIER_DATABASE_URL"]) as connection:
            found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return {"database": found[0]} if found else {}
    stores = {"database": "*.sqlite3", "answers": "answers/**/*", "truth": "truth/**/*"}
    return {
        name: sum(path.stat().st_size for path in running.var.glob(pattern) if path.is_file())
        for name, pattern in stores.items()
    }


def wait_until_final(clients: Sequence[Client]) -> None:
    """Ask for the last submission of each client until all are final."""
    waiting = [(client, client.accepted[-1]) for client in clients if client.accepted]
    deadline = time.monotonic() + DRAINED_WITHIN
    while waiting and time.monotonic() < deadline:
        client, url = waiting[0]
        if client.pipeline.get(url).raise_for_status().json()["status"] in FINISHED:
            waiting.pop(0)
        else:
            time.sleep(1)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def say_uploads(clients: Sequence[Client], accepted: int, seconds: float, errors: Counter[str]) -> None:
    size = statistics.mean(len(client.file) for client in clients) / 1e6
    waits = sum(client.told_to_wait for client in clients)
    took = [each for client in clients for each in client.seconds]
    say(
        f"{len(clients)} clients, {seconds:.0f} s, files of {size:.2f} MB: {accepted} accepted, "
        f"{accepted / seconds:.1f} a second; {errors.total()} errors, {waits} told to wait"
    )
    say(f"  sent to 202: {spread(took)}")


def say_scores(scored: Sequence[Mapping[str, Any]], sent_at: float, workers: int) -> None:
    ends = [at(state["finished_at"]) for state in scored]
    say(
        f"  202 to scored: {spread([at(state['finished_at']) - at(state['received_at']) for state in scored])}; "
        f"{len(scored)} scored, the last {max(ends) - sent_at:.0f} s after the last upload"
    )
    late = sum(end > sent_at for end in ends)
    if late:
        rate = 60 * late / (max(ends) - sent_at)
        say(f"  once uploads had ended {rate:.0f} a minute were scored, {rate / workers:.0f} by each worker")


def say_usage(
    samples: Sequence[Usage],
    before: Usage,
    sent: Usage,
    drained: Usage,
    accepted: int,
    scored: Sequence[Mapping[str, Any]],
) -> None:
    """What each part used: until the last upload, by upload; after it, by score; and its memory over time."""
    early = sum(at(state["finished_at"]) <= sent.at for state in scored)
    say(f"  CPU ms until the last upload, by each of {accepted} uploads ({early} were scored meanwhile):")
    say(f"    {spent(before, sent, accepted)}")
    late = len(scored) - early
    if late:
        say(f"  CPU ms after it, by each of {late} scores:")
        say(f"    {spent(sent, drained, late)}")
    say(f"  memory of the largest process, MB, every {SAMPLED_EVERY:.0f} s:")
    for part in sorted(samples[0].memory):
        say(f"    {part:9}" + "".join(f"{sample.memory.get(part, 0):5.0f}" for sample in samples))


def say_stored(before: Mapping[str, int], after: Mapping[str, int], scored: int) -> None:
    each = {name: (size - before[name]) / 1000 / scored for name, size in after.items()}
    say("  stored kB, by each score: " + ", ".join(f"{name} {size:.1f}" for name, size in each.items()))


def spent(begun: Usage, ended: Usage, number: int) -> str:
    each = {part: 1000 * (ended.cpu[part] - begun.cpu.get(part, 0)) / number for part in sorted(ended.cpu)}
    return ", ".join(f"{part} {ms:.1f}" for part, ms in each.items())


def spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    late = ordered[int(0.99 * (len(ordered) - 1))]
    return f"median {statistics.median(ordered):.1f} s, 99 % within {late:.1f} s"


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    sys.exit(main())

"""Five hundred wait for their submissions while somebody reads the board: `python -m bench.waiting`.

On the embedded site, with two web processes of two threads, 500 submissions of a hundred teams are queued behind one
worker. A reader asks for the board, as a page and from the API in turn, ten times a second: first while the worker
works and nobody waits, then, with the queue filled again, while each of the 500 asks for its own as `Retry-After` tells
it, until all of them know the end. Clients, worker and site share this machine's processors.
"""

import argparse
import heapq
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from queue import Empty, SimpleQueue

import httpx

from bench.load import Meter, answer_files, at
from tests.journeys.client import FINISHED
from tests.servers import site

WAITERS, TEAMS = 500, 100
BUSY_WITH = 150  # submissions, while nobody waits
CONNECTIONS = 16  # that the waiters' requests share; more than the site has threads
READS_A_SECOND = 10.0
ALONE_SECONDS = 30.0
SLUG = "mmad-standin"
BOARD = (f"/benchmarks/{SLUG}/", f"/api/v1/benchmarks/{SLUG}/leaderboard/")
DRAINED_WITHIN = 1200.0


@dataclass
class Reader:
    """Reads the board at a steady pace, whatever it is told."""

    base_url: str
    seconds: dict[str, list[float]] = field(default_factory=lambda: {path: [] for path in BOARD})
    faults: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        due = time.monotonic()
        with httpx.Client(base_url=self.base_url, trust_env=False, timeout=60) as http:
            for path in cycle(BOARD):
                if self.ended.wait(max(0.0, due - time.monotonic())):
                    return
                begun = time.monotonic()
                answer = http.get(path)
                self.seconds[path].append(time.monotonic() - begun)
                if answer.status_code != 200:
                    self.faults.append(f"{path}: {answer.status_code}")
                due = max(due + 1 / READS_A_SECOND, time.monotonic())


@dataclass
class Waiter:
    """One who waits for one submission."""

    url: str
    token: str
    first_at: float  # when the answer to the upload told it to ask, in seconds of the clock
    told: float = 0.0  # seconds, the last time
    asks: int = 0
    asked_at: float = 0.0
    knows_after: float | None = None  # seconds from the end of the submission
    faults: list[str] = field(default_factory=list)


def wait_all(waiters: Sequence[Waiter]) -> list[float]:
    """Let all ask as they are told until each knows the end; how long each answer took."""
    since = time.monotonic() - time.time()
    due = [(since + waiter.first_at, number) for number, waiter in enumerate(waiters)]
    heapq.heapify(due)
    ready: SimpleQueue[int | None] = SimpleQueue()
    again: SimpleQueue[tuple[float, int] | None] = SimpleQueue()
    took: list[float] = []

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=60) as http:
            while (number := ready.get()) is not None:
                again.put(_asked(http, waiters[number], number, took))

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    waiting, deadline = len(waiters), time.monotonic() + DRAINED_WITHIN
    while waiting and time.monotonic() < deadline:
        while due and due[0][0] <= time.monotonic():
            ready.put(heapq.heappop(due)[1])
        try:
            told = again.get(timeout=min(0.05, max(0.001, due[0][0] - time.monotonic())) if due else 0.05)
        except Empty:
            continue
        if told is None:
            waiting -= 1
        else:
            heapq.heappush(due, told)
    for _ in threads:
        ready.put(None)
    for thread in threads:
        thread.join()
    return took


def _asked(http: httpx.Client, waiter: Waiter, number: int, took: list[float]) -> tuple[float, int] | None:
    """Ask once; when to ask again, or None at the end."""
    begun = time.monotonic()
    answer = http.get(waiter.url, params={"wait": 30}, headers={"Authorization": f"Bearer {waiter.token}"})
    now = time.monotonic()
    took.append(now - begun)
    waiter.asks += 1
    if answer.status_code != 200:
        waiter.faults.append(f"{answer.status_code} {answer.text[:100]}")
        return now + 1, number
    state = answer.json()
    if state["status"] in FINISHED:
        waiter.knows_after = time.time() - at(state["finished_at"])
        return None
    waiter.told = float(answer.headers["Retry-After"])
    return now + waiter.told, number


def fill(running: site.Site, tokens: Sequence[str], file: bytes, number: int, mark: int) -> list[Waiter]:
    """Queue so many submissions, the teams in turn, by one command: as uploads they would take a minute."""
    code = FILL.format(
        file=str(file_at(running, file)), mark=mark, number=number, teams=len(tokens), slug=SLUG
    )
    lines = running.manage("shell", "--no-imports", "-c", code).stdout.splitlines()
    return [
        Waiter(f"{running.base_url}/api/v1/submissions/{each}/", tokens[number % len(tokens)], float(at))
        for number, (each, at) in enumerate(line.split() for line in lines)
    ]


def file_at(running: site.Site, file: bytes) -> Path:
    path = running.var / "bench-answers"
    path.write_bytes(file)
    return path


FILL = """
import gzip, io
from pathlib import Path
from django.utils import timezone
from submissions import intake, pacing
from submissions.models import Benchmark, Submission, Team
file = Path("{file}").read_bytes()
Benchmark.objects.filter(slug="{slug}").update(daily_limit=50)
benchmark = Benchmark.objects.with_release().get(slug="{slug}")
for number in range({number}):
    team = Team.objects.get(slug="team-" + str(number % {teams}))
    answers = io.BytesIO(file + gzip.compress(b" " * ({mark} + number + 1)))
    offer = intake.Offer(benchmark=benchmark, team=team, entry_name="model " + str(number // {teams}), answers=answers,
        file_name="answers.json.gz", settings=dict(), visibility=Submission.Visibility.PRIVATE,
        partial=(), source=Submission.Source.API)
    made = intake.accept(offer, now=timezone.now()).submission
    now = timezone.now()
    print(made.pk, now.timestamp() + pacing.seconds(made, now=now))
"""


def main() -> int:
    """Measure; 1 when a read failed, somebody never learned of the end, or a board's 99th percentile is over 100 ms."""
    parser = argparse.ArgumentParser(prog="python -m bench.waiting")
    parser.add_argument(
        "--alone", type=float, default=ALONE_SECONDS, help="seconds without anybody who waits"
    )
    options = parser.parse_args()
    file = answer_files(1)[0]
    with tempfile.TemporaryDirectory(prefix="vernier-waiting-") as name, site.embedded(Path(name)) as running:
        running.wait_until_ready()
        return measure(running, file, options.alone)


def measure(running: site.Site, file: bytes, alone: float) -> int:
    say(
        f"embedded site, Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; "
        f"2 web processes of 2 threads, 1 worker"
    )
    tokens = [made[0] for made in running.make_teams(TEAMS)]
    meter = Meter()
    fill(running, tokens, file, BUSY_WITH, 0)
    without, _seconds, _took, cpu = phase(running, meter, [], alone)
    say_reads(f"nobody waits, the worker busy, {alone:.0f} s", without, cpu)
    waiters = fill(running, tokens, file, WAITERS, BUSY_WITH)
    reader, seconds, took, cpu = phase(running, meter, waiters, 0)
    say_reads(f"{len(waiters)} wait, the worker busy, {seconds:.0f} s", reader, cpu)
    asks = sum(waiter.asks for waiter in waiters)
    known = [waiter.knows_after for waiter in waiters if waiter.knows_after is not None]
    say(
        f"  {asks} asks, {asks / seconds:.1f} a second, {max(w.asks for w in waiters)} at most by one; {spread(took)}"
    )
    say(f"  the end was known after {spread(known)} (99 % of them), at most {max(known):.1f} s")
    faults = [*without.faults, *reader.faults, *(fault for waiter in waiters for fault in waiter.faults)]
    for fault in faults[:5]:
        say(f"  fault: {fault}")
    late = [path for path, each in reader.seconds.items() if percentile(each, 0.99) > 0.1]
    return 1 if faults or late or len(known) < len(waiters) else 0


def phase(
    running: site.Site, meter: Meter, waiters: Sequence[Waiter], least: float
) -> tuple[Reader, float, list[float], dict[str, float]]:
    """Read the board while they wait, or for so long; what the reader saw, the time, the asks, and CPU by part."""
    reader = Reader(running.base_url)
    before, begun = meter.read(), time.monotonic()
    thread = threading.Thread(target=reader.run)
    thread.start()
    took = wait_all(waiters) if waiters else []
    time.sleep(max(0.0, least - (time.monotonic() - begun)))
    seconds = time.monotonic() - begun
    reader.ended.set()
    thread.join()
    after = meter.read()
    return reader, seconds, took, {part: after.cpu[part] - before.cpu.get(part, 0) for part in after.cpu}


def say_reads(what: str, reader: Reader, cpu: dict[str, float]) -> None:
    used = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in sorted(cpu.items()))
    say(f"{what} (CPU: {used}):")
    for path, seconds in reader.seconds.items():
        say(f"  {path}: {len(seconds)} reads, {spread(seconds)}, at most {1000 * max(seconds):.0f} ms")


def spread(seconds: Sequence[float]) -> str:
    return f"p50 {1000 * statistics.median(seconds):.0f} ms, p99 {1000 * percentile(seconds, 0.99):.0f} ms"


def percentile(seconds: Sequence[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

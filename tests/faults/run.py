"""One run: start everything, send, break, wait, judge."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.faults.clients import Client, Log
from tests.faults.cluster import Cluster, opened, running
from tests.faults.monkey import Monkey, Plan
from tests.faults.verdict import Verdict, reached, wait_until_final
from tests.faults.work import Upload, uploads
from tests.servers.s3 import S3

CLIENTS = 8
SETTLED_WITHIN = 90.0  # seconds after the last fault and the last answer


def run(
    folder: Path, s3: Callable[[], S3], plan: Plan, *, count: int, seed: int, say: Callable[[str], None]
) -> Verdict:
    """Send so many submissions from eight clients while the plan's faults happen, and look what came of them."""
    sent = uploads(count, CLIENTS, seed)
    with running(folder, s3) as cluster:
        say(f"{cluster.base_url}: web, beat, four workers and one manage.py work, seed {seed}")
        log = Log()
        monkey = Monkey(cluster, plan, seed)
        threads = _clients(cluster, sent, plan, log)
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        # In this thread: the servers that it starts again end with the thread that started them.
        monkey.run()
        for thread in threads:
            thread.join()
        say(f"{len(log.accepted)} taken in {time.monotonic() - begun:.0f} s, {log.retries} tries in vain")
        wait_until_final(cluster, SETTLED_WITHIN)
        for what in sorted({fault.what for fault in monkey.faults}):
            say(f"{sum(fault.what == what for fault in monkey.faults)} x {what}")
        for part in cluster.parts.values():
            say(f"{part.name} was started {part.starts} times")
        verdict = reached(cluster, log, monkey.faults)
        for line in verdict.slowest:
            say(line)
        for line in verdict.wrong[:20]:
            say(f"wrong: {line}")
        return verdict


def _clients(cluster: Cluster, sent: Sequence[Upload], plan: Plan, log: Log) -> list[threading.Thread]:
    tokens = opened(cluster, CLIENTS)
    clients = [
        Client(
            cluster.base_url,
            tokens[team],
            [upload for upload in sent if upload.team == team],
            plan.seconds * 0.95,
            log,
        )
        for team in range(CLIENTS)
    ]
    return [threading.Thread(target=client.run) for client in clients]

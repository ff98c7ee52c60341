"""Teams' pipelines: each sends its files at a steady pace, and again until they are taken."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from tests.faults.cluster import SLUG
from tests.faults.work import Upload

RETRIES = (0.2, 0.5, 1.0, 2.0)
GIVEN_UP_AFTER = 150.0  # seconds of trying one upload


@dataclass(frozen=True)
class Accepted:
    """What a client was promised: the id of its submission, and when (time.time)."""

    upload: Upload
    id: str
    at: float


@dataclass
class Log:
    """The clients' own log, which the site never sees."""

    accepted: list[Accepted] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # answers that no retry mends
    retries: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Client:
    """One team's pipeline, with tokens that it takes in turn."""

    base_url: str
    tokens: Sequence[str]
    uploads: Sequence[Upload]
    seconds: float  # in which it would like to be done
    log: Log

    def run(self) -> None:
        begun = time.monotonic()
        for place, upload in enumerate(self.uploads):
            due = begun + self.seconds * place / len(self.uploads)
            time.sleep(max(0.0, due - time.monotonic()))
            self._send(upload, self.tokens[place % len(self.tokens)])

    def _send(self, upload: Upload, token: str) -> None:
        """Send until it is taken; the same key and file each time, so that it is taken once."""
        url = f"{self.base_url}/api/v1/benchmarks/{SLUG}/submissions/"
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": upload.key}
        said = {"entry": upload.entry, "visibility": "public" if upload.is_public else "private"}
        deadline = time.monotonic() + GIVEN_UP_AFTER
        attempt = 0
        last = "nothing"
        while time.monotonic() < deadline:
            pause = RETRIES[min(attempt, len(RETRIES) - 1)]
            try:
                files = {"file": ("answers.csv", upload.file)}
                answer = httpx.post(url, headers=headers, data=said, files=files, timeout=30, trust_env=False)
            except httpx.HTTPError as error:
                last = repr(error)
            else:
                if answer.status_code in (200, 202):
                    with self.log.lock:
                        self.log.accepted.append(Accepted(upload, answer.json()["id"], time.time()))
                    return
                last = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code in (409, 429, 503):
                    pause = min(float(answer.headers.get("Retry-After", pause)), 5.0)
                elif answer.status_code < 500:
                    break
            attempt += 1
            with self.log.lock:
                self.log.retries += 1
            time.sleep(pause)
        with self.log.lock:
            self.log.refused.append(f"{upload.key}: {last}")

"""Somebody's pipeline: speaks to a running site over HTTP as the README says."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.servers.site import Site

FINISHED = ("scored", "rejected", "failed", "cancelled")


@dataclass
class Pipeline:
    """A token's view of a site."""

    base_url: str
    token: str
    slug: str = "mmad-standin"
    statuses: Counter[int] = field(default_factory=Counter)  # of all answers so far

    @property
    def api(self) -> str:
        return f"{self.base_url}/api/v1"

    def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        answer = httpx.request(method, url, headers=self.headers, timeout=120, trust_env=False, **options)
        self.statuses[answer.status_code] += 1
        return answer

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def upload(
        self,
        file: bytes,
        entry: str,
        *,
        name: str = "answers.csv",
        kind: str = "text/csv",
        slug: str | None = None,
        **fields: Any,
    ) -> httpx.Response:
        url = f"{self.api}/benchmarks/{slug or self.slug}/submissions/"
        files = {"file": (name, file, kind)}
        return self.send("POST", url, files=files, data={"entry": entry, **fields})

    def check(self, file: bytes, **fields: Any) -> httpx.Response:
        """A dry run, asked for again where the site says so."""
        url = f"{self.api}/benchmarks/{self.slug}/validate/"
        while True:
            answer = self.send("POST", url, files={"file": ("answers.csv", file)}, data=fields)
            if answer.status_code not in (429, 503):
                return answer
            self.statuses[answer.status_code] -= 1
            time.sleep(int(answer.headers["Retry-After"]))

    def get(self, path: str, **params: Any) -> httpx.Response:
        url = path if path.startswith("http") else f"{self.api}{path}"
        return self.send("GET", url, params=params or None)

    def post(self, path: str, **data: Any) -> httpx.Response:
        return self.send("POST", f"{self.api}{path}", json=data)

    def finished(self, submission: dict[str, Any], seconds: float = 180) -> dict[str, Any]:
        """The submission's state once it is final."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.get(submission["links"]["self"], wait=30)
            state: dict[str, Any] = answer.raise_for_status().json()
            if state["status"] in FINISHED:
                return state
            assert time.monotonic() < deadline, f"still {state['status']} after {seconds} s"
            time.sleep(0.1)

    def until(self, holds: Callable[[], bool], seconds: float = 120) -> None:
        """Wait for something that the worker is about to do."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not within {seconds} s"
            time.sleep(0.1)

    def outcome(self, file: bytes, entry: str, **fields: Any) -> dict[str, Any]:
        """Upload, which must be accepted, and wait for the end."""
        answer = self.upload(file, entry, **fields)
        assert answer.status_code == 202, answer.text
        return self.finished(answer.json())


def pipeline(site: Site, team: str, *, slug: str = "mmad-standin") -> Pipeline:
    """A new team's pipeline, made as an organizer makes one."""
    site.manage("create_team", team)
    token = site.manage("create_token", team).stdout.strip()
    return Pipeline(site.base_url, token, slug)

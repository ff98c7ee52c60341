"""Wait for what a worker does: the site says when to ask again."""

from __future__ import annotations

import time
from typing import Any

from vernier import exits, shapes
from vernier.exits import StopError
from vernier.site import Site, body, retry_after
from vernier.voice import Voice

FINISHED = ("scored", "rejected", "failed", "cancelled")
ASK_SECONDS = 30  # a site may answer that much later, or at once
PAUSE = 2.0
AGAIN = "Scoring broke off by a fault of the site, which tries again by itself."


class Deadline:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at = time.monotonic() + seconds

    def pause(self, seconds: float | None, what: str) -> None:
        """Raises StopError when time is up."""
        if time.monotonic() >= self._at:
            said = f"After {self._seconds:g} s {what} is not finished. It goes on without being waited for."
            raise StopError(exits.UNFINISHED, said, code="not-finished")
        time.sleep(min(PAUSE if seconds is None else max(seconds, 0.05), self._at - time.monotonic() + 0.05))


def for_submission(site: Site, submission_id: str, *, seconds: float, voice: Voice) -> dict[str, Any]:
    """The submission once it is finished, however it ended. Raises StopError when it is not in time."""
    deadline, told = Deadline(seconds), 0
    with voice.progress("Waiting for the score"):
        while True:
            answer = site.get(f"submissions/{submission_id}/", wait=ASK_SECONDS)
            state = body(answer, shapes.STATE)
            if state.get("status") in FINISHED:
                return state
            voice.detail(f"{submission_id}: {state.get('status')}")
            if (broke_off := _broke_off(state)) > told:
                voice.note(AGAIN)
                told = broke_off
            deadline.pause(retry_after(answer), f"submission {submission_id}")


def _broke_off(state: dict[str, Any]) -> int:
    """How many attempts to score it the site says that it has given up."""
    begun: int = state.get("attempts") or 0
    return begun - (state.get("status") == "scoring")


def for_comparison(site: Site, slug: str, *, seconds: float, voice: Voice, **params: str) -> dict[str, Any]:
    """The comparison, computed. Raises StopError when it is refused, or not there in time."""
    deadline = Deadline(seconds)
    with voice.progress("Waiting for the comparison"):
        while True:
            answer = site.get(f"benchmarks/{slug}/compare/", **params)
            if answer.status_code != 202:
                return body(answer, shapes.COMPARISON)
            deadline.pause(retry_after(answer), "the comparison")

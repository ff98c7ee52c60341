"""A scored submission, and what the site says of it besides: where it stands, and how it compares."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from vernier import exits, shapes, waiting
from vernier.exits import StopError
from vernier.site import Site, body
from vernier.voice import Voice

Pair = Mapping[str, Any]


class Difference(NamedTuple):
    """What a comparison is judged by: the overall one, else that of the mean of the subtasks that both answered."""

    value: float
    low: float
    high: float
    verdict: str
    on: str  # a few words on what it is of, empty for all subtasks

    @classmethod
    def of(cls, pair: Pair) -> Difference | None:
        """None where the site has neither of the two."""
        if overall := pair.get("overall"):
            told, verdict, on = overall, pair.get("verdict"), ""
        elif shared := pair.get("shared"):
            told, verdict, on = shared, shared.get("verdict"), " on the subtasks that both answered"
        else:
            return None
        low, high = told["interval"]
        return cls(told["difference"], low, high, str(verdict), on)

    def points(self) -> str:
        """With its interval, for people."""
        return f"{self.value:+.2f} points ({self.low:+.2f} to {self.high:+.2f})".replace("-", "−")


class Result:
    """Each question is asked of the site once, and when somebody wants to know."""

    def __init__(
        self, site: Site, state: Mapping[str, Any], *, seconds: float, voice: Voice, is_new: bool = True
    ) -> None:
        self.site, self.state, self._is_new = site, state, is_new
        self._seconds, self._voice = seconds, voice
        self._pairs: dict[str, Pair] = {}

    @cached_property
    def previous(self) -> str | None:
        """The entry's last scored submission beside this one, on the same subtasks, that was not withdrawn.

        Of a new one it is looked for among those before it. A file that was sent once before has its old place, as
        when a job takes up an old checkpoint: what came since counts, too.
        """
        mine_is_past = not self._is_new
        for row in self.site.pages(f"benchmarks/{self.state['benchmark']}/submissions/", shapes.STATE):
            if row["id"] == self.state["id"]:
                mine_is_past = True
            elif (
                mine_is_past
                and row["entry"]["id"] == self.state["entry"]["id"]
                and row["status"] == "scored"
                and row["visibility"] != "withdrawn"
                and sorted(row["partial"]) == sorted(self.state["partial"])
            ):
                return str(row["id"])
        return None

    @cached_property
    def entry(self) -> Mapping[str, Any] | None:
        """The entry as everybody sees it while this submission stands for it on the board, else None."""
        if self.state["visibility"] != "public":
            return None
        found = body(self.site.get(f"entries/{self.state['entry']['id']}/"), shapes.ENTRY)
        return found if found.get("submission") == self.state["id"] else None

    def against(self, other: str) -> Pair:
        """This submission less another, as the site compares them. Raises StopError when it does not."""
        if other not in self._pairs:
            found = waiting.for_comparison(
                self.site,
                self.state["benchmark"],
                seconds=self._seconds,
                voice=self._voice,
                submissions=f"{self.state['id']},{other}",
            )
            pairs = list(found.get("pairs") or ())
            if len(pairs) != 1:
                raise StopError(exits.REFUSED, "The site compared nothing.", code="not-compared")
            self._pairs[other] = pairs[0]
        return self._pairs[other]

    def change(self) -> Pair | None:
        """Against the previous one; None without one, or where the site does not compare the two."""
        if self.previous is None:
            return None
        try:
            return self.against(self.previous)
        except StopError as stop:
            if stop.exit_code != exits.REFUSED:
                raise
            return None

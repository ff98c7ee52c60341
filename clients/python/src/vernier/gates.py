"""`--fail-if`: whether a build goes on with this score.

What cannot be decided does not let a build pass: a gate that is open whenever nobody looks is none.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vernier import exits, waiting
from vernier.exits import StopError
from vernier.site import Site, body
from vernier.voice import Voice

PREVIOUS = "previous"
KNOWN = (
    "Known are: rejected, below=NUMBER, significantly-worse-than=ENTRY-ID, significantly-worse-than=previous."
)


@dataclass(frozen=True)
class Gate:
    text: str  # as it was said
    kind: str  # rejected, below, significantly-worse-than
    value: str


@dataclass(frozen=True)
class Judgement:
    """`passed` is None where it could not be decided; `pair` is the comparison that it rests on, the new one first."""

    gate: Gate
    passed: bool | None
    detail: str
    pair: Mapping[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        return {"gate": self.gate.text, "passed": self.passed, "detail": self.detail, "pair": self.pair}


def parse(text: str) -> Gate:
    """Raises argparse.ArgumentTypeError, which names the gates there are."""
    kind, _equals, value = text.strip().partition("=")
    if text.strip() == "rejected" or (kind == "below" and _is_number(value)):
        return Gate(text.strip(), kind, value)
    if kind == "significantly-worse-than" and (value == PREVIOUS or _is_id(value)):
        return Gate(text.strip(), kind, value)
    raise argparse.ArgumentTypeError(f"“{text}” is no gate. {KNOWN}")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def refuse_if_senseless(gates: list[Gate], site: Site, slug: str) -> None:
    """Raises StopError for a gate that this benchmark turns around; to be asked before anything is sent."""
    if any(gate.kind == "below" for gate in gates):
        rules = body(site.get(f"benchmarks/{slug}/")).get("rules") or {}
        if rules.get("lower_is_better"):
            raise exits.usage("Lower is better on this benchmark: below=… would fail the better ones.")


class Gatekeeper:
    """Judges a submission that is scored."""

    def __init__(self, site: Site, state: Mapping[str, Any], *, seconds: float, voice: Voice) -> None:
        self._site, self._state, self._seconds, self._voice = site, state, seconds, voice

    def judge(self, gate: Gate) -> Judgement:
        if gate.kind == "rejected":
            return Judgement(gate, True, "It was scored.")
        if gate.kind == "below":
            return self._below(gate, float(gate.value))
        if gate.value == PREVIOUS:
            return self._than_previous(gate)
        return self._than_entry(gate, str(UUID(gate.value)))

    def _below(self, gate: Gate, least: float) -> Judgement:
        score = self._state["score"]
        if score is None:
            return Judgement(gate, None, "A partial file has no overall score.")
        word = "below" if score < least else "not below"
        return Judgement(gate, score >= least, f"{score:.4f} is {word} {least:g}.")

    def _than_previous(self, gate: Gate) -> Judgement:
        before = self._previous()
        if before is None:
            return Judgement(gate, True, "The entry has no scored submission before this one.")
        return self._worse(gate, before, None)

    def _previous(self) -> str | None:
        """The entry's last scored submission before this one, on the same subtasks, that was not withdrawn."""
        mine_is_past = False
        for row in self._site.pages(f"benchmarks/{self._state['benchmark']}/submissions/"):
            if row["id"] == self._state["id"]:
                mine_is_past = True
            elif (
                mine_is_past
                and row["entry"]["id"] == self._state["entry"]["id"]
                and row["status"] == "scored"
                and row["visibility"] != "withdrawn"
                and sorted(row["partial"]) == sorted(self._state["partial"])
            ):
                return str(row["id"])
        return None

    def _than_entry(self, gate: Gate, entry_id: str) -> Judgement:
        entry = body(self._site.get(f"entries/{entry_id}/"))
        if not entry.get("submission"):
            return Judgement(gate, None, f"Nothing stands for entry {entry_id}.")
        return self._worse(gate, str(entry["submission"]), entry_id)

    def _worse(self, gate: Gate, other: str, other_entry: str | None) -> Judgement:
        """Against another submission; `other_entry` is its entry where that is another than this one's."""
        if other == self._state["id"]:
            return Judgement(gate, True, "It is the very submission that it is compared with.")
        try:
            found = self._compared(other, other_entry)
        except StopError as stop:
            if stop.exit_code != exits.REFUSED:
                raise
            return Judgement(gate, None, f"The two cannot be compared: {stop.sentence}")
        sides = [str(side.get("submission")) for side in found.get("entries", ())]
        pair = next(iter(found.get("pairs", ())), None)
        if sides != [self._state["id"], other] or pair is None:
            said = (
                "The site compared what stands for the entries on the board, and that is not this submission."
            )
            return Judgement(gate, None, said)
        verdict, sentence = pair.get("verdict"), str(pair.get("sentence") or pair.get("fault") or "")
        if verdict is None:
            return Judgement(gate, None, sentence or "The site compared them without a verdict.", pair)
        return Judgement(gate, verdict != "second-better", sentence, pair)

    def _compared(self, other: str, other_entry: str | None) -> dict[str, Any]:
        """By submissions; of a site that knows entries alone, by these where it leads to the same two."""
        try:
            return self._ask(submissions=f"{self._state['id']},{other}")
        except StopError as stop:
            if stop.code != "compare-how-many":
                raise
        mine = self._state["entry"]["id"]
        if other_entry is None or other_entry == mine:
            said = "This site does not compare two submissions of one entry yet."
            raise StopError(exits.REFUSED, said, code="too-old")
        return self._ask(entries=f"{mine},{other_entry}")

    def _ask(self, **params: str) -> dict[str, Any]:
        slug = self._state["benchmark"]
        return waiting.for_comparison(self._site, slug, seconds=self._seconds, voice=self._voice, **params)

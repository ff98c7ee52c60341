"""`--fail-if`: whether a build goes on with this score.

What cannot be decided does not let a build pass: a gate that is open whenever nobody looks is none.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vernier import exits, shapes
from vernier.exits import StopError
from vernier.results import Difference, Result
from vernier.site import Site, body

PREVIOUS = "previous"
VERDICTS = {
    "first-better": "better than",
    "second-better": "worse than",
    "not-separable": "not separable from",
}
PASSED = {True: "passed", False: "not passed", None: "not decided, so not passed"}
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


def refuse_if_senseless(gates: list[Gate], site: Site, slug: str, *, partial: Sequence[str] = ()) -> None:
    """To be asked before anything is sent; `partial` holds the subtasks that the file is limited to.

    Raises StopError for a gate that can never be decided as it is meant.
    """
    for gate in gates:
        if gate.kind == "significantly-worse-than" and gate.value != PREVIOUS:
            _refuse_if_unknown(gate, site, slug)
    if any(gate.kind == "below" for gate in gates):
        benchmark = body(site.get(f"benchmarks/{slug}/"), shapes.BENCHMARK)
        if (benchmark.get("rules") or {}).get("lower_is_better"):
            raise exits.usage("Lower is better on this benchmark: below=… would fail the better ones.")
        asked = {subtask["slug"] for subtask in benchmark.get("subtasks") or ()}
        # Limited to all that there are, it is a whole file.
        if partial and not (asked and asked <= set(partial)):
            raise exits.usage(
                "A partial file has no overall score for below=… to judge: leave the gate out, or take "
                f"significantly-worse-than={PREVIOUS}, which compares the subtasks that both answered."
            )


def _refuse_if_unknown(gate: Gate, site: Site, slug: str) -> None:
    try:
        entry = body(site.get(f"entries/{UUID(gate.value)}/"), shapes.ENTRY)
    except StopError as stop:
        if stop.status != 404:
            raise
        entry = {}
    if entry.get("benchmark") != slug:
        said = f"{gate.text}: there is no such entry on {slug} at {site.url}, or it is not yours to see."
        raise exits.usage(said) from None


def judge(gate: Gate, result: Result) -> Judgement:
    """Of a submission that is scored."""
    if gate.kind == "rejected":
        return Judgement(gate, True, "It was scored.")
    if gate.kind == "below":
        return _below(gate, result, float(gate.value))
    if gate.value == PREVIOUS:
        if result.previous is None:
            return Judgement(gate, True, "The entry has no other scored submission to compare it with.")
        return _worse(gate, result, result.previous, "the entry’s last one")
    return _than_entry(gate, result)


def _below(gate: Gate, result: Result, least: float) -> Judgement:
    score = result.state.get("score")
    if score is None:
        return Judgement(gate, None, "A partial file has no overall score.")
    word = "below" if score < least else "not below"
    return Judgement(gate, score >= least, f"{score:.4f} is {word} {least:g}.")


def _than_entry(gate: Gate, result: Result) -> Judgement:
    entry = body(result.site.get(f"entries/{UUID(gate.value)}/"), shapes.ENTRY)
    if not entry.get("submission"):
        return Judgement(gate, None, f"Nothing stands for entry {gate.value}.")
    return _worse(gate, result, str(entry["submission"]), f"what stands for “{entry.get('name')}”")


def _worse(gate: Gate, result: Result, other: str, called: str) -> Judgement:
    """Against another submission."""
    if other == result.state["id"]:
        return Judgement(gate, True, "It is the very submission that it is compared with.")
    try:
        pair = result.against(other)
    except StopError as stop:
        if stop.exit_code != exits.REFUSED:
            raise
        return Judgement(gate, None, f"The two cannot be compared: {stop.sentence}")
    found = Difference.of(pair)
    if found is None or found.verdict not in VERDICTS:
        sentence = str(
            pair.get("sentence") or pair.get("fault") or "The site compared them without a verdict."
        )
        return Judgement(gate, None, sentence, pair)
    # Not the site’s sentence, which calls both by their entry’s name: two of one entry have the same.
    said = f"This submission is {VERDICTS[found.verdict]} {called}{found.on}: {found.points()}."
    return Judgement(gate, found.verdict != "second-better", said, pair)

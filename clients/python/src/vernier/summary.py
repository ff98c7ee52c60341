"""What a pipeline shows of a submission: a summary for people, in Markdown, and values for the steps after it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vernier import exits
from vernier.exits import StopError
from vernier.gates import PASSED, Judgement
from vernier.results import Difference, Pair, Result
from vernier.voice import further, in_one_line, problems, score

OPEN, OVERALL = "open", "overall"


def of_scored(result: Result, judged: Sequence[Judgement]) -> str:
    """The score with its interval, where it stands, how it changed, and what the gates say."""
    rows = [("Rank", _rank(result)), ("Change", _change(result)), *_of_gates(judged)]
    table = [f"| {_text(name)} | {said} |" for name, said in rows]
    return "\n".join([_head(result.state), "", "| | |", "|---|---|", *table, "", _link(result.state), ""])


def of_ended(state: Mapping[str, Any]) -> str:
    """Of a submission without a score: how it ended, and the first of the file's errors."""
    listed = [f"- {_text(line)}" for line in problems(state.get("errors") or ())]
    total = state.get("errors_total") or 0
    more = [f"\n{total} problems in all."] if total > len(listed) > 0 else []
    return "\n".join([_head(state), "", *listed, *more, "", _link(state), ""])


def of_stop(stop: StopError) -> str:
    """Of what never became a submission, or was not finished in time."""
    listed = [f"- {_text(line)}" for line in further(stop)]
    return "\n".join(
        ["### Vernier: not submitted, or not finished", "", _text(stop.sentence), "", *listed, ""]
    )


def values(state: Mapping[str, Any], result: Result | None, judged: Sequence[Judgement]) -> dict[str, str]:
    """By name, those of which there is something to say: GitLab takes no empty ones."""
    links, interval = state.get("links") or {}, state.get("interval") or (None, None)
    told: dict[str, Any] = {
        "id": state["id"],
        "status": state["status"],
        "page": links.get("page"),
        "score": state.get("score"),
        "score_low": interval[0],
        "score_high": interval[1],
        "coverage": state.get("coverage"),
    }
    if result is not None:
        entry, change = result.entry or {}, Difference.of(result.change() or {})
        told |= {
            "rank": entry.get("rank"),
            "rank_low": entry.get("rank_low"),
            "rank_high": entry.get("rank_high"),
            "passed": "yes" if all(each.passed for each in judged) else "no",
        }
        if change is not None:
            told |= {
                "change": change.value,
                "change_low": change.low,
                "change_high": change.high,
                "verdict": change.verdict,
            }
    return {name: in_one_line(str(value)) for name, value in told.items() if value not in (None, "")}


def append(path: str, text: str) -> None:
    """Files of a runner are added to, never written over. Raises StopError."""
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise exits.usage(f"{path} cannot be written: {error.strerror}") from None


def _head(state: Mapping[str, Any]) -> str:
    said = score(state) + " %" if state.get("score") is not None else "no overall score"
    ended = said if state["status"] == "scored" else state["status"]
    return f"### {_text(state['entry']['name'])} on {_text(state['benchmark'])}: {_text(ended)}"


def _rank(result: Result) -> str:
    entry = result.entry
    if result.state["visibility"] != "public":
        return "none: it is private"
    if entry is None:
        return "none: another submission stands for the entry"
    if entry.get("rank") is None:
        return "none: it answers some subtasks alone" if result.state.get("partial") else "none"
    low, high = entry.get("rank_low"), entry.get("rank_high")
    between = f", between {low} and {high}" if low and high and low != high else ""
    return f"{entry['rank']}{between}"


def _change(result: Result) -> str:
    if result.previous is None:
        return "the entry’s first scored submission"
    pair = result.change()
    return "not compared with the last one" if pair is None else _difference(pair)


def _difference(pair: Pair) -> str:
    found = Difference.of(pair)
    if found is None:
        return _text(str(pair.get("sentence") or pair.get("fault") or "not compared with the last one"))
    word = {"first-better": "better", "second-better": "worse"}.get(found.verdict, "not separable")
    return f"{found.points()} against the last submission{found.on}: {word}"


def _of_gates(judged: Sequence[Judgement]) -> Iterator[tuple[str, str]]:
    for each in judged:
        yield each.gate.text, _text(f"{PASSED[each.passed]}. {each.detail}")


def _link(state: Mapping[str, Any]) -> str:
    page = str((state.get("links") or {}).get("page") or "")
    return f"[The submission’s page]({page})" if re.fullmatch(r"https?://[^\s()<>]+", page) else ""


def _text(text: str) -> str:
    """As it is read and never as Markdown or HTML: names of entries are anybody’s words."""
    plain = in_one_line(text).strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~@$])", r"\\\1", plain)

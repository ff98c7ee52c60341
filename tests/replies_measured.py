"""The reader of replies, measured on the real replies of the reference data: `python -m tests.replies_measured`.

RobustMAD's authors publish what three models said (`raw_response`) and the letter that they took of it (`mslm_answer`).
This counts how often each of our rules reads a reply, how often our letter is theirs, and why it is not. It prints the
tables of docs/replies.md, which a test holds against it. Counts alone leave it, no question and no reply.
"""

import gzip
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from scoring.replies import READER_VERSION, UNREAD, Reading, Rule, read

MODELS = {
    "InternVL2-4B": "MCQ_InternVL2_4B.json.gz",
    "phi-3.5-vision": "MCQ_phi_3.5_vision_instruct.json.gz",
    "Qwen2.5-VL-3B": "MCQ_Qwen2_5_VL_3B_Instruct.json.gz",
}
# A capital letter of an option that stands alone, whatever is around it.
_LETTER = re.compile(r"(?<![\w'’])[A-E](?![\w'’])")
_ARTICLE = re.compile(r"\ba\b")
Kind = str
ARTICLE: Kind = "no letter in the reply; the authors take the article “a” for the letter A"
UNEXPLAINED: Kind = "unexplained"


@dataclass
class Measured:
    """Counts of one model's replies."""

    rules: Counter[Rule] = field(default_factory=Counter)
    agreeing: Counter[Rule] = field(default_factory=Counter)
    lettered: int = 0  # replies in which an option's letter stands
    lettered_agreeing: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)  # of disagreement
    right: int = 0  # by our letters
    right_by_theirs: int = 0

    @property
    def replies(self) -> int:
        return self.rules.total()

    def add(self, reply: str, options: Iterable[str], *, theirs: str, truth: str) -> None:
        """Count one reply, of which the authors took the letter `theirs`; `truth` is the right one."""
        reading = read(reply, tuple(options))
        agrees = reading.letter == theirs
        has_letter = _LETTER.search(reply) is not None
        self.rules[reading.rule] += 1
        self.agreeing[reading.rule] += agrees
        self.lettered += has_letter
        self.lettered_agreeing += has_letter and agrees
        self.right += reading.letter == truth
        self.right_by_theirs += theirs == truth
        if not agrees:
            self.kinds[_kind(reply, reading, theirs)] += 1


def _kind(reply: str, reading: Reading, theirs: str) -> Kind:
    """Why the authors have another letter."""
    is_article = (
        reading.rule == "none" and theirs == "A" and _ARTICLE.search(reply) and not _LETTER.search(reply)
    )
    return ARTICLE if is_article else UNEXPLAINED


def measured(reference: Path) -> dict[str, Measured]:
    """By model."""
    folder = reference / "robustmad"
    options = dict(_options(_read(folder / "RobustMAD_MCQ.json.gz")))
    found = {}
    for model, name in MODELS.items():
        found[model] = Measured()
        for row in _read(folder / name):
            key = row["image_path"], row["difficulty"], row["question_id"]
            theirs, truth = row["mslm_answer"], row["answer"]
            found[model].add(row["raw_response"], options[key], theirs=theirs, truth=truth)
    return found


def _read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def _options(questions: Any) -> Iterator[tuple[tuple[str, str, int], tuple[str, ...]]]:
    for image in questions["images"]:
        for question in image["questions"]:
            key = image["image_path"], image["difficulty"], question["question_id"]
            yield key, tuple(question["options"][letter] for letter in sorted(question["options"]))


def tables(found: dict[str, Measured]) -> str:
    """As docs/replies.md has them."""
    rules = [rule for rule in get_args(Rule) if any(each.rules[rule] for each in found.values())]
    kinds = sorted({kind for each in found.values() for kind in each.kinds})
    return "\n".join(
        [
            f"| reader {READER_VERSION} | {' | '.join(found)} |",
            f"|---|{'---:|' * len(found)}",
            _row("replies", (f"{each.replies:,}" for each in found.values())),
            *(_rule_row(rule, found) for rule in rules),
            _row("replies with a letter", (f"{each.lettered:,}" for each in found.values())),
            _row("of these, the authors’ letter", (_share(each) for each in found.values())),
            _row("right by our letters", (_score(each, each.right) for each in found.values())),
            _row(
                "right by the authors’ letters",
                (_score(each, each.right_by_theirs) for each in found.values()),
            ),
            "",
            f"| where the letters differ | {' | '.join(found)} |",
            f"|---|{'---:|' * len(found)}",
            *(_row(kind, (str(each.kinds[kind]) for each in found.values())) for kind in kinds),
        ]
    )


def _rule_row(rule: Rule, found: dict[str, Measured]) -> str:
    read_or_not = "unread" if rule in UNREAD else "read"
    cells = (f"{each.rules[rule]:,} ({each.agreeing[rule]:,})" for each in found.values())
    return _row(f"{read_or_not}: `{rule}` (agreeing)", cells)


def _share(each: Measured) -> str:
    return f"{each.lettered_agreeing:,} ({each.lettered_agreeing / each.lettered:.2%})"


def _score(each: Measured, right: int) -> str:
    return f"{right / each.replies:.4%}"


def _row(name: str, cells: Iterable[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write(tables(measured(Path(os.environ["VERNIER_REFERENCE"]))) + "\n")

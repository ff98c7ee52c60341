"""What the clients send and what has to come of it, computed without a line of the program."""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from tests.questions import questions as asked
from tests.questions import truth as truth_of

QUESTIONS = 500
ENTRIES_A_TEAM = 10
DETECTION = "Anomaly Detection"


def questions() -> dict[str, Any]:
    """mmad.json's shape: five hundred questions in all its source datasets and subtasks."""
    content = asked(16, seed=11)
    for image in list(reversed(content)):
        kept = content[image]["conversation"]
        while len(kept) > 1 and sum(len(record["conversation"]) for record in content.values()) > QUESTIONS:
            kept.pop()
    return content


@dataclass(frozen=True)
class Upload:
    """One answer file that a team sends once, however often it has to try."""

    number: int
    team: int
    entry: str
    is_public: bool
    file: bytes
    score: float  # that it has to come out at

    @property
    def key(self) -> str:
        """Its Idempotency-Key."""
        return f"upload-{self.number}"


def uploads(count: int, teams: int, seed: int) -> list[Upload]:
    """So many files, each of its own quality, spread over teams and their entries."""
    content = questions()
    truth = truth_of(content)
    made = []
    for number in range(count):
        chance = random.Random(seed * 1_000_003 + number)
        share = 0.3 + 0.6 * chance.random()
        given = {key: right if chance.random() < share else wrong(right) for key, right in truth.items()}
        lines = ["question_id,answer", *(f"{key},{letter}" for key, letter in given.items())]
        team = number % teams
        place = number // teams % ENTRIES_A_TEAM
        made.append(
            Upload(
                number=number,
                team=team,
                entry=f"model {place}",
                is_public=place % 2 == 0,
                file="\n".join(lines).encode() + b"\n",
                score=score(content, truth, given),
            )
        )
    return made


def wrong(letter: str) -> str:
    return "B" if letter == "A" else "A"


def score(content: Mapping[str, Any], truth: Mapping[str, str], given: Mapping[str, str]) -> float:
    """MMAD's average: the mean over source datasets of the mean over subtasks; detection is balanced."""
    right: defaultdict[tuple[str, str, bool], list[bool]] = defaultdict(list)
    for image, record in content.items():
        for index, question in enumerate(record["conversation"]):
            key = f"{image}#{index}"
            is_good = question["type"] == DETECTION and "/good/" in image
            right[image.split("/")[0], question["type"], is_good].append(given[key] == truth[key])
    shares: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (dataset, kind, _is_good), found in right.items():
        shares[dataset][kind].append(100 * fmean(found))
    return fmean(fmean(fmean(classes) for classes in kinds.values()) for kinds in shares.values())

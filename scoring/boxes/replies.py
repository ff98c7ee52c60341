"""What a reply says: whether the image is anomalous, and where. One published function, used for every format.

A model's own words are read as Anomaly-R1 writes them: `<think>...</think><answer>Yes. {'bbox_2d': [x1, y1, x2, y2],
'label': '...'}, {...}</answer>`, or "No." The last answer that is closed counts. Its first word is Yes or No, in either
case; then everything in braces is a box, whatever stands between. A reply is invalid, and why, in this order:

    no-answer-tag        nothing stands between <answer> and </answer>, or the reply is empty
    neither-yes-nor-no   the answer begins with neither
    not-four-numbers     a box has not four numbers, or cannot be read
    turned-box           a box ends before it begins: x1 >= x2 or y1 >= y2
    outside-frame        a box reaches over the image's edge
    too-many-boxes       more than 250
    yes-without-box      anomalous, and no box
    no-with-box          not anomalous, and a box

The first cause that any box gives counts, boxes taken in turn. An invalid reply is a wrong answer and predicts no box.
The reasoning is what stands between <think> and </think> before the answer: it is measured, never scored.
"""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from scoring.boxes.literals import NotLiteralError, read_dict
from scoring.boxes.release import MOST_BOXES

READER_VERSION = "boxes-1"
Cause = Literal[
    "no-answer-tag",
    "neither-yes-nor-no",
    "not-four-numbers",
    "turned-box",
    "outside-frame",
    "too-many-boxes",
    "yes-without-box",
    "no-with-box",
]
Rule = Literal["yes", "no"] | Cause
RULES: tuple[Rule, ...] = (
    *("yes", "no", "no-answer-tag", "neither-yes-nor-no", "not-four-numbers", "turned-box", "outside-frame"),
    *("too-many-boxes", "yes-without-box", "no-with-box"),
)
INVALID: frozenset[Rule] = frozenset(RULES[2:])

LONGEST_ANSWER = 100_000
_FIRST = re.compile(r"[\W_]*+(yes|no)(?![\w])", re.IGNORECASE)
_OPEN, _CLOSE = "<answer>", "</answer>"

Box = tuple[float, float, float, float]


class Reading(NamedTuple):
    """The boxes stand as they were written, none for an invalid reply; `reasoning` counts characters."""

    rule: Rule
    boxes: Sequence[Box] = ()
    reasoning: int = 0


def read_reply(reply: str | None, width: float, height: float) -> Reading:
    """Read one reply on an image of this extent, in the frame of the reply's boxes. Never raises."""
    reply = reply or ""
    start, end = _last_answer(reply)
    reasoning = _reasoning(reply[:start] if start >= 0 else reply)
    if end < 0:
        return Reading("no-answer-tag", (), reasoning)
    answer = reply[start + len(_OPEN) : end]
    if not answer.strip():
        return Reading("no-answer-tag", (), reasoning)
    first = _FIRST.match(answer)
    if first is None:
        return Reading("neither-yes-nor-no", (), reasoning)
    says_yes = first[1].lower() == "yes"
    return _judge(says_yes, _boxes_in(answer, first.end()), width, height, reasoning)


def read_fields(anomalous: Any, boxes: Any, width: float, height: float, reasoning: int = 0) -> Reading:
    """The same of a record's fields: true or false, and a list of objects with `bbox_2d`. Never raises."""
    if not isinstance(anomalous, bool):
        return Reading("no-answer-tag" if anomalous is None else "neither-yes-nor-no", (), reasoning)
    if boxes is not None and not isinstance(boxes, list):
        return Reading("not-four-numbers", (), reasoning)
    return _judge(anomalous, map(_four_numbers, boxes or []), width, height, reasoning)


def _last_answer(reply: str) -> tuple[int, int]:
    """Where the last answer begins that is closed, and where it ends; -1 for what is not there."""
    end = reply.rfind(_CLOSE)
    start = reply.rfind(_OPEN, 0, end) if end >= 0 else -1
    if start >= 0:
        return start, end
    return reply.find(_OPEN), -1


def _reasoning(before: str) -> int:
    start = before.find("<think>")
    if start < 0:
        return 0
    end = before.rfind("</think>")
    return len(before[start + len("<think>") : end if end >= 0 else None].strip())


def _boxes_in(answer: str, at: int) -> Iterator[Box | None]:
    """The box of every brace; None for one that is none, after which nothing is sure."""
    if len(answer) > LONGEST_ANSWER:
        yield None
        return
    while (at := answer.find("{", at)) >= 0:
        try:
            value, at = read_dict(answer, at)
        except NotLiteralError:
            yield None
            return
        yield _four_numbers(value)


def _four_numbers(value: Any) -> Box | None:
    box = value.get("bbox_2d") if isinstance(value, dict) else None
    if not isinstance(box, list) or len(box) != 4:
        return None
    if not all(type(number) in (int, float) for number in box):
        return None
    try:
        x1, y1, x2, y2 = map(float, box)
    except OverflowError:  # an integer beyond what a float holds
        return (-math.inf, -math.inf, math.inf, math.inf)
    return x1, y1, x2, y2


def _judge(
    says_yes: bool, boxes: Iterator[Box | None], width: float, height: float, reasoning: int
) -> Reading:
    found: list[Box] = []
    for box in boxes:
        if cause := _fault_of(box, width, height):
            return Reading(cause, (), reasoning)
        if len(found) == MOST_BOXES:
            return Reading("too-many-boxes", (), reasoning)
        if box is not None:
            found.append(box)
    if says_yes and not found:
        return Reading("yes-without-box", (), reasoning)
    if found and not says_yes:
        return Reading("no-with-box", (), reasoning)
    return Reading("yes" if says_yes else "no", found, reasoning)


def _fault_of(box: Box | None, width: float, height: float) -> Cause | None:
    if box is None:
        return "not-four-numbers"
    x1, y1, x2, y2 = box
    if not (x1 < x2 and y1 < y2):
        return "turned-box"
    if x1 < 0 or y1 < 0 or x2 > width or y2 > height:
        return "outside-frame"
    return None

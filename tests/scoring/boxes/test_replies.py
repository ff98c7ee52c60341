import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.boxes.replies import INVALID, RULES, Rule, read_fields, read_reply
from tests.scoring.boxes.shapes import reply

PAPER = (
    "<think> The cable on the left is missing. </think>"
    "<answer>Yes. {'bbox_2d': [154, 78, 303, 205], 'label': 'missing cable'}, "
    "{'bbox_2d': [1.5, 2, 30, 44.25], 'label': \"the user's mark\"}</answer>"
)


def test_the_models_own_words() -> None:
    found = read_reply(PAPER, 448, 448)
    assert found.rule == "yes"
    assert found.boxes == [(154, 78, 303, 205), (1.5, 2, 30, 44.25)]
    assert found.reasoning == len("The cable on the left is missing.")
    assert read_reply("<think>All well.</think><answer>No.</answer>", 448, 448) == ("no", [], 9)


BOX = "{'bbox_2d': [1, 2, 3, 4], 'label': 'x'}"


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (f"<answer>yes {BOX}</answer>", "yes"),
        (f"<answer>\n**Yes**: there is one at {BOX}.\n</answer>", "yes"),
        (f"<answer>Yes. [{BOX}, {BOX}]</answer>", "yes"),
        ('<answer>Yes. {"bbox_2d": [1, 2, 3, 4], "label": null}</answer>', "yes"),
        ("<answer>Yes. {'label': 'a } in it', 'bbox_2d': [1, 2, 3, 4,],}</answer>", "yes"),
        ("<answer>Yes. {'bbox_2d': [1, 2, 3, 448]}</answer>", "yes"),
        ("<answer>NO</answer>", "no"),
        (f"<answer>Yes.</answer> or rather <answer>Yes. {BOX}</answer>", "yes"),
        (f"<think>I write <answer>Yes</answer></think><answer>Yes. {BOX}</answer>", "yes"),
        ("", "no-answer-tag"),
        ("No.", "no-answer-tag"),
        ("<answer></answer>", "no-answer-tag"),
        (f"<answer>Yes. {BOX}", "no-answer-tag"),
        ("</answer>Yes<answer>", "no-answer-tag"),
        ("<answer>Maybe.</answer>", "neither-yes-nor-no"),
        ("<answer>Nothing.</answer>", "neither-yes-nor-no"),
        (f"<answer>{BOX}</answer>", "neither-yes-nor-no"),
        ("<answer>Yes. {'bbox_2d': [1, 2, 3]}</answer>", "not-four-numbers"),
        ("<answer>Yes. {'bbox_2d': [1, 2, 3, '4']}</answer>", "not-four-numbers"),
        ("<answer>Yes. {'bbox_2d': [1, 2, 3, True]}</answer>", "not-four-numbers"),
        ("<answer>Yes. {'box': [1, 2, 3, 4]}</answer>", "not-four-numbers"),
        ("<answer>Yes. {'bbox_2d': [1, 2, 3, nan]}</answer>", "not-four-numbers"),
        ("<answer>Yes. {'bbox_2d': [1, 2, 3, 2 + 2]}</answer>", "not-four-numbers"),
        ("<answer>Yes. {'bbox_2d': list(range(4))}</answer>", "not-four-numbers"),
        ("<answer>Yes. {__import__('os').abort()}</answer>", "not-four-numbers"),
        (f"<answer>Yes. {BOX}, {{'bbox_2d': [1, 2</answer>", "not-four-numbers"),
        (f"<answer>Yes. {{'bbox_2d': {'[' * 50}</answer>", "not-four-numbers"),
        ("<answer>Yes. {'bbox_2d': [3, 2, 3, 4]}</answer>", "turned-box"),
        ("<answer>Yes. {'bbox_2d': [1, 5, 3, 4]}</answer>", "turned-box"),
        ("<answer>Yes. {'bbox_2d': [-1, 2, 3, 4]}</answer>", "outside-frame"),
        ("<answer>Yes. {'bbox_2d': [1, 2, 3, 448.5]}</answer>", "outside-frame"),
        ("<answer>Yes. {'bbox_2d': [1, 2, 3, 1e999]}</answer>", "outside-frame"),
        (f"<answer>Yes. {', '.join([BOX] * 251)}</answer>", "too-many-boxes"),
        ("<answer>Yes.</answer>", "yes-without-box"),
        ("<answer>Yes. [1, 2, 3, 4]</answer>", "yes-without-box"),
        (f"<answer>No. {BOX}</answer>", "no-with-box"),
    ],
)
def test_each_cause(answer: str, rule: Rule) -> None:
    found = read_reply(answer, 448, 448)
    assert found.rule == rule
    assert bool(found.boxes) == (rule == "yes")


@pytest.mark.parametrize(
    ("anomalous", "boxes", "rule"),
    [
        (True, [{"bbox_2d": [1, 2, 3, 4]}], "yes"),
        (False, [], "no"),
        (False, None, "no"),
        (None, [], "no-answer-tag"),
        ("yes", [], "neither-yes-nor-no"),
        (True, {"bbox_2d": [1, 2, 3, 4]}, "not-four-numbers"),
        (True, [[1, 2, 3, 4]], "not-four-numbers"),
        (True, [{"bbox_2d": [1, 2, 3, True]}], "not-four-numbers"),
        (True, [{"bbox_2d": [1, 2, 3, 10**400]}], "outside-frame"),
        (True, [{"bbox_2d": [1, 2, 1, 4]}], "turned-box"),
        (True, [{"bbox_2d": [1, 2, 3, 4]}] * 251, "too-many-boxes"),
        (True, [], "yes-without-box"),
        (False, [{"bbox_2d": [1, 2, 3, 4]}], "no-with-box"),
    ],
)
def test_each_cause_in_a_record(anomalous: object, boxes: object, rule: Rule) -> None:
    assert read_fields(anomalous, boxes, 448, 448).rule == rule


def test_every_cause_is_tried_here() -> None:
    assert {"yes", "no"} | INVALID == set(RULES)
    tried = {mark.args[1][at][-1] for mark in test_each_cause.pytestmark for at in range(len(mark.args[1]))}  # type: ignore[attr-defined]
    assert tried == set(RULES)


@given(st.text())
def test_nothing_is_raised(text: str) -> None:
    for answer in (text, f"<answer>Yes. {{{text}}}</answer>", f"<answer>{text}</answer>"):
        assert read_reply(answer, 448, 448).rule in RULES


@given(
    st.lists(
        st.tuples(*[st.integers(0, 200), st.integers(0, 200), st.integers(201, 448), st.floats(201, 448)])
    )
)
def test_what_is_written_is_read(boxes: list[tuple[float, ...]]) -> None:
    assert [tuple(box) for box in read_reply(reply(boxes), 448, 448).boxes] == boxes


@pytest.mark.parametrize(
    "text",
    [
        "<answer>" * 100_000,
        "<answer></answer>" * 50_000,
        "<think>" * 100_000,
        "<answer>" + "_" * 500_000 + "</answer>",
        "<answer>Yes" + "{" * 500_000 + "</answer>",
        "<answer>Yes" + "{'a':" * 100_000 + "</answer>",
        "<answer>Yes {'" + "\\'" * 40_000 + "</answer>",
        "<answer>Yes" + " " * 500_000 + "{</answer>",
        "<answer>Yes {'bbox_2d': [" + "1" * 90_000 + "]}</answer>",
        "<answer>Yes {'bbox_2d': [" + "1," * 45_000 + "]}</answer>",
        "<answer>Yes " + "{} " * 30_000 + "</answer>",
    ],
    ids=lambda text: text[:24],
)
def test_no_reply_takes_more_than_linear_time(text: str) -> None:
    """A hang guard: each takes milliseconds, and minutes where it is quadratic."""
    started = time.process_time()
    for _ in range(3):
        assert read_reply(text, 448, 448).rule in INVALID
    assert time.process_time() - started < 3

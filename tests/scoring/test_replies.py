import time
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.replies import UNREAD, Rule, read

FOUR = ("Scratch.", "Break or crack.", "Crack.", "Both A and B.")
YES_NO = ("Yes.", "No.")
FIVE = ("Plastic cup", "Rotten apple", "Wheel hub", "Metal can", "Dark glass")


@pytest.mark.parametrize(
    ("reply", "letter", "rule"),
    [
        # Only the letter, with punctuation.
        ("B", "B", "letter"),
        ("B.", "B", "letter"),
        ("(B)", "B", "letter"),
        ("**C**", "C", "letter"),
        (" b )\n", "B", "letter"),
        ("'D'", "D", "letter"),
        # Marked.
        ("Answer: C", "C", "marked"),
        ("answer: c", "C", "marked"),
        ("**Answer:** D", "D", "marked"),
        ("**Answer: D**", "D", "marked"),
        ("1. Answer: B.", "B", "marked"),
        ("The correct answer is (C).", "C", "marked"),
        ("The answer is B because of the line", "B", "marked"),
        ("The best answer is option **C**.", "C", "marked"),
        ("<answer>A</answer>", "A", "marked"),
        ("<think>Is it (x)?</think>\n<answer> D. </answer>", "D", "marked"),
        ("so \\boxed{B}", "B", "marked"),
        ("\\boxed{\\text{B}}", "B", "marked"),
        ("(B) No.", "B", "marked"),
        ("I choose (C), as the rim is broken", "C", "marked"),
        ("C: dark glass", "C", "marked"),
        ("c) dark glass", "C", "marked"),
        ("B. The line is broken", "B", "marked"),
        ("**B.** The line is broken", "B", "marked"),
        ("Option B", "B", "marked"),
        ("Answer B", "B", "marked"),
        ("Answer: A\n\nThe rim is whole.", "A", "marked"),
        ("(A) or rather Answer: A", "A", "marked"),
        ("The rim is broken.\n\nC", "C", "marked"),
        # The option's text.
        ("Scratch", "A", "option-text"),
        ("I see a SCRATCH there", "A", "option-text"),
        ("break  or\ncrack", "B", "option-text"),
        ("There is a break or crack.", "B", "option-text"),
        ("crack", "C", "option-text"),
        ("Both A and B.", "D", "option-text"),
        # Not read.
        ("", None, "empty"),
        (None, None, "empty"),
        (" \n", None, "empty"),
        ("...", None, "none"),
        ("A defect is visible.", None, "none"),
        ("a defect is visible.", None, "none"),
        ("Answer: A defect is visible.", None, "none"),
        ("The answer is a scratchy thing", None, "none"),
        ("A or B", None, "none"),
        ("The answer is I think a rim", None, "none"),
        ("Scratched", None, "none"),
        ("A scratch and a crack", None, "none"),
        ("(A) or (B)", None, "conflicting"),
        ("Answer: A. No, Answer: B.", None, "conflicting"),
        ("A. Scratch.\nB. Break or crack.", None, "conflicting"),
        ("E", None, "outside"),
        ("Z.", None, "outside"),
        ("Answer: E", None, "outside"),
        ("E: none of these", None, "outside"),
    ],
)
def test_four_options(reply: str | None, letter: str | None, rule: str) -> None:
    reading = read(reply, FOUR)
    assert (reading.letter, reading.rule) == (letter, rule)


@pytest.mark.parametrize(
    ("reply", "options", "letter", "rule"),
    [
        ("Yes", YES_NO, "A", "yes-no"),
        ("no.", YES_NO, "B", "yes-no"),
        ("No, it is as it should be.", ("No.", "Yes."), "A", "yes-no"),
        ("Yes", ("Yes, it shows one.", "No, it does not."), "A", "yes-no"),
        ("There is no defect.", YES_NO, "B", "option-text"),
        ("There is no defect.", ("Yes, one.", "No, none."), None, "none"),
        ("Yes and no", YES_NO, None, "none"),
        ("A defect is visible.", YES_NO, None, "none"),
        ("The surface looks normal.", YES_NO, None, "none"),
        ("Abnormal", ("Normal.", "Abnormal."), "B", "option-text"),
        ("Yes", ("Normal.", "Abnormal."), None, "none"),
        ("Yes", FIVE, None, "none"),
        ("C", YES_NO, None, "outside"),
        ("E: Dark glass", FIVE, "E", "marked"),
        ("Dark glass bottle", FIVE, "E", "option-text"),
    ],
)
def test_other_options(reply: str, options: tuple[str, ...], letter: str | None, rule: str) -> None:
    reading = read(reply, options)
    assert (reading.letter, reading.rule) == (letter, rule)


TWENTY_SIX = tuple(f"the {letter * 3} mark" for letter in "abcdefghijklmnopqrstuvwxyz")


@pytest.mark.parametrize(
    "form", ["{}", "{}.", "({})", "{}: it is", "{}. it is", "**{}**", "Option {}", "so:\n{}\nok"]
)
@pytest.mark.parametrize("letter", ["A", "F", "I", "Q", "Z"])
def test_a_letter_after_e_is_marked_where_there_are_so_many_options(letter: str, form: str) -> None:
    assert read(form.format(letter), TWENTY_SIX).letter == letter
    if letter > "E":
        assert read(form.format(letter), FIVE).letter is None


@pytest.mark.parametrize(
    ("reply", "rule"),
    [("G: it is", "outside"), ("(F) or (B)", "conflicting"), ("I see a rim", "none"), ("f) it is", "marked")],
)
def test_the_letters_that_are_marks_end_with_the_options(reply: str, rule: str) -> None:
    assert read(reply, TWENTY_SIX[:6]).rule == (rule if rule != "outside" else "none")
    assert read("G", TWENTY_SIX[:6]).rule == "outside"


def test_equal_options_are_not_told_apart_by_text() -> None:
    assert read("Same", ("Same", "Same.", "Other")).letter is None


@given(st.none() | st.text(), st.lists(st.text(max_size=12), min_size=2, max_size=5))
def test_any_reply_is_read_or_not_but_never_fails(reply: str | None, options: list[str]) -> None:
    reading = read(reply, options)
    assert reading.rule in get_args(Rule)
    assert (reading.letter is not None) == (reading.rule not in UNREAD)
    assert reading.letter is None or "ABCDE".index(reading.letter) < len(options)


@given(
    st.sampled_from("ABCDE"),
    st.sampled_from(["{}", "{}.", "({})", "Answer: {}", "({}) it is", "{}: x", "**{}**"]),
)
def test_a_marked_letter_is_read_in_every_common_form(letter: str, form: str) -> None:
    assert read(form.format(letter), FIVE).letter == letter


@given(st.text(alphabet="ABCDE().:* \nansweroptin", max_size=40))
def test_reading_is_the_same_for_spaced_and_trimmed_replies(reply: str) -> None:
    assert read(f"  {reply}\n", FIVE) == read(reply, FIVE)


def test_a_very_long_reply_takes_no_long_time() -> None:
    assert read("(" * 3_000_000 + "Answer: B", FIVE).letter == "B"
    assert read("A defect " * 500_000, FIVE).letter is None


HOSTILE = [
    "The answer is" + "\n" * 7_900 + "unclear 5",
    "answer:" + " " * 7_900 + "1",
    "answer:" + " \n" * 3_900 + "1",
    "answer" + "* " * 3_900 + "1",
    "answer: " + "*" * 7_900 + "1",
    "answer is (" + "`" * 7_900 + "1",
    "answer " * 1_100,
    "answer: option " * 500,
    "<answer>" + "'" * 7_900,
    "<answer>" * 1_000,
    "**" + " " * 7_900 + "A",
    "** " * 2_600,
    "** A " * 1_600,
    "\\boxed" + " " * 7_900,
    "\\boxed{ " * 900,
    "(" + " " * 7_900 + "A",
    "( A " * 2_000,
    "\n*" * 4_000 + "1",
    "*" * 7_900 + "1",
    "A " * 4_000,
    "A\u00a0\n" * 2_600,
    "option " * 1_100,
    "." * 7_900 + "1 1",
]


@pytest.mark.parametrize("reply", HOSTILE, ids=lambda reply: repr(reply[:20]))
def test_no_reply_takes_more_than_linear_time(reply: str) -> None:
    """A hang guard: on a slow machine 100 take a tenth of a second, and minutes where a rule is quadratic."""
    started = time.process_time()
    for number in range(100):
        read(f"{reply} {number}", FIVE if number % 2 else TWENTY_SIX)
    assert time.process_time() - started < 5


def test_no_option_text_takes_long_to_look_for() -> None:
    options = tuple("a b " * 200 + letter for letter in "abcdefghijklmnopqrstuvwxyz")
    reply = " ".join(["a b " * 1_000, *(option[-100:] for option in options), options[3], options[4] + "x"])
    started = time.process_time()
    for number in range(20):
        read(f"{reply} {number}", options)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("letter", ["\u0130", "\u0131", "\u017f", "\u212a"])
def test_a_letter_that_is_not_ascii_is_no_letter(letter: str) -> None:
    """Without regard to case a pattern takes them for i, s and k."""
    for reply in (f"Answer: {letter}", f"<answer>{letter}</answer>", letter, f"({letter})"):
        assert read(reply, FIVE).rule == "none"


@pytest.mark.parametrize("space", ["   ", "\n\n\n", " \n \n ", "\t\r\n", "\u00a0 \n\t"])
@pytest.mark.parametrize(
    ("form", "letter"),
    [
        ("The answer is{}B", "B"),
        ("Answer:{}B.", "B"),
        ("**Answer{}:{}**{}B", "B"),
        ("it is **{}B{}**", "B"),
        ("it is \\boxed{}{{{}B{}}}", "B"),
        ("it is so.{}{}(B) line", "B"),
        ("Answer:{}A defect", None),
    ],
)
def test_a_run_of_white_space_counts_like_a_short_one(form: str, letter: str | None, space: str) -> None:
    assert read(form.format(space, space, space), FIVE).letter == letter


def test_a_line_break_in_white_space_still_starts_a_line() -> None:
    assert read("It is the rim.  \n \n   B. The line", FIVE).letter == "B"
    assert read("It is the rim, see    B. The line", FIVE).letter is None
    assert read("It is the rim.\n\n   C  \n\n and so on", FIVE).letter == "C"

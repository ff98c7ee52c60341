"""The reader of raw replies: which option, if any, a model's words choose.

One published function, used for every format. The rules, in the order in which they are tried:

    empty           nothing but white space, or no reply at all                               unread
    letter          only a letter, with punctuation: "B", "B.", "(B)", "**b**"
    marked          a marked letter: "Answer: B", "the answer is B", "(B) ...", and at the start of a line
                    "B: ...", "B. ..." or "B) ..."; a line of the letter alone; also \\boxed{B} and
                    <answer>B</answer>
    conflicting     two different marked letters                                              unread
    outside         the letter is none of the question's options                              unread
    yes-no          two options, one beginning with yes and one with no: the reply's first word
    option-text     exactly one option's text stands in the reply, as whole words
    none            nothing of the above                                                      unread

"A defect is visible." has no marked letter: a letter followed by more words is a word, not a mark. A to E are
marked in all these forms whatever the options, so that a letter outside of them is told; the letters after E
where the question has so many options.
Option text is compared without regard to case, runs of white space and the punctuation around it; where
one option's text is part of another's, only the longer one counts where it stands.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from string import ascii_uppercase, punctuation, whitespace
from typing import Literal, NamedTuple

READER_VERSION = "2"
Rule = Literal["letter", "marked", "yes-no", "option-text", "empty", "conflicting", "outside", "none"]
# Under these a reply stays unread.
UNREAD: frozenset[Rule] = frozenset({"empty", "conflicting", "outside", "none"})

# Only the beginning and the end of a very long reply are read: the work stays bounded.
_LONGEST_REPLY = 8_000

# What a cache keeps stays small, whatever files say.
_LONGEST_KEPT = 1_000

# Whoever sends a file writes the replies: each pattern has to take linear time on any of them. Runs of white
# space are made short first, and no run of characters is left that two parts of a pattern could share.
_RUN = re.compile(r"\s{2,}")
_BARE = re.compile(r"[\W_]*+([A-Za-z])[\W_]*+")
_QUOTES = r"[\s*_`\"'‘’“”]*+"
_OPEN = rf"{_QUOTES}[(\[{{]?+{_QUOTES}"
# Without regard to case [A-Za-z] would also match four letters that are not ASCII.
_LETTER = r"((?-i:[A-Za-z]))"
# After a letter that is meant as one comes its end: punctuation, a line's end, nothing.
# "A" and "I" are also English words, so a word may follow only other letters.
_ENDED = r"(?![\w'’])(?:(?=\s*(?:[^\w\s]|$|\n))|(?<![AaIi])(?=\s))"
# Where a question has more options than five, A-E stands for all of their letters.
_MARKS = (
    (
        rf"\banswer{_QUOTES}(?:(?<=\s)is|(?<=\s)would\s+be|[:：=])\s*+(?:option\b|choice\b)?+"
        rf"{_OPEN}{_LETTER}{_ENDED}",
        re.IGNORECASE,
    ),
    (rf"<answer>{_OPEN}{_LETTER}{_ENDED}", re.IGNORECASE),
    (r"\\boxed\s*\{\s*(?:\\text\s*\{\s*)?([A-Za-z])\s*\}", 0),
    (r"(?<!\w)[(（]\s*([A-E])\s*[)）]", 0),
    (r"\A[\s*_]*+[(（]\s*([a-e])\s*[)）]", 0),
    (r"^[ \t*_#>-]*+(?:option\s+|choice\s+)?([A-E])(?:\s*[:：)]|\*{0,2}[.、](?=[\s*]))", re.MULTILINE),
    (r"^[^\w\n]*+([A-E])[^\w\n]*+$", re.MULTILINE),
    (r"\A[\s*_]*+([a-e])\s*[:)]", 0),
    (r"\A[\s*_]*+(?:[Oo]ption|[Cc]hoice)\s+([A-E])\b", 0),
    (rf"\A[\s*_]*+[Aa]nswer\s+([A-E]){_ENDED}", 0),
    (r"\*\*\s*([A-E])\s*[.:)]?\s*\*\*", 0),
)
_WORD = re.compile(r"\w+")
_PUNCTUATION = f"{punctuation}{whitespace}‘’“”«»…。，：；！？（）"


class Reading(NamedTuple):
    """What was read: a letter among the options or None, the rule, and the letter as written."""

    letter: str | None
    rule: Rule
    written: str | None = None


def read(reply: str | None, options: Sequence[str]) -> Reading:
    """Read one reply to a question with these options, lettered from A. Never raises."""
    reply = _shorten((reply or "").strip())
    last = ascii_uppercase[min(max(len(options), 5), 26) - 1]
    named = _kept_letter(reply, last) if len(reply) <= _LONGEST_KEPT else _read_letter(reply, last)
    letter, rule = named
    if letter is not None and rule is not None:
        if ascii_uppercase.index(letter) < len(options):
            return Reading(letter, rule, letter)
        return Reading(None, "outside", letter)
    if rule is not None:
        return Reading(None, rule)
    options = tuple(options)
    is_short = len(reply) + sum(map(len, options)) <= _LONGEST_KEPT
    return _kept_text(reply, options) if is_short else _read_text(reply, options)


@cache
def _marks(last: str) -> tuple[re.Pattern[str], ...]:
    """The marks of the letters up to this one."""
    letters = {"A-E": f"A-{last}", "a-e": f"a-{last.lower()}"}
    return tuple(
        re.compile(re.sub("A-E|a-e", lambda found: letters[found.group()], pattern), flags)
        for pattern, flags in _MARKS
    )


def _read_letter(reply: str, last: str) -> tuple[str | None, Rule | None]:
    """The letter up to `last` that a trimmed reply names in itself, and the rule: what needs no options to be said.

    (letter, rule) when one is named, (None, rule) when the reply is unreadable whatever the options,
    (None, None) when the options' texts decide.
    """
    if not reply:
        return None, "empty"
    if bare := _BARE.fullmatch(reply):
        return bare.group(1).upper(), "letter"
    text = _RUN.sub(_shorten_run, reply)
    letters = {found.upper() for mark in _marks(last) for found in mark.findall(text)}
    if len(letters) > 1:
        return None, "conflicting"
    return (letters.pop(), "marked") if letters else (None, None)


def _shorten(reply: str) -> str:
    if len(reply) <= _LONGEST_REPLY:
        return reply
    return f"{reply[: _LONGEST_REPLY // 2]}\n{reply[-_LONGEST_REPLY // 2 :]}"


def _shorten_run(found: re.Match[str]) -> str:
    """White space that the rules take like the whole run: with its line break, and with what is no blank."""
    _, line_break, indent = found.group().rpartition("\n")
    return line_break + (indent.strip(" \t")[:1] or indent[:1])


def _read_text(reply: str, options: tuple[str, ...]) -> Reading:
    folded = _fold(reply)
    chosen = _read_yes_no(folded, options)
    if chosen is not None:
        return Reading(ascii_uppercase[chosen], "yes-no")
    standing = _standing(folded, [_fold(option) for option in options])
    if len(standing) == 1:
        return Reading(ascii_uppercase[standing[0]], "option-text")
    return Reading(None, "none")


_kept_letter = lru_cache(maxsize=4096)(_read_letter)
_kept_text = lru_cache(maxsize=4096)(_read_text)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split()).strip(_PUNCTUATION)


def _read_yes_no(reply: str, options: tuple[str, ...]) -> int | None:
    """The option that a reply's first word, yes or no, stands for; None when it says both or neither."""
    if len(options) != 2:
        return None
    firsts = [(_WORD.findall(option.casefold()) or [""])[0] for option in options]
    words = _WORD.findall(reply)
    said = {"yes", "no"}.intersection(words)
    if sorted(firsts) != ["no", "yes"] or len(said) != 1 or words[0] not in said:
        return None
    return firsts.index(words[0])


def _standing(reply: str, options: list[str]) -> list[int]:
    """The options whose text stands in the reply, each occurrence counted for the longest option only."""
    standing = [position for position, option in enumerate(options) if option and option in reply]
    if reply in options:
        standing = [position for position in standing if options[position] == reply]
    elif len(standing) == 1:
        standing = [at for at in standing if _without(reply, options[at]) != reply]
    elif standing:
        standing = _longest_first(reply, options, standing)
    return standing


def _longest_first(reply: str, options: list[str], standing: list[int]) -> list[int]:
    found: list[int] = []
    for option in sorted({options[position] for position in standing}, key=len, reverse=True):
        rest = _without(reply, option)
        if rest != reply:
            found.extend(position for position in standing if options[position] == option)
        reply = rest
    return found


def _without(reply: str, option: str) -> str:
    """The reply with a gap wherever the option stands as whole words. Finding beats a pattern in the worst case."""
    parts = []
    kept = 0
    at = reply.find(option)
    while at >= 0:
        end = at + len(option)
        if _is_word(reply[at - 1 : at]) or _is_word(reply[end : end + 1]):
            at = reply.find(option, at + 1)
        else:
            parts.append(reply[kept:at])
            kept = end
            at = reply.find(option, end)
    return "\0".join([*parts, reply[kept:]])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"

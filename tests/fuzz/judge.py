"""What may become of an input: it is scored, or rejected in words that people can read. All else is a fault of ours."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

import msgspec
import numpy as np

from scoring.answers import read
from scoring.answers.recognise import HEAD_SIZE, recognise
from scoring.answers.sheet import UNREAD, Sheet
from scoring.errors import LONGEST_QUOTE, UNSHOWABLE, PredictionError, Problem, UnsupportedFileError
from scoring.evaluate import Evaluation, evaluate
from scoring.release import Release
from submissions import messages
from submissions.wording.causes import CAUSES
from tests.fuzz.inputs import Input

Outcome = Literal["scored", "rejected"]
Evaluate = Callable[..., Evaluation]

MOST_SECONDS = 20.0  # of the processor's time; honest ones take a thousandth of one
LONGEST_SENTENCE = 2_000
MOST_LOOKED_AT = 50


class WrongError(AssertionError):
    """An outcome that is none of those allowed."""


class Judge:
    """Reads inputs against a release. `other` has the same questions and another truth."""

    def __init__(self, release: Release, other: Release, evaluate: Evaluate = evaluate) -> None:
        self._release = release
        self._other = other
        self._evaluate = evaluate
        self.slowest = 0.0  # seconds of the processor that the reading of one input took

    def judge(self, given: Input) -> Outcome:
        """Raises what the readers raise and must not, or WrongError."""
        refused = _refused(given.data)
        began = time.process_time()
        with _limited():
            found = self._outcome(given, self._release)
        self.slowest = max(self.slowest, time.process_time() - began)
        if isinstance(found, Evaluation):
            _expect(refused is None, "scored, though the door refuses it", refused)
            self._check_scored(found, given)
        else:
            # The packing of the whole file is judged before what is in it.
            codes = {refused, "damaged-gzip", "expands-too-far"}
            _expect(refused is None or bool(codes & found.counts.keys()), "refused, but not for", refused)
            _check_fault(found)
            # What a sender is told follows from the file and the public questions alone.
            again = self._outcome(given, self._other)
            same = isinstance(again, PredictionError) and again.problems == found.problems
            _expect(same, "another truth, other problems")
        if refused is None:
            self._check_ways(given.data)
        return "scored" if isinstance(found, Evaluation) else "rejected"

    def _outcome(self, given: Input, release: Release) -> Evaluation | PredictionError:
        try:
            return self._evaluate(given.data, release, partial=given.partial)
        except PredictionError as error:
            return error

    def _check_scored(self, found: Evaluation, given: Input) -> None:
        sheet, report, release = found.sheet, found.report, self._release
        read_ones = sheet.codes != UNREAD
        _expect(
            bool(np.all(sheet.codes[read_ones] < release.option_counts[read_ones])), "outside the options"
        )
        _expect(not np.any(read_ones & ~sheet.present), "read and not present")
        _expect(sum(sheet.readings.values()) == int(sheet.present.sum()), "readings are not the records")
        _expect(_are_same(Sheet.decode(sheet.encode()), sheet), "the sheet is not kept as it is")
        bits = np.unpackbits(np.frombuffer(found.outcomes, dtype=np.uint8))
        correct = sum(cell.correct for cell in report.cells)
        _expect(correct == int(bits.sum()), "the cells are not the outcomes")
        scores = [score for _name, score in report.figures() if score is not None]
        _expect(all(0 <= score <= 100 for score in scores), "a score beyond 0 to 100")
        _expect(0 <= report.coverage <= report.present <= 1, "shares beyond 0 to 1")
        _expect((report.score is None) == bool(report.partial), "an overall score of a part")
        _expect(set(report.partial) == set(given.partial) or not report.partial, "other subtasks")
        msgspec.json.encode(report.to_dict())

    def _check_ways(self, data: bytes) -> None:
        """What the quick way takes, the careful one reads as the same."""
        try:
            body, format_name = read._open(data)
        except PredictionError:
            return
        quick = read.read_quickly(body, format_name, self._release)
        if quick is None:
            return
        try:
            careful = read.read_records(body, format_name, self._release)
        except PredictionError as error:
            raise WrongError(f"only the quick way takes it: {error}") from error
        _expect(_are_same(quick, careful), "the quick way reads it differently")


def _refused(data: bytes) -> str | None:
    """The code with which the door refuses the file."""
    try:
        recognise(data[:HEAD_SIZE])
    except UnsupportedFileError as error:
        sentence = messages.refusal(f"file-{error.code}", error.params)
        _expect("{" not in sentence, "a name is left in the sentence", error.code)
        return error.code
    return None


def _check_fault(error: PredictionError) -> None:
    _expect(bool(error.problems), "rejected without a problem")
    _expect(error.total == sum(error.counts.values()) >= len(error.problems), "counted wrongly")
    _expect({problem.code for problem in error.problems} <= error.counts.keys(), "a code is not counted")
    for code in error.counts:
        _expect(code in CAUSES, "no cause of this name", code)
    kept = msgspec.json.encode([problem.to_dict() for problem in error.problems])
    # PostgreSQL's jsonb takes no NUL, whatever the column beside it would.
    _expect(b"\\u0000" not in kept.replace(b"\\\\", b""), "a NUL in what is stored")
    for problem in error.problems[:MOST_LOOKED_AT]:
        _check_problem(problem)


def _check_problem(problem: Problem) -> None:
    _expect(problem.line is None or 1 <= problem.line < 2**31, "no such line", problem)
    for text in (problem.field or "", *problem.params.values()):
        _expect(not isinstance(text, str) or not UNSHOWABLE.search(text), "cannot be shown", problem)
        _expect(not isinstance(text, str) or len(text) <= LONGEST_QUOTE, "too long", problem)
    sentence = messages.problem(problem.code, problem.params, field=problem.field)
    _expect(f"({problem.code})" not in sentence, "has no sentence", problem)
    _expect(len(sentence) <= LONGEST_SENTENCE, "a very long sentence", problem)


def _are_same(one: Sheet, other: Sheet) -> bool:
    return (
        np.array_equal(one.codes, other.codes)
        and np.array_equal(one.present, other.present)
        and (one.readings, one.format) == (other.readings, other.format)
    )


def _expect(holds: bool, *otherwise: object) -> None:
    if not holds:
        raise WrongError(*otherwise)


@contextmanager
def _limited() -> Iterator[None]:
    """Break off what would never end."""
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def ring(_number: int, _frame: FrameType | None) -> None:
    """What SIGPROF is to lead to."""
    raise WrongError(f"not read in {MOST_SECONDS} s")

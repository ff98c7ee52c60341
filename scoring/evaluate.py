"""From an answer file to its report."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from scoring import answered
from scoring.answered import Answered
from scoring.answers.sheet import Sheet
from scoring.definition import Definition
from scoring.release import Release
from scoring.report import Report
from scoring.statistics.estimates import intervals_of
from scoring.statistics.strata import Flags
from scoring.tabulate import SCORER_VERSION, tabulate
from scoring.transfer import Transfer

__all__ = ["SCORER_VERSION", "Answered", "Evaluation", "carry", "evaluate", "mark", "score", "score_all"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report, a bit per question (1 is right) in the release's order, padded with zeros to a byte, and the sheet.

    An excluded question's bit is 0.

    Together with the answers the outcomes are the truth: they belong where it is kept.
    """

    report: Report
    outcomes: bytes
    sheet: Sheet = field(compare=False)


def evaluate(
    data: bytes, release: Release, *, partial: Sequence[str] = (), definition: Definition | None = None
) -> Evaluation:
    """Score an answer file as it was sent, perhaps gzipped. Missing and unreadable answers are wrong.

    `partial` names the subtasks to score where the file is not about all of them; records for others
    are checked like all records, but not scored. Naming every subtask is the same as naming none.
    `definition` is the benchmark's present one, where it may be later than the release's own.
    Raises ReleaseError when the release's questions are not the same by it (see `Release.under`), and
    PredictionError when the file is at fault: with every record that cannot be matched, is
    repeated or malformed; else when too few of the questions have a record.
    """
    if definition is not None:
        release = release.under(definition)
    found = answered.check(data, release, partial=partial)
    return score(found.sheet, release, found.scored)


def score(sheet: Sheet, release: Release, scored: Collection[int] | None = None) -> Evaluation:
    """Score a sheet, whatever it lacks; `scored` holds the positions of the subtasks, None is all."""
    every = range(len(release.definition.subtasks))
    return score_all([Answered(sheet, frozenset(every if scored is None else scored))], release)[0]


def score_all(sheets: Sequence[Answered], release: Release) -> list[Evaluation]:
    """The same of several, which is faster than one after the other."""
    marked = [(mark(sheet, release, scored), scored) for sheet, scored in sheets]
    return [
        Evaluation(
            tabulate(sheet, correct, release, scored).with_intervals(its_intervals),
            np.packbits(correct).tobytes(),
            sheet,
        )
        for (sheet, _), (correct, scored), its_intervals in zip(
            sheets, marked, intervals_of(marked, release), strict=True
        )
    ]


def mark(sheet: Sheet, release: Release, scored: Collection[int]) -> Flags:
    """Which questions are answered rightly, of those that count and belong to these subtasks."""
    correct: Flags = (sheet.codes == release.truth) & release.counted
    if len(scored) < len(release.definition.subtasks):
        correct &= np.isin(release.subtasks, list(scored))
    return correct


def carry(sheet: Sheet, of: Release, to: Release, *, partial: Sequence[str] = ()) -> Answered:
    """What a file said of one release's questions, as answers to another release's.

    Raises PredictionError, with the code too-few-records, when by far too few of its questions are answered.
    """
    return answered.check_present(transfer(of, to).carry(sheet), to, partial=partial)


@lru_cache(maxsize=4)
def transfer(of: Release, to: Release) -> Transfer:
    """How answers go from one release to another, kept for the last few pairs."""
    return Transfer.between(of, to)

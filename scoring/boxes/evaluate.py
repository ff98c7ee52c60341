"""From an answer file to its report."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from scoring.boxes import answered
from scoring.boxes.answered import BoxAnswered
from scoring.boxes.geometry import DEFAULT_FRAME
from scoring.boxes.release import BoxRelease
from scoring.boxes.report import BoxReport
from scoring.boxes.sheet import BoxSheet
from scoring.boxes.tabulate import SCORER_VERSION, mark, tabulate
from scoring.boxes.transfer import BoxTransfer
from scoring.definition import Definition

__all__ = [
    "SCORER_VERSION",
    "BoxAnswered",
    "BoxEvaluation",
    "carry",
    "evaluate",
    "mark",
    "score",
    "score_all",
]


@dataclass(frozen=True, slots=True)
class BoxEvaluation:
    """A report, the marks that it was counted from as `Marks.encode` packs them, and the sheet.

    Together with the answers the outcomes are the truth: they belong where it is kept.
    """

    report: BoxReport
    outcomes: bytes
    sheet: BoxSheet = field(compare=False)


def evaluate(
    data: bytes,
    release: BoxRelease,
    *,
    partial: Sequence[str] = (),
    definition: Definition | None = None,
    frame: str = DEFAULT_FRAME,
) -> BoxEvaluation:
    """Score an answer file as it was sent, perhaps gzipped. Missing and invalid answers are wrong.

    `partial` names the subtask to score where the file is not about both: records are read as ever, and one of the
    figures is left out. `definition` is the benchmark's present one, where it may be later than the release's own.
    `frame` says what the file's boxes are measured in. Raises ReleaseError when the release cannot be read by that
    definition, and PredictionError when the file is at fault: with every record that cannot be matched, is repeated or
    malformed; else when too few of the images have a record.
    """
    if definition is not None:
        release = release.under(definition)
    found = answered.check(data, release, partial=partial, frame=frame)
    return score(found.sheet, release, found.scored)


def score(sheet: BoxSheet, release: BoxRelease, scored: Collection[int] | None = None) -> BoxEvaluation:
    """Score a sheet, whatever it lacks; `scored` holds the positions of the subtasks, None is all."""
    every = range(len(release.definition.subtasks))
    return score_all([BoxAnswered(sheet, frozenset(every if scored is None else scored))], release)[0]


def score_all(sheets: Sequence[BoxAnswered], release: BoxRelease) -> list[BoxEvaluation]:
    """The same of several."""
    found = []
    for sheet, scored in sheets:
        marks = mark(sheet, release)
        found.append(BoxEvaluation(tabulate(sheet, marks, release, scored), marks.encode(), sheet))
    return found


def carry(sheet: BoxSheet, of: BoxRelease, to: BoxRelease, *, partial: Sequence[str] = ()) -> BoxAnswered:
    """What a file said of one release's images, as answers to another release's.

    Raises PredictionError, with the code too-few-records, when by far too few of its images are answered.
    """
    return answered.check_present(transfer(of, to).carry(sheet), to, partial=partial)


@lru_cache(maxsize=4)
def transfer(of: BoxRelease, to: BoxRelease) -> BoxTransfer:
    """How answers go from one release to another, kept for the last few pairs."""
    return BoxTransfer.between(of, to)

"""What a benchmark's answers are, letters of options or boxes in images: the same work on either.

Releases, sheets and answers that are given together are of one kind; TypeError or AttributeError where they are not.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from scoring import evaluate as options
from scoring import likeness as letters
from scoring.answers.sheet import Sheet
from scoring.boxes import evaluate as boxes
from scoring.boxes import likeness as box_likeness
from scoring.boxes import pairs as box_pairs
from scoring.boxes.evaluate import BoxAnswered, BoxEvaluation
from scoring.boxes.geometry import DEFAULT_FRAME, FRAMES
from scoring.boxes.marks import Marks
from scoring.boxes.release import MAGIC, BoxRelease
from scoring.boxes.report import BoxReport
from scoring.boxes.sheet import BoxSheet
from scoring.boxes.transfer import BoxChanges, BoxTransfer
from scoring.definition import Definition
from scoring.evaluate import Answered, Evaluation
from scoring.likeness import Likeness
from scoring.release import Release
from scoring.report import Report
from scoring.statistics import pairs
from scoring.statistics.outcomes import unpack
from scoring.statistics.pairs import Pair
from scoring.transfer import Changes, Transfer

AnyRelease = Release | BoxRelease
AnySheet = Sheet | BoxSheet
AnyReport = Report | BoxReport
AnyAnswered = Answered | BoxAnswered
AnyEvaluation = Evaluation | BoxEvaluation


class Kind(NamedTuple):
    """The version of its scorer, and the frames that its boxes may stand in, the usual one first."""

    scorer_version: str
    frames: tuple[str, ...]


def of(rules: Definition) -> Kind:
    """The kind of a benchmark with this definition."""
    if rules.asks_for_boxes:
        return Kind(boxes.SCORER_VERSION, FRAMES)
    return Kind(options.SCORER_VERSION, ())


def decode(data: bytes) -> AnyRelease:
    """Take back what a release's `encode` made; raises ReleaseError when it is damaged."""
    return BoxRelease.decode(data) if data.startswith(MAGIC) else Release.decode(data)


def decode_sheet(data: bytes, release: AnyRelease) -> AnySheet:
    """Take back what the `encode` of a sheet of this release's made; raises ValueError when it is damaged."""
    return BoxSheet.decode(data) if isinstance(release, BoxRelease) else Sheet.decode(data)


def evaluate(
    data: bytes,
    release: AnyRelease,
    *,
    partial: Sequence[str] = (),
    definition: Definition | None = None,
    frame: str = "",
) -> AnyEvaluation:
    """See `scoring.evaluate.evaluate` and `scoring.boxes.evaluate.evaluate`; letters stand in no frame."""
    if isinstance(release, BoxRelease):
        return boxes.evaluate(
            data, release, partial=partial, definition=definition, frame=frame or DEFAULT_FRAME
        )
    return options.evaluate(data, release, partial=partial, definition=definition)


def score_all(answered: Sequence[Any], release: AnyRelease) -> Sequence[AnyEvaluation]:
    """Score several that `carry` has made answers to this release."""
    if isinstance(release, BoxRelease):
        return boxes.score_all(answered, release)
    return options.score_all(answered, release)


def carry(sheet: Any, of: Any, to: AnyRelease, *, partial: Sequence[str] = ()) -> AnyAnswered:
    """What a file said of one release, as answers to another one. Raises PredictionError, code too-few-records."""
    if isinstance(to, BoxRelease):
        return boxes.carry(sheet, of, to, partial=partial)
    return options.carry(sheet, of, to, partial=partial)


def transfer(of: Any, to: AnyRelease) -> Transfer | BoxTransfer:
    """How answers go from one release to another."""
    return boxes.transfer(of, to) if isinstance(to, BoxRelease) else options.transfer(of, to)


def changes(of: Any, to: AnyRelease) -> dict[str, dict[str, int]]:
    """What a release changes of the one before it: kind of change -> subtask -> how many."""
    found = BoxChanges.between(of, to) if isinstance(to, BoxRelease) else Changes.between(of, to)
    return found.to_dict()


def compare(first: bytes, second: bytes, release: AnyRelease, scored: Collection[int]) -> Pair:
    """Two submissions' outcomes as they are kept; `scored` holds the positions of the subtasks that both answered.

    Raises ValueError for outcomes of another release.
    """
    if isinstance(release, BoxRelease):
        ours, theirs = (Marks.decode(kept, release.size) for kept in (first, second))
        return box_pairs.compare(ours, theirs, release, scored)
    if any(len(kept) != -(-release.size // 8) for kept in (first, second)):
        raise ValueError("outcomes of another release")
    return pairs.compare(unpack(first, release), unpack(second, release), release, scored)


def likeness(one: Any, other: Any, release: AnyRelease) -> Likeness:
    """How alike two sheets of the release are."""
    if isinstance(release, BoxRelease):
        return box_likeness.likeness(one, other, release)
    return letters.likeness(one, other, release)

"""What differs by what a benchmark's answers are: letters of options, or boxes in images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scoring import evaluate as options
from scoring.answers.sheet import Sheet
from scoring.boxes import evaluate as boxes
from scoring.boxes.evaluate import BoxEvaluation
from scoring.boxes.geometry import FRAMES
from scoring.boxes.likeness import likeness as box_likeness
from scoring.boxes.marks import Marks
from scoring.boxes.pairs import compare as compare_boxes
from scoring.boxes.release import MAGIC, BoxRelease
from scoring.boxes.report import BoxReport
from scoring.boxes.sheet import BoxSheet
from scoring.boxes.transfer import BoxChanges
from scoring.definition import Definition
from scoring.evaluate import Evaluation
from scoring.likeness import Likeness, likeness
from scoring.release import Release
from scoring.report import Report
from scoring.statistics.outcomes import unpack
from scoring.statistics.pairs import Pair, compare
from scoring.transfer import Changes

AnyRelease = Release | BoxRelease
AnySheet = Sheet | BoxSheet
AnyReport = Report | BoxReport
AnyEvaluation = Evaluation | BoxEvaluation


@dataclass(frozen=True, slots=True)
class Kind:
    """The functions of one kind; each takes releases and sheets of that kind alone.

    `evaluate`, `score_all`, `carry` and `transfer` are those of scoring.evaluate; `evaluate` takes a `frame` besides,
    one of `frames` or empty for the first. `compare` takes the outcomes of two submissions as they are kept, the
    release and the positions of the subtasks that both answered, and raises ValueError for outcomes of another release.
    """

    scorer_version: str
    frames: tuple[str, ...]
    decode_sheet: Callable[[bytes], AnySheet]
    evaluate: Callable[..., AnyEvaluation]
    score_all: Callable[..., list[Any]]
    carry: Callable[..., Any]
    transfer: Callable[..., Any]
    compare: Callable[..., Pair]
    likeness: Callable[..., Likeness]
    changes: Callable[..., dict[str, dict[str, int]]]


def _evaluate_options(data: bytes, release: Release, *, frame: str = "", **asked: Any) -> Evaluation:
    return options.evaluate(data, release, **asked)


def _evaluate_boxes(data: bytes, release: BoxRelease, *, frame: str = "", **asked: Any) -> BoxEvaluation:
    return boxes.evaluate(data, release, frame=frame or FRAMES[0], **asked)


def _compare_options(first: bytes, second: bytes, release: Release, scored: set[int]) -> Pair:
    for outcomes in (first, second):
        if len(outcomes) != -(-release.size // 8):
            raise ValueError("outcomes of another release")
    return compare(unpack(first, release), unpack(second, release), release, scored)


def _compare_boxes(first: bytes, second: bytes, release: BoxRelease, scored: set[int]) -> Pair:
    size = release.size
    return compare_boxes(Marks.decode(first, size), Marks.decode(second, size), release, scored)


_KINDS: Mapping[str, Kind] = {
    "options": Kind(
        scorer_version=options.SCORER_VERSION,
        frames=(),
        decode_sheet=Sheet.decode,
        evaluate=_evaluate_options,
        score_all=options.score_all,
        carry=options.carry,
        transfer=options.transfer,
        compare=_compare_options,
        likeness=likeness,
        changes=lambda of, to: Changes.between(of, to).to_dict(),
    ),
    "boxes": Kind(
        scorer_version=boxes.SCORER_VERSION,
        frames=tuple(FRAMES),
        decode_sheet=BoxSheet.decode,
        evaluate=_evaluate_boxes,
        score_all=boxes.score_all,
        carry=boxes.carry,
        transfer=boxes.transfer,
        compare=_compare_boxes,
        likeness=box_likeness,
        changes=lambda of, to: BoxChanges.between(of, to).to_dict(),
    ),
}


def of(rules: Definition) -> Kind:
    """The kind of a benchmark with this definition."""
    return _KINDS[rules.kind]


def decode(data: bytes) -> AnyRelease:
    """Take back what a release's `encode` made; raises ReleaseError when it is damaged."""
    return BoxRelease.decode(data) if data.startswith(MAGIC) else Release.decode(data)

"""Whether an answer file can be scored, found out without the truth: the check of a dry run.

It goes the way of `scoring.kinds.evaluate` up to the marks, so what it says of a file at fault is what scoring would
say. It imports little, since a process of its own begins with it.
"""

from collections.abc import Sequence
from typing import Any

from scoring import answered as letters
from scoring.boxes import answered as boxes
from scoring.boxes.geometry import DEFAULT_FRAME
from scoring.boxes.release import MAGIC, BoxRelease
from scoring.definition import Definition
from scoring.release import Release

Questions = Release | BoxRelease


def questions(encoded_release: bytes, definition: Definition) -> Questions:
    """What files are checked against, with its tables built; raises ReleaseError as `evaluate` does.

    The release may be without its truth.
    """
    kind = BoxRelease if encoded_release.startswith(MAGIC) else Release
    found = kind.decode(encoded_release).under(definition)
    found.lookup.build()
    return found


def check(
    data: bytes,
    asked: Questions,
    *,
    partial: Sequence[str] = (),
    frame: str = "",
) -> dict[str, Any]:
    """The `summary` of a file that would be scored; raises PredictionError as `evaluate` does."""
    if isinstance(asked, BoxRelease):
        found = boxes.check(data, asked, partial=partial, frame=frame or DEFAULT_FRAME)
        return boxes.summary(found, asked)
    return letters.summary(letters.check(data, asked, partial=partial), asked)

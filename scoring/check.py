"""Whether an answer file can be scored, found out without the truth: the check of a dry run.

It goes the way of `scoring.kinds.evaluate` up to the marks, so what it says of a file at fault is what scoring would
say. It imports little, as a process of its own may begin with it.
"""

from collections.abc import Sequence
from typing import Any

from scoring import answered as letters
from scoring.boxes import answered as boxes
from scoring.boxes.geometry import DEFAULT_FRAME
from scoring.boxes.release import MAGIC, BoxRelease
from scoring.definition import Definition
from scoring.release import Release


def check(
    data: bytes,
    encoded_release: bytes,
    definition: Definition,
    *,
    partial: Sequence[str] = (),
    frame: str = "",
) -> dict[str, Any]:
    """The `summary` of a file that would be scored; raises PredictionError and ReleaseError as `evaluate` does.

    The release, encoded, may be without its truth.
    """
    if encoded_release.startswith(MAGIC):
        images = BoxRelease.decode(encoded_release).under(definition)
        found = boxes.check(data, images, partial=partial, frame=frame or DEFAULT_FRAME)
        return boxes.summary(found, images)
    questions = Release.decode(encoded_release).under(definition)
    return letters.summary(letters.check(data, questions, partial=partial), questions)

"""What a detection cell says about finding abnormal images; abnormal is positive."""

from typing import NamedTuple


class Detection(NamedTuple):
    """All in percent; None where a denominator is empty."""

    recall: float | None
    precision: float | None
    f1: float | None
    overkill: float | None
    miss: float | None


NOTHING_DETECTED = Detection(None, None, None, None, None)


def detection(*, right_normal: int, normal: int, right_abnormal: int, abnormal: int) -> Detection:
    """Figures of one source dataset, from whether each question was answered correctly.

    A wrong, missing or unreadable answer on an abnormal image is a false negative, on a normal image a
    false positive. So overkill = 100 - accuracy on normal images, miss = 100 - accuracy on abnormal ones.
    """
    flagged = right_abnormal + normal - right_normal
    return Detection(
        recall=_percent(right_abnormal, abnormal),
        precision=_percent(right_abnormal, flagged),
        f1=_percent(2 * right_abnormal, flagged + abnormal),
        overkill=_percent(normal - right_normal, normal),
        miss=_percent(abnormal - right_abnormal, abnormal),
    )


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None

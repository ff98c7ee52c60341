"""The letters or boxes that stand for an answer file, kept beside it: read once, and used ever after."""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from uuid import UUID

from scoring.boxes.release import BoxRelease
from scoring.kinds import AnyRelease, AnySheet, decode_sheet, evaluate, transfer
from submissions import storage, truths
from submissions.models import Report, Submission


def keep(submission: Submission, digest: str, sheet: AnySheet) -> None:
    """Put the letters aside that a later release is scored from, so that no file is read twice.

    An earlier attempt may have got this far; reading is deterministic. Raises StorageUnavailableError.
    """
    with suppress(storage.ObjectExistsError):
        storage.answers().put(submission.sheet_key(digest), sheet.encode())


def origins(batch: Sequence[Submission]) -> dict[UUID, str]:
    """The digest of the release that each file was first scored against: its answers are letters of that one."""
    first: dict[UUID, str] = {}
    found = Report.objects.filter(submission__in=batch, fault="").order_by("-id")
    for submission_id, digest in found.values_list("submission_id", "release__digest"):
        first[submission_id] = digest
    return first


def of(submission: Submission, before: AnyRelease) -> AnySheet:
    """The letters kept beside the answers; where there are none, the file is read again and they are kept.

    Raises PredictionError, MissingObjectError or StorageUnavailableError.
    """
    key = submission.sheet_key(before.digest)
    try:
        return decode_sheet(storage.answers().get(key), before)
    except (storage.MissingObjectError, ValueError):
        data = storage.answers().get(submission.answers_key)
        sheet = evaluate(data, before, partial=submission.partial, frame=submission.frame).sheet
        storage.answers().delete(key)
        keep(submission, before.digest, sheet)
        return sheet


def kept(key: str, origin: str, digest: str) -> AnySheet:
    """What is kept under this key, answers to the release `origin`, as it answers the release `digest`.

    The last ones stay decoded in the worker's memory. Raises MissingObjectError, StorageUnavailableError, and
    ValueError where they are damaged or were read by other rules.
    """
    if isinstance(truths.decoded(origin), BoxRelease):
        return _kept_boxes(key, origin, digest)
    return kept_letters(key, origin, digest)


def _kept(key: str, origin: str, digest: str) -> AnySheet:
    sheet = decode_sheet(storage.answers().get(key), truths.decoded(origin))
    return carried(sheet, origin, digest)


# Of forty thousand questions the letters take 80 kB, and the boxes in as many images two megabytes.
kept_letters = lru_cache(maxsize=1000)(_kept)
_kept_boxes = lru_cache(maxsize=50)(_kept)


def carried(sheet: AnySheet, origin: str, digest: str) -> AnySheet:
    """Answers to the one release as they answer the other."""
    if origin == digest:
        return sheet
    carrier: Any = transfer(truths.decoded(origin), truths.decoded(digest))
    found: AnySheet = carrier.carry(sheet)
    return found

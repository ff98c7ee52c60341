"""The letters or boxes that stand for an answer file, kept beside it: read once, and used ever after."""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from uuid import UUID

from scoring import kinds
from scoring.kinds import AnyRelease, AnySheet
from submissions import storage, truths
from submissions.models import Report, Submission

KEPT_DECODED = 1000  # of forty thousand questions each takes 80 kB


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
    kind, key = kinds.of(before.definition), submission.sheet_key(before.digest)
    try:
        return kind.decode_sheet(storage.answers().get(key))
    except (storage.MissingObjectError, ValueError):
        data = storage.answers().get(submission.answers_key)
        sheet = kind.evaluate(data, before, partial=submission.partial, frame=submission.frame).sheet
        storage.answers().delete(key)
        keep(submission, before.digest, sheet)
        return sheet


@lru_cache(maxsize=KEPT_DECODED)
def kept(key: str, origin: str, digest: str) -> AnySheet:
    """What is kept under this key, letters of the release `origin`, as it answers the release `digest`.

    The last thousand stay decoded in the worker's memory. Raises MissingObjectError, StorageUnavailableError, and
    ValueError where they are damaged or were read by other rules.
    """
    kind = kinds.of(truths.decoded(origin).definition)
    return carried(kind.decode_sheet(storage.answers().get(key)), origin, digest)


def carried(sheet: AnySheet, origin: str, digest: str) -> AnySheet:
    """Letters of the one release as they answer the other."""
    if origin == digest:
        return sheet
    of, to = truths.decoded(origin), truths.decoded(digest)
    carried: AnySheet = kinds.of(to.definition).transfer(of, to).carry(sheet)
    return carried

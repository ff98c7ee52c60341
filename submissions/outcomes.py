"""What every scored submission has right: with its answers that is the truth, and kept with it."""

from contextlib import suppress
from uuid import UUID

from scoring import kinds
from submissions import storage
from submissions.models import Release, Submission


def keep(submission: Submission, release: Release, found: bytes) -> None:
    """Put `Evaluation.outcomes` where the truth is. Again: no change. Raises StorageUnavailableError."""
    with suppress(storage.ObjectExistsError):
        storage.truth().put(_key(release, submission.pk, kinds.of(release.rules).scorer_version), found)


def of(submission: UUID, release: Release, scorer_version: str) -> bytes:
    """What that version of the scorer found.

    Raises MissingObjectError, StorageUnavailableError, and TruthForbiddenError in the web process.
    """
    return storage.truth().get(_key(release, submission, scorer_version))


def _key(release: Release, submission: UUID, scorer_version: str) -> str:
    return f"outcomes/{release.digest}/{submission}-{scorer_version}"

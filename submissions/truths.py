"""Releases with their truth, as workers and commands keep and read them."""

from contextlib import suppress
from functools import lru_cache

from scoring import kinds
from scoring.kinds import AnyRelease
from submissions import storage


def keep(content: AnyRelease) -> None:
    """Put it where the truth is. Again: it is the same content, by its digest. Raises StorageUnavailableError."""
    with suppress(storage.ObjectExistsError):
        storage.truth().put(key(content.digest), content.encode())


@lru_cache(maxsize=4)
def decoded(digest: str) -> AnyRelease:
    """Kept decoded in the worker's memory by digest.

    Raises TruthForbiddenError in the web process, StorageUnavailableError, MissingObjectError.
    """
    return kinds.decode(storage.truth().get(key(digest)))


def key(digest: str) -> str:
    """Its key in the store."""
    return f"releases/{digest}"

"""Hold what is stored against what is known: objects that no row knows go, rows whose object is gone are named.

Safe to run twice and at once, and beside everything else: an object is stored before its row is written, so only what
is older than any upload can take is looked at, and its row is asked for once more just before it goes.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from submissions import storage
from submissions.models import Release, Submission

logger = logging.getLogger(__name__)

AGE = timedelta(hours=1)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What one run found: orphans that it removed, with their bytes, and keys that rows name and no store has."""

    removed: Sequence[str]
    removed_bytes: int
    missing: Sequence[str]


def reconcile(*, now: datetime, age: timedelta = AGE, pretend: bool = False) -> Reconciliation:
    """Remove objects without a row that are older than `age`, and find rows without their object.

    With `pretend` nothing is removed, and `removed` says what would be. Needs the rights of an organizer, who alone
    may remove outcomes. Raises StorageUnavailableError; what is done by then is done.
    """
    removed: list[str] = []
    size = 0
    for store in (storage.answers(), storage.truth()):
        for batch in _batches(listed for listed in store.objects() if listed.stored_at <= now - age):
            orphans = {listed.key: listed.size for listed in batch}
            for key in _known(orphans):
                del orphans[key]
            for key in orphans:
                if not pretend:
                    store.delete(key)
                removed.append(key)
            size += sum(orphans.values())
    missing = [*_missing_answers(), *_missing_truth()]
    if removed or missing:
        logger.warning("reconcile: removed %d orphans, %d objects are missing", len(removed), len(missing))
    return Reconciliation(removed, size, missing)


def _batches(found: Iterator[storage.Listed]) -> Iterator[list[storage.Listed]]:
    while batch := list(islice(found, BATCH)):
        yield batch


def owner(key: str) -> UUID | str | None:
    """The submission, or the release by its digest, that an object belongs to; None for what is nothing of ours.

    Where a submission's id should stand and does not, what stands there.
    """
    kind, _slash, name = key.partition("/")
    if kind == "releases":
        return name
    if kind == "outcomes":
        name = name.rpartition("/")[2]
    elif kind not in ("answers", "sheets", "problems"):
        return None
    try:
        return UUID(name[:36])
    except ValueError:
        return name


def _known(keys: Iterable[str]) -> list[str]:
    """Those of the keys whose submission or release there is, and those that are nothing of ours."""
    owners = {key: owner(key) for key in keys}
    ids = {each for each in owners.values() if isinstance(each, UUID)}
    digests = {each for each in owners.values() if isinstance(each, str)}
    there: set[UUID | str | None] = {None}
    there.update(Submission.objects.filter(pk__in=ids).values_list("pk", flat=True))
    there.update(Release.objects.filter(digest__in=digests).values_list("digest", flat=True))
    return [key for key, each in owners.items() if each in there]


def _missing_answers() -> list[str]:
    there = set(storage.answers().keys("answers/"))
    every = Submission.objects.order_by("received_at").only("pk")
    return [key for submission in every.iterator() if (key := submission.answers_key) not in there]


def _missing_truth() -> list[str]:
    there = set(storage.truth().keys("releases/"))
    digests = Release.objects.order_by("id").values_list("digest", flat=True)
    return [key for digest in dict.fromkeys(digests) if (key := f"releases/{digest}") not in there]

"""Hold what is stored against what is known: objects that no row knows go, rows whose object is gone are named.

Safe to run twice and at once, and beside everything else: an object is stored before its row is written, so only what
is older than any upload can take is looked at, and its row is asked for once more just before it goes.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from submissions import storage
from submissions.models import Release, Submission
from submissions.storage import Store

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
    places: tuple[tuple[Store, Callable[[Sequence[str]], set[str]]], ...] = (
        (storage.answers(), _known_answers),
        (storage.truth(), _known_truth),
    )
    for store, known in places:
        for batch in _batches(listed for listed in store.objects() if listed.stored_at <= now - age):
            orphans = {listed.key: listed.size for listed in batch}
            for key in known(list(orphans)):
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


def _known_answers(keys: Sequence[str]) -> set[str]:
    """Those of the keys in the answers' store whose submission there is; and those that are nothing of ours."""
    owners = {key: submission_of(key.partition("/")[2]) for key in keys if _is_ours(key)}
    return {key for key in keys if key not in owners} | _with_rows(owners)


def _is_ours(key: str) -> bool:
    return key.startswith(("answers/", "sheets/", "problems/"))


def _known_truth(keys: Sequence[str]) -> set[str]:
    """The same of the truth's store: a release is known by its digest, outcomes by their submission."""
    digests = {key: key.partition("/")[2] for key in keys if key.startswith("releases/")}
    there = set(Release.objects.filter(digest__in=digests.values()).values_list("digest", flat=True))
    owners = {key: submission_of(key.rpartition("/")[2]) for key in keys if key.startswith("outcomes/")}
    others = {key for key in keys if key not in digests and key not in owners}
    return others | {key for key, digest in digests.items() if digest in there} | _with_rows(owners)


def submission_of(name: str) -> UUID | None:
    """The submission whose id an object's name begins with."""
    try:
        return UUID(name[:36])
    except ValueError:
        return None


def _with_rows(owners: dict[str, UUID | None]) -> set[str]:
    ids = {owner for owner in owners.values() if owner is not None}
    there = set(Submission.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return {key for key, owner in owners.items() if owner in there}


def _missing_answers() -> list[str]:
    there = set(storage.answers().keys("answers/"))
    every = Submission.objects.order_by("received_at").only("pk")
    return [key for submission in every.iterator() if (key := submission.answers_key) not in there]


def _missing_truth() -> list[str]:
    there = set(storage.truth().keys("releases/"))
    digests = Release.objects.order_by("id").values_list("digest", flat=True)
    return [key for digest in dict.fromkeys(digests) if (key := f"releases/{digest}") not in there]

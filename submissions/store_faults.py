"""Count the faults of stores where every process of every host and user reaches: in the database."""

import logging

from django.apps import apps
from django.db import Error, transaction
from django.db.models import F

logger = logging.getLogger(__name__)

KINDS = ("away", "refused")


def count(kind: str) -> None:
    """One more. Never raises: the fault itself is what matters."""
    try:
        transaction.on_commit(lambda: _count(kind), robust=True)
    except Error as error:
        logger.warning("a fault of a store is not counted: %s", error)


def _count(kind: str) -> None:
    # By its name: this is imported where no models are.
    model = apps.get_model("submissions", "StoreFault")
    model.objects.get_or_create(pk=kind)
    model.objects.filter(pk=kind).update(count=F("count") + 1)

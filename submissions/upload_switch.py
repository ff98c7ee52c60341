"""The switch that closes uploads at once, for every benchmark and everybody."""

from datetime import datetime

from django.core.cache import caches
from django.db import transaction

from submissions import audit, names
from submissions.models import UploadSwitch
from submissions.refusals import Refusal

TRY_AGAIN_SECONDS = 300
SENTENCE_KEY, SENTENCE_SECONDS = "uploads-closed", 10


def row() -> UploadSwitch:
    """The switch as it stands; made if nobody has ever used it."""
    return UploadSwitch.objects.get_or_create(pk=UploadSwitch.ONLY)[0]


def close(*, sentence: str, by: audit.Actor, now: datetime) -> None:
    """Take nothing from anybody any more, and say this sentence instead; closed again, the new one."""
    sentence = names.sentence(sentence, most=500)
    if not sentence:
        raise Refusal("decision-without-reason", field="sentence")
    with transaction.atomic():
        switch = row()
        switch = UploadSwitch.objects.select_for_update(no_key=True).get(pk=switch.pk)
        UploadSwitch.objects.filter(pk=switch.pk).update(closed_at=switch.closed_at or now, sentence=sentence)
        audit.record(by, "uploads-closed", switch, is_public=True, sentence=sentence)
    caches["local"].delete(SENTENCE_KEY)


def reopen(*, by: audit.Actor) -> None:
    """Take answers again. Raises Refusal when nothing is closed."""
    with transaction.atomic():
        switch = UploadSwitch.objects.select_for_update(no_key=True).filter(pk=UploadSwitch.ONLY).first()
        if switch is None or not switch.is_closed:
            raise Refusal("uploads-not-closed")
        UploadSwitch.objects.filter(pk=switch.pk).update(closed_at=None, sentence="")
        audit.record(by, "uploads-reopened", switch, is_public=True)
    caches["local"].delete(SENTENCE_KEY)


def sentence() -> str:
    """What is said instead of taking answers; empty while they are taken."""
    closed = UploadSwitch.objects.filter(pk=UploadSwitch.ONLY, closed_at__isnull=False)
    return closed.values_list("sentence", flat=True).first() or ""


def shown_sentence() -> str:
    """The same for pages, asked anew every ten seconds: what is refused is refused by the row itself."""
    return str(caches["local"].get_or_set(SENTENCE_KEY, sentence, SENTENCE_SECONDS))


def refuse_if_closed() -> None:
    """Raises Refusal while uploads are closed."""
    if said := sentence():
        raise Refusal("uploads-closed", sentence=said, seconds=TRY_AGAIN_SECONDS)

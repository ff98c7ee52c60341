"""What readers report of entries, and what organizers answer. None of it is public; nothing follows by itself."""

from datetime import datetime

from django.db import transaction

from submissions import audit, moderation, notices
from submissions.askers import Asker
from submissions.models import Complaint, Entry, User
from submissions.refusals import Refusal


def report(entry: Entry, *, about: Complaint.About, text: str, asker: Asker, now: datetime) -> Complaint:
    """Keep what somebody, perhaps without an account, says of an entry that they can see."""
    with transaction.atomic():
        complaint = Complaint.objects.create(
            entry=entry, about=about, text=text, reported_by=asker.user, reported_at=now
        )
        # On the complaint, not on the entry, whose team reads what is done to that.
        audit.record(asker if asker.is_known else audit.SITE, "entry-reported", complaint)
    return complaint


def close(complaint: Complaint, *, reply: str, by: audit.Actor, now: datetime) -> None:
    """Close it with an answer. Raises Refusal when that is done already."""
    reply = moderation.cleaned(reply, field="reply")
    with transaction.atomic():
        # Locked before what they reported is, as by an account that ends.
        people = User.objects.select_for_update(no_key=True)
        reporter = people.filter(
            pk__in=Complaint.objects.filter(pk=complaint.pk).values("reported_by")
        ).first()
        # The update is the lock: of two who answer at once, one sees a row change.
        if not Complaint.objects.open().filter(pk=complaint.pk).update(reply=reply, closed_at=now):
            raise Refusal("complaint-closed")
        audit.record(by, "complaint-closed", complaint, reason=reply)
        if reporter is not None:
            notices.tell_person(reporter, "complaint-answered", complaint.entry, answer=reply)

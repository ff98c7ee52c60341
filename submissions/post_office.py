"""Send notices by mail: the worker's half. Nothing else waits for it, and what a broken run leaves is found again.

A receiver gets one mail in five minutes at most; what comes meanwhile is gathered into the next one. The claim is the
same moment: of two workers, one sees the receiver's row change. Letters that cannot be sent are tried for a day.

Mails into accounts are another matter: somebody sits and waits for them. They are sent at once, by whoever answers the
request; only what the mail server does not take then is kept here, and tried for an hour.
"""

import logging
import smtplib
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from submissions import mails, notice_texts, ringing
from submissions.mails import Receiver
from submissions.models import Letter, Mail, Membership, Notice, User

logger = logging.getLogger(__name__)

PAUSE = timedelta(minutes=5)  # longer than any task may run
TRIED_FOR = timedelta(days=1)
MAIL_PAUSE, MAILS_TRIED_FOR = timedelta(minutes=1), timedelta(hours=1)
TURN_SECONDS = 10.0
NOTICES_A_TURN = RECEIVERS_A_TURN = 200
NOTICES_A_MAIL = 20
REFUSED_FOR_GOOD = 500
# While the mail server is away, one attempt a minute for the whole site: each may wait for as long as EMAIL_TIMEOUT.
AWAY_KEY, AWAY_SECONDS = "mail-server-away", 60
PATIENCE_SECONDS = 5  # of somebody who waits for a page
MAILS_A_TURN = 200


def send_or_keep(message: EmailMessage) -> None:
    """Send a mail into an account; what the mail server does not take now is tried again for an hour.

    Raises nothing of the mail server's: how the page looks must not tell whether there is such an account.
    """
    if not cache.get(AWAY_KEY):
        try:
            with closing(get_connection(timeout=PATIENCE_SECONDS)) as connection:
                is_over = _is_taken_or_refused(message, connection)
        except OSError as error:
            _away(error)
        else:
            if is_over:
                return
    Mail.objects.create(
        to=message.to[0],
        subject=str(message.subject),
        body=str(message.body),
        not_before=timezone.now() + MAIL_PAUSE,
    )


def is_due(now: datetime) -> bool:
    """Whether there is something to send, and somebody to send it to."""
    if cache.get(AWAY_KEY):
        return False
    return (
        Mail.objects.due(at=now).exists()
        or Notice.objects.filter(letters_due=True).exists()
        or next(_due(now), None) is not None
    )


def take_turn() -> None:
    """Send kept mails, make letters of new notices and send what is due, for some seconds; then ring for the next turn.

    A mail server that is away ends the turn. Any number of turns at once send each letter once.
    """
    _write_letters()
    _give_up(timezone.now())
    if cache.get(AWAY_KEY):
        return
    until = time.monotonic() + TURN_SECONDS
    try:
        with closing(get_connection()) as connection:
            for waiting in _waiting(timezone.now()):
                if time.monotonic() > until:
                    ringing.post()
                    break
                if isinstance(waiting, Mail):
                    _send_kept(waiting, connection)
                elif _claim(waiting, timezone.now()):
                    _send(waiting, connection)
    except OSError as error:
        _away(error)


def _away(error: OSError) -> None:
    logger.warning("the mail server does not take mail, letters wait: %s", error)
    cache.set(AWAY_KEY, True, AWAY_SECONDS)


def _waiting(now: datetime) -> Iterator[Mail | Receiver]:
    """What is to be sent: mails that somebody waits for, then whom letters wait for."""
    yield from Mail.objects.due(at=now)[:MAILS_A_TURN]
    yield from _due(now)


def _send_kept(kept: Mail, connection: BaseEmailBackend) -> None:
    # The update is the lock: of two workers, one sees the row change.
    mine = Mail.objects.filter(pk=kept.pk, not_before=kept.not_before)
    if not mine.update(not_before=timezone.now() + MAIL_PAUSE):
        return
    message = EmailMessage(subject=kept.subject, body=kept.body, to=[kept.to])
    if _is_taken_or_refused(message, connection):
        kept.delete()


def _write_letters() -> None:
    """A letter for each member who wants mail, or for the one person whom it is for."""
    for notice in (
        Notice.objects.filter(letters_due=True).select_related("user").order_by("pk")[:NOTICES_A_TURN]
    ):
        with transaction.atomic():
            # The update is the lock: of two workers, one makes the letters.
            if not Notice.objects.filter(pk=notice.pk, letters_due=True).update(letters_due=False):
                continue
            if notice.user is not None:
                is_wanted = notice.user.mails or notice.kind in Notice.SECURITY
                made = [Letter(notice=notice, user=notice.user)] if is_wanted else []
            else:
                members = Membership.objects.filter(team=notice.team_id, mails=True)
                made = [Letter(notice=notice, user_id=each.user_id, membership=each) for each in members]
            Letter.objects.bulk_create(made)


def _give_up(now: datetime) -> None:
    given_up, _by_model = Letter.objects.filter(notice__at__lt=now - TRIED_FOR).delete()
    if given_up:
        logger.error("gave up %d letters that nobody took for a day", given_up)
    given_up, _by_model = Mail.objects.filter(made_at__lt=now - MAILS_TRIED_FOR).delete()
    if given_up:
        logger.error("gave up %d mails into accounts that nobody took for an hour", given_up)


def _ready(now: datetime) -> Q:
    return Q(mails=True) & _rested(now)


def _rested(now: datetime) -> Q:
    return Q(mailed_at=None) | Q(mailed_at__lte=now - PAUSE)


def _due(now: datetime) -> Iterator[Receiver]:
    """Whom something waits for and who may be written to now; those who have waited the longest first."""
    first = F("mailed_at").asc(nulls_first=True), "pk"
    to_member = Exists(Letter.objects.filter(membership=OuterRef("pk")))
    members = Membership.objects.filter(_ready(now), to_member).select_related("user", "team")
    yield from members.order_by(*first)[:RECEIVERS_A_TURN]
    to_person = Exists(Letter.objects.wanted().filter(user=OuterRef("pk"), membership=None))
    yield from User.objects.filter(_rested(now), to_person).order_by(*first)[:RECEIVERS_A_TURN]


def _claim(receiver: Receiver, now: datetime) -> bool:
    # The update is the lock: of two workers, one sees a row change.
    if isinstance(receiver, Membership):
        return bool(Membership.objects.filter(_ready(now), pk=receiver.pk).update(mailed_at=now))
    return bool(User.objects.filter(_rested(now), pk=receiver.pk).update(mailed_at=now))


def _send(receiver: Receiver, connection: BaseEmailBackend) -> None:
    """Send all that waits for the receiver in one mail. Raises OSError when the server takes no mail at all."""
    letters = list(Letter.objects.to(receiver).wanted().select_related("notice").order_by("notice"))
    user = receiver.user if isinstance(receiver, Membership) else receiver
    if letters and _is_reachable(user):
        message = _mail([letter.notice for letter in letters], receiver, user)
        if not _is_taken_or_refused(message, connection):
            return
    Letter.objects.filter(pk__in=[letter.pk for letter in letters]).delete()


def _is_taken_or_refused(message: EmailMessage, connection: BaseEmailBackend) -> bool:
    """Send it; False when it is to be tried again. Raises OSError when the server takes no mail at all."""
    connection.open()  # stays open for the next one
    try:
        connection.send_messages([message])
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
        logger.warning("a mail was refused: %s", _codes(error))
        return min(_codes(error)) >= REFUSED_FOR_GOOD
    return True


def _codes(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) -> list[int]:
    """What the server answered, without its text, which repeats the address."""
    if isinstance(error, smtplib.SMTPDataError):
        return [error.smtp_code]
    return [code for code, _text in error.recipients.values()]


def _is_reachable(user: User) -> bool:
    """Whether mail to this person reaches this person: the address is confirmed, and nobody has shut them out."""
    confirmed = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True)
    return user.is_active and confirmed.exists()


def _mail(notices: Sequence[Notice], receiver: Receiver, user: User) -> EmailMessage:
    # What nobody can switch off offers no link that would.
    is_optional = any(notice.kind not in Notice.SECURITY for notice in notices)
    stop = settings.VERNIER_URL + mails.link(receiver) if is_optional else ""
    unsubscribe = {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
    }
    host = urlsplit(settings.VERNIER_URL).hostname
    return EmailMessage(
        subject=_subject(notices, receiver),
        body=_body(notices, receiver, stop),
        to=[user.email],
        headers={
            "Message-ID": f"<notices-{notices[0].pk}-{notices[-1].pk}-{user.pk}@{host}>",
            "Auto-Submitted": "auto-generated",
            **(unsubscribe if stop else {}),
        },
    )


def _subject(notices: Sequence[Notice], receiver: Receiver) -> str:
    if len(notices) == 1:
        return notice_texts.subject(notices[0])
    said = ngettext("{number} notice", "{number} notices", len(notices)).format(number=len(notices))
    if isinstance(receiver, Membership):
        return _("{team}: {notices}").format(team=receiver.team.name, notices=said)
    return _("Vernier: {notices}").format(notices=said)


def _body(notices: Sequence[Notice], receiver: Receiver, stop: str) -> str:
    host = urlsplit(settings.VERNIER_URL).netloc
    told = [_paragraphs(notice, with_subject=len(notices) > 1) for notice in notices[:NOTICES_A_MAIL]]
    if len(notices) > NOTICES_A_MAIL:
        rest = _("and {number} more: {address}")
        address = settings.VERNIER_URL + reverse("notices")
        told.append(rest.format(number=len(notices) - NOTICES_A_MAIL, address=address))
    if isinstance(receiver, Membership):
        why = _("Vernier, {host}. You get this as a member of {team}. No more of these mails:")
        foot = why.format(host=host, team=receiver.team.name)
    elif stop:
        foot = _("Vernier, {host}. No more of these mails:").format(host=host)
    else:
        foot = _("Vernier, {host}. Mails about your tokens always come: they keep your team safe.").format(
            host=host
        )
    return "\n\n".join([*told, f"-- \n{foot}\n{stop}".rstrip()]) + "\n"


def _paragraphs(notice: Notice, *, with_subject: bool) -> str:
    subject = [notice_texts.subject(notice)] if with_subject else []
    return "\n".join([*subject, *notice_texts.body(notice), settings.VERNIER_URL + notice.path])

"""Take an answer file in: the one way for the form, the API and the commands."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import IO, Any

from django.db import Error, transaction

from scoring import kinds
from scoring.answers.recognise import recognise
from scoring.errors import UnsupportedFileError
from submissions import (
    audit,
    entries,
    idempotency,
    publication,
    quota,
    ringing,
    senders,
    storage,
    tokens,
    upload_switch,
)
from submissions.askers import Asker
from submissions.models import Benchmark, IdempotencyKey, Membership, Submission, Team, Token, User
from submissions.refusals import Refusal

logger = logging.getLogger(__name__)

HEAD_BYTES = 64 * 1024
# What an offer to a benchmark whose intake is not open is refused with.
CLOSED: Mapping[str, str] = {
    "closed": "benchmark-closed",
    "no-release": "benchmark-without-release",
    "not-yet": "benchmark-not-yet",
    "over": "benchmark-over",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody sends: a file, for an entry of a team, on a benchmark."""

    benchmark: Benchmark
    team: Team
    entry_name: str
    answers: IO[bytes]
    file_name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    visibility: Submission.Visibility = Submission.Visibility.PRIVATE
    partial: Sequence[str] = ()
    frame: str = ""  # that the file's boxes stand in; empty: as the benchmark's annotations do
    source: Submission.Source = Submission.Source.API
    user: User | None = None
    token: Token | None = None
    key: IdempotencyKey | None = None  # held for this upload


@dataclass(frozen=True, slots=True)
class Receipt:
    """The submission that stands for the file, and whether it was known already."""

    submission: Submission
    is_new: bool


def accept(offer: Offer, *, now: datetime) -> Receipt:
    """Store the answer file and queue it for scoring.

    The same file for the same entry again answers with the submission that is there, and charges nothing; asked to be
    public, that one is published.
    Raises Refusal (nothing written), UnusableTokenError (it is over by now), ValidationError (a setting cannot be) or
    StorageUnavailableError.
    """
    _check_rules(offer, now=now)
    submission = Submission(
        benchmark=offer.benchmark,
        team=offer.team,
        source=offer.source,
        sent_by=offer.user,
        token=offer.token,
        file_name=offer.file_name[:200],
        partial=[s.slug for s in offer.benchmark.rules.subtasks if s.slug in offer.partial],
        frame=offer.frame or next(iter(kinds.of(offer.benchmark.rules).frames), ""),
        visibility=offer.visibility,
        published_at=now if offer.visibility == Submission.Visibility.PUBLIC else None,
        received_at=now,
        release=offer.benchmark.current_release,
    )
    # Stored first: a network call must not hold the lock below, and an object without a row is harmless.
    stored = storage.answers().put(submission.answers_key, offer.answers)
    submission.sha256, submission.size = stored.sha256, stored.size
    try:
        receipt = _record(offer, submission, now=now)
    except Exception:
        _discard(submission)
        raise
    if not receipt.is_new:
        _discard(submission)
    return receipt


def _discard(submission: Submission) -> None:
    """Remove an object that got no row; left behind, it is harmless, and removed beneath a row it would be a loss."""
    try:
        if not Submission.objects.filter(pk=submission.pk).exists():
            storage.answers().delete(submission.answers_key)
    except (storage.StorageUnavailableError, Error) as error:
        logger.warning("left %s behind: %s", submission.answers_key, error)


def _record(offer: Offer, submission: Submission, *, now: datetime) -> Receipt:
    with transaction.atomic():
        # The team's row is the lock: two uploads at once cannot both take its last slot.
        team = Team.objects.select_for_update(no_key=True).get(pk=offer.team.pk)
        # Again, as things may have gone on while the file came in.
        _check_sender(offer, now=now)
        _check_switch(offer)
        senders.refuse_silent(team)
        benchmark = Benchmark.objects.get(pk=offer.benchmark.pk)
        refuse_closed(benchmark, now=now)
        submission.entry = entries.find_or_make(
            benchmark=offer.benchmark, team=offer.team, name=offer.entry_name, settings=offer.settings
        )
        known = _same_file(submission)
        if known is not None:
            if offer.visibility == Submission.Visibility.PUBLIC:
                publication.publish(known, by=_sender(offer), now=now)
                known.refresh_from_db()
            _settle(offer, known, is_new=False)
            return Receipt(known, is_new=False)
        quota.check(offer.team, benchmark, now=now)
        if submission.is_public:
            quota.check_public(submission.entry, team, benchmark)
        submission.save(force_insert=True)
        _settle(offer, submission, is_new=True)
        if submission.is_public:
            audit.record(_sender(offer), "published", submission, is_public=True)
        transaction.on_commit(partial(ringing.score, submission.pk), robust=True)
    return Receipt(submission, is_new=True)


def _settle(offer: Offer, submission: Submission, *, is_new: bool) -> None:
    if offer.key is not None:
        idempotency.settle(offer.key, submission, is_new=is_new)


def _check_sender(offer: Offer, *, now: datetime) -> None:
    """Whoever held the line open for hours may have lost what they came in with."""
    if offer.token is not None:
        tokens.refuse_over(offer.token, now=now)
    if offer.user is not None:
        theirs = Membership.objects.filter(team=offer.team, user=offer.user, user__is_active=True)
        if not theirs.exists():
            raise Refusal("unknown-team", field="team", team=offer.team.slug)


def _sender(offer: Offer) -> audit.Actor:
    if offer.user is None and offer.token is None:
        return audit.COMMAND
    return Asker(user=offer.user, token=offer.token)


def _same_file(submission: Submission) -> Submission | None:
    same = Submission.objects.filter(
        entry=submission.entry,
        release=submission.release,
        sha256=submission.sha256,
        partial=submission.partial,
        frame=submission.frame,
    ).counting()
    return same.exclude(visibility=Submission.Visibility.WITHDRAWN).newest_first().first()


def refuse_closed(benchmark: Benchmark, *, now: datetime) -> None:
    """Raises Refusal when the benchmark takes no answers at that moment."""
    state = benchmark.intake_at(now)
    if state == "open":
        return
    dates = {"opens_at": benchmark.opens_at, "closes_at": benchmark.closes_at}
    said = {name: f"{at:%Y-%m-%d %H:%M} UTC" for name, at in dates.items() if at is not None}
    raise Refusal(CLOSED[state], benchmark=benchmark.name, **said)


def _check_rules(offer: Offer, *, now: datetime) -> None:
    benchmark = offer.benchmark
    senders.refuse_silent(offer.team)
    _check_switch(offer)
    refuse_closed(benchmark, now=now)
    refuse_unreadable(benchmark, offer.answers, partial=offer.partial, frame=offer.frame)


def refuse_unreadable(
    benchmark: Benchmark, answers: IO[bytes], *, partial: Sequence[str] = (), frame: str = ""
) -> None:
    """Raises Refusal for what can be told by the file's first bytes, and for what is said of it that cannot be.

    The file stands at its beginning again.
    """
    known = [subtask.slug for subtask in benchmark.rules.subtasks]
    for slug in partial:
        if slug not in known:
            raise Refusal("unknown-subtask", field="partial", subtask=slug[:100], known=", ".join(known))

    frames = kinds.of(benchmark.rules).frames
    if frame and not frames:
        raise Refusal("frame-without-boxes", field="frame", benchmark=benchmark.name)
    if frame and frame not in frames:
        raise Refusal("unknown-frame", field="frame", frame=frame[:100], known=", ".join(frames))
    _check_file(answers)


def _check_switch(offer: Offer) -> None:
    # What the operator loads by command, as the first data, is not an upload.
    if offer.source != Submission.Source.COMMAND:
        upload_switch.refuse_if_closed()


def _check_file(answers: IO[bytes]) -> None:
    head = answers.read(HEAD_BYTES)
    answers.seek(0)
    try:
        recognise(head)
    except UnsupportedFileError as error:
        raise Refusal(f"file-{error.code}", field="file", **error.params) from error

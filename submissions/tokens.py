"""API tokens: `vrn_`, 30 random base62 characters, and 6 of their CRC-32, by which a scanner knows a leaked one."""

import hashlib
import secrets
import string
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from submissions import audit, limits, networks, notices
from submissions.askers import Asker
from submissions.models import Publisher, Team, Token, User
from submissions.refusals import Refusal

PREFIX = "vrn_"
RANDOM_CHARACTERS = 30
CHECK_CHARACTERS = 6
LONGEST_LIFE = timedelta(days=365)
MINTED_LIFE = timedelta(minutes=15)
OVERLAP, LONGEST_OVERLAP = timedelta(hours=24), timedelta(days=7)
NOTE_USE_EVERY = timedelta(minutes=1)
MOST = 100  # living ones of a team, without those of trusted publishers
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


class UnusableTokenError(Exception):
    """The token opens nothing; `reason` is malformed, unknown, revoked or ended."""

    def __init__(self, reason: str, **params: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = params


def create(
    team: Team,
    *,
    name: str,
    scope: Token.Scope,
    days: int,
    now: datetime,
    created_by: User | None = None,
    benchmarks: Sequence[str] = (),
) -> tuple[Token, str]:
    """Make a token; its text is returned here and never again. At most a year long, limited to these benchmarks if any.

    Its maker is told by mail; of one made by command, the team's owners. Raises Refusal past a hundred living ones.
    """
    with transaction.atomic():
        held = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        if _living(held, now=now) >= MOST:
            raise Refusal("too-many-tokens", most=MOST)
        token, text = _made(
            Token(
                team=team,
                name=name,
                scope=scope,
                benchmarks=list(benchmarks),
                created_by=created_by,
                created_at=now,
                expires_at=now + min(timedelta(days=days), LONGEST_LIFE),
            ),
            by=Asker(user=created_by) if created_by else audit.COMMAND,
        )
        said = {"scope": str(scope), "benchmarks": token.benchmarks, "ends": _moment(token.expires_at)}
        _tell(token, _keepers(token), "token-made", **said)
    return token, text


def mint(publisher: Publisher, claims: dict[str, str], *, now: datetime) -> tuple[Token, str]:
    """Make the short token of a job that a trusted publisher stands for. Nobody is told: its end comes by itself.

    To be called in the transaction that has found the publisher to be good, with its row held.
    """
    return _made(
        Token(
            team=publisher.team,
            name=str(publisher),
            scope=Token.Scope.SUBMIT,
            benchmarks=[publisher.benchmark.slug],
            publisher=publisher,
            claims=claims,
            created_at=now,
            expires_at=now + MINTED_LIFE,
        ),
        by=audit.SITE,
    )


def rotate(token: Token, *, overlap: timedelta, by: Asker, now: datetime) -> tuple[Token, str]:
    """Let a token of the same name, rights and length of life take its place; the old one ends after the overlap.

    Raises Refusal when that was done already, when the token opens nothing any more, or when a trusted publisher got
    it; past a hundred living ones, and past twenty in an hour of a team. An overlap of nothing ends the old at once.
    """
    limits.count_rotation(f"team:{token.team_id}")
    with transaction.atomic():
        old = Token.objects.select_for_update(no_key=True).get(pk=token.pk)
        if old.is_minted:
            raise Refusal("token-minted")
        if old.is_rotated:
            raise Refusal("token-rotated")
        if old.revoked_at is not None or old.expires_at <= now:
            raise Refusal("token-over")
        if overlap and _living(token.team, now=now) >= MOST:
            raise Refusal("too-many-tokens", most=MOST)
        new, text = _made(
            Token(
                team=token.team,
                name=old.name,
                scope=old.scope,
                benchmarks=old.benchmarks,
                # Whoever reads the text now: when that person leaves the team, it has to end.
                created_by=by.user or old.created_by,
                created_at=now,
                expires_at=now + min(old.expires_at - old.created_at, LONGEST_LIFE),
                replaces=old,
                family_id=None if by.token is None else old.family_id or old.pk,
            ),
            by=by,
        )
        networks.inherit(new, old)
        ends = min(old.expires_at, now + min(overlap, LONGEST_OVERLAP))
        Token.objects.filter(pk=old.pk).update(expires_at=ends)
        audit.record(by, "rotated", old, replaced_by=new.pk, ends=_moment(ends))
        told = {*_keepers(old), *_keepers(new)}
        _tell(new, told, "token-rotated", ends=_moment(new.expires_at), overlap_ends=_moment(ends))
    return new, text


def _made(token: Token, *, by: audit.Actor) -> tuple[Token, str]:
    body = "".join(secrets.choice(_BASE62) for _ in range(RANDOM_CHARACTERS))
    text = PREFIX + body + checksum(body)
    token.digest, token.hint = digest(text), text[:10]
    token.save(force_insert=True)
    audit.record(by, "made", token, scope=str(token.scope), benchmarks=token.benchmarks)
    return token, text


def _keepers(token: Token) -> list[User]:
    """Who answers for a token: its maker; of one made by command, the team's owners."""
    if token.created_by is not None:
        return [token.created_by]
    return token.team.owners


def _tell(token: Token, told: Iterable[User], kind: str, **params: Any) -> None:
    for user in told:
        notices.tell_person(user, kind, token, **params)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def checksum(body: str) -> str:
    """CRC-32 of the random part in six base62 characters, most significant first."""
    rest = zlib.crc32(body.encode())
    characters = []
    for _ in range(CHECK_CHARACTERS):
        rest, digit = divmod(rest, len(_BASE62))
        characters.append(_BASE62[digit])
    return "".join(reversed(characters))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_well_formed(text: str) -> bool:
    body, check = text[len(PREFIX) : -CHECK_CHARACTERS], text[-CHECK_CHARACTERS:]
    return (
        text.startswith(PREFIX)
        and len(body) == RANDOM_CHARACTERS
        and all(character in _BASE62 for character in body)
        and secrets.compare_digest(check.encode(), checksum(body).encode())
    )


def authenticate(text: str, *, now: datetime) -> Token:
    """The living token of this text, as its row says now: one revoked in another process is refused at once.

    Raises UnusableTokenError, which never quotes the text.
    """
    if not is_well_formed(text):
        raise UnusableTokenError("malformed")
    token = Token.objects.select_related("team").filter(digest=digest(text)).first()
    if token is None:
        raise UnusableTokenError("unknown")
    _refuse_over(token, now=now)
    if token.last_used_at is None or now - token.last_used_at > NOTE_USE_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def refuse_over(token: Token, *, now: datetime) -> None:
    """Raises UnusableTokenError when a token that was good a while ago opens nothing any more."""
    fresh = Token.objects.filter(pk=token.pk).first()
    if fresh is None:
        raise UnusableTokenError("unknown")
    _refuse_over(fresh, now=now)


def _refuse_over(token: Token, *, now: datetime) -> None:
    if token.revoked_at is not None:
        raise UnusableTokenError("revoked", at=_moment(token.revoked_at))
    if token.expires_at <= now:
        raise UnusableTokenError("ended", at=_moment(token.expires_at))


def note_network(token: Token, address: str | None, *, now: datetime) -> None:
    """Remember from which network a token is used, and tell its maker when it is a new one.

    A job's own is used from wherever its runner stands.
    """
    if token.is_minted:
        return
    if networks.is_new(token, address, now=now):
        with transaction.atomic():
            # Of two first uses at once, one is told of.
            Token.objects.select_for_update(no_key=True).get(pk=token.pk)
            if networks.learn(token, address, now=now):
                _tell(token, _keepers(token), "token-network", at=_moment(now))


def revoke(token: Token, *, by: audit.Actor, now: datetime) -> None:
    """End a token at once, with those that it has put in its own place. Again: no change.

    Whoever found a leaked one may have renewed it; what a person has put in its place stays.
    """
    with transaction.atomic():
        _end([Token.objects.select_for_update(no_key=True).get(pk=token.pk)], by=by, now=now)
        # Whoever rotates one holds its row, too: what it was renewed to meanwhile is there the next time.
        renewed = Token.objects.renewed_from(token).living(at=now).select_for_update(no_key=True)
        while found := list(renewed.order_by("pk")):
            _end(found, by=by, now=now)


def _end(held: Iterable[Token], *, by: audit.Actor, now: datetime) -> None:
    for token in held:
        if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            audit.record(by, "revoked", token)


def _living(team: Team, *, now: datetime) -> int:
    return team.tokens.living(at=now).made_by_people().count()

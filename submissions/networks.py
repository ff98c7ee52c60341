"""From which networks a token is used: kept as keyed hashes, so that no address can be read back from them."""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from submissions.models import Token, TokenNetwork

KEPT = timedelta(days=365)
MOST = 20  # a token; and so many new ones a day are learned, so that nobody is flooded with mails
NOTE_USE_EVERY = timedelta(days=1)
PREFIX_LENGTHS = {4: 24, 6: 48}
UNKNOWN = "unknown"


def of(address: str | None) -> str:
    """The network of a client: an IPv4 /24, an IPv6 /48. One whose address nobody can tell is in one of its own."""
    if not address:
        return UNKNOWN
    at = ip_address(address)
    if isinstance(at, IPv6Address) and at.ipv4_mapped is not None:
        at = at.ipv4_mapped
    return str(ip_network((at, PREFIX_LENGTHS[at.version]), strict=False))


def is_new(token: Token, address: str | None, *, now: datetime) -> bool:
    """Whether the token was not used from there for a year."""
    found = _of_token(token, now).filter(digest=_digest(token, address)).first()
    if found is not None and now - found.last_seen_at > NOTE_USE_EVERY:
        TokenNetwork.objects.filter(pk=found.pk).update(last_seen_at=now)
    return found is None


def learn(token: Token, address: str | None, *, now: datetime) -> bool:
    """Keep a new network of the token, in place of the one that was used the longest ago. False: nothing was learned.

    To be called with the token's row held.
    """
    known = list(_of_token(token, now).order_by("-last_seen_at", "-pk"))
    digest = _digest(token, address)
    lately = [each for each in known if now - each.first_seen_at < timedelta(days=1)]
    if len(lately) >= MOST or any(each.digest == digest for each in known):
        return False
    TokenNetwork.objects.filter(token=token).exclude(pk__in=[each.pk for each in known[: MOST - 1]]).delete()
    TokenNetwork.objects.create(token=token, digest=digest, first_seen_at=now, last_seen_at=now)
    return True


def inherit(new: Token, old: Token) -> None:
    """Let the token that takes another's place know that one's networks."""
    TokenNetwork.objects.bulk_create(
        TokenNetwork(
            token=new, digest=each.digest, first_seen_at=each.first_seen_at, last_seen_at=each.last_seen_at
        )
        for each in old.networks.all()
    )


def forget_old(*, now: datetime) -> None:
    """Remove what was seen over a year ago."""
    TokenNetwork.objects.filter(last_seen_at__lte=now - KEPT).delete()


def _of_token(token: Token, now: datetime) -> QuerySet[TokenNetwork]:
    return TokenNetwork.objects.filter(token=token, last_seen_at__gt=now - KEPT)


def _digest(token: Token, address: str | None) -> str:
    # Of the team, so that a token's successor knows its networks, and no two teams can be compared.
    said = f"{token.team_id} {of(address)}"
    return salted_hmac("submissions.networks", said, algorithm="sha256").hexdigest()

"""Requests to addresses that people name: they reach the public internet and nothing of ours.

A name is resolved once; when any of its addresses is not public, nothing is asked. The connection goes to the very
address that was looked at, whatever the name leads to by then (see `exchanges`).
"""

import re
import time
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

from submissions import exchanges
from submissions.exchanges import Address, Answer, UnreachableError
from submissions.refusals import Refusal

SECONDS = 10.0  # for all of it, from the name to the last byte
READ_BYTES = 4096
LONGEST_URL = 500
PORTS = frozenset({80, 443})  # and those from 1024 on: below there are mail, files and the like
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?\.?")

GLOBAL_IPV6 = ip_network("2000::/3")
NAT64 = ip_network("64:ff9b::/96")
# Public by their numbers alone: what Python's older tables do not know, and the inner doors of clouds.
NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # Azure's platform
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",
        "3fff::/20",  # documentation
    )
)


def check_url(url: str) -> str:
    """The URL, if it may be asked as far as its text tells. Raises Refusal, whose field is `url`.

    What its name leads to is looked at each time that it is asked.
    """
    url = url.strip()
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_URL:
        raise Refusal("webhook-url", field="url", most=LONGEST_URL)
    try:
        parts = urlsplit(url)
        port = exchanges.port_of(parts)
    except ValueError as error:
        raise Refusal("webhook-url", field="url", most=LONGEST_URL) from error
    if parts.scheme not in _schemes():
        raise Refusal("webhook-scheme", field="url", schemes=", ".join(f"{each}://" for each in _schemes()))
    if "@" in parts.netloc:
        raise Refusal("webhook-userinfo", field="url")
    if port not in PORTS and port < 1024:
        raise Refusal("webhook-port", field="url", port=port)
    host = parts.hostname or ""
    literal = _literal(host)
    if (literal is None and not _HOST.fullmatch(host)) or parts.fragment or "\\" in url:
        raise Refusal("webhook-url", field="url", most=LONGEST_URL)
    if literal is not None and not may_be_reached(literal):
        raise Refusal("webhook-address", field="url")
    return url


def _schemes() -> tuple[str, ...]:
    return ("https", "http") if settings.VERNIER_EMBEDDED else ("https",)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def may_be_reached(address: Address) -> bool:
    """Whether it is public, or in a network that the operator has opened."""
    address = _meant(address)
    opened = (ip_network(network) for network in settings.VERNIER_WEBHOOK_NETWORKS)
    if any(address in network for network in opened):
        return True
    if isinstance(address, IPv6Address) and address not in GLOBAL_IPV6:
        return False
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in network for network in NOT_PUBLIC)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send it and read how the answer begins. Raises UnreachableError; whatever the other side does, within SECONDS."""
    deadline = time.monotonic() + SECONDS
    try:
        url = check_url(url)
    except Refusal as refusal:  # the rules may have changed since it was taken
        raise UnreachableError("address-refused") from refusal
    return exchanges.ask(
        "POST",
        url,
        deadline=deadline,
        most_bytes=READ_BYTES,
        body=body,
        headers=headers,
        may_be_reached=may_be_reached,
    )

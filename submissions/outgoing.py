"""Requests to addresses that people name: they reach the public internet and nothing of ours.

A name is resolved here, once; when any of its addresses is not public, nothing is asked. The connection goes to the
very address that was looked at, whatever the name leads to by then. No redirect is followed, no proxy of the
environment is used, no more than a little of the answer is read, and all of it ends at one moment.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, IncompleteRead
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from submissions.refusals import Refusal

SECONDS = 10.0  # for all of it, from the name to the last byte
CONNECT_SECONDS = 4.0  # for one of a name's addresses
ADDRESSES_TRIED = 3
READ_BYTES = 4096
LONGEST_URL = 500
PORTS = frozenset({80, 443})  # and those from 1024 on: below there are mail, files and the like
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?\.?")

Address = IPv4Address | IPv6Address

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


class UnreachableError(Exception):
    """No answer came; `reason` is a code of wording's DELIVERY_REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    beginning: str  # of the body, as text


def check_url(url: str) -> str:
    """The URL, if it may be asked as far as its text tells. Raises Refusal, whose field is `url`.

    What its name leads to is looked at each time that it is asked.
    """
    url = url.strip()
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_URL:
        raise Refusal("webhook-url", field="url", most=LONGEST_URL)
    try:
        parts = urlsplit(url)
        port = _port(parts)
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


def _port(parts: SplitResult) -> int:
    return parts.port if parts.port is not None else (443 if parts.scheme == "https" else 80)


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
    """Send it and read how the answer begins. Raises UnreachableError; whatever the other side does, within SECONDS.

    Looking a name up has time limits of its own, the resolver's; nothing is sent when the time is over by then.
    """
    deadline = time.monotonic() + SECONDS
    try:
        url = check_url(url)
    except Refusal as refusal:  # the rules may have changed since it was taken
        raise UnreachableError("address-refused") from refusal
    parts = urlsplit(url)
    connected = _connected(parts, deadline)
    with _ended_at(deadline, connected):
        try:
            connected = _secured(connected, parts)
            return _exchange(connected, parts, body, headers, deadline)
        except ssl.SSLError as error:
            raise UnreachableError("timeout" if _is_over(deadline) else "tls") from error
        except (HTTPException, OSError, ValueError) as error:
            raise UnreachableError("timeout" if _is_over(deadline) else "no-answer") from error
        finally:
            connected.close()


def _is_over(deadline: float) -> bool:
    return time.monotonic() >= deadline


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise UnreachableError("timeout")
    return left


def _connected(parts: SplitResult, deadline: float) -> socket.socket:
    """A connection to one of the name's addresses, all of which were looked at."""
    for address in _resolved(parts)[:ADDRESSES_TRIED]:
        family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
        connected = socket.socket(family, socket.SOCK_STREAM)
        try:
            connected.settimeout(min(CONNECT_SECONDS, _left(deadline)))
            connected.connect((str(address), _port(parts)))
            connected.settimeout(_left(deadline))
        except (OSError, UnreachableError) as error:
            connected.close()
            if isinstance(error, UnreachableError):
                raise
        else:
            return connected
    raise UnreachableError("no-connection")


def _resolved(parts: SplitResult) -> list[Address]:
    """The addresses of the name. Raises UnreachableError when there is none, or when one may not be reached."""
    try:
        found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError("name-unknown") from error
    # A dict keeps the order in which the resolver prefers them.
    addresses = list(dict.fromkeys(ip_address(str(each[4][0])) for each in found))
    if not addresses:
        raise UnreachableError("name-unknown")
    if not all(may_be_reached(address) for address in addresses):
        raise UnreachableError("address-refused")
    return addresses


@contextmanager
def _ended_at(deadline: float, connected: socket.socket) -> Iterator[None]:
    """Cut the connection at that moment: a socket's own timeout begins anew with every byte that trickles in."""
    handle = connected.dup()  # TLS takes the socket itself over

    def cut() -> None:
        with suppress(OSError):  # it has ended by itself
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _secured(connected: socket.socket, parts: SplitResult) -> socket.socket:
    """The same under TLS, with a certificate of that name, where the URL asks for it."""
    if parts.scheme != "https":
        return connected
    return ssl.create_default_context().wrap_socket(connected, server_hostname=parts.hostname)


def _exchange(
    connected: socket.socket, parts: SplitResult, body: bytes, headers: Mapping[str, str], deadline: float
) -> Answer:
    connection = HTTPConnection(parts.hostname or "", _port(parts))
    connection.sock = connected
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fixed = {"Host": parts.netloc, "Connection": "close"}
    connection.request("POST", target, body, {**headers, **fixed})
    with connection.getresponse() as response:
        _left(deadline)  # cut off among its headers, it would look like a whole answer
        try:
            beginning = response.read(READ_BYTES)
        except IncompleteRead as error:
            beginning = error.partial
        except (HTTPException, OSError):
            beginning = b""  # what it said of the message is known all the same
    return Answer(response.status, beginning.decode("utf-8", "replace"))

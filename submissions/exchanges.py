"""One HTTP request that ends in time, whatever the other side does.

A library's timeout begins anew with every byte that trickles in, and not all of an answer is under it. Here one moment
ends it all, from the first connection to the last byte; no redirect is followed, no proxy of the environment is used,
and no more of the body is read than was asked for.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, IncompleteRead
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 4.0  # for one of a name's addresses
ADDRESSES_TRIED = 3

Address = IPv4Address | IPv6Address


class UnreachableError(Exception):
    """No answer came; `reason` is a code of wording's DELIVERY_REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    beginning: bytes  # of the body
    is_whole: bool  # shorter than what was asked for, and not cut off

    @property
    def text(self) -> str:
        return self.beginning.decode("utf-8", "replace")


def port_of(parts: SplitResult) -> int:
    """Raises ValueError for one that cannot be."""
    return parts.port if parts.port is not None else (443 if parts.scheme == "https" else 80)


def ask(
    method: str,
    url: str,
    *,
    deadline: float,
    most_bytes: int,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    may_be_reached: Callable[[Address], bool] | None = None,
) -> Answer:
    """Send it and read how the answer begins, until that moment of the monotonic clock. Raises UnreachableError.

    When any address of the name may not be reached nothing is asked; the connection goes to one that was looked at.
    Looking a name up has time limits of its own, the resolver's; nothing is sent when the time is over by then.
    """
    parts = urlsplit(url)
    connected = _connected(parts, deadline, may_be_reached)
    with _ended_at(deadline, connected):
        try:
            connected = _secured(connected, parts)
            return _exchange(connected, parts, method, body, headers or {}, deadline, most_bytes)
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


def _connected(
    parts: SplitResult, deadline: float, may_be_reached: Callable[[Address], bool] | None
) -> socket.socket:
    """A connection to one of the name's addresses, all of which were looked at."""
    addresses = _resolved(parts)
    if may_be_reached is not None and not all(may_be_reached(address) for address in addresses):
        raise UnreachableError("address-refused")
    for address in addresses[:ADDRESSES_TRIED]:
        family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
        connected = socket.socket(family, socket.SOCK_STREAM)
        try:
            connected.settimeout(min(CONNECT_SECONDS, _left(deadline)))
            connected.connect((str(address), port_of(parts)))
            connected.settimeout(_left(deadline))
        except (OSError, UnreachableError) as error:
            connected.close()
            if isinstance(error, UnreachableError):
                raise
        else:
            return connected
    raise UnreachableError("no-connection")


def _resolved(parts: SplitResult) -> list[Address]:
    """The addresses of the name. Raises UnreachableError when there is none."""
    try:
        found = socket.getaddrinfo(parts.hostname, port_of(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError("name-unknown") from error
    # A dict keeps the order in which the resolver prefers them.
    addresses = list(dict.fromkeys(ip_address(str(each[4][0])) for each in found))
    if not addresses:
        raise UnreachableError("name-unknown")
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
    connected: socket.socket,
    parts: SplitResult,
    method: str,
    body: bytes | None,
    headers: Mapping[str, str],
    deadline: float,
    most_bytes: int,
) -> Answer:
    connection = HTTPConnection(parts.hostname or "", port_of(parts))
    connection.sock = connected
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fixed = {"Host": parts.netloc, "Connection": "close"}
    connection.request(method, target, body, {**headers, **fixed})
    with connection.getresponse() as response:
        _left(deadline)  # cut off among its headers, it would look like a whole answer
        try:
            beginning, is_cut = response.read(most_bytes), False
        except IncompleteRead as error:
            beginning, is_cut = error.partial, True
        except (HTTPException, OSError):
            beginning, is_cut = b"", True  # its status is known all the same
    is_whole = len(beginning) < most_bytes and not is_cut and not _is_over(deadline)
    return Answer(response.status, beginning, is_whole)

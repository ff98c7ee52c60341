"""Whoever is told by a webhook: answers on loopback, and keeps what it was told."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast


@dataclass(frozen=True)
class Told:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: str


@dataclass
class Says:
    """What it answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"


class Receiver(ThreadingHTTPServer):
    """Takes every POST. `says` may be changed at any time."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, says: Says | None = None, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Handler)
        self.says = says or Says()
        self.told: list[Told] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver = cast("Receiver", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.told.append(Told(self.path, headers, body))
        self.send_response(receiver.says.status)
        for name, value in receiver.says.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(receiver.says.body)))
        self.end_headers()
        self.wfile.write(receiver.says.body)

    def log_message(self, *_said: object) -> None:
        pass


@contextmanager
def running(
    says: Says | None = None, *, port: int = 0, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver for the block, under TLS where a context is given."""
    with Receiver(says, port, host) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def saying(*pieces: bytes, pause: float = 0.0, endless: bytes = b"") -> Iterator[int]:
    """A port that answers each connection with the pieces, a pause after each, and then on and on; gives the port."""
    ended = threading.Event()

    def speak(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                for piece in pieces:
                    connection.sendall(piece)
                    ended.wait(pause)
                while endless and not ended.is_set():
                    connection.sendall(endless)
                    ended.wait(pause)
            except OSError:  # the other side has had enough
                pass

    def listen() -> None:
        while not ended.is_set():
            try:
                connection, _address = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=speak, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            ended.set()
            thread.join()

"""A mail server of a few commands, which keeps what it is sent."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as policy
from typing import cast


class Sink(socketserver.ThreadingTCPServer):
    """Listens on loopback. ``refused`` answers to a recipient or, under "data", to a message, instead of taking it."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self, port: int = 0, refused: Mapping[str, str] | None = None, host: str = "127.0.0.1"
    ) -> None:
        super().__init__((host, port), _Session)
        self.refused = dict(refused or {})
        self.taken: list[tuple[str, EmailMessage]] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        sink, to = cast("Sink", self.server), ""
        self._say("220 sink")
        for line in self.rfile:
            command = line.decode().strip()
            word = command.split(":")[0].upper()
            if word == "RCPT TO":
                to = command.partition("<")[2].partition(">")[0]
                self._say(sink.refused.get(to, "250 fine"))
            elif word == "DATA":
                self._say("354 go on")
                said = sink.refused.get("data", "250 fine")
                content = self._content()
                if said.startswith("250"):
                    sink.taken.append((to, message_from_bytes(content, policy=policy)))
                self._say(said)
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _content(self) -> bytes:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(line.removeprefix(b".") if line.startswith(b"..") else line for line in lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def running(
    port: int = 0, refused: Mapping[str, str] | None = None, host: str = "127.0.0.1"
) -> Iterator[Sink]:
    """A mail server that takes what comes, until the block ends."""
    with Sink(port, refused, host) as sink:
        thread = threading.Thread(target=sink.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()

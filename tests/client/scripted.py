"""A server that does what a test says, request by request, and remembers what it was asked."""

import email.parser
import email.policy
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ID = "6f1c2c3e-0000-4000-8000-000000000001"
OTHER = "6f1c2c3e-0000-4000-8000-000000000002"
ENTRY = "6f1c2c3e-0000-4000-8000-00000000000e"
RIVAL = "6f1c2c3e-0000-4000-8000-00000000000f"


def submission(status: str = "scored", *, id_: str = ID, **more: Any) -> dict[str, Any]:
    """As the API shapes one."""
    shape = {
        "id": id_,
        "benchmark": "mmad",
        "entry": {"id": ENTRY, "name": "my model", "settings": {}},
        "status": status,
        "visibility": "private",
        "received_at": "2026-03-02T12:00:00Z",
        "errors": [],
        "errors_total": 0,
        "score": 74.2225 if status == "scored" else None,
        "interval": [73.6, 74.8] if status == "scored" else None,
        "coverage": 0.998,
        "partial": [],
        "links": {
            "self": "http://elsewhere/",
            "page": "http://site/submissions/1/",
            "problems": "http://site/p/",
        },
    }
    return shape | more


@dataclass(frozen=True)
class Answer:
    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def problem(status: int, code: str, detail: str = "No.", **headers: str) -> Answer:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"status": status, "code": code, "detail": detail, "errors": [], "errors_total": 0}
    return Answer(body, status, told)


class Cut:
    """Read so much of the body, all of it when None, and reset the connection without an answer."""

    def __init__(self, after: int | None = None) -> None:
        self.after = after


@dataclass
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    length: int
    digest: str  # of the file
    file: bytes
    fields: list[tuple[str, str]]
    raw: bytes = b""


Step = Answer | Cut | Callable[[Asked], Answer]


@dataclass
class Scripted:
    """`steps` are taken in turn, the last one for ever."""

    url: str
    steps: list[Step]
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_step(self) -> Step:
        with self.lock:
            return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    @property
    def keys(self) -> set[str | None]:
        return {asked.headers.get("Idempotency-Key") for asked in self.asked if asked.method == "POST"}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    script: Scripted


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def _do(self) -> None:
        script = self.server.script
        step = script.next_step()
        length = int(self.headers.get("Content-Length") or 0)
        if isinstance(step, Cut):
            script.asked.append(self._cut(length, step.after))
            self._reset()
            return
        asked = read(self.command, self.path, self.headers, self.rfile.read(length))
        script.asked.append(asked)
        self._answer(step if isinstance(step, Answer) else step(asked))

    def _cut(self, length: int, after: int | None) -> Asked:
        if after is None:
            return read(self.command, self.path, self.headers, self.rfile.read(length))
        while after > 0 and (chunk := self.rfile.read1(min(after, 1024 * 1024))):
            after -= len(chunk)
        return Asked(self.command, self.path, dict(self.headers), length, "", b"", [])

    def _answer(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """End the connection as a network that breaks does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        self.rfile.close()

    def finish(self) -> None:
        if not self.rfile.closed:
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def serving(*steps: Step) -> Iterator[Scripted]:
    """Serve these steps on a port of loopback."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.script = Scripted(f"http://127.0.0.1:{server.server_address[1]}", list(steps))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.script
        finally:
            server.shutdown()
            thread.join()


def read(method: str, path: str, headers: Any, content: bytes) -> Asked:
    """A request with its form taken apart."""
    file, fields = b"", []
    for name, part in _parts(headers.get("Content-Type", ""), content):
        if name == "file":
            file = part
        else:
            fields.append((name, part.decode()))
    return Asked(
        method, path, dict(headers), len(content), hashlib.sha256(file).hexdigest(), file, fields, content
    )


def _parts(kind: str, content: bytes) -> Sequence[tuple[str, bytes]]:
    if not kind.startswith("multipart/form-data"):
        return []
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + content)
    found = []
    for part in message.iter_parts():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        found.append((str(part.get_param("name", header="content-disposition")), payload))
    return found

"""A network that can be broken: a TCP proxy on loopback that passes on, hangs up, or stays silent."""

import selectors
import socket
import threading
from contextlib import suppress
from enum import Enum

CHUNK = 64 * 1024


class Weather(Enum):
    """What the network does with connections, those that are open included."""

    FAIR = "passes on"
    BROKEN = "hangs up"
    SILENT = "takes connections and says nothing"


class Network:
    """A way to a port of loopback; `port` is where it begins."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._weather = Weather.FAIR
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def weather(self) -> Weather:
        """What it does now."""
        return self._weather

    def turn(self, weather: Weather) -> None:
        """Let it do that from now on; what is open is cut off when it breaks, and when it is fair again."""
        with self._lock:
            was, self._weather = self._weather, weather
            cut = set(self._open) if weather == Weather.BROKEN or was == Weather.SILENT else set()
        for connection in cut:
            _hang_up(connection)

    def close(self) -> None:
        """Take no more connections, and cut off those that there are."""
        _hang_up(self._listener)
        self._listener.close()
        self.turn(Weather.BROKEN)

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            if self._weather == Weather.BROKEN:
                client.close()
                continue
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._to), timeout=5)
        except OSError:
            client.close()
            return
        with self._lock:
            self._open |= {client, server}
        try:
            self._pass_on(client, server)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open -= {client, server}
            for end in (client, server):
                _hang_up(end)
                end.close()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        with selectors.DefaultSelector() as ready:
            for end in other:
                ready.register(end, selectors.EVENT_READ)
            while True:
                for key, _events in ready.select(timeout=0.5):
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    chunk = source.recv(CHUNK)
                    if not chunk:
                        return
                    if self._weather == Weather.FAIR:
                        other[source].sendall(chunk)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)

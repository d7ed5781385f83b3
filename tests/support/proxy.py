"""A wire between a desk and its database that a test may cut at the worst moment."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Wire:
    """Carries connections to a port on loopback.

    `cut_at`: once a client has sent these bytes they are carried on, and the client is cut off before the answer;
    with `stays_broken` every client is, from then on. `broken`: nobody new is let through.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.cut_at: bytes | None = None
        self.stays_broken = self.broken = False
        self._ends: list[socket.socket] = []

    def serve(self) -> None:
        """Carry until closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.broken:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(("127.0.0.1", self._to))
                except OSError:  # nobody is there now
                    client.close()
                    continue
                self._ends += [client, server]
                threading.Thread(target=self._there, args=(client, server), daemon=True).start()
                threading.Thread(target=_carry, args=(server, client), daemon=True).start()

    def cut(self) -> None:
        """Cut everyone off at once, and let nobody new through until `broken` is False again."""
        self.broken = True
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _there(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self.cut_at is not None and self.cut_at in data:
                    self.cut_at, self.broken = None, self.stays_broken
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(data)
                    return
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            with contextlib.suppress(OSError):  # cut off: what the server still says is read, and goes nowhere
                sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire(to: int) -> Iterator[Wire]:
    """A wire to a port for the length of the block."""
    made = Wire(to)
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join()

"""Reading much of the ledger at once over a connection of its own, where that is a plain one to a single server.

A third of the time that the client library takes for a message, which for ten million of them is what decides. It
speaks only what this needs; whatever it does not expect ends it, and the reading goes on by the library.
"""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterator
from io import BufferedReader
from typing import Any, Final, cast
from urllib.parse import urlsplit

from events import EVENTS_STREAM
from projections.live.message import Sources
from services.ledger.connecting import inbox_prefix
from services.system import SystemRecord

_REQUEST: Final = 4000
"""Messages asked for at a time; two requests are under way at once."""
_SILENCE: Final = 10.0
_BUFFER: Final = 1 << 18
_TOKENS: Final = 9
"""Parts of the address that the server gives a message, where the stream is the account's own."""


class NotPlainError(Exception):
    """The ledger cannot be read this way, or not any further."""


class _Connection:
    """A connection with one subscription."""

    def __init__(self, record: SystemRecord) -> None:
        address = record.nats
        server = urlsplit(address.url)
        if server.scheme != "nats" or "," in address.url or server.hostname is None:
            raise NotPlainError
        self._socket = socket.create_connection((server.hostname, server.port or 4222), _SILENCE)
        self.stream = cast(BufferedReader, self._socket.makefile("rb", _BUFFER))
        self.inbox = f"{inbox_prefix(address)}.{secrets.token_hex(11)}"
        try:
            kind, _, told = self.stream.readline().partition(b" ")
            if kind != b"INFO" or json.loads(told).get("tls_required"):
                raise NotPlainError
            options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "name": "rebuild"}
            if address.user is not None:
                options |= {"user": address.user, "pass": address.password or ""}
            self.send(f"CONNECT {json.dumps(options)}\r\nSUB {self.inbox} 1\r\n".encode())
        except BaseException:
            self.close()
            raise

    def send(self, frames: bytes) -> None:
        self._socket.sendall(frames)

    def publish(self, subject: str, body: dict[str, Any]) -> None:
        payload = json.dumps(body).encode()
        self.send(f"PUB {subject} {self.inbox} {len(payload)}\r\n".encode() + payload + b"\r\n")

    def next(self) -> tuple[list[bytes], bytes]:
        """Give the words of the next message's first line, and what it holds."""
        while True:
            words = self.stream.readline().split()
            if words and words[0] == b"MSG":
                return words, self.stream.read(int(words[-1]) + 2)[:-2]
            if words and words[0] == b"HMSG":
                return words, self.stream.read(int(words[-1]) + 2)[int(words[-2]) : -2]
            if words != [b"PING"]:
                raise NotPlainError
            self.send(b"PONG\r\n")

    def close(self) -> None:
        self.stream.close()
        self._socket.close()


def read_plainly(record: SystemRecord, first: int, last: int) -> Iterator[Sources]:
    """Give the messages with sequences from ``first`` to ``last``, in order, each once, in pieces.

    Raises NotPlainError or OSError or ValueError where it cannot go on.
    """
    connection = _Connection(record)
    try:
        yield from _read(connection, first, last)
    finally:
        connection.close()


def _read(connection: _Connection, first: int, last: int) -> Iterator[Sources]:
    config = {
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": first,
        "ack_policy": "none",
        "mem_storage": True,
        "num_replicas": 1,
        "inactive_threshold": 60 * 10**9,
    }
    connection.publish(f"$JS.API.CONSUMER.CREATE.{EVENTS_STREAM}", {"stream_name": EVENTS_STREAM, "config": config})
    made = json.loads(connection.next()[1])
    if "name" not in made:
        raise NotPlainError
    if not made["num_pending"]:
        return
    ask = f"$JS.API.CONSUMER.MSG.NEXT.{EVENTS_STREAM}.{made['name']}"
    size = min(_REQUEST, last - first + 1)  # who asks for a few is not sent thousands
    got = asked = 0
    desks: dict[bytes, str] = {}
    sources = Sources()
    while True:
        while asked - got <= size:
            connection.publish(ask, {"batch": size, "expires": 30 * 10**9})
            asked += size
        words, raw = connection.next()
        tokens = words[3].split(b".")
        got += 1
        if len(tokens) != _TOKENS or tokens[1] != b"ACK" or int(tokens[6]) != got:
            raise NotPlainError
        position = int(tokens[5])
        if position <= last:
            subject = words[1]
            desk = desks.get(subject) or desks.setdefault(subject, subject.split(b".")[2].decode())
            sources.positions.append(position)
            sources.stamps.append(int(tokens[7]) // 1000)
            sources.desks.append(desk)
            sources.raws.append(raw)
        over = position >= last or tokens[8] == b"0"
        if over or len(sources) >= _REQUEST:
            yield sources
            sources = Sources()
        if over:
            return

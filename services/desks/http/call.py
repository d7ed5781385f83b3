"""One request: its headers, its query, and its body, within the limits."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import Receive, Scope

from services.api_rules import Problem, read_query
from services.desks.access import Key
from services.desks.http.limits import Limits, Meter

__all__ = ["Call", "too_large"]

_CLOSE: Final = ((b"connection", b"close"),)
_SOON: Final = ((b"retry-after", b"1"),)
_SINGLE: Final = (b"content-type", b"content-length", b"content-encoding", b"authorization")


class Call:
    """A request on its way through a handler. `key`: that of its sender, None where none is asked for."""

    __slots__ = ("_limits", "_meter", "_receive", "headers", "key", "scope")

    def __init__(self, scope: Scope, receive: Receive, limits: Limits, meter: Meter) -> None:
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.key: Key | None = None
        self._receive = receive
        self._limits = limits
        self._meter = meter
        if len(self.headers) != len(scope["headers"]):
            names = [name for name, _ in scope["headers"]]
            if any(names.count(name) > 1 for name in _SINGLE):
                raise Problem(400, "A header that may be given once is given twice.")

    @property
    def payer(self) -> str:
        """Whose limits this request counts for."""
        return "" if self.key is None else self.key.id

    @property
    def sources(self) -> frozenset[str] | None:
        """The sources that the sender may speak for, None for any."""
        return None if self.key is None else self.key.sources

    def ensure_coordinator(self) -> None:
        """Raise a Problem when the sender's key has not the coordinator's right."""
        if self.key is not None and not self.key.coordinator:
            raise Problem(403, "This asks for a key with the coordinator's right.", kind="not-coordinator")

    def query(self, *names: str) -> dict[str, str]:
        """Read the query. Raises a Problem for a parameter beside `names`, and for one given twice."""
        return {name: values[0] for name, values in read_query(self.scope["query_string"], names).items()}

    async def body(self, most: int) -> bytes:
        """Read the body. Raises a Problem when it is longer than `most`, too slow, or cut off."""
        length = self.headers.get(b"content-length")
        if length is not None and (not length.isdigit() or int(length) > most):
            raise too_large(most)
        if self.headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Problem(415, "A body must not be compressed.", headers=((b"accept-encoding", b"identity"),))
        held = 0
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                message = await self._receive()
                if message["type"] == "http.request" and not message.get("more_body", False):
                    whole: bytes = message.get("body", b"")
                    if len(whole) > most:
                        raise too_large(most)
                    return whole
                pieces = bytearray()
                while message["type"] == "http.request":
                    piece: bytes = message.get("body", b"")
                    if self._meter.held + len(piece) > self._limits.held_bytes:
                        raise Problem(503, "Too many bodies are on their way.", headers=_SOON, kind="busy")
                    held += len(piece)
                    self._meter.held += len(piece)
                    pieces += piece
                    if len(pieces) > most:
                        raise too_large(most)
                    if not message.get("more_body", False):
                        return bytes(pieces)
                    message = await self._receive()
        except TimeoutError:
            detail = f"The body did not come within {self._limits.body_seconds:g} seconds."
            raise Problem(408, detail, headers=_CLOSE) from None
        finally:
            self._meter.held -= held
        raise Problem(400, "The request was cut off.", headers=_CLOSE)


def too_large(most: int) -> Problem:
    """Give the Problem of a body of more than `most` bytes.

    The server throws away what is left of it, as long as that takes no longer than the head of a request may: closed
    at once, the connection would often be gone before the sender had read the answer.
    """
    return Problem(413, f"The body is longer than {most} bytes.", kind="too-large", mostBytes=most)

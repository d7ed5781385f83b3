"""Answers: JSON, or problem details by RFC 9457, each with the headers that all answers have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from starlette.types import Send

__all__ = ["JSON", "PROBLEM", "Problem", "Reply", "encode", "failed", "method_unknown", "send_reply"]

_log = structlog.get_logger(__name__)

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"

COMMON: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
"""On every answer, beside its version (/core/version-header): the security headers of the NL API Design Rules."""

encode: Final = msgspec.json.Encoder().encode

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(slots=True)
class Reply:
    """An answer that is ready to be sent."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Headers = ()


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A request cannot be answered as asked. Nothing in it comes from what was sent."""

    def __init__(
        self, status: int, detail: str, *, headers: Headers = (), kind: str | None = None, **members: Any
    ) -> None:
        """Describe it. `kind`: the last part of the problem's type, by default none (`about:blank`)."""
        super().__init__(status)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.kind = kind
        self.members = members

    def reply(self) -> Reply:
        """Give it as an answer."""
        content = {
            "type": "about:blank" if self.kind is None else f"urn:problem-type:kinderen-in-beeld:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        return Reply(self.status, encode(content), PROBLEM, self.headers)


def method_unknown(allowed: Iterable[str]) -> Problem:
    """Make the problem of a method that an address does not have; it names those that it has."""
    allow = ((b"allow", ", ".join(allowed).encode()),)
    return Problem(405, "This address does not know the method.", headers=allow)


def failed(error: Exception) -> Problem:
    """Note an error that nobody foresaw, and give the Problem of it. To be called where it was caught."""
    # Its text may hold what was sent, so only what it is and where it came from.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
    _log.error("a request failed", why=type(error).__name__, where=where)
    return Problem(500, "Something went wrong here; it was noted.")


async def send_reply(reply: Reply, send: Send, version: str) -> None:
    """Send an answer whole. `version`: that of the interface (semantic versioning)."""
    content = ((b"content-type", reply.content_type), (b"content-length", b"%d" % len(reply.body)))
    headers = [
        *(() if reply.status == HTTPStatus.NOT_MODIFIED else content),
        (b"api-version", version.encode("ascii")),
        *COMMON,
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})

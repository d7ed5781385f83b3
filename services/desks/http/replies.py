"""Answers: JSON, or problem details by RFC 9457, each with the headers that all answers have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.types import Send

__all__ = ["API_VERSION", "JSON", "PROBLEM", "Problem", "Reply", "encode", "send_reply"]

API_VERSION: Final = "1.0.0"
"""The version of the interface (semantic versioning); its first number stands in every address."""

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"

COMMON: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"api-version", API_VERSION.encode()),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
"""On every answer: the version (/core/version-header) and the security headers of the NL API Design Rules."""

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


async def send_reply(reply: Reply, send: Send) -> None:
    """Send an answer whole."""
    headers = [
        (b"content-type", reply.content_type),
        (b"content-length", b"%d" % len(reply.body)),
        *COMMON,
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})

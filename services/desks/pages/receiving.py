"""Reading a submitted form, bounded and wholly in memory: an uploaded list of pupils' numbers touches no disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from services.desks.pages.lists import MAX_FILE_BYTES

__all__ = ["Submitted", "TooLargeError", "receive"]

_MAX_FIELDS: Final = 200
_MAX_FORM_BYTES: Final = 64 * 1024
_FIELD_BYTES: Final = 8 * 1024


class TooLargeError(Exception):
    """More was sent than a form may hold."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a form brought: fields (several values of one with commas between), and the bytes of its file."""

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    file: bytes = field(default=b"", repr=False)


async def receive(request: Request) -> Submitted:
    """Read a form; what is not one is read as empty. Raises TooLargeError."""
    kind = request.headers.get("content-type", "")
    upload = kind.lower().startswith("multipart/form-data")
    limit = MAX_FILE_BYTES + _MAX_FORM_BYTES if upload else _MAX_FORM_BYTES
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLargeError
    if upload:
        return _multipart(kind, bytes(body))
    try:
        return Submitted(_joined(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)))
    except ValueError:
        return Submitted()


def _multipart(kind: str, body: bytes) -> Submitted:
    # The header travels as bytes that no line end can leave: the server has read it as one line.
    message = BytesParser(policy=policy.HTTP).parsebytes(
        b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + body
    )
    fields: list[tuple[str, str]] = []
    file = b""
    for part in list(message.iter_parts())[:_MAX_FIELDS] if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        if part.get_param("filename", header="content-disposition") is not None:
            file = content
        elif len(content) <= _FIELD_BYTES:
            fields.append((name, content.decode("utf-8", "replace")))
    return Submitted(_joined(fields), file)


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined

"""The CloudEvents HTTP binding (1.0.2): one report in structured or binary mode, or several in batched mode.

Out of each mode come reports as structured JSON, which is what a desk keeps and the ledger holds. What is checked here
is only what a report cannot be taken out of the request without; the rules of the contract are the desk's.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Final

import msgspec

from services.api_rules import Problem, encode

__all__ = ["MEDIA_TYPES", "Mode", "from_batch", "from_binary", "mode_of"]


class Mode(Enum):
    """How reports lie in a request, by its media type."""

    STRUCTURED = "application/cloudevents+json"
    BATCHED = "application/cloudevents-batch+json"
    BINARY = "application/json"


MEDIA_TYPES: Final = ", ".join(mode.value for mode in Mode)

_MEDIA_TYPE: Final = re.compile(rb'\s*([!-~]+?)\s*((?:;\s*[!-~]+?=(?:"[^"]*"|[^\s;"]*)\s*)*);?\s*')
_PARAMETER: Final = re.compile(rb';\s*([!-~]+?)=(?:"([^"]*)"|([^\s;"]*))')
_PREFIX: Final = b"ce-"
_NAME: Final = re.compile(rb"[a-z0-9]+")
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(rb"\\(.)")
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_OWN: Final = frozenset({b"specversion", b"id", b"source", b"type", b"time", b"recordedtime", b"subject"})
_NOT_HEADERS: Final = frozenset({b"data", b"datacontenttype"})

_split: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_ensure_json: Final = msgspec.json.Decoder(msgspec.Raw).decode


@lru_cache(64)
def mode_of(content_type: bytes) -> Mode | None:
    """Tell how reports lie in a request, by its `Content-Type`; None when it is none of the binding's in UTF-8."""
    found = _MEDIA_TYPE.fullmatch(content_type)
    if found is None:
        return None
    for name, quoted, plain in _PARAMETER.findall(found[2]):
        if name.lower() == b"charset" and (quoted or plain).lower() not in (b"utf-8", b"utf8"):
            return None
    try:
        return Mode(found[1].lower().decode("ascii"))
    except ValueError:
        return None


def from_batch(body: bytes) -> list[bytes]:
    """Take the reports out of a batch, each as it was written. Raises a Problem when it is not a JSON array."""
    try:
        return [bytes(raw) for raw in _split(body)]
    except (ValueError, RecursionError):
        pass
    raise Problem(400, "The body must be a JSON array of events.", kind="not-a-batch")


def from_binary(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
    """Make one report of the `ce-` headers and the body. Raises a Problem for headers that are no attributes."""
    attributes: dict[str, str] = {}
    for header, value in headers:
        if not header.startswith(_PREFIX):
            continue
        name = header[len(_PREFIX) :]
        if _NAME.fullmatch(name) is None or name in _NOT_HEADERS:
            raise Problem(400, "A ce- header does not name an attribute: lower-case letters and digits, and not data.")
        field = name.decode("ascii")
        if field in attributes:
            raise Problem(400, f"{_said(name)} is given twice.")
        text = _decoded(value)
        if text is None:
            raise Problem(400, f"{_said(name)} must be printable ASCII, percent-encoded UTF-8.")
        attributes[field] = text
    if not attributes:
        raise Problem(400, f"An event is expected: ce- headers, or one of {MEDIA_TYPES}.", kind="not-an-event")
    attributes["datacontenttype"] = "application/json"
    head = encode(attributes)[:-1]
    if not body:
        return head + b"}"
    try:
        _ensure_json(body)
    except (ValueError, RecursionError):
        # Kept whole all the same, as what it is: a text or bytes, which the desk refuses as data.
        try:
            return head + b',"data":' + encode(body.decode("utf-8")) + b"}"
        except UnicodeDecodeError:
            return head + b',"data":null,"data_base64":"' + base64.b64encode(body) + b'"}'
    return head + b',"data":' + body + b"}"


def _said(name: bytes) -> str:
    """Name a header in an error: only the contract's own, nothing that a sender made up."""
    return f"The header ce-{name.decode()}" if name in _OWN else "A ce- header"


def _decoded(value: bytes) -> str | None:
    """Decode the value of a header (section 3.1.3.2): quoted string first, then one round of percent-decoding."""
    if value[:1] == b'"':
        quoted = _QUOTED.fullmatch(value)
        if quoted is None:
            return None
        value = _ESCAPED.sub(rb"\1", quoted[1])
    if not value.isascii() or not value.decode("ascii").isprintable():
        return None
    if b"%" in value:
        value = _PERCENT.sub(lambda found: bytes([int(found[1], 16)]), value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None

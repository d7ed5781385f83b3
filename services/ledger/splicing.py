"""Giving an event its recorded time in its text, every other byte of it as it was where that can be."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

import msgspec

from events import Event, format_instant

__all__ = ["exported"]

_BEGIN: Final = re.compile(rb"\s*\{\s*")
_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def exported(event: Event, recorded: int, raw: bytes, *, imported: bool) -> bytes:
    """Return the line of an export: the event with its recorded time, in microseconds, as `recordedtime`.

    An event from the desk `import` that brought its own is left byte for byte as it is. Any other gets the ledger's
    right after the brace that opens it; one that had a `recordedtime` of its own (a live event loses it) is written
    anew, its numbers with all their digits. A text over several lines is put on one.
    """
    if imported and event.recordedtime is not None:
        return raw if _on_one_line(raw) else _compact(raw, None)
    if "recordedtime" in event.model_fields_set or not _on_one_line(raw):
        return _compact(raw, recorded)
    begin = _BEGIN.match(raw)
    assert begin is not None  # noqa: S101 - it was read as an object
    return b'{"recordedtime":"%b",%b' % (format_instant(recorded).encode(), raw[begin.end() :])


def _on_one_line(raw: bytes) -> bool:
    return b"\n" not in raw and b"\r" not in raw


def _compact(raw: bytes, recorded: int | None) -> bytes:
    content: dict[str, Any] = _decode(raw)
    if recorded is not None:
        content.pop("recordedtime", None)
        content = {"recordedtime": format_instant(recorded)} | content
    return _encode(content)

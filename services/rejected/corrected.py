"""A file of corrections: lines as `rejected --format ndjson --content` writes them, with the content put right."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from events import read_lines
from services.rejected.listing import IN_LEDGER
from services.system import WrongUsage

__all__ = ["Correction", "read_corrected"]


@dataclass(frozen=True)
class Correction:
    """What is to be given in the place of a text that was rejected by `desk` (None: it was not said which)."""

    raw: bytes
    desk: str | None = None


class _Line(msgspec.Struct):
    sequence: int
    desk: str | None = None
    content: msgspec.Raw = msgspec.Raw()
    contentBase64: str | None = None  # noqa: N815 - as in the list


_read: Final = msgspec.json.Decoder(_Line).decode
_read_any: Final = msgspec.json.Decoder(Any).decode


def read_corrected(file: str) -> dict[int, Correction]:
    """Read corrections: by the sequence of what was rejected, what is to be given in its place.

    `content` is a text, as in the list, or the event itself as an object. Raises WrongUsage, naming the line and never
    what it holds, for a line that is no correction and for a sequence that comes twice; LinesError as `read_lines`.
    """
    found: dict[int, Correction] = {}
    for number, line in read_lines(file):
        try:
            read = _read(line)
            raw = _content(read)
        except (ValueError, RecursionError):
            raise WrongUsage(f"line {number}: must be an object with sequence and content") from None
        if read.desk == IN_LEDGER:
            raise WrongUsage(f"line {number}: lies in the ledger itself; report it anew, corrected, through its desk")
        if read.sequence in found:
            raise WrongUsage(f"line {number}: this sequence has a correction already")
        found[read.sequence] = Correction(raw, read.desk)
    return found


def _something(raw: bytes) -> bytes:
    if not raw:
        raise ValueError("an empty correction: nothing would be given as it was")
    return raw


def _content(read: _Line) -> bytes:
    if read.contentBase64 is not None:
        try:
            raw = base64.b64decode(read.contentBase64, validate=True)
        except binascii.Error:
            raise ValueError("no base64") from None
        return _something(raw)
    if not bytes(read.content):
        raise ValueError("no content")
    value = _read_any(read.content)
    if isinstance(value, str):
        return _something(value.encode())
    if isinstance(value, dict):
        return bytes(read.content)
    raise ValueError("neither a text nor an object")

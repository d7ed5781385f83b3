"""Checked messages on their way from the process that reads to the process that folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from projections.live.message import Malformed, Message, Taken

_Wire = tuple[list[Taken], list[Malformed], int]
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Wire)


def encode(messages: Sequence[Message], behind: int) -> bytes:
    """Pack messages, and how many more the ledger held behind them."""
    taken = [message for message in messages if type(message) is Taken]
    malformed = [message for message in messages if type(message) is Malformed]
    return _ENCODER.encode((taken, malformed, behind))


def decode(packed: bytes) -> tuple[Sequence[Message], int]:
    """Undo ``encode``; the messages are in the order of the ledger again."""
    taken, malformed, behind = _DECODER.decode(packed)
    if not malformed:
        return taken, behind
    messages: list[Message] = [*taken, *malformed]
    return sorted(messages, key=lambda message: message.position), behind

"""Texts that PostgreSQL cannot hold, those with a NUL, by other signs: reversible, and every other text as it is."""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection
from psycopg.pq import Format
from psycopg.types.string import StrBinaryDumper, StrDumperUnknown, TextLoader

__all__ = ["ESCAPE", "escaped", "register_texts", "restored"]

ESCAPE: Final = "\x01"


def escaped(text: str) -> str:
    """Give the text as it is kept."""
    return text.replace(ESCAPE, ESCAPE + "1").replace("\0", ESCAPE + "0")


def restored(text: str) -> str:
    """Undo `escaped`."""
    return text.replace(ESCAPE + "0", "\0").replace(ESCAPE + "1", ESCAPE) if ESCAPE in text else text


class _Dumper(StrDumperUnknown):
    def dump(self, obj: str) -> Any:
        return super().dump(escaped(obj))


class _BinaryDumper(StrBinaryDumper):
    def dump(self, obj: str) -> Any:
        return super().dump(escaped(obj))


class _Loader(TextLoader):
    def load(self, data: Any) -> str:
        return restored(str(super().load(data)))


class _BinaryLoader(_Loader):
    format = Format.BINARY


def register_texts(connection: Connection[Any]) -> None:
    """Let a connection keep every text."""
    for dumper in (_BinaryDumper, _Dumper):
        connection.adapters.register_dumper(str, dumper)
    for loader in (_Loader, _BinaryLoader):
        connection.adapters.register_loader("text", loader)

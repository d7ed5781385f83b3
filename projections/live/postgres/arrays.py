"""Columns of many rows as PostgreSQL's binary arrays, made at once: an `unnest` of them is rows again.

The library dumps a list item by item, which for a hundred thousand rows takes longer than what the server does with it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

from projections.live.postgres.texts import ESCAPE, escaped

__all__ = ["Bigints", "Blobs", "Texts", "register_arrays"]

_TEXT_OID, _BYTEA_OID, _BIGINT_OID = 25, 17, 20
_length: Final = struct.Struct("!i").pack
_BIGINT: Final = np.dtype([("length", ">i4"), ("value", ">i8")])


class _Array:
    """Rows of one column; `oid` is the element's type."""

    oid = 0

    def __init__(self, items: Sequence[Any]) -> None:
        self.items = items

    def packed(self) -> bytes:
        """Give the array as the server reads it: one dimension from 1 on, no nulls."""
        number = len(self.items)
        if not number:
            return struct.pack("!iiI", 0, 0, self.oid)
        return struct.pack("!iiIii", 1, 0, self.oid, number, 1) + self._elements()

    def _elements(self) -> bytes:
        raise NotImplementedError


class Blobs(_Array):
    """A column of bytes."""

    oid = _BYTEA_OID

    def _elements(self) -> bytes:
        return b"".join([_length(len(item)) + item for item in self.items])


class Texts(_Array):
    """A column of texts."""

    oid = _TEXT_OID

    def _elements(self) -> bytes:
        together = "".join(self.items)
        items = map(escaped, self.items) if "\0" in together or ESCAPE in together else self.items
        return b"".join([_length(len(item)) + item for item in map(str.encode, items)])


class Bigints(_Array):
    """A column of whole numbers."""

    oid = _BIGINT_OID

    def _elements(self) -> bytes:
        elements = np.empty(len(self.items), _BIGINT)
        elements["length"] = 8
        elements["value"] = self.items
        return elements.tobytes()


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _Array) -> bytes:
        return obj.packed()


def register_arrays(connection: Connection[Any]) -> None:
    """Let a connection send such columns."""
    for column, oid in ((Blobs, 1001), (Texts, 1009), (Bigints, 1016)):
        connection.adapters.register_dumper(column, type(f"{column.__name__}Dumper", (_ArrayDumper,), {"oid": oid}))

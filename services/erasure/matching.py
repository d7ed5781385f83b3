"""Millions of names looked for in bytes, each wherever it stands: first windows of fixed length, then the names.

Of each name one window is known by its hash: the first or the last 32, 16 or 8 bytes of it (or fewer), whichever fewer
names share. Every window of the text is hashed; one whose bit is set is looked up among the hashes, and what is found
there is compared with the name, byte for byte. So nothing is missed, nothing is found that is not there, and the time
hardly depends on the number of names.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Final, TypeVar

import numpy as np

from services.erasure.windows import WIDTHS, WORD, Table, Words, hashes_of

__all__ = ["Wanted"]

Item = TypeVar("Item")

_BLOCK: Final = 1 << 16
"""Windows looked at together: few enough that what is computed of them stays in the processor's cache."""
_PIECE: Final = 1 << 22
"""Bytes that are gathered before they are looked through."""


class Wanted:
    """Names to be looked for, as they are (UTF-8) and as JSON writes them. Empty ones are left out."""

    def __init__(self, names: Iterable[str]) -> None:
        written: list[bytes] = []
        escaped: dict[bytes, str] = {}
        for name in dict.fromkeys(names):  # ids that several sources gave
            written.append(_bytes(name))
            if not (name.isascii() and name.isprintable()) or '"' in name or "\\" in name:
                for ascii in (True, False):
                    form = json.dumps(name, ensure_ascii=ascii)[1:-1]
                    if form != name:
                        escaped[_bytes(form)] = name
        written += escaped
        lengths = np.fromiter(map(len, written), np.int64, len(written))
        self._escaped = escaped
        self._ends = np.cumsum(lengths)
        self._names = b"".join(written)
        del written  # of millions, hundreds of MB
        self.longest = int(lengths.max(initial=0))
        self._tables: list[Table] = []
        padded = np.frombuffer(self._names + bytes(WORD), np.uint8)
        for width, wider in pairwise((*WIDTHS, 1 << 62)):
            which = np.flatnonzero((lengths >= width) & (lengths < wider))
            if len(which):
                self._tables.append(Table(width, which, self._ends[which] - lengths[which], lengths[which], padded))

    def __bool__(self) -> bool:
        return bool(self._tables)

    def found(self, text: bytes) -> Iterator[tuple[int, str]]:
        """Give each place at which a name begins in these bytes, with the name; in no order."""
        for begin in range(0, len(text), _BLOCK):
            block = text[begin : begin + _BLOCK + WIDTHS[-1] - 1]
            hashes: dict[int, Words] = {}
            for table in self._tables:
                for place, number, before in table.alike(hashes_of(block, table.width, hashes)[:_BLOCK]):
                    at, name = begin + place - before, self._name(number)
                    if at >= 0 and text.startswith(name, at):
                        yield at, self._escaped.get(name) or name.decode("utf-8", "surrogatepass")

    def holds(self, pieces: Iterable[bytes], besides: Collection[str] = frozenset()) -> bool:
        """Tell whether a name (but one of `besides`) stands in them, also across pieces; all of them are taken."""
        found, end = False, b""
        for piece in _gathered(pieces):
            if not found:
                text = end + piece
                found = any(name not in besides for _, name in self.found(text))
                end = text[max(0, len(text) - self.longest + 1) :]
        return found

    def through(self, items: Iterable[tuple[Item, bytes]]) -> Iterator[tuple[Item, set[str]]]:
        """Give each item again, with the names that stand in its bytes; many are looked through together."""
        waiting: list[tuple[Item, bytes]] = []
        length = 0
        for each in items:
            waiting.append(each)
            length += len(each[1]) + 1
            if length >= _PIECE:
                yield from self._through(waiting)
                waiting, length = [], 0
        yield from self._through(waiting)

    def _through(self, items: list[tuple[Item, bytes]]) -> Iterator[tuple[Item, set[str]]]:
        begins = [0, *accumulate(len(text) + 1 for _, text in items)]
        found: dict[int, set[str]] = {}
        # The contract allows no end of a line in a name: none is found across two items.
        for at, name in self.found(b"\n".join(text for _, text in items)):
            found.setdefault(bisect_right(begins, at) - 1, set()).add(name)
        for number, (item, _) in enumerate(items):
            yield item, found.get(number, set())

    def _name(self, number: int) -> bytes:
        begin = int(self._ends[number - 1]) if number else 0
        return self._names[begin : int(self._ends[number])]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give small pieces together: a table's come row by row."""
    waiting: list[bytes] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= _PIECE:
            yield b"".join(waiting)
            waiting, length = [], 0
    yield b"".join(waiting)

"""What a file holds, in each way in which it can be read: its bytes, and what is packed, in pages or in columns."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from events.lines import LinesError, is_packed, read_pieces

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Unread", "readings"]

_PIECE: Final = 1 << 22
_SQLITE: Final = b"SQLite format 3\0"
_PARQUET: Final = b"PAR1"
_CLOSED: Final = {
    b"PGDMP": "a dump in PostgreSQL's own format: make it plain, `pg_restore --file=plain.sql FILE`",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"7z\xbc\xaf": "7z",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xff\x06\x00\x00S2sTwO": "S2, a backup of a stream: export it with `kindinbeeld export`",
    b"\xff\x06\x00\x00sNaPpY": "snappy",
    b"PARE": "encrypted Parquet",
    b"Salted__": "encrypted",
    b"U2FsdGVkX1": "encrypted",
    b"age-encryption": "encrypted",
    b"Rar!": "rar",
    b"\x1f\x9d": "compress (.Z)",
    b"]\0\0": "lzma",
}
"""Files whose bytes tell nothing, by their first bytes."""
_ARMOUR: Final = re.compile(rb"\s*-----BEGIN (?:PGP|AGE|CMS|PKCS7)")
_OPENPGP: Final = re.compile(
    rb"""
      (?: \x8c . | \xc3 [\x00-\x7f] ) [\x04-\x06]                              # for a passphrase
    | (?: \x84 . | \x85 .. | \xc1 (?: [\x00-\xbf] | [\xc0-\xdf] . ) ) [\x03\x06]  # for a key
    | \xa3 [\x01-\x03]                                                        # compressed: signed
    """,
    re.DOTALL | re.VERBOSE,
)
"""The packet with which a binary file of OpenPGP begins: tag, length, version. No text in UTF-8 begins so."""
_ENCRYPTED: Final = {".gpg", ".pgp", ".asc", ".age", ".enc"}
"""Endings of the names of files that are encrypted; behind one may be another, as of a file cut in parts."""
_BLOCK, _KEY = ".blk", ".key"
"""JetStream's files of messages, and beside each the key to it, where it encrypts."""
_PACKED_BLOCK: Final = b"cmp\x01"
_TAR: Final = b"ustar"
_TAR_AT: Final = 257
_BEGINNING: Final = 512
_DIGITS: Final = re.compile(rb"[0-9A-Fa-f]*")
_ROWS: Final = 10_000


class Unread(Exception):  # noqa: N818 - named for what is the matter
    """A file cannot be looked into; says why, nothing of what it holds."""


def readings(path: Path) -> Iterator[Iterator[bytes]]:
    r"""Give all that a file holds, in pieces, once for each way in which it can be read. Raises Unread, OSError.

    Its bytes as they are, and with the hexadecimal digits after each `\x` as the bytes that they stand for, as
    PostgreSQL writes them; what is packed by gzip or zstd, in both ways; each value of a table of SQLite, since a
    long one lies on several pages; each value of a column of Parquet.
    """
    with path.open("rb") as file:
        first = file.read(_BEGINNING)
    yield from _both(lambda: _bytes_of(path))
    if is_packed(first):
        within = b""
        for piece in _unpacked(path):
            within += piece
            if len(within) >= _BEGINNING:
                break
        yield from _both(lambda: _unpacked(path))
        if is_packed(within) or within.startswith((_SQLITE, _PARQUET)):
            raise Unread("packed twice, or a packed database: unpack it first")
        _ensure_open(within, path)
    elif first.startswith(_SQLITE):
        yield _values(path)
    elif first.startswith(_PARQUET):
        yield _columns(path)
    if path.suffix == _BLOCK and path.with_suffix(_KEY).exists():
        raise Unread("encrypted by JetStream")
    _ensure_open(first, path)


def _ensure_open(first: bytes, path: Path) -> None:
    if path.suffix == _BLOCK:  # begins with a length, which may look like anything
        if first.startswith(_PACKED_BLOCK):
            raise Unread("compressed by JetStream: export it with `kindinbeeld export`")
        return
    if first[_TAR_AT:].startswith(_TAR):
        raise Unread("an archive of files (tar): unpack it first")
    for magic, why in _CLOSED.items():
        if first.startswith(magic):
            raise Unread(why)
    if _ARMOUR.match(first) or _OPENPGP.match(first):
        raise Unread("encrypted, or signed")
    if any(suffix.lower() in _ENCRYPTED for suffix in path.suffixes):
        raise Unread("named as what is encrypted")


def _both(pieces: Callable[[], Iterator[bytes]]) -> Iterator[Iterator[bytes]]:
    yield pieces()
    yield _from_hex(pieces())


def _bytes_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _unpacked(path: Path) -> Iterator[bytes]:
    try:
        yield from read_pieces(path)
    except LinesError:
        raise Unread("the packed data are damaged, or cut off") from None


def _from_hex(pieces: Iterable[bytes]) -> Iterator[bytes]:
    r"""Give what the digits after each `\x` stand for, one after another, each with an end of line."""
    inside, left = False, b""
    for piece in pieces:
        text, at, found = left + piece, 0, list[bytes]()
        left = b""
        while at < len(text):
            if inside:
                digits = _DIGITS.match(text, at)
                at = digits.end() if digits else at
                run = digits.group() if digits else b""
                inside = at == len(text)
                if len(run) % 2:
                    run, left = run[:-1], run[-1:] if inside else b""
                found += [bytes.fromhex(run.decode()), b"" if inside else b"\n"]
            elif (begin := text.find(b"\\x", at)) >= 0:
                at, inside = begin + 2, True
            else:
                at, left = len(text), b"\\" if text.endswith(b"\\") else b""
        yield b"".join(found)


def _values(path: Path) -> Iterator[bytes]:
    """Give each text and blob of each table. What a log beside it (`-wal`) has is not among them."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?immutable=1", uri=True)) as database:
            database.text_factory = bytes
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in tables:
                quoted = name.decode().replace('"', '""')
                for row in database.execute(f'SELECT * FROM "{quoted}"'):
                    yield b"".join(value + b"\n" for value in row if isinstance(value, bytes))
    except sqlite3.Error:
        raise Unread("no whole database of SQLite") from None


def _columns(path: Path) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS):
                for column in batch.columns:
                    yield from _texts(column)
    except (pa.ArrowException, OSError):
        raise Unread("no whole file of Parquet, or an encrypted one") from None


def _texts(column: pa.Array) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _texts(column.dictionary)
    elif pa.types.is_struct(kind):
        for each in column.flatten():
            yield from _texts(each)
    elif pa.types.is_map(kind):
        yield from _texts(column.keys)
        yield from _texts(column.items)
    elif pa.types.is_nested(kind):
        yield from _texts(column.flatten())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_binary(kind):
        values = column.drop_null().cast(pa.binary())
        whole = pa.ListArray.from_arrays([0, len(values)], values)
        yield (pc.binary_join(whole, b"\n")[0].as_py() or b"") + b"\n"


def _is_binary(kind: pa.DataType) -> bool:
    import pyarrow as pa

    kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return any(is_one(kind) for is_one in kinds)

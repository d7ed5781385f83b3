"""Reading NDJSON: a file or standard input, plain, gzip or zstd."""

import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import zstandard

__all__ = ["LinesError", "is_packed", "read_blocks", "read_lines", "read_pieces", "split_lines"]

_CHUNK: Final = 1 << 16
_BOM: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE: Final = b"\x2a\x4d\x18"  # after one byte 0x50 to 0x5f
_MAGIC_LENGTH: Final = 4
_LARGEST_WINDOW: Final = 1 << 31  # what `zstd --long=31` writes


class LinesError(Exception):
    """A file of events cannot be read, or not to its end; names the last whole line by number, never what it held."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> _Decompressor:
    return zlib.decompressobj(wbits=31)


def _zstd() -> _Decompressor:
    return zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()


def _plain(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    yield first
    while chunk := file.read(_CHUNK):
        yield chunk


def _decompressed(first: bytes, file: BinaryIO, new: Callable[[], _Decompressor], name: str) -> Iterator[bytes]:
    """Give the content of every member (frame) in turn; a member without its end is an error, after its content."""
    member = new()
    chunk = first
    while chunk:
        try:
            yield member.decompress(chunk)
        except (zlib.error, zstandard.ZstdError):
            raise LinesError(f"the {name} data are damaged") from None
        chunk = member.unused_data if member.eof else file.read(_CHUNK)
        if member.eof:
            # Zeros may fill up the last block of a tape or a disk; no member begins with one.
            while not (chunk := chunk.lstrip(b"\0")) and (more := file.read(_CHUNK)):
                chunk = more
            if chunk:
                member = new()
    if not member.eof:
        raise LinesError(f"the {name} data are cut off before their end")


def is_packed(first: bytes) -> bool:
    """Tell by its first four bytes whether a file is compressed by gzip or zstd."""
    skippable = first[1:4] == _ZSTD_SKIPPABLE and 0x50 <= first[0] <= 0x5F
    return first.startswith((_GZIP, _ZSTD)) or skippable


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    first = b""
    while len(first) < _MAGIC_LENGTH and (more := file.read(_CHUNK)):
        first += more
    if first.startswith(_GZIP):
        return _decompressed(first, file, _gzip, "gzip")
    if is_packed(first):
        return _decompressed(first, file, _zstd, "zstd")
    return _plain(first.removeprefix(_BOM), file)


def _blocks(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Give whole lines together, without the end of the last; what is read before an error comes before it."""
    begun: list[bytes] = []
    length = 0
    try:
        for chunk in chunks:
            cut = chunk.rfind(b"\n")
            length += len(chunk)
            if cut < 0 or length < size:
                begun.append(chunk)
                continue
            yield b"".join([*begun, chunk[:cut]])
            begun = [chunk[cut + 1 :]]
            length = len(begun[0])
    except (LinesError, OSError):
        whole, end, _ = b"".join(begun).rpartition(b"\n")
        if end:
            yield whole
        raise
    yield b"".join(begun)


def read_pieces(path: Path) -> Iterator[bytes]:
    """Give what a file holds, unpacked, in pieces of any size. Raises LinesError as `read_lines` does, OSError."""
    with path.open("rb") as file:
        yield from _chunks(file)


def read_blocks(path: str | Path, size: int) -> Iterator[tuple[int, bytes]]:
    """Give whole lines together, `size` bytes of them or a little more, with the number of the first: see `read_lines`.

    `split_lines` takes a block apart.
    """
    number = 0
    try:
        with nullcontext(sys.stdin.buffer) if str(path) == "-" else Path(path).open("rb") as file:
            for block in _blocks(_chunks(file), size):
                first, number = number + 1, number + 1 + block.count(b"\n")
                yield first, block
    except OSError as error:
        raise LinesError(f"the file cannot be read: {error.strerror or 'input/output error'}") from None
    except LinesError as error:
        raise LinesError(f"{error}, after line {number}") from None


def split_lines(first: int, block: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a block, of which the first has the number `first`; blank lines are counted and left out."""
    for number, line in enumerate(block.split(b"\n"), first):
        text = line.removesuffix(b"\r")
        if text and not text.isspace():
            yield number, text


def read_lines(path: str | Path) -> Iterator[tuple[int, bytes]]:
    """Give each line with its number (from 1), without its end (LF or CRLF); blank lines are counted and left out.

    `-` is standard input. gzip and zstd are known by their first bytes, whatever the name of the file. A byte order
    mark before plain text is left out. Raises `LinesError`, after every whole line that could be read, for a file
    that is missing, cannot be read, is damaged, or ends inside compressed data.
    """
    for first, block in read_blocks(path, _CHUNK):
        yield from split_lines(first, block)

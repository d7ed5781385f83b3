"""What could not be sent yet, in a local file: appended, flushed to the disk, readable by its owner only.

One line for each report kept (its JSON) and one for each that is done with (`-` and its key in hex). The file is
emptied when nothing waits any more. What a desk refused for good goes to a second file beside it, for a person.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from events.content import event_key

__all__ = ["Outbox", "OutboxError"]

_DONE: Final = b"-"


class OutboxError(Exception):
    """The file cannot be used; says why in one line."""


class Outbox:
    """The reports that wait in one file, in the order in which they were kept. Thread-safe; for one program."""

    def __init__(self, path: Path | str) -> None:
        """Open, or make, the file (mode 600). Raises OutboxError when it cannot be used or another program has it."""
        from filelock import FileLock, Timeout

        self._path = Path(path)
        self._lock = FileLock(f"{self._path}.lock", blocking=False, mode=0o600, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise OutboxError("another program keeps its reports in this file") from None
        except OSError as error:
            raise OutboxError(f"the file cannot be locked: {error.strerror}") from None
        self._waiting: dict[bytes, bytes] = {}
        self._turn = threading.Lock()
        try:
            self._file = _open(self._path)
            self._read()
        except OSError as error:
            self._lock.release()
            raise OutboxError(f"the file cannot be used: {error.strerror}") from None

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[bytes]:
        """Give the reports that wait, as they are now."""
        with self._turn:
            return iter(list(self._waiting.values()))

    def keep(self, raw: bytes) -> None:
        """Keep a report; it is on the disk when this returns. Raises OSError when it is not."""
        key = _key(raw)
        with self._turn:
            if key not in self._waiting:
                self._append(raw)
                self._waiting[key] = raw

    def done(self, raw: bytes, refused: str | None = None) -> None:
        """Forget a report. `refused`: why the desk will never take it; then it is put aside in the second file.

        Raises OSError when that cannot be noted; then it still waits.
        """
        key = _key(raw)
        with self._turn:
            if key not in self._waiting:
                return
            if refused is not None:
                self._put_aside(raw, refused)
            if len(self._waiting) > 1:
                self._append(_DONE + key.hex().encode())
            else:
                os.ftruncate(self._file, 0)
                os.fsync(self._file)
            del self._waiting[key]

    def close(self) -> None:
        """Close the file; what waits stays in it."""
        os.close(self._file)
        self._lock.release()

    def _put_aside(self, raw: bytes, why: str) -> None:
        beside = _open(self._path.with_name(f"{self._path.name}.refused"))
        try:
            _write(beside, json.dumps({"refused": why, "report": json.loads(raw)}).encode())
        finally:
            os.close(beside)

    def _append(self, line: bytes) -> None:
        end = os.fstat(self._file).st_size
        try:
            _write(self._file, line)
        except OSError:
            os.ftruncate(self._file, end)  # on a full disk: half a line is none
            raise

    def _read(self) -> None:
        text = self._path.read_bytes()
        whole, _, torn = text.rpartition(b"\n")
        if torn:
            # A program that was ended while it wrote: that report was never said to be kept.
            os.ftruncate(self._file, len(text) - len(torn))
        for line in whole.split(b"\n"):
            if line.startswith(_DONE):
                self._waiting.pop(bytes.fromhex(line[1:].decode()), None)
            elif line:
                self._waiting[_key(line)] = line


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)


def _write(file: int, line: bytes) -> None:
    rest = line + b"\n"
    while rest:
        rest = rest[os.write(file, rest) :]
    os.fsync(file)


def _key(raw: bytes) -> bytes:
    event = json.loads(raw)
    return event_key(event["source"], event["id"])

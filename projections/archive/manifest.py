"""What an archive consists of: one small file that names every other file, with its checksum; it is written last."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from projections.durable import fsync_directory

__all__ = ["ArchiveError", "File", "Manifest", "Segment", "Settled", "locked", "sha256_of", "sync"]

FORMAT: Final = 1
NAME: Final = "manifest.json"


class ArchiveError(Exception):
    """An archive that cannot be read or written; the text says why, in one line, without anything about a person."""


@dataclass(frozen=True)
class File:
    """A file of the archive, by its place in it; it never changes."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Segment:
    """The messages of the ledger with sequences from ``first`` to ``last``, both inclusive."""

    file: File
    first: int
    last: int
    messages: int
    """How many the ledger has there; fewer than sequences where some were deleted."""
    malformed: int
    """Of those, how many are no valid events: they are not in the file."""
    digest: str
    """Of position, recorded time and text of every event (``projections.archive.digest``)."""


@dataclass(frozen=True)
class Settled:
    """What stands of the segments up to a position, as small numbers sorted by pupil."""

    position: int
    files: dict[str, list[File]]
    """By what they hold: reports (in parts), pupils, households, sources, schools."""
    events: int
    copies: int
    last_recorded: int | None
    """The newest recorded instant, in microseconds; None where there is no event."""
    other_contents: int
    """Of the copies, how many say something else than the event that stands."""


@dataclass(frozen=True)
class Manifest:
    """The whole archive."""

    source: str
    """`ledger`, or `file`: then positions are numbers of lines."""
    segments: tuple[Segment, ...] = ()
    settled: Settled | None = None
    previous: Settled | None = None
    """The settled files before these: whoever had begun to read them reads on."""

    @property
    def position(self) -> int:
        """The last sequence that the segments cover; 0 for none."""
        return self.segments[-1].last if self.segments else 0

    @property
    def files(self) -> Iterator[File]:
        """Every file that belongs to the archive."""
        yield from (segment.file for segment in self.segments)
        for settled in (self.settled, self.previous):
            for files in settled.files.values() if settled else ():
                yield from files

    def with_settled(self, settled: Settled) -> Manifest:
        """Put another settled part in the place of this one, which is kept once more."""
        return replace(self, settled=settled, previous=self.settled)

    @classmethod
    def read(cls, directory: Path) -> Manifest | None:
        """Read that of an archive; None where there is none. Raises ArchiveError for one that cannot be read."""
        try:
            found: dict[str, Any] = json.loads((directory / NAME).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise ArchiveError("its manifest cannot be read") from None
        if found.pop("format", None) != FORMAT:
            raise ArchiveError("is in a format that this release does not know")
        segments = [Segment(**each | {"file": File(**each["file"])}) for each in found["segments"]]
        return cls(found["source"], tuple(segments), _settled(found["settled"]), _settled(found["previous"]))

    def write(self, directory: Path) -> None:
        """Put it in the place of the one that is there, whole or not at all, on the disk itself."""
        partial = directory / f".{NAME}"
        partial.touch(mode=0o600)
        with partial.open("w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, **asdict(self)}, file, indent=1)
            file.write("\n")
            file.flush()
            sync(file.fileno())
        partial.replace(directory / NAME)
        fsync_directory(directory)

    def remove_others(self, directory: Path) -> None:
        """Remove what an interrupted build left, and what no longer belongs to the archive."""
        known = {directory / file.path for file in self.files}
        for folder in ("ledger", "settled"):
            for path in sorted((directory / folder).rglob("*"), reverse=True):
                if path.is_dir():
                    if not any(path.iterdir()):
                        path.rmdir()
                elif path not in known:
                    path.unlink()


def _settled(found: dict[str, Any] | None) -> Settled | None:
    if found is None:
        return None
    files = {name: [File(**file) for file in files] for name, files in found["files"].items()}
    return Settled(**found | {"files": files})


def sync(descriptor: int) -> None:
    """Have what was written on the disk itself."""
    os.fsync(descriptor)


def sha256_of(path: Path) -> str:
    """Give the checksum of a file, as `sha256sum` does."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Write to an archive alone; makes its directory (mode 700). Raises ArchiveError when another does already."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ArchiveError(f"its directory cannot be made: {error.strerror}") from None
    lock = FileLock(str(directory / "lock"), blocking=False, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise ArchiveError("is being written already") from None
    try:
        yield
    finally:
        lock.release()

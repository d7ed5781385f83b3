"""A file of events once more, with fresh names in the place of old ones; what needs no change byte for byte."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import zstandard

from services.erasure.naming import ErasureError, Names, key_of, lines_of

__all__ = ["again", "note_indistinct", "rewrite", "stands_in", "text_of", "without_words"]

_ENVELOPE: Final = ("specversion", "id", "source", "type", "recordedtime", "datacontenttype")
_DATA: Final = (
    *("occurredAt", "pupil", "school", "sector", "municipality", "household"),
    *("reason", "via", "device", "outcome", "visitor", "retracts"),
)
_ABOUT_NOBODY: Final = frozenset(
    (
        *("occurredAt", "school", "sector", "municipality", "week", "unreached", "from", "until", "name", "pupils"),
        *("closure", "sectors", "municipalities", "regime", "retracts"),
    )
)
"""What the contract names of closures, schools, their answers and reminders, and of retractions but for the reason."""
_STAYING: Final = ("id", "source", "type", "recordedtime", "time")
"""Members in which an old id may stand by itself: others chose them, and they stay."""

Line = tuple[int, bytes, dict[str, Any]]


def rewrite(path: Path, to: Path, names: Names) -> int:
    """Write the file once more and give how many lines changed. `to` is new, mode 600, on the disk at return.

    Of the events concerned only what the contract names and a count may need is kept; where all are erased, of every
    event. Raises ErasureError where an old
    name would stand in a line afterwards, which only a person can put right.
    """
    changed = 0

    def lines() -> Iterator[tuple[Line, bytes]]:
        nonlocal changed
        for number, line, event in lines_of(path):
            new, written = event, line.rstrip(b"\r\n")
            if key_of(event) in names.ids:
                new = again(event, names)
            elif names.everyone:
                new = without_words(event)
            if new is not event:
                written = json.dumps(new, separators=(",", ":")).encode()
                changed += 1
            yield (number, written, new), text_of(new)

    with _writing(path, to) as file:
        for (number, line, event), found in names.wanted.through(lines()):
            if found and stands_in(event, found, names):
                raise ErasureError(
                    f"line {number}, about something else, holds what is to be erased: put it right first"
                )
            file.write(line + b"\n")
    return changed


def note_indistinct(path: Path, names: Names) -> None:
    """Find the old ids that stand in what stays of a file too, without changing anything."""
    events = ((event, text_of(event)) for _, _, event in lines_of(path) if key_of(event) not in names.ids)
    for event, found in names.wanted.through(events):
        if found:
            stands_in(event, found, names)


def text_of(event: dict[str, Any]) -> bytes:
    """Give all that an event says, each character written one way."""
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")


def stands_in(event: dict[str, Any], found: Set[str], names: Names) -> bool:
    """Tell whether what was found in an event leads to a pupil.

    An old id within another's longer id, or its source, does not: it is noted as one that tells nothing.
    """
    if any(name in names.pupils or name in names.households for name in found):
        return True
    data = event["data"]
    rest = {name: value for name, value in event.items() if name not in _STAYING} | {"data": data}
    if isinstance(data.get("retracts"), dict):
        kept = {name: value for name, value in data["retracts"].items() if name not in _STAYING}
        rest["data"] = data | {"retracts": kept}
    text = text_of(rest)
    if any(text_of_name in text for text_of_name in map(_written, found)):
        return True
    names.indistinct |= found
    return False


def _written(name: str) -> bytes:
    return json.dumps(name, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")


def again(event: dict[str, Any], names: Names) -> dict[str, Any]:
    """Give an event that is concerned with its fresh names, and without what no count needs."""
    found: dict[str, Any] = {name: event[name] for name in _ENVELOPE if name in event}
    found["id"] = names.ids[key_of(event)]
    data = {name: event["data"][name] for name in _DATA if name in event["data"]}
    for name, fresh in (("pupil", names.pupils), ("household", names.households)):
        if isinstance(data.get(name), str):
            data[name] = fresh.get(data[name], data[name])
    if isinstance(data.get("retracts"), dict):
        source, id = key_of(data["retracts"])
        data["retracts"] = {"source": source, "id": names.ids.get((source, id), id)}
        data.pop("reason", None)
    return {**found, "data": data}


def without_words(event: dict[str, Any]) -> dict[str, Any]:
    """Give an event about nobody, which keeps its id, without what no count needs; itself where it has none of that.

    People write about people in a retraction's reason, and in members that the contract does not name.
    """
    data = {name: value for name, value in event["data"].items() if name in _ABOUT_NOBODY}
    if isinstance(data.get("retracts"), dict):
        source, id = key_of(data["retracts"])
        data["retracts"] = {"source": source, "id": id}
    found = {name: value for name, value in event.items() if name in _ENVELOPE} | {"data": data}
    return event if found == event else found


@contextmanager
def _writing(like: Path, to: Path) -> Iterator[IO[bytes]]:
    with like.open("rb") as old:
        magic = old.read(4)
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        if magic[:2] == b"\x1f\x8b":
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb") as packed:
                yield packed  # type: ignore[misc]
        elif magic == b"\x28\xb5\x2f\xfd":
            with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as packed:
                yield packed
        else:
            yield raw
        raw.flush()
        os.fsync(raw.fileno())

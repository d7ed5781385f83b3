"""A file of events once more, with fresh names in the place of old ones; all other lines byte for byte."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import zstandard

from services.erasure.naming import ErasureError, Names, key_of, lines_of

__all__ = ["again", "rewrite", "watched"]

_ENVELOPE: Final = ("specversion", "id", "source", "type", "recordedtime", "datacontenttype")
_DATA: Final = (
    *("occurredAt", "pupil", "school", "sector", "municipality", "household"),
    *("reason", "via", "device", "outcome", "visitor", "retracts"),
)
_MANY: Final = 1000
"""With so many old names they are not looked for in every line of others."""
_LONG: Final = 16
"""An id of so many characters is looked for in what others wrote; a shorter one is in anything."""


def rewrite(path: Path, to: Path, names: Names) -> int:
    """Write the file once more and give how many lines changed. `to` is new, mode 600, on the disk at return.

    Of the events concerned only what the contract names and a count may need is kept. Raises ErasureError where an old
    name stands in a line of somebody else, which only a person can put right.
    """
    changed = 0
    few = watched(names) or []
    with _writing(path, to) as file:
        for number, line, event in lines_of(path):
            if key_of(event) in names.ids:
                file.write(json.dumps(again(event, names), separators=(",", ":")).encode() + b"\n")
                changed += 1
                continue
            text = json.dumps(event, ensure_ascii=False) if few else ""
            if any(old in text for old in few):
                raise ErasureError(
                    f"line {number}, about something else, holds what is to be erased: put it right first"
                )
            file.write(line.rstrip(b"\r\n") + b"\n")
    return changed


def watched(names: Names) -> list[str] | None:
    """Give the old names that are looked for in what others wrote; None where they are too many for that."""
    found = [*names.pupils, *names.households, *(id for _, id in names.ids if len(id) >= _LONG)]
    return found if len(found) < _MANY else None


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

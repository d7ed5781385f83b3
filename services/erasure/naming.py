"""Which events of a file are to be erased, and the fresh random names that take the place of the old ones."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from events.lines import read_lines
from services.erasure.matching import Wanted

__all__ = ["ErasureError", "Key", "Names", "key_of", "learn", "lines_of"]

Key = tuple[str, str]
"""The source and the id of an event."""

_LONG: Final = 16
"""An id of so many characters is looked for in what others wrote; a shorter one is in anything."""


class ErasureError(Exception):
    """A file cannot be rewritten or was not; one line that names line numbers, never what they hold."""


@dataclass
class Names:
    """The old names with the fresh ones. Lives in memory alone: whoever has it can go back."""

    pupils: dict[str, str] = field(default_factory=dict[str, str])
    households: dict[str, str] = field(default_factory=dict[str, str])
    ids: dict[Key, str] = field(default_factory=dict[Key, str])
    """Fresh ids stand in the order of the old ones: the count orders what happened at one moment by source and id."""
    recorded: set[str] = field(default_factory=set[str])
    """The recorded times of the events concerned, as written."""
    shared: int = 0
    """Households that somebody else names too; these stay, or the number of households would change."""
    indistinct: set[str] = field(default_factory=set[str])
    """Old ids that are not looked for in the end: they are within something that stays, such as a longer id."""
    everyone: bool = False
    """All are erased: then what is about nobody keeps no free text either."""
    first: str | None = None
    last: str | None = None
    """The recorded times of the file's first and last event."""

    @property
    def counted(self) -> str:
        """How much is concerned, in words."""
        shared = f"; {self.shared} households stay, since others name them too" if self.shared else ""
        return f"{len(self.pupils)} pupils, {len(self.ids)} events, {len(self.households)} households{shared}"

    @cached_property
    def wanted(self) -> Wanted:
        """The old names that are looked for everywhere."""
        return Wanted([*self.pupils, *self.households, *(id for _, id in self.ids if len(id) >= _LONG)])


def lines_of(path: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Give each line that holds something: its number, its bytes, the event. Raises ErasureError, LinesError."""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            key_of(event)
            if not isinstance(event["data"], dict) or not isinstance(event["recordedtime"], str):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            raise ErasureError(f"line {number} is no event with a recordedtime: take it out first") from None
        yield number, line, event


def key_of(event: dict[str, Any]) -> Key:
    """Give the source and the id of an event or of what a retraction names."""
    source, id = event["source"], event["id"]
    if not isinstance(source, str) or not isinstance(id, str):
        raise TypeError
    return source, id


def learn(path: Path, pupils: Set[str] | None) -> Names:
    """Find what is to be erased of these pupils (None: of all), and draw the fresh names.

    Retractions of their events, and retractions of those, belong to them; of all pupils also the retractions of what is
    not in the file. A closure, a school or a weekly answer that was retracted stays, with its retraction, under its
    own id. Raises ErasureError, LinesError.
    """
    names = Names(everyone=pupils is None)
    keys: set[Key] = set()
    when: dict[Key, set[str]] = {}
    households: set[str] = set()
    of_others: set[str] = set()
    retractions: dict[Key, set[Key]] = {}
    of_nobody: set[Key] = set()
    for number, _, event in lines_of(path):
        data, key = event["data"], key_of(event)
        pupil, household = data.get("pupil"), data.get("household")
        names.first = names.first or event["recordedtime"]
        names.last = event["recordedtime"]
        retracts = data.get("retracts")
        if isinstance(retracts, dict):
            try:
                retractions.setdefault(key_of(retracts), set()).add(key)
            except (KeyError, TypeError):
                raise ErasureError(f"line {number} retracts nothing: take it out first") from None
            when.setdefault(key, set()).add(event["recordedtime"])
        if not isinstance(pupil, str):
            of_nobody.add(key)
            continue
        if pupils is None or pupil in pupils:
            keys.add(key)
            when.setdefault(key, set()).add(event["recordedtime"])
            names.pupils.setdefault(pupil, secrets.token_urlsafe(18))
            if isinstance(household, str):
                households.add(household)
        elif isinstance(household, str):
            of_others.add(household)
    if pupils is None:
        keys |= set(retractions) - of_nobody
    waiting = set(keys)
    while waiting:
        waiting = {by for key in waiting for by in retractions.get(key, ())} - keys
        keys |= waiting
    names.shared = len(households & of_others)
    names.households = {household: secrets.token_urlsafe(18) for household in households - of_others}
    fresh = sorted(str(uuid4()) for _ in keys)
    names.ids = dict(zip(sorted(keys, key=lambda key: (key[1], key[0])), fresh, strict=True))
    names.recorded = {at for key in keys for at in when.get(key, ())}
    return names

"""Which messages of the ledger are whose: the parts of the live view."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from events import PARTS, part_of, part_of_key
from projections.live.message import NOTHING, PUPIL, RETRACTION, SCHOOL, Message, Taken

REST: Final = PARTS
"""The part of what is about no pupil and no school: closures, and what breaks a rule."""
ALL: Final = tuple(range(PARTS + 1))
"""The parts: those of pupils and schools, then ``REST``."""


def part_names(directory: Path) -> list[Path]:
    """Give the file of each part."""
    return [directory / f"{'rest' if part == REST else f'part-{part}'}.sqlite" for part in ALL]


def divide(
    messages: Iterable[Message], parts: Collection[int] = ALL, of: Callable[[str], int] = part_of
) -> Mapping[int, list[Message]]:
    """Give to each of some parts what is for it, in order; what a message is about decides, never its subject.

    A retraction goes to all: nothing in it tells whom it is about.
    """
    divided: dict[int, list[Message]] = {part: [] for part in parts}
    for message in messages:
        part = _part(message, of)
        if part is None:
            for each in divided.values():
                each.append(message)
        elif part in divided:
            divided[part].append(message)
    return divided


def belongs(message: Message, parts: Collection[int]) -> bool:
    """Tell whether a message is for some of these parts."""
    part = _part(message, part_of)
    return part is None or part in parts


def _part(message: Message, of: Callable[[str], int]) -> int | None:
    """Give the part that a message is for; None: it is for all."""
    if type(message) is not Taken:
        return REST
    kind = message.kind
    if kind == PUPIL:
        return of(message.owner)
    if kind == SCHOOL:
        return of(message.owner.partition("|")[0])
    if kind == RETRACTION:
        return None
    return part_of_key(message.key) if kind == NOTHING else REST

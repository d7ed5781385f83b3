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
        if type(message) is Taken:
            kind = message.kind
            if kind == RETRACTION:
                for each in divided.values():
                    each.append(message)
                continue
            if kind == PUPIL:
                part = of(message.owner)
            elif kind == SCHOOL:
                part = of(message.owner.partition("|")[0])
            else:
                part = part_of_key(message.key) if kind == NOTHING else REST
        else:
            part = REST
        if part in divided:
            divided[part].append(message)
    return divided

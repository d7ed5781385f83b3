"""Which messages of the ledger are whose: the parts of the live view."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from events.subjects import PARTS, part_of
from projections.live.message import PUPIL, RETRACTION, Message, Taken

REST: Final = PARTS
"""The part of everything that is about no pupil: schools, closures, reminders, and what breaks a rule."""
ALL: Final = tuple(range(PARTS + 1))
"""The parts: those of pupils, then ``REST``."""


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
    everyone = list(divided.values())
    rest = divided.get(REST)
    for message in messages:
        if type(message) is Taken and message.kind == PUPIL:
            if (own := divided.get(of(message.owner))) is not None:
                own.append(message)
        elif type(message) is Taken and message.kind == RETRACTION:
            for each in everyone:
                each.append(message)
        elif rest is not None:
            rest.append(message)
    return divided

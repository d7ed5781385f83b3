"""How a number looks: text, class and coverage of every cell.

The template and the live stream both take from here, so a cell that changes looks as if the page had just been loaded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from services.web.spans import span
from services.web.texts import Language
from services.web.views import BLANK, Column
from services.web.wording import number, signed

__all__ = ["LEVELS", "NOT_APPLICABLE", "NO_ANSWER", "Cell", "Slots", "legend", "paint"]

LEVELS: Final = (1, 5, 10, 25, 50, 100)
"""From which number on a cell has the next darker colour."""

NOT_APPLICABLE: Final = "–"
NO_ANSWER: Final = "?"

Slots = dict[str, tuple[str, str]]
"""Texts that change, by the id of their element: text and class."""


class Cell(NamedTuple):
    """What a cell shows: its text, its class, and the coverage behind it (empty where none belongs)."""

    text: str
    css: str
    coverage: str


def paint(
    column: Column,
    numbers: Sequence[int],
    language: Language,
    *,
    total: bool = False,
    levels: tuple[int, ...] = LEVELS,
) -> Cell:
    """Give the look of one cell from its four numbers (see `views`).

    `total`: of the whole country, which takes no colour of the scale. `levels`: the steps of the scale.
    """
    return _paint(column.kind, *numbers, language, total, levels)


@lru_cache(maxsize=1 << 16)
def _paint(
    kind: str,
    value: int,
    reported: int,
    expected: int,
    most: int,
    language: Language,
    total: bool,
    levels: tuple[int, ...],
) -> Cell:
    if kind != "week":
        if value == BLANK:
            return Cell(NOT_APPLICABLE, "off", "")
        if kind == "change":
            return Cell(signed(value, language), "up" if value > 0 else "down" if value < 0 else "", "")
        return Cell(number(value, language), "", "")
    if value == BLANK:
        return Cell(NOT_APPLICABLE, "off", "")
    # The country's numbers are long: they may break after the slash.
    slash = "/\u200b" if total else "/"
    coverage = f"{number(reported, language)}{slash}{number(expected, language)}"
    level = "sum" if total else f"l{bisect_right(levels, value)}"
    text = span(value, most, language)
    if reported == 0 and expected > 0:
        return Cell(text if most else NO_ANSWER, f"{level} mute", coverage)
    return Cell(text, level, coverage)


def legend(language: Language, levels: tuple[int, ...] = LEVELS) -> list[tuple[str, str]]:
    """List the steps of the scale from one pupil on: class and range."""
    steps = []
    for level, start in enumerate(levels, 1):
        if level == len(levels):
            text = f"{number(start, language)}+"
        else:
            text = f"{number(start, language)} – {number(levels[level] - 1, language)}"
        steps.append((f"l{level}", text))
    return steps

"""How a number looks: text, class and coverage of every cell, and the sentences around the table.

The template and the live stream both take from here, so a cell that changes looks as if the page had just been loaded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from services.web.frame import ALL, KEYS, Frame
from services.web.texts import Language, Translate, translator
from services.web.views import BLANK, Column, Headline
from services.web.wording import number, signed, week_number

__all__ = ["LEVELS", "Cell", "headline_slots", "legend", "paint"]

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


def paint(column: Column, numbers: Sequence[int], language: Language, *, total: bool = False) -> Cell:
    """Give the look of one cell from its three numbers (see `views`).

    `total`: of the whole country, which takes no colour of the scale.
    """
    return _paint(column.kind, *numbers, language, total)


@lru_cache(maxsize=1 << 16)
def _paint(kind: str, value: int, reported: int, expected: int, language: Language, total: bool) -> Cell:
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
    level = "sum" if total else f"l{bisect_right(LEVELS, value)}"
    if reported == 0 and expected > 0:
        return Cell(number(value, language) if value else NO_ANSWER, f"{level} mute", coverage)
    return Cell(number(value, language), level, coverage)


def legend(language: Language) -> list[tuple[str, str]]:
    """List the steps of the scale from one pupil on: class and range."""
    steps = []
    for level, start in enumerate(LEVELS, 1):
        if level == len(LEVELS):
            text = f"{number(start, language)}+"
        else:
            text = f"{start} – {number(LEVELS[level] - 1, language)}"
        steps.append((f"l{level}", text))
    return steps


def headline_slots(frame: Frame, headlines: dict[str, Headline], language: Language) -> Slots:
    """Write the sentences of the summary: for every view `n-`, `d-`, `c-`, `o-` and `s-` with the view's key.

    They are the number, the change on last week, the coverage, how many over four weeks, and of which week it is.
    """
    t = translator(language)
    slots: Slots = {}
    for key in KEYS:
        told = headlines[key]
        slots[f"s-{key}"] = (_state(frame, key, t), "")
        if told.unreached is None:
            slots |= {
                f"n-{key}": (NOT_APPLICABLE, "off"),
                **{f"{part}-{key}": ("", "") for part in "dco"},
            }
            continue
        slots[f"n-{key}"] = (number(told.unreached, language), "")
        slots[f"d-{key}"] = _change(told.change, t, language)
        slots[f"c-{key}"] = _coverage(told, t, language)
        slots[f"o-{key}"] = (t("over_4_weeks", n=number(told.over_4_weeks or 0, language)), "")
    pupils = headlines[ALL].unreached
    slots["unit"] = ("" if pupils is None else t("pupils", count=pupils), "")
    return slots


def _state(frame: Frame, key: str, t: Translate) -> str:
    weeks = frame.weeks[key]
    if not weeks:
        return t("headline_none" if key == ALL else "sector_open")
    week = week_number(weeks[-1])
    if key == ALL:
        return t("headline_on" if key in frame.on else "headline_over", week=week)
    return t("sector_week" if key in frame.on else "sector_over", week=week)


def _change(change: int | None, t: Translate, language: Language) -> tuple[str, str]:
    if change is None:
        return t("no_previous"), ""
    if change == 0:
        return t("same"), ""
    return t("more" if change > 0 else "fewer", n=number(abs(change), language)), "up" if change > 0 else "down"


def _coverage(told: Headline, t: Translate, language: Language) -> tuple[str, str]:
    if told.expected == 0:
        return t("coverage_none"), ""
    m = number(told.expected, language)
    if told.reported == 0:
        return t("coverage_silent", count=told.expected, m=m), "mute"
    # Rounded down: all of the schools is 100 %, and nothing less.
    share = 100 * told.reported // told.expected
    return t("coverage", count=told.expected, n=number(told.reported, language), m=m, share=share), ""

"""The sentences about an area now: for every view `n-`, `d-`, `c-`, `o-` and `s-` with the view's key.

They are the number, the change on last week, the coverage, how many over four weeks, and of which week it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.web.answers import coverage
from services.web.frame import ALL, KEYS, Frame
from services.web.now.figures import Figures
from services.web.painting import NOT_APPLICABLE, Slots
from services.web.spans import span
from services.web.texts import Language, Translate, translator
from services.web.wording import number, week_number

__all__ = ["slots_of"]


def slots_of(frame: Frame, figures: Mapping[str, Figures], language: Language) -> Slots:
    """Write the sentences of the summary."""
    t = translator(language)
    slots: Slots = {}
    for key in KEYS:
        told = figures[key]
        slots[f"s-{key}"] = (_state(frame, key, t), "")
        if told.unreached is None:
            slots |= {
                f"n-{key}": (NOT_APPLICABLE, "off"),
                **{f"{part}-{key}": ("", "") for part in "dco"},
            }
            continue
        slots[f"n-{key}"] = (span(*told.unreached, language), "")
        slots[f"d-{key}"] = _change(told.change, t, language) if told.over_4_weeks is not None else ("", "")
        slots[f"c-{key}"] = coverage(told.reported, told.expected, language)
        over = told.over_4_weeks
        slots[f"o-{key}"] = ("" if over is None else t("over_4_weeks", n=number(over, language)), "")
    pupils = figures[ALL].unreached
    slots["unit"] = ("" if pupils is None else t("pupils", count=pupils.high), "")
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

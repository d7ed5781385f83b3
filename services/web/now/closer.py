"""What is told of an area beside its tables: since yesterday, in how many households, and how long.

For every view `y-` and `h-` with its key, and the table of how long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.web.details import Area, OfArea
from services.web.environment import render
from services.web.frame import KEYS, Frame
from services.web.now.figures import Figures
from services.web.painting import Slots
from services.web.source import TablesLike
from services.web.texts import Language, translator
from services.web.wording import number

__all__ = ["draw_split", "question_of", "slots_of_details"]


def question_of(tables: TablesLike, frame: Frame, rows: Sequence[int] | None) -> Area | None:
    """Give what to ask of the places at `rows` (None: all); None when there is nothing to ask."""
    weeks = tuple((key, frame.weeks[key][-1]) for key in KEYS if frame.weeks[key])
    codes = None if rows is None else tuple(tables.places[row] for row in rows)
    return Area(codes, weeks) if weeks and codes != () else None


def slots_of_details(told: OfArea | None, figures: Mapping[str, Figures], language: Language) -> Slots:
    """Write the sentences; empty ones where nothing is known, or not for this viewer.

    Households are of the pupils that there were when they were counted. Where `figures` are further since then, the
    sentence says of how many.
    """
    t = translator(language)
    slots: Slots = {f"{part}-{key}": ("", "") for part in "yh" for key in KEYS}
    if told is None:
        return slots
    for key, change in told.change.items():
        if change == 0:
            slots[f"y-{key}"] = (t("yesterday_same"), "")
        else:
            text = t("yesterday_more" if change > 0 else "yesterday_fewer", n=number(abs(change), language))
            slots[f"y-{key}"] = (text, "up" if change > 0 else "down")
    for key, count in told.households.items():
        slots[f"h-{key}"] = (t("in_households", count=count, n=number(count, language)), "")
        pupils, now = told.unreached.get(key), figures[key].unreached
        if pupils is not None and now is not None and not now.low == pupils == now.high:
            text = t("in_households_then", count=count, n=number(count, language), m=number(pupils, language))
            slots[f"h-{key}"] = (text, "")
    return slots


def draw_split(told: OfArea | None, language: Language) -> str:
    """Draw the table of how long; nothing where there is none."""
    if told is None or not told.durations:
        return ""
    t = translator(language)
    rows = [
        (t(f"sector_{key}"), [number(count, language) for count in (*counts, sum(counts))])
        for key in KEYS
        if (counts := told.durations.get(key)) is not None
    ]
    return render("split.html", t=t, rows=rows)

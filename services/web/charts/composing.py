"""Composes the picture of a chart: in a language, a theme and a size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, Literal, get_args

from events.times import week_monday
from services.web import wording
from services.web.charts.chart import Chart, Kind, Number, Series
from services.web.charts.pictures import Label, Lane, Line, Lines, Point, Tick
from services.web.charts.themes import ThemeName
from services.web.rows import name_of
from services.web.spans import span
from services.web.texts import Language, Translate, translator
from services.web.within import name_of_area
from services.web.wording import number

__all__ = ["SIZES", "Size", "picture_of", "place_name", "size_of", "written"]

Size = Literal["page", "narrow", "taken"]
SIZES: Final[dict[tuple[Kind, Size], tuple[int, int]]] = {
    ("week", "page"): (720, 340),
    ("coverage", "page"): (480, 350),
    ("place", "page"): (720, 320),
    ("week", "narrow"): (340, 320),
    ("coverage", "narrow"): (340, 260),
    ("place", "narrow"): (340, 300),
    ("week", "taken"): (960, 540),
    ("coverage", "taken"): (960, 540),
    ("place", "taken"): (960, 540),
}
"""Width and height: on a page, on a page that is narrow, and to take along, with a title."""

_BEFORE: Final = 8
"""Up to how many days before the first week a decision is drawn."""
_MIDDLE: Final = 3.5
_STEPS: Final = (1, 2, 5)


def size_of(asked: str | None) -> Size:
    """Choose the size: as asked for, else that of a page."""
    return next((size for size in get_args(Size) if size == asked), "page")


def place_name(chart: Chart, language: Language) -> str:
    """Give the name of what the chart is of."""
    return name_of(chart.area, language) if chart.kind == "place" else name_of_area(chart.area, language)


def written(number_: Number, chart: Chart, language: Language) -> str:
    """Write a number of a chart as the pages do."""
    if chart.kind == "coverage":
        return translator(language)("chart_percent", n=number_.low)
    return span(number_.low, number_.high, language)


@lru_cache(maxsize=256)
def picture_of(chart: Chart, language: Language, theme: ThemeName, size: Size) -> Lines:
    """Compose the picture of a chart that has weeks."""
    t = translator(language)
    first, last = week_monday(chart.weeks[0]), week_monday(chart.weeks[-1]) + 7
    decided = sorted({day for mark in chart.marks for day in mark.decided if first - _BEFORE <= day.toordinal() < last})
    left = min([first, *(day.toordinal() - 0.5 for day in decided)])
    days = last - left
    width, height = SIZES[chart.kind, size]
    top, ticks = _scale(chart, language)
    taken = size == "taken"
    return Lines(
        theme=theme,
        width=width,
        height=height,
        days=days,
        top=top,
        weeks=tuple(_tick(week, left, language) for week in chart.weeks),
        numbers=ticks,
        lines=tuple(_line(line, chart, left, language, t) for line in chart.series),
        closures=tuple(
            Lane(mark.name, max(mark.starts.toordinal() - left, 0), min(_end(mark.until), last) - left)
            for mark in chart.marks
        ),
        decisions=tuple(
            Label(
                day.toordinal() + 0.5 - left,
                t("chart_decided", day=wording.day_and_month(day, language)),
                wording.day_and_month(day, language),
            )
            for day in decided
        ),
        silent=tuple(_silent(chart, left)),
        title=t(f"chart_{chart.kind}") if taken else "",
        subtitle=_subtitle(chart, language) if taken else "",
        footer=_footer(chart, language) if taken else "",
    )


def _subtitle(chart: Chart, language: Language) -> str:
    t = translator(language)
    about = f"{place_name(chart, language)}, {t(f'sector_{chart.sector}').lower()}"
    return about if chart.exact else f"{about}. {t('chart_ranges_short')}"


def _footer(chart: Chart, language: Language) -> str:
    t = translator(language)
    stand = t("chart_from", moment=wording.moment(chart.as_of, language, seconds=False))
    return f"{stand}. {t('chart_hollow')}" if chart.silent else stand


def _end(until: date | None) -> int:
    return date.max.toordinal() if until is None else until.toordinal() + 1


def _tick(week: str, left: float, language: Language) -> Tick:
    texts = (f"W{wording.week_number(week)}", wording.first_day(week, language))
    return Tick(week_monday(week) + _MIDDLE - left, texts)


def _scale(chart: Chart, language: Language) -> tuple[float, tuple[Tick, ...]]:
    """Give the upper edge and the numbers beside the plot: from 0 on, in steps that one can count in."""
    if chart.kind == "coverage":
        t = translator(language)
        return 100, tuple(Tick(n, (t("chart_percent", n=n),)) for n in range(0, 101, 25))
    most = max((n.high for line in chart.series for n in line.numbers if n), default=0)
    step = next(base * 10**power for power in range(12) for base in _STEPS if base * 10**power * 5 >= most)
    top = max(step, -(-most // step) * step)
    return top, tuple(Tick(n, (number(n, language),)) for n in range(0, top + 1, step))


def _line(line: Series, chart: Chart, left: float, language: Language, t: Translate) -> Line:
    ends = [(week, n) for week, n in zip(chart.weeks, line.numbers, strict=True) if n is not None and not _unknown(n)]
    name = t("chart_end" if chart.kind == "place" and line.key == "all" else _NAMES.get(line.key, f"short_{line.key}"))
    label = name if chart.kind != "coverage" else ""
    if ends:
        week, last = ends[-1]
        label = f"{label} {written(last, chart, language)}".lstrip()
        # A sector that is open again has its last number of an earlier week.
        label += f" (W{wording.week_number(week)})" if week != chart.weeks[-1] else ""
    return Line(line.key, label, tuple(_runs(line.numbers, chart, left)))


_NAMES: Final = {"during": "chart_during"}


def _unknown(number_: Number) -> bool:
    """Tell whether a number says nothing: a zero that nobody has answered for."""
    return number_.silent and number_.high == 0


def _runs(numbers: Sequence[Number | None], chart: Chart, left: float) -> Iterator[tuple[Point, ...]]:
    run: list[Point] = []
    for week, each in zip(chart.weeks, numbers, strict=True):
        if each is None or (_unknown(each) and chart.kind != "coverage"):
            if run:
                yield tuple(run)
            run = []
            continue
        run.append(Point(week_monday(week) + _MIDDLE - left, each.low, each.high, each.silent))
    if run:
        yield tuple(run)


def _silent(chart: Chart, left: float) -> Iterator[Label]:
    if chart.kind == "coverage":
        return
    for week, each in zip(chart.weeks, chart.series[0].numbers if chart.series else (), strict=False):
        if each is not None and _unknown(each):
            yield Label(week_monday(week) + _MIDDLE - left, "?")

"""How a page shows a chart: the picture, what it says in a sentence, its numbers as a table, links to take it along."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlencode

from services.web import wording
from services.web.charts.chart import Chart, Kind, Number
from services.web.charts.composing import SIZES, Size, written
from services.web.charts.pictures import Form
from services.web.charts.themes import ThemeName
from services.web.environment import render
from services.web.painting import NO_ANSWER, NOT_APPLICABLE
from services.web.texts import Language, Translate, translator
from services.web.wording import number

__all__ = ["PATHS", "address_of", "shown", "summary_of"]

PATHS: Final[dict[Kind, str]] = {
    "week": "/grafiek/week",
    "coverage": "/grafiek/antwoorden",
    "place": "/grafiek/gemeente",
}
"""The address of each kind of chart, without the form at its end."""


class _Row(NamedTuple):
    week: str
    begins: str
    cells: tuple[str, ...]


def address_of(
    chart: Chart, language: Language, form: Form = "svg", size: Size = "page", theme: ThemeName = "light"
) -> str:
    """Give the address of the picture of a chart; with other numbers it is another."""
    given = {
        "area": chart.area,
        "sector": "" if chart.sector == "all" else chart.sector,
        "lang": language,
        "theme": "" if theme == "light" else theme,
        "size": "" if size == "page" else size,
        "v": chart.version,
    }
    return f"{PATHS[chart.kind]}.{form}?{urlencode({name: value for name, value in given.items() if value})}"


def shown(name: str, chart: Chart, language: Language) -> str:
    """Write the HTML of a chart; nothing when it has no weeks."""
    if not chart.weeks or not chart.series:
        return ""

    def address(form: Form = "svg", size: Size = "page", theme: ThemeName = "light") -> str:
        return address_of(chart, language, form, size, theme)

    return render(
        "chart.html",
        t=translator(language),
        name=name,
        chart=chart,
        address=address,
        size=SIZES[chart.kind, "page"],
        narrow=SIZES[chart.kind, "narrow"],
        summary=summary_of(chart, language),
        heads=_heads(chart, translator(language)),
        rows=_rows(chart, language),
        file=f"kind-in-beeld-{name}-{chart.weeks[-1]}",
    )


def summary_of(chart: Chart, language: Language) -> str:
    """Say what a chart shows: the last week, how it changed, and the highest."""
    t = translator(language)
    told = [(week, n) for week, n in zip(chart.weeks, chart.series[0].numbers, strict=True) if n is not None]
    if not told:
        return ""
    (week, last), (highest, most) = told[-1], max(told, key=lambda each: (each[1].high, each[0]))
    sentences = [_last(chart, week, last, t, language)]
    if chart.change is not None:
        way = "same" if chart.change == 0 else "more" if chart.change > 0 else "fewer"
        sentences.append(t(way, n=number(abs(chart.change), language)) + ".")
    elif chart.kind == "coverage" and len(told) > 1:
        sentences.append(t("chart_coverage_before", share=written(told[-2][1], chart, language)))
    # Of ranges that overlap nobody can say which is the highest.
    if len(told) > 1 and (chart.exact or all(most.low >= n.high for at, n in told if at != highest)):
        sentences.append(t("chart_highest", week=wording.week_number(highest), n=written(most, chart, language)))
    return " ".join(sentences)


def _last(chart: Chart, week: str, last: Number, t: Translate, language: Language) -> str:
    n, which = written(last, chart, language), wording.week_number(week)
    if chart.kind == "coverage":
        reported, expected = number(last.reported, language), number(last.expected, language)
        return t("chart_coverage_last", week=which, share=n, n=reported, m=expected)
    if last.silent and last.high == 0:
        return t("chart_silent_last", week=which)
    return t("chart_last", week=which, n=n, pupils=t("pupils", count=last.high))


def _heads(chart: Chart, t: Translate) -> list[str]:
    if chart.kind == "coverage":
        return [t("answers_reported"), t("answers_expected"), t("chart_share")]
    if chart.kind == "place":
        return [t({"all": "state_end", "during": "state_during"}[line.key]) for line in chart.series]
    return [t(f"short_{line.key}") for line in chart.series]


def _rows(chart: Chart, language: Language) -> list[_Row]:
    """List the weeks, the newest first."""

    def cell(each: Number | None) -> str:
        if each is None:
            return NOT_APPLICABLE
        return NO_ANSWER if each.silent and each.high == 0 else written(each, chart, language)

    rows = []
    for at, week in reversed(list(enumerate(chart.weeks))):
        numbers = [line.numbers[at] for line in chart.series]
        cells = tuple(cell(each) for each in numbers)
        if chart.kind == "coverage":
            whole = numbers[0]
            counts = (
                (NOT_APPLICABLE,) * 2
                if whole is None
                else (number(whole.reported, language), number(whole.expected, language))
            )
            cells = (*counts, NOT_APPLICABLE if whole is None else written(whole, chart, language))
        rows.append(_Row(f"W{wording.week_number(week)}", wording.first_day(week, language), cells))
    return rows

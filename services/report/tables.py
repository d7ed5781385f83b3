"""The sections of a report: sentences, figures and tables, ready to be shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from events import local_day
from projections.fold.calendar import Closure
from projections.nowcast.triangle import UNKNOWN_YET
from projections.tables import SECTORS
from services.report.facts import ADDED, Facts
from services.web import wording
from services.web.charts.chart import MOST_CLOSURES, Number
from services.web.frame import ALL
from services.web.painting import NO_ANSWER, NOT_APPLICABLE
from services.web.rows import name_of
from services.web.spans import span
from services.web.texts import Language, Translate, translator

__all__ = ["Section", "Table", "sections"]

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table; the first column names the row."""

    caption: str
    heads: Cells
    rows: list[Cells]
    text: bool = False
    """Whether its cells are words, not numbers."""


@dataclass(frozen=True)
class Section:
    """A section: its name in the address, its title, and what stands in it."""

    name: str
    title: str
    chart: str = ""
    lead: tuple[str, ...] = ()
    figures: list[tuple[str, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def sections(facts: Facts, language: Language, t: Translate) -> Iterator[Section]:
    """Give the sections in their order."""
    yield Section("main", t("main"), figures=list(_main(facts, language, t)))
    tables = [_weeks(facts, language, t)]
    if facts.sums:
        tables.append(_flows(facts, language, t))
    more = (t("chart_closures", n=MOST_CLOSURES),) if len(facts.closures) > MOST_CLOSURES else ()
    yield Section("weeks", t("weeks"), "week", (t("chart_text"), *more), tables=tables)
    lead = (t("chart_text_coverage"), *more)
    yield Section("coverage", t("coverage"), "coverage", lead, tables=[_coverage(facts, language, t)])
    if facts.places:
        yield Section("places", t("places"), tables=[_places(facts, language, t)])
    if facts.settling is not None and facts.settling.weeks:
        yield _settling(facts, language, t)
    yield Section("closures", t("closures"), tables=[_closures(facts, language, t)])


def _numbers(facts: Facts, key: str) -> dict[str, Number]:
    """Give the numbers of a line of the chart by week, where it has one."""
    chart = facts.charts["week"]
    found = next((line.numbers for line in chart.series if line.key == key), ())
    return {week: n for week, n in zip(chart.weeks, found, strict=False) if n is not None}


def _written(number: Number | None, language: Language) -> str:
    if number is None:
        return NOT_APPLICABLE
    return NO_ANSWER if number.silent and number.high == 0 else span(number.low, number.high, language)


def _main(facts: Facts, language: Language, t: Translate) -> Iterator[tuple[str, str]]:
    numbers = _numbers(facts, ALL)
    week = facts.weeks[-1]
    last, which = numbers[week], _which(week, facts)
    yield t("main_end", week=which), _written(last, language)
    highest = max(numbers, key=lambda each: (numbers[each].high, each))
    # Of ranges that overlap nobody can say which is the highest.
    if all(numbers[highest].low >= n.high for each, n in numbers.items() if each != highest):
        told = t("main_most_week", week=_which(highest, facts))
        yield t("main_most"), f"{_written(numbers[highest], language)} ({told})"
    if facts.sums:
        yield t("main_lost"), wording.number(sum(facts.sums["newly_lost"]), language)
        yield t("main_restored"), wording.number(sum(facts.sums["restored"]), language)
        yield t("main_over", week=which), wording.number(facts.sums["unreached_over_4_weeks"][-1], language)
    yield t("main_answers", week=which), _answers(last.reported, last.expected, language, t)


def _answers(reported: int, expected: int, language: Language, t: Translate) -> str:
    return t("of", n=wording.number(reported, language), m=wording.number(expected, language))


def _which(week: str, facts: Facts) -> str:
    """Write the number of a week, with its year where the report is of more than one."""
    several = len({each[:4] for each in facts.weeks}) > 1
    return f"{wording.week_number(week)} ({week[:4]})" if several else wording.week_number(week)


def _named(week: str, language: Language) -> Cells:
    return f"W{wording.week_number(week)}", f"{wording.first_day(week, language)} {week[:4]}"


def _weeks(facts: Facts, language: Language, t: Translate) -> Table:
    short = translator(language)
    lines = {key: _numbers(facts, key) for key in (ALL, *SECTORS)}
    shown = [key for key, numbers in lines.items() if numbers]
    heads = (t("week"), t("begins"), *(short(f"short_{key}") for key in shown))
    rows = [
        (*_named(week, language), *(_written(lines[key].get(week), language) for key in shown)) for week in facts.weeks
    ]
    return Table(t("weeks_caption"), heads, rows)


def _flows(facts: Facts, language: Language, t: Translate) -> Table:
    rows = [
        (*_named(week, language), *(wording.number(facts.sums[of][at], language) for of in ADDED))
        for at, week in enumerate(facts.weeks)
    ]
    return Table(t("flows_caption"), (t("week"), t("begins"), *map(t, ADDED)), rows)


def _coverage(facts: Facts, language: Language, t: Translate) -> Table:
    rows, percent = [], translator(language)
    for week, n in _numbers(facts, ALL).items():
        share = percent("chart_percent", n=100 * n.reported // n.expected) if n.expected else NOT_APPLICABLE
        counts = (wording.number(n.reported, language), wording.number(n.expected, language))
        rows.append((*_named(week, language), *counts, share))
    return Table(t("coverage_caption"), (t("week"), t("begins"), t("reported"), t("expected"), t("share")), rows)


def _places(facts: Facts, language: Language, t: Translate) -> Table:
    rows: list[Cells] = [
        (
            name_of(place.code, language),
            _written(Number(place.low, place.high, place.reported, place.expected), language),
            _answers(place.reported, place.expected, language, t),
        )
        for place in facts.places
    ]
    rows.sort(key=lambda row: wording.fold(row[0]))
    caption = t("places_caption", week=_which(facts.weeks[-1], facts))
    return Table(caption, (t("municipality"), t("unreached"), t("answers")), rows)


def _settling(facts: Facts, language: Language, t: Translate) -> Section:
    assert facts.settling is not None  # noqa: S101 - asked by who calls
    known, weeks = facts.settling.known.tolist(), facts.settling.weeks
    after = range(1, len(known[0]))

    def cell(number: int) -> str:
        return NOT_APPLICABLE if number == UNKNOWN_YET else wording.number(number, language)

    heads = (t("week"), t("begins"), t("after_0"), *(t("after_n", n=age, count=age) for age in after))
    rows = [(*_named(week, language), *map(cell, row)) for week, row in zip(weeks, known, strict=True)]
    lead = [t("settling_lead")]
    settled = [(week, row) for week, row in zip(weeks, known, strict=True) if UNKNOWN_YET not in (row[0], row[-1])]
    if settled:
        week, row = settled[-1]
        then, now = cell(row[0]), cell(row[-1])
        lead.append(t("settling_sum", week=_which(week, facts), then=then, now=now))
    return Section("settling", t("settling"), lead=tuple(lead), tables=[Table(t("settling_caption"), heads, rows)])


def _closures(facts: Facts, language: Language, t: Translate) -> Table:
    heads = tuple(map(t, ("closure", "sectors", "starts", "until", "where", "decided")))
    return Table(t("closures_caption"), heads, [_closure(each, language, t) for each in facts.closures], text=True)


def _closure(closure: Closure, language: Language, t: Translate) -> Cells:
    short = translator(language)
    places = closure.municipalities
    where = t("everywhere") if places is None else t("some", n=len(places), count=len(places))
    if places is not None and len(places) <= 3:  # more would be no table any more
        where = ", ".join(name_of(code, language) for code in places)
    days = dict.fromkeys(date.fromordinal(local_day(at)) for at in closure.announced)
    return (
        closure.name,
        ", ".join(short(f"sector_{of}") for of in SECTORS if of in closure.sectors),
        wording.day(closure.starts, language),
        t("until_unknown") if closure.until is None else wording.day(closure.until, language),
        where,
        "; ".join(wording.day(each, language) for each in days),
    )

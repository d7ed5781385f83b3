"""The page of one municipality as an open page follows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from projections.tables import DEVICES, OUTCOMES
from services.web import wording
from services.web.answers import coverage
from services.web.charts import Chart, Held
from services.web.charts.figures import chart_of_place
from services.web.details import OfPlace
from services.web.environment import render
from services.web.frame import ALL
from services.web.municipality.closer import draw_details, question_of
from services.web.municipality.figures import Week, weeks_of
from services.web.painting import NOT_APPLICABLE, Slots
from services.web.spans import span
from services.web.texts import Language, translator
from services.web.topics import Current, PageTopic
from services.web.wording import number, signed

__all__ = ["MunicipalityTopic", "Row"]


_TABLES: Final = ("balance", "state", "answers", "work")


class Row(NamedTuple):
    """A week as it is written: texts only, in the order of the columns of each table."""

    week: str
    begins: str
    balance: tuple[str, ...]
    """The week before, newly lost, moved in, restored, moved out, and what comes of them."""
    balance_with_open_days: tuple[str, ...]
    """The same with what happened on days on which the schools were open."""
    state: tuple[str, ...]
    """Unreached, during the week, over four weeks, households."""
    answers: tuple[str, ...]
    """Schools that answered, of how many, on time, pupils they say they cannot reach."""
    work: tuple[str, ...]
    """Door visits by outcome, devices by kind."""
    public: tuple[str, ...]
    """What everyone may know: unreached, schools that answered, of how many."""


class MunicipalityTopic(PageTopic):
    """The weeks of one municipality, in one sector or in all together."""

    def __init__(self, code: str, key: str = ALL) -> None:
        super().__init__()
        self._code, self._key = code, key
        self._charts = Held(lambda current: {"place": chart_of_place(current, code, key)})
        self._told: OfPlace | None = None
        self._weeks: list[Week] = []

    @property
    def charts(self) -> Mapping[str, Chart]:
        """The chart as the page shows it, by name."""
        return self._charts.charts

    def look(self, current: Current) -> object:
        """Look up what is not in the tables; the weeks are worked out once for everything that is written of them."""
        self._weeks = weeks_of(current.tables, current.frame, self._code, self._key)
        question = question_of(current.frame, self._code)
        self._told = None if question is None else current.details(question)
        return self._told

    def write(self, current: Current, language: Language) -> Slots:
        """Write the number of the last week, and how many schools answered."""
        weeks = self._weeks
        if not weeks:
            return {"n-here": (NOT_APPLICABLE, "off"), "u-here": ("", ""), "s-here": ("", ""), "c-here": ("", "")}
        t, last = translator(language), weeks[0]
        state = "sector_week" if self._key in current.frame.on else "sector_over"
        return {
            "n-here": (span(last.unreached, last.most, language), ""),
            "u-here": (t("pupils", count=last.most), ""),
            "s-here": (t(state, week=wording.week_number(last.week)), ""),
            "c-here": coverage(last.reported, last.expected, language),
        }

    def draw(self, current: Current, language: Language) -> dict[str, str]:
        """Draw the chart and the tables of the weeks."""
        weeks = self._told_together(self._weeks)
        rows = [_row(week, language) for week in weeks]
        context = {
            "t": translator(language),
            "rows": rows,
            "outcomes": OUTCOMES,
            "devices": DEVICES,
            "together": self._key == ALL,
            "open_days": any(week.elsewhen for week in weeks),
        }
        chart = self._charts.html(current, language)
        drawn = dict.fromkeys((*_TABLES, "schools", "settling"), "") | chart
        if not rows:
            return drawn | {"balance": render("municipality_none.html", context, text="here_none")}
        if not weeks[0].exact:
            public = render("municipality_public.html", context)
            return drawn | {"balance": render("municipality_none.html", context, text="here_public"), "state": public}
        drawn |= {name: render(f"municipality_{name}.html", context) for name in _TABLES}
        return drawn | draw_details(self._told, self._key, language)

    def _told_together(self, weeks: list[Week]) -> list[Week]:
        """Add what is told of all sectors together, where sums would count some twice: of the last week alone."""
        together = None if self._told is None or self._key != ALL else self._told.together
        if together is None or not weeks or not weeks[0].exact or weeks[0].week != together.week:
            return weeks
        return [replace(weeks[0], during=together.during, households=together.households), *weeks[1:]]


def _row(week: Week, language: Language) -> Row:
    def told(value: int | None) -> str:
        return NOT_APPLICABLE if value is None else number(value, language)

    flows = (week.newly_lost, week.moved_in, -week.restored, -week.moved_out)
    before = None if week.elsewhen is None else week.unreached - sum(flows) - week.elsewhen
    elsewhen = NOT_APPLICABLE if week.elsewhen is None else signed(week.elsewhen, language)
    changes = tuple(signed(flow, language) for flow in flows)
    return Row(
        f"W{wording.week_number(week.week)}",
        wording.first_day(week.week, language),
        (told(before), *changes, told(week.unreached)),
        (told(before), *changes, elsewhen, told(week.unreached)),
        (told(week.unreached), told(week.during), told(week.over_4_weeks), told(week.households)),
        (told(week.reported), told(week.expected), told(week.on_time), told(week.claimed)),
        tuple(number(count, language) for count in (*week.visits, *week.devices)),
        (span(week.unreached, week.most, language), told(week.reported), told(week.expected)),
    )

"""What is told of one municipality beside its tables: school by school, and how past weeks became known."""

from __future__ import annotations

from typing import Final, NamedTuple

from events.times import AMSTERDAM, from_micros
from projections.live.schools import School
from services.web import wording
from services.web.details import OfPlace, Place, SettledWeek
from services.web.details.answering import FOLLOWED
from services.web.environment import render
from services.web.frame import ALL, KEYS, Frame
from services.web.painting import NOT_APPLICABLE
from services.web.texts import Language, translator
from services.web.wording import number, signed

__all__ = ["draw_details", "question_of"]

SCHOOLS_SHOWN: Final = 25
"""Schools that are listed at once, the longest silent first; a large town has hundreds, and the others open."""


class SchoolRow(NamedTuple):
    """A school as it is written."""

    school: str
    sector: str
    answer: str
    on: str
    claim: str
    silent: str


class SettledRow(NamedTuple):
    """A past week as it is written."""

    week: str
    begins: str
    texts: tuple[str, ...]


def question_of(frame: Frame, code: str) -> Place | None:
    """Give what to ask of a municipality; None when no week is shown."""
    weeks = tuple((key, frame.weeks[key][-1]) for key in KEYS if frame.weeks[key])
    return Place(code, weeks) if weeks else None


def draw_details(told: OfPlace | None, key: str, language: Language) -> dict[str, str]:
    """Draw both tables; nothing where there is none, or not for this viewer."""
    drawn = {"schools": "", "settling": ""}
    if told is None:
        return drawn
    t = translator(language)
    listed = [school for school in told.schools if key in (ALL, school.sector)]
    if listed:
        # Who is silent first, the longest of them before the others.
        listed.sort(key=lambda school: -school.silent_weeks)
        answered = sum(school.reported for school in listed)
        lead = t("schools_lead", n=number(answered, language), m=number(len(listed), language), count=len(listed))
        rows = [_school(school, language) for school in listed]
        rest = len(rows) - SCHOOLS_SHOWN
        more = t("schools_more", count=rest, n=number(rest, language)) if rest > 0 else ""
        drawn["schools"] = render(
            "municipality_schools.html", t=t, rows=rows, lead=lead, shown=SCHOOLS_SHOWN, more=more
        )
    weeks = (told.settled or {}).get(key, ())
    if weeks:
        settled = [_settled(week, language) for week in weeks]
        drawn["settling"] = render("municipality_settling.html", t=t, rows=settled, followed=FOLLOWED)
    return drawn


def _school(school: School, language: Language) -> SchoolRow:
    t = translator(language)
    if school.last_recorded is None:
        since = "" if school.silent_since is None else wording.week_number(school.silent_since)
        silent = t("schools_silent", count=school.silent_weeks, n=school.silent_weeks, week=since)
        return SchoolRow(school.school, t(f"sector_{school.sector}"), t("schools_none"), "", NOT_APPLICABLE, silent)
    day = from_micros(school.last_recorded).astimezone(AMSTERDAM).date()
    return SchoolRow(
        school.school,
        t(f"sector_{school.sector}"),
        t("schools_on_time" if school.on_time else "schools_late"),
        wording.day_and_month(day, language),
        NOT_APPLICABLE if school.claim is None else number(school.claim, language),
        "",
    )


def _settled(week: SettledWeek, language: Language) -> SettledRow:
    known = (*week.known, *(None,) * (FOLLOWED - len(week.known)), week.now)
    texts = tuple(NOT_APPLICABLE if each is None else number(each, language) for each in known)
    first = week.known[0] if week.known else None
    difference = NOT_APPLICABLE if first is None or week.now is None else signed(week.now - first, language)
    begins = wording.first_day(week.week, language)
    return SettledRow(f"W{wording.week_number(week.week)}", begins, (*texts, difference))

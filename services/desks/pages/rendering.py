"""From what is known to HTML: the templates and what they are given. Works without JavaScript; there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from events import AMSTERDAM, Rejected, format_instant, from_micros, local_day, week_monday, week_of_day
from services.desks.pages import places
from services.desks.pages.composing import Given, Problem
from services.desks.pages.fields import HOUSEHOLD, NUMBERS, PUPIL, Field, Form
from services.desks.pages.lists import MAX_FILE_BYTES, MAX_ROWS
from services.desks.pages.texts import Language, Translate, choice_key, translator
from services.desks.pages.values import holds_bsn
from services.web import wording
from services.web.environment import STATIC as SHARED

__all__ = ["BUILD", "SHARED", "STATIC", "RowAnswer", "Shown", "render"]

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
BUILD: Final = sha256(
    b"".join(path.read_bytes() for at in (SHARED, STATIC) for path in sorted(at.iterdir()))
).hexdigest()[:12]
"""What the static files are, in their address: they may be kept for ever, and another build has another address."""

WEEKS_BACK: Final = 12

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What is said of one row of a list: a key of the texts, a reference when it stands, and what is wrong with it."""

    number: int
    key: str
    reference: str | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Shown:
    """What a page shows beside what its template says. The number of a pupil never comes back (`given`)."""

    desk: str
    language: Language
    path: str
    token: str
    now: int
    source: str | None = None
    sources: Sequence[str] = ()
    signed_in: bool = False
    has_key: bool = True
    form: Form | None = None
    forms: Sequence[Form] = ()
    given: Given = field(default_factory=dict, repr=False)
    known: Given = field(default_factory=dict, repr=False)
    """What a form begins with, from what the desk itself knows."""
    problems: Sequence[Problem] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    """What of the address is kept when the language is switched."""
    notice: str = ""
    notice_places: Mapping[str, object] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


def render(template: str, shown: Shown) -> str:
    """Render a page."""
    t = translator(shown.language)
    hidden = {name for name, value in shown.given.items() if name in NUMBERS or holds_bsn(value)}
    given = {**shown.known, **{name: value for name, value in shown.given.items() if name not in hidden}}
    return _ENVIRONMENT.get_template(template).render(
        t=t,
        lang=shown.language,
        page=shown,
        build=BUILD,
        given=given,
        PUPIL=PUPIL,
        HOUSEHOLD=HOUSEHOLD,
        NUMBERS=NUMBERS,
        errors=[(problem.field, _say(problem, t)) for problem in shown.problems],
        broken={problem.field: _say(problem, t) for problem in reversed(shown.problems)},
        say=lambda problem: _say(problem, t),
        choices=lambda of: _choices(of, shown, t),
        default=lambda of: given.get(of.name, _local_now(shown.now) if of.look == "moment" else ""),
        holds=lambda of: _holds(of, t),
        notice=_notice(shown, t),
        has_hint=lambda of: f"hint_{of.name}" in _HINTS,
        limits={"rows": wording.number(MAX_ROWS, shown.language), "size": MAX_FILE_BYTES // 2**20},
        switch=lambda language: f"{shown.path}?{urlencode({**shown.kept, 'lang': language})}",
        place=places.name_of,
        number=lambda count: wording.number(count, shown.language),
        instant=format_instant,
        moment=lambda micros: wording.moment(micros, shown.language, seconds=False),
        begun=given.get("begun") or format_instant(shown.now),
        **shown.extra,
    )


_HINTED: Final = (
    "issuer",
    "household_issuer",
    "occurred_at",
    "school",
    "municipalities",
    "lender",
    "closure",
    "reference",
    "reporter",
)
_HINTS: Final = frozenset(f"hint_{name}" for name in _HINTED)


def _say(problem: Problem, t: Translate) -> str:
    name = t(f"label_{problem.field}") if problem.field else ""
    return t(problem.key, field=name)


def _notice(shown: Shown, t: Translate) -> str:
    if not shown.notice:
        return ""
    column = shown.notice_places.get("column")
    named = {"column": t(f"label_{column}")} if isinstance(column, str) else {}
    return t(shown.notice, **{**shown.notice_places, **named})


def _choices(of: Field, shown: Shown, t: Translate) -> list[tuple[str, str]]:
    if of.look == "municipality":
        return list(places.options(shown.now))
    if of.look == "week":
        today = local_day(shown.now)
        days = list(range(today, today - 7 * WEEKS_BACK, -7))
        if (chosen := shown.given.get(of.name)) and chosen not in map(week_of_day, days):
            with suppress(Rejected):  # one of long ago, by its address
                days.append(week_monday(chosen))
        return [(week_of_day(day), _week(day, shown.language, t)) for day in days]
    return [(choice, t(choice_key(of.name, choice))) for choice in of.choices]


def _week(day: int, language: Language, t: Translate) -> str:
    monday = date.fromordinal(day - (day - 1) % 7)
    sunday = date.fromordinal(monday.toordinal() + 6)
    return t(
        "week_days",
        week=wording.week_number(week_of_day(day)),
        start=wording.day_and_month(monday, language),
        until=wording.day(sunday, language),
    )


def _holds(of: Field, t: Translate) -> str:
    """Say what a column of a list holds."""
    if of.name in NUMBERS:
        return t(f"values_{of.name}")
    if of.choices:
        return ", ".join(t(choice_key(of.name, choice)) for choice in of.choices)
    if f"hint_{of.name}" in _HINTS and of.look in ("code", "text"):
        return t(f"hint_{of.name}")
    return t(f"values_{of.look}")


def _local_now(now: int) -> str:
    return f"{from_micros(now).astimezone(AMSTERDAM):%Y-%m-%dT%H:%M}"

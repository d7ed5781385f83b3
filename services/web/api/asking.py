"""What is asked of the interface, by its query; and in which form the answer is wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from starlette.requests import Request

from events.errors import Rejected
from events.rules import DATE_PATTERN, DATE_RULE, MUNICIPALITY_PATTERN, NO_SUCH_DATE
from events.times import parse_instant, week_monday
from projections.register.areas import COUNTRY, area_of, members
from projections.tables import SECTORS, UNKNOWN
from services.api_rules import Problem, broken, one_of, read_query, whole
from services.web.wording import fold

__all__ = [
    "FORMS",
    "MOST_MUNICIPALITIES",
    "MOST_NAME",
    "MOST_PAGE",
    "MOST_SIZE",
    "MOST_UNREACHED",
    "PAGE_SIZE",
    "Asked",
    "Form",
    "ask",
]

Form = Literal["json", "csv"]
FORMS: Final[dict[Form, str]] = {"json": "application/json", "csv": "text/csv"}

PAGE_SIZE: Final = 500
"""Items of a page unless asked otherwise."""
MOST_SIZE: Final = 5_000
"""Items of a page at most."""
MOST_PAGE: Final = 1_000_000
MOST_MUNICIPALITIES: Final = 100
"""How often `municipality` may be given."""
MOST_NAME: Final = 60
"""Characters of a part of a name."""
MOST_UNREACHED: Final = 1_000_000_000

_PAGING: Final = ("page", "pageSize", "format")
_MUNICIPALITY: Final = re.compile(MUNICIPALITY_PATTERN)
_DATE: Final = re.compile(DATE_PATTERN)
_QUALITY: Final = re.compile(r"[qQ]=(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked. `pairs`: the query as it came, but for the page; instants in microseconds."""

    page: int
    page_size: int
    form: Form
    pairs: tuple[tuple[str, str], ...]
    municipalities: frozenset[str] | None = None
    """Only these; None: all, and residence unknown."""
    sector: str | None = None
    first_week: str | None = None
    last_week: str | None = None
    min_unreached: int = 0
    all_rows: bool = False
    as_of: int | None = None
    day: date | None = None
    name: str = ""
    """Only what has this part in its name, folded; empty: all."""


def ask(request: Request, *names: str) -> Asked:
    """Read what is asked: paging, form, and those of the filters that are among `names`. Raises a Problem."""
    given = read_query(request.scope["query_string"], (*names, *_PAGING), {"municipality": MOST_MUNICIPALITIES})
    single = {name: values[0] for name, values in given.items()}
    week, first, last = (_week(single, name) for name in ("week", "fromWeek", "untilWeek"))
    if first is not None and last is not None and first > last:
        raise broken("untilWeek", "must not be before fromWeek")
    return Asked(
        page=whole(single.get("page"), "page", 1, 1, MOST_PAGE),
        page_size=whole(single.get("pageSize"), "pageSize", PAGE_SIZE, 1, MOST_SIZE),
        form=_form(request, single),
        pairs=tuple((name, value) for name, values in given.items() if name != "page" for value in values),
        municipalities=_municipalities(given.get("municipality"), single.get("area")),
        sector=one_of(single["sector"], "sector", "", *SECTORS) if "sector" in single else None,
        first_week=max(filter(None, (week, first)), default=None),
        last_week=min(filter(None, (week, last)), default=None),
        min_unreached=whole(single.get("minUnreached"), "minUnreached", 0, 0, MOST_UNREACHED),
        all_rows=one_of(single.get("allRows"), "allRows", "false", "true", "false") == "true",
        as_of=_instant(single, "asOf"),
        day=_day(single, "day"),
        name=_name(single),
    )


def _municipalities(codes: Sequence[str] | None, area: str | None) -> frozenset[str] | None:
    """Give the municipalities asked for by themselves and by an area: those that are in both."""
    found: frozenset[str] | None = None
    if codes is not None:
        if not all(code == UNKNOWN or _MUNICIPALITY.fullmatch(code) for code in codes):
            raise broken("municipality", "must be GM and four digits, or unknown")
        found = frozenset(codes)
    if area is None or area == COUNTRY.code:
        return found
    if area == UNKNOWN:
        inside = frozenset((UNKNOWN,))
    elif area_of(area) is None:
        raise broken("area", "must be NL, or the code of a province, safety region or municipality, or unknown")
    else:
        inside = frozenset(members(area, 1, date.max.toordinal()))
    return inside if found is None else found & inside


def _week(single: dict[str, str], name: str) -> str | None:
    week = single.get(name)
    if week is not None:
        try:
            week_monday(week)
        except Rejected as error:
            raise broken(name, error.rule) from None
    return week


def _instant(single: dict[str, str], name: str) -> int | None:
    text = single.get(name)
    if text is None:
        return None
    try:
        # A plus sign that was not encoded comes as a space; an instant holds none.
        return parse_instant(text.replace(" ", "+"))
    except Rejected as error:
        raise broken(name, error.rule) from None


def _day(single: dict[str, str], name: str) -> date | None:
    text = single.get(name)
    if text is None:
        return None
    if _DATE.fullmatch(text) is None:
        raise broken(name, DATE_RULE)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise broken(name, NO_SUCH_DATE) from None


def _name(single: dict[str, str]) -> str:
    text = single.get("q", "")
    if "q" in single and not 1 <= len(text.strip()) <= MOST_NAME:
        raise broken("q", f"must be 1 to {MOST_NAME} characters")
    return fold(text.strip())


def _form(request: Request, single: dict[str, str]) -> Form:
    """Choose the form: as `format` says, else the one that `Accept` likes best, JSON where it likes both alike."""
    if "format" in single:
        return "csv" if one_of(single["format"], "format", "", *FORMS) == "csv" else "json"
    liked = {form: _liking(request.headers.get("accept", "*/*"), type) for form, type in FORMS.items()}
    if not any(liked.values()):
        raise Problem(406, f"Answers are {' or '.join(FORMS.values())}.")
    return "csv" if liked["csv"] > liked["json"] else "json"


def _liking(accept: str, media_type: str) -> float:
    """Give the quality that `Accept` (RFC 9110) gives a media type: that of the most specific range that holds it."""
    best, quality = -1, 0.0
    ranges = ("*/*", media_type.partition("/")[0] + "/*", media_type)
    for part in accept.split(","):
        named, *parameters = (piece.strip() for piece in part.split(";"))
        if named.lower() not in ranges or ranges.index(named.lower()) < best:
            continue
        weights = [float(piece[2:]) for piece in parameters if _QUALITY.fullmatch(piece)]
        best, quality = ranges.index(named.lower()), weights[0] if weights else 1.0
    return quality

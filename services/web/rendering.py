"""From the board to HTML: the templates and what they are given."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from services.web import wording
from services.web.board import Board
from services.web.frame import KEYS, Frame, Notice
from services.web.painting import Cell, legend
from services.web.query import DEFAULT_SORT, Query
from services.web.rows import Row, name_of, rows_of, total_of
from services.web.texts import Language, Translate, translator
from services.web.views import columns_of

__all__ = ["BUILD", "STATIC", "render_message", "render_page"]

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
BUILD: Final = sha256(b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))).hexdigest()[:12]
"""What the static files are, in their address: they may be kept for ever, and another build has another address."""

RELOAD_EVERY: Final = 30
"""Seconds after which a page without JavaScript loads itself again."""
RELOAD_SIMULATED: Final = 5

_MOST_NAMED: Final = 4
"""Up to how many municipalities of a closure are named; more are counted."""

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Header(NamedTuple):
    """The head of a column: its name in links, its title and the small print under it."""

    sort: str
    title: str
    hint: str


class Told(NamedTuple):
    """A closure in words."""

    name: str
    sectors: tuple[str, ...]
    days: str
    regime: str
    where: str


def render_page(board: Board, query: Query, language: Language) -> str:
    """Render the page; the board has read the tables at least once."""
    frame, t = board.frame, translator(language)
    assert frame is not None  # noqa: S101 - the caller shows the message page until then
    grid = board.grids[query.sector]
    rows = rows_of(frame, grid, query, language) if frame.weeks[query.sector] else []
    return _ENVIRONMENT.get_template("page.html").render(
        _common(board, query, language),
        keys=KEYS,
        version=board.version,
        reload_every=RELOAD_SIMULATED if board.simulated else RELOAD_EVERY,
        frame=frame,
        running=_told(frame.running, language),
        coming=_told(frame.coming, language),
        last=_told(frame.last, language),
        columns=_headers(frame, query.sector, language) if rows else [],
        rows=rows,
        total=total_of(frame, grid, query, language) if rows else (),
        found=_found(rows, t, language),
        legend=legend(language),
        sorted=_sorter(frame, query),
        cells=_cells,
    )


def render_message(board: Board, query: Query, language: Language, key: str, again: int | None = None) -> str:
    """Render a page with one sentence of the catalogue; `again`: after how many seconds it loads itself again."""
    t = translator(language)
    return _ENVIRONMENT.get_template("message.html").render(
        _common(board, query, language), message=t(key), again=again
    )


def _common(board: Board, query: Query, language: Language) -> dict[str, Any]:
    slots = board.slots(language)

    def slot(name: str, tag: str = "span", css: str = "") -> Markup:
        """Write a sentence that changes, in an element of its own that the live stream finds by its id."""
        text, state = slots[name]
        attributes = Markup(' class="{}"').format(css) if css else Markup()
        return Markup('<{0} id="{1}"{2} data-is="{3}">{4}</{0}>').format(tag, name, attributes, state, text)

    return {
        "t": translator(language),
        "lang": language,
        "query": query,
        "build": BUILD,
        "simulated": board.simulated,
        "slots": slots,
        "slot": slot,
    }


def _cells(cells: Iterable[Cell]) -> Markup:
    """Write the cells of a row, by hand: there are thousands. They hold digits and our own classes, no one's text."""
    return Markup(  # noqa: S704
        "".join(
            f'<td role="cell" class="{css}">{text}<small>{coverage}</small></td>'
            if coverage
            else f'<td role="cell" class="{css}">{text}</td>'
            for text, css, coverage in cells
        )
    )


def _headers(frame: Frame, key: str, language: Language) -> list[Header]:
    t = translator(language)
    headers = []
    columns = columns_of(frame, key)
    for column in columns:
        if column.kind != "week":
            headers.append(Header(column.name, t(column.name), t(f"{column.name}_hint")))
            continue
        title = f"W{wording.week_number(column.name)}"
        hint = wording.first_day(column.name, language)
        if column is columns[-1]:
            title, hint = t("now" if key in frame.on else "last"), f"{title}, {hint}"
        headers.append(Header(DEFAULT_SORT if column is columns[-1] else column.name, title, hint))
    return headers


def _sorter(frame: Frame, query: Query) -> Any:
    weeks = frame.weeks[query.sector]
    known = {"name", DEFAULT_SORT, *(column.name for column in columns_of(frame, query.sector))}
    by = query.sort if query.sort in known and query.sort not in weeks[-1:] else DEFAULT_SORT

    def sorted_attribute(name: str) -> Markup:
        order = "descending" if query.descending else "ascending"
        return Markup(' aria-sort="{}"').format(order) if name == by else Markup()

    return sorted_attribute


def _found(rows: list[Row], t: Translate, language: Language) -> str:
    """Say how many municipalities are shown; residence unknown is none."""
    places = [row for row in rows if row.code.startswith("GM")]
    shown = sum(row.shown for row in places)
    if rows and not any(row.shown for row in rows):
        return t("nothing_found")
    return t("shown", n=wording.number(shown, language), m=wording.number(len(places), language))


def _told(notices: Iterable[Notice], language: Language) -> list[Told]:
    t = translator(language)
    told = []
    for notice in notices:
        start = wording.day(notice.starts, language)
        if notice.until is None:
            days = t("closure_open_end", start=start)
        else:
            days = t("closure_days", start=start, until=wording.day(notice.until, language))
        where = ""
        if notice.municipalities is not None and len(notice.municipalities) <= _MOST_NAMED:
            where = t("closure_where", where=", ".join(name_of(code, language) for code in notice.municipalities))
        elif notice.municipalities is not None:
            where = t("closure_where_many", n=len(notice.municipalities))
        regime = t(f"regime_{notice.regime}") if notice.regime else ""
        told.append(Told(notice.name, notice.sectors, days, regime, where))
    return told

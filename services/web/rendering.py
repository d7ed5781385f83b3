"""What every page is given, and the pages that are one sentence."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from markupsafe import Markup

from events import local_day
from services.web.access.account import account
from services.web.addressed import origin
from services.web.behind import behind
from services.web.board import Board
from services.web.environment import BUILD, render
from services.web.query import Query
from services.web.rehearsal import told_of_rehearsal
from services.web.sight import anything_exact
from services.web.texts import Language, translator
from services.web.texts.reading import UNAUDITED
from services.web.topics import PageTopic

__all__ = ["PAGES", "RELOAD_EVERY", "RELOAD_SIMULATED", "PageLink", "common", "render_message"]

RELOAD_EVERY = 30
"""Seconds after which a page without JavaScript loads itself again."""
RELOAD_SIMULATED = 5


class PageLink(NamedTuple):
    """A page that every page links to: its address, and the key of its name."""

    path: str
    name: str


PAGES = (
    PageLink("/", "page_now"),
    PageLink("/kaart", "page_map"),
    PageLink("/gemeenten", "page_table"),
    PageLink("/uitleg", "page_reading"),
)
PAGE_THEN = PageLink("/toen", "page_then")
"""Only for who sees exact figures of anything."""


def render_message(board: Board, query: Query, language: Language, key: str, again: int | None = None) -> str:
    """Render a page with one sentence of the catalogue; `again`: after how many seconds it loads itself again."""
    t = translator(language)
    return render("message.html", common(board, query, language), message=t(key), again=again)


def common(board: Board, query: Query, language: Language, *, topic: str = "") -> dict[str, Any]:
    """Give what the templates of every page use. `topic` is what the page follows."""
    found = board.topic(topic) if topic else None
    texts, parts = dict(board.slots(language)), dict[str, tuple[str, str]]()
    if found is not None:
        texts |= found.slots[language]
    if isinstance(found, PageTopic):
        parts = found.parts[language]

    def slot(name: str, tag: str = "span", css: str = "") -> Markup:
        """Write a sentence that changes, in an element of its own that the live stream finds by its id."""
        text, state = texts[name]
        attributes = Markup(' class="{}"').format(css) if css else Markup()
        return Markup('<{0} id="{1}"{2} data-is="{3}">{4}</{0}>').format(tag, name, attributes, state, text)

    def copy(name: str, tag: str = "p") -> Markup:
        """Write such a sentence once more, where a number explains itself; it changes along."""
        text, state = texts[name]
        return Markup('<{0} data-copy="{1}" data-is="{2}">{3}</{0}>').format(tag, name, state, text)

    def part(name: str, tag: str = "div", css: str = "") -> Markup:
        """Write a piece that changes as a whole, in an element of its own; it was rendered by a template of ours."""
        attributes = Markup(' class="{}"').format(css) if css else Markup()
        return Markup('<{0} id="{1}"{2} data-changes>{3}</{0}>').format(tag, name, attributes, Markup(parts[name][0]))  # noqa: S704

    exact = board.current is not None and anything_exact(board.current.tables)
    return {
        "t": translator(language),
        "lang": language,
        "query": query,
        "build": BUILD,
        "pages": (*PAGES, PAGE_THEN) if exact else PAGES,
        "account": account(),
        "rehearsal": told_of_rehearsal(language),
        "origin": origin,
        "behind": behind(query, board.frame, exact=exact),
        "day": _day_of(board),
        "simulated": board.simulated,
        "slots": texts,
        "slot": slot,
        "copy": copy,
        "part": part,
        "unaudited": UNAUDITED,
        "topic": topic,
        "version": board.version,
        "reload_every": RELOAD_SIMULATED if board.simulated else RELOAD_EVERY,
    }


def _day_of(board: Board) -> str:
    """Give the day of what is shown, as addresses have it; empty before anything is."""
    return date.fromordinal(local_day(board.current.tables.as_of)).isoformat() if board.current else ""

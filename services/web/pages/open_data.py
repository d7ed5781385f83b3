"""The page about the open data, for people: what the table is, of which days there is one, and how to take it along."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from projections.public import PublicStore
from services.web import wording
from services.web.board import Board
from services.web.environment import render
from services.web.frame import Frame
from services.web.open_data.definition import COLUMNS, DESCRIPTION, PATH
from services.web.open_data.files import KINDS
from services.web.query import Query
from services.web.rendering import common
from services.web.texts import Language

__all__ = ["draw_open_data"]

_DAYS: Final = 14
"""So many days are listed; of all others the page says how to have them."""


def draw_open_data(request: Request, board: Board, frame: Frame, query: Query, language: Language) -> str | None:
    """Draw `/open-data`. It shows nothing but what everyone may see."""
    store: PublicStore | None = request.app.state.public
    days = store.days() if store is not None else []
    return render(
        "open_data.html",
        common(board, query, language),
        at=PATH,
        kinds=list(KINDS),
        description=DESCRIPTION[language],
        number=wording.number(len(days), language),
        days=[(day.isoformat(), wording.day(day, language)) for day in reversed(days[-_DAYS:])],
        columns=[(name, each["type"], each[language]) for name, each in COLUMNS.items()],
    )
